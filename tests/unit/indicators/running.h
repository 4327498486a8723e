/*
 * running.h - the service in this process, asked in JSON through its RPC.
 */
#ifndef TESTS_RUNNING_H
#define TESTS_RUNNING_H

#include "service_running.h"

/* cmocka's group set-up and tear-down: a service on a port of its own in a new directory. */
int running_setup(void **state);
int running_teardown(void **state);

/* The answer as JSON, valid until the group ends; fails the test when it is an error. */
const char *ask(const char *method, const char *request);

/* The status of a request that is to be refused, with code and reason; its texts are valid until
 * the group ends. */
struct status ask_refused(const char *method, const char *request);

/* The same of a request message, for what JSON cannot say. */
struct status ask_message_refused(const char *method, const void *request);

/* The request made by printf, with ' in place of every ". */
__attribute__((format(printf, 1, 2))) const char *json(const char *format, ...);

/* The name of a new indicator of this kind. */
const char *made_indicator(const char *kind, int decimals);
/* The answer of a new target with these fields. */
const char *made_target(const char *name, int year, const char *fields);
/* The required fields of an observation. */
const char *value_fields(const char *period, const char *basis, const char *value,
                         const char *status);
/* Requests of CreateObservation below an indicator, and of UpdateObservation with allowMissing. */
const char *create_request(const char *indicator, const char *fields);
const char *upsert_request(const char *observation, const char *fields);
/* The answer of GetProgress. */
const char *progress_answer(const char *indicator, const char *period);

/* The text of the first field of this name in the answer. */
const char *field_text(const char *answer, const char *name);

#endif
