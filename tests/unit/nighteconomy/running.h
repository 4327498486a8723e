/*
 * running.h - the whole service in this process, a new one for each test.
 */
#ifndef RUNNING_H
#define RUNNING_H

#include "unit.h"

#include "nighteconomy.h"
#include "service_running.h"

int running_setup(void **state);
int running_teardown(void **state);

#define ok running_ok
#define refused running_refused

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
