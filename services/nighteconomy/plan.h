/*
 * plan.h - all milestones of a scheme with the links between them.
 */
#ifndef NIGHTECONOMY_PLAN_H
#define NIGHTECONOMY_PLAN_H

#include "critical_path.h"
#include "messages.h"

struct plan {
    milestone_message **milestones; /* by name */
    size_t count;
};

/* In the arena of the call; honours the transaction's as-of. */
struct status plan_load(struct call *call, const char *scheme, struct plan *ret_plan);

/* Puts a milestone in place of the one of its name, or in its place as a new one. */
struct status plan_put(struct call *call, struct plan *plan, milestone_message *milestone);

/* False when there is none of this name. */
bool plan_find(const struct plan *plan, const char *name, size_t *ret_index);

/* One activity for each milestone, in the same order. A CANCELLED one takes no time. Links to what
 * is not in the plan are left out. */
struct status plan_activities(struct call *call, const struct plan *plan,
                              struct activity **ret_activities);

/* FAILED_PRECONDITION DEPENDENCY_CYCLE with the members, also in the metadata "members". */
struct status plan_check_cycle(struct call *call, const struct plan *plan);

#endif
