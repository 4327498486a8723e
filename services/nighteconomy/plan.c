/* plan.c - milestones by name, and their links as indices. */
#include "plan.h"

#include "nighteconomy.h"

#include <string.h>

struct status plan_load(struct call *call, const char *scheme, struct plan *ret_plan)
{
    const struct resource_scan scan = {.parent = scheme};
    struct resource_revision *rows = NULL;
    struct plan plan = {0};

    TRY(resource_all(call->tx, &milestone_kind, &scan, &rows, &plan.count));
    plan.milestones = arena_array(call->arena, plan.count, sizeof(*plan.milestones));
    for (size_t i = 0; i < plan.count; i++) {
        plan.milestones[i] = rows[i].message;
    }
    *ret_plan = plan;
    return STATUS_NONE;
}

/* The first place whose name is not before this one. */
static size_t place_of(const struct plan *plan, const char *name)
{
    size_t low = 0;
    size_t high = plan->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(plan->milestones[middle]->name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool plan_find(const struct plan *plan, const char *name, size_t *ret_index)
{
    const size_t place = place_of(plan, name);

    if (place == plan->count || strcmp(plan->milestones[place]->name, name) != 0) {
        return false;
    }
    *ret_index = place;
    return true;
}

struct status plan_put(struct call *call, struct plan *plan, milestone_message *milestone)
{
    const size_t place = place_of(plan, milestone->name);
    size_t index = 0;

    if (plan_find(plan, milestone->name, &index)) {
        plan->milestones[index] = milestone;
        return STATUS_NONE;
    }
    milestone_message **longer =
        arena_array(call->arena, plan->count + 1, sizeof(*plan->milestones));
    for (size_t i = 0; i < plan->count; i++) {
        longer[i < place ? i : i + 1] = plan->milestones[i];
    }
    longer[place] = milestone;
    plan->milestones = longer;
    plan->count++;
    return STATUS_NONE;
}

static enum link_type link_type_of(const dependency_message *dependency)
{
    return (int)dependency->type == TYPE_SS   ? LINK_SS
           : (int)dependency->type == TYPE_FF ? LINK_FF
                                              : LINK_FS;
}

static struct status activity_fill(struct call *call, const struct plan *plan,
                                   const milestone_message *milestone, struct activity *activity)
{
    struct link *links = arena_array(call->arena, milestone->n_depends_on, sizeof(*links));
    size_t count = 0;

    for (size_t i = 0; i < milestone->n_depends_on; i++) {
        const dependency_message *dependency = milestone->depends_on[i];
        struct link link = {.type = link_type_of(dependency), .lag = dependency->lag_days};
        if (plan_find(plan, dependency->milestone, &link.from)) {
            links[count++] = link;
        }
    }
    activity->links = links;
    activity->link_count = count;
    if (milestone->state == MILESTONE_CANCELLED) {
        activity->duration.known = true;
    } else if (milestone->duration_days != NULL) {
        activity->duration =
            (struct offset){.known = true, .days = milestone->duration_days->value};
    }
    return STATUS_NONE;
}

struct status plan_activities(struct call *call, const struct plan *plan,
                              struct activity **ret_activities)
{
    struct activity *activities = arena_array(call->arena, plan->count, sizeof(*activities));

    for (size_t i = 0; i < plan->count; i++) {
        TRY(activity_fill(call, plan, plan->milestones[i], &activities[i]));
    }
    *ret_activities = activities;
    return STATUS_NONE;
}

/* members wait for each other, the last for the first, which is named again at the end. */
static struct status cycle_refuse(struct call *call, const struct plan *plan, const size_t *members,
                                  size_t count)
{
    enum { SHOWN_MAX = 50 }; /* in the message; the metadata has all */
    const char **names = arena_array(call->arena, count + 1, sizeof(*names));
    const size_t shown = count < SHOWN_MAX ? count : SHOWN_MAX;

    for (size_t i = 0; i <= count; i++) {
        names[i] = resource_id(plan->milestones[members[i % count]]->name);
    }
    const char *all = names_join(call->arena, names, count, ", ");
    const char *path = names_join(call->arena, names, shown, " > ");
    call_metadata(call, "members", all);
    return PRECONDITION(call, "DEPENDENCY_CYCLE", "dependsOn",
                        "milestones would wait for each other: %s%s > %s", path,
                        shown < count ? " > ..." : "", names[count]);
}

struct status plan_check_cycle(struct call *call, const struct plan *plan)
{
    struct activity *activities = NULL;
    size_t *members = NULL;
    size_t count = 0;

    TRY(plan_activities(call, plan, &activities));
    if (critical_path_order(call->arena, activities, plan->count, &members, &count) ==
        CRITICAL_PATH_CYCLE) {
        return cycle_refuse(call, plan, members, count);
    }
    return STATUS_NONE;
}
