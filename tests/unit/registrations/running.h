/*
 * running.h - the service in this process, asked in JSON through its RPC.
 *
 * Requests are made by printf, with ' in place of every ". Texts are valid until the group ends.
 */
#ifndef TESTS_RUNNING_H
#define TESTS_RUNNING_H

#include "service_running.h"

/* cmocka's group set-up and tear-down: a service on a port of its own in a new directory. */
int running_setup(void **state);
int running_teardown(void **state);

/* Where the service finds its peers, in their order; by default nobody is there. Set it before
 * running_setup(). */
extern const char *running_peers[3];

__attribute__((format(printf, 1, 2))) const char *json(const char *format, ...);

/* The answer as JSON; fails the test when it is an error. */
__attribute__((format(printf, 2, 3))) const char *ask(const char *method, const char *format, ...);

/* A request that must end with code and reason: its message, and its ErrorInfo as
 * JSON. */
__attribute__((format(printf, 4, 5))) const char *
refused(const char *method, enum status_code code, const char *reason, const char *format, ...);

/* The same of a request message, for what JSON cannot say. */
const char *refused_message(const char *method, enum status_code code, const char *reason,
                            const void *request);

/* New resources with ids of their own; each answers the name. */
const char *made_organization(const char *kind, const char *parent);
/* LAUNCHED, of 2022, with the themes "t1" and "t2". */
const char *made_movement(void);
/* registrant: "'organization':'organizations/sct'". DRAFT. */
const char *made_registration(const char *movement, const char *registrant);
/* The same taken to a state: "APPROVED". */
const char *made_registration_in(const char *movement, const char *registrant, const char *state);
/* EVALUATED with this result. */
const char *made_achievement(const char *movement, const char *registrant, const char *result);
/* PROPOSED by "Người đề nghị" of proposer. */
const char *made_commendation(const char *movement, const char *recipient, const char *form,
                              const char *achievement, const char *proposer);

#endif
