/*
 * fake_peers.h - the three other services, each answering what it was told to.
 */
#ifndef TESTS_FAKE_PEERS_H
#define TESTS_FAKE_PEERS_H

#include "base/status.h"

/* For tests that count requests or queue answers: a starved call (starved.c) asks more often. */
#ifdef STARVED
#define NOT_STARVED() skip()
#else
#define NOT_STARVED() ((void)0)
#endif

/* cmocka's group set-up and tear-down: the peers, then the service of running.h. */
int fake_peers_setup(void **state);
int fake_peers_teardown(void **state);

/* What a method answers from now on: JSON with ' in place of every ". */
void fake_answer(const char *method, const char *response);
/* The next answers of a method, in their order, before the one of fake_answer(). */
void fake_answer_next(const char *method, const char *response);
/* A method is refused from now on. */
void fake_refuse(const char *method, enum status_code code, const char *reason);
/* All are as at first: every method answers an empty message. */
void fake_reset(void);

/* The last request of a method as JSON, "" when there was none; and how many there were. */
const char *fake_request(const char *method);
int fake_requests(const char *method);

/* Calls to this peer hang until fake_reset(). */
void fake_hang(const char *peer);

#endif
