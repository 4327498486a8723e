/*
 * running.h - the service in this process, asked in JSON through its RPC.
 */
#ifndef TESTS_RUNNING_H
#define TESTS_RUNNING_H

#include "base/status.h"

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

/* Fails unless the answer has this text, written with ' in place of ". */
#define assert_has(answer, text) assert_text_in((answer), (text), __FILE__, __LINE__)
void assert_text_in(const char *answer, const char *text, const char *file, int line);

#endif
