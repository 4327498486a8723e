/* dependencies.c - no link to nowhere, none twice, and no cycle. */
#include "dependencies.h"

#include "base/ids.h"
#include "nighteconomy.h"
#include "plan.h"
#include "reasons.h"

#include <string.h>

char *reference_complete(struct call *call, const char *scheme, const char *collection,
                         char *reference)
{
    return id_is_valid(slice_from(reference))
               ? arena_printf(call->arena, "%s/%s/%s", scheme, collection, reference)
               : reference;
}

/* The form of one link, alone. */
static struct status link_check(struct call *call, const char *scheme, const char *field,
                                dependency_message *link)
{
    const char *milestone_field = arena_printf(call->arena, "%s.milestone", field);
    const char *type_field = arena_printf(call->arena, "%s.type", field);

    link->milestone = reference_complete(call, scheme, "milestones", link->milestone);
    const char *parent = resource_name_matches(milestone_kind.pattern, link->milestone)
                             ? resource_parent(call->arena, link->milestone)
                             : "";
    if (strcmp(parent, scheme) != 0) {
        return REFUSE(call, REASON_INVALID_NAME, milestone_field,
                      "%s must be a milestone of %s, by name or id: \"%s\"", milestone_field,
                      scheme, link->milestone);
    }
    if ((int)link->type == TYPE_NONE) {
        link->type = TYPE_FS;
    }
    if ((int)link->type < TYPE_FS || (int)link->type > TYPE_FF) {
        return REFUSE(call, REASON_INVALID_VALUE, type_field, "%s must be FS, SS or FF",
                      type_field);
    }
    return STATUS_NONE;
}

static struct status twice_check(struct call *call, const milestone_message *milestone,
                                 size_t index, const char *field)
{
    const dependency_message *link = milestone->depends_on[index];

    for (size_t i = 0; i < index; i++) {
        const dependency_message *other = milestone->depends_on[i];
        if (other->type == link->type && strcmp(other->milestone, link->milestone) == 0) {
            return REFUSE(call, REASON_DUPLICATE_LINK, field,
                          "%s is the same link as dependsOn[%zu]", field, i);
        }
    }
    return STATUS_NONE;
}

struct status dependencies_check(struct call *call, const char *scheme,
                                 milestone_message *milestone)
{
    struct plan plan = {0};
    size_t index = 0;

    if (milestone->n_depends_on > DEPENDENCIES_MAX) {
        return REFUSE(call, REASON_TOO_MANY_LINKS, "dependsOn", "dependsOn takes at most %d links",
                      DEPENDENCIES_MAX);
    }
    for (size_t i = 0; i < milestone->n_depends_on; i++) {
        const char *field = arena_printf(call->arena, "dependsOn[%zu]", i);
        TRY(link_check(call, scheme, field, milestone->depends_on[i]));
        TRY(twice_check(call, milestone, i, field));
    }
    if (milestone->n_depends_on == 0) {
        return STATUS_NONE;
    }
    TRY(plan_load(call, scheme, &plan));
    TRY(plan_put(call, &plan, milestone));
    for (size_t i = 0; i < milestone->n_depends_on; i++) {
        const char *name = milestone->depends_on[i]->milestone;
        if (!plan_find(&plan, name, &index)) {
            const char *field = arena_printf(call->arena, "dependsOn[%zu].milestone", i);
            return REFUSE(call, REASON_MILESTONE_NOT_FOUND, field != NULL ? field : "dependsOn",
                          "%s does not exist; create it first", name);
        }
    }
    return plan_check_cycle(call, &plan);
}
