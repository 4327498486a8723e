/*
 * service_running.h - a whole service in this process, asked in JSON through its RPC.
 */
#ifndef UNIT_SERVICE_RUNNING_H
#define UNIT_SERVICE_RUNNING_H

#include "base/arena.h"
#include "directory.h"
#include "rpc/rpc_client.h"
#include "serve/service.h"

#include <stdbool.h>

struct running {
    const struct service *service;
    struct arena *arena;
    struct service_instance *instance;
    struct rpc_client *client;
    char directory[DIRECTORY_BYTES];
};

/* On a port of its own in a new directory, with a client that is connected; fails the test
 * otherwise. peer_addresses: as of service_open_with_peers(). */
struct running *running_open(const struct service *service, const char *const *peer_addresses);
/* Fails the test when the service does not end cleanly. */
void running_close(struct running *running);

/* Calls a method. ret_answer: the response as JSON, or of a refusal its message and then its
 * ErrorInfo as JSON. All texts live in the arena. */
struct status running_call(struct running *running, const char *method, const char *request,
                           const char **ret_answer);
/* The same of a request message, for what JSON cannot say. */
struct status running_send(struct running *running, const char *method, const void *request,
                           const char **ret_answer);

/* The answer; the test fails on a refusal. */
const char *running_ok(struct running *running, const char *method, const char *request);

/* What running_call() says of the refusal; the test fails on any other answer. */
const char *running_refused(struct running *running, const char *method, const char *request,
                            enum status_code code, const char *reason);

/* Puts " for every ' in text, which tests may write in its place. */
char *quoted(char *text);

/* Fail unless the answer has, or lacks, the text, in which ' may stand for ". */
#define assert_has(answer, text) assert_text((answer), (text), true, __FILE__, __LINE__)
#define assert_lacks(answer, text) assert_text((answer), (text), false, __FILE__, __LINE__)
void assert_text(const char *answer, const char *text, bool wanted, const char *file, int line);

#endif
