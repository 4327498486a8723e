/*
 * running.h - the whole service in this process, called over nng with JSON.
 */
#ifndef RUNNING_H
#define RUNNING_H

#include "unit.h"

#include "base/arena.h"
#include "nighteconomy.h"
#include "rpc/rpc_client.h"

struct running {
    struct arena *arena;
    struct service_instance *instance;
    struct rpc_client *client;
    char directory[64];
};

int running_setup(void **state);
int running_teardown(void **state);

/* Calls a method; the answer as JSON in ret_json. The texts of a refusal live in the arena. */
struct status running_call(struct running *running, const char *method, const char *request,
                           const char **ret_json);

/* The answer; the test fails on a refusal. */
const char *ok(struct running *running, const char *method, const char *request);

/* The message of the refusal. */
const char *refused(struct running *running, const char *method, const char *request,
                    enum status_code code, const char *reason);

void assert_has(const char *json, const char *part);
void assert_lacks(const char *json, const char *part);

/* What stands between the first after and the next before: a part of an answer. */
const char *part_of(struct running *running, const char *json, const char *after,
                    const char *before);

/* A scheme "s" with more fields (",\"startDate\":..."), and milestones in it. */
void create_scheme(struct running *running, const char *rest);
void create_milestone(struct running *running, const char *id, const char *rest);
/* Evidence "e" of a milestone, accepted. */
void accept_evidence_of(struct running *running, const char *milestone);

#define running_test(test) cmocka_unit_test_setup_teardown(test, running_setup, running_teardown)

#endif
