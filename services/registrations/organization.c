/* organization.c - what may be written of a unit, and when it may go. */
#include "organization.h"

#include "commendation.h"
#include "exemplar.h"
#include "movement.h"
#include "party.h"
#include "reasons.h"
#include "registration.h"

#include <stdlib.h>
#include <string.h>

enum { YEAR_CHARACTERS = 4 };

bool organization_exists_in(const organization_message *organization, int year)
{
    const bool has_from = strlen(organization->valid_from) > YEAR_CHARACTERS;
    const bool has_to = strlen(organization->valid_to) > YEAR_CHARACTERS;

    return !(has_from && strtol(organization->valid_from, NULL, 10) > year) &&
           !(has_to && strtol(organization->valid_to, NULL, 10) < year);
}

static struct status dates_check(struct call *call, const organization_message *organization)
{
    if (organization->valid_from[0] != '\0' && organization->valid_to[0] != '\0' &&
        strcmp(organization->valid_to, organization->valid_from) < 0) {
        return status_as(STATUS_INVALID_ARGUMENT,
                         REFUSE(call, REASON_DATE_OUT_OF_ORDER, "validTo",
                                "validTo %s is before validFrom %s", organization->valid_to,
                                organization->valid_from));
    }
    return STATUS_NONE;
}

/* Refuses a parent that would make a cycle, or too many levels: walks up from it, and must not meet
 * the organization itself. */
static struct status parent_check(struct call *call, const organization_message *organization)
{
    const char *members = organization->name;
    const char *above = organization->parent;

    for (int depth = 1; above[0] != '\0'; depth++) {
        organization_message *found = NULL;

        members = list_text(call->arena, members, above);
        if (strcmp(above, organization->name) == 0) {
            call_metadata(call, "members", members);
            return REFUSE(call, REASON_ORGANIZATION_CYCLE, "parent",
                          "an organization cannot lie below itself: %s", members);
        }
        if (depth > ORGANIZATION_DEPTH_MAX) {
            return REFUSE(call, REASON_ORGANIZATION_TOO_DEEP, "parent",
                          "organizations lie at most %d deep", ORGANIZATION_DEPTH_MAX);
        }
        TRY(organization_find(call, "parent", above, &found));
        above = found->parent;
    }
    return STATUS_NONE;
}

static struct status organization_prepare(struct call *call, const void *before, void *resource)
{
    const organization_message *organization = resource;

    (void)before;
    TRY(dates_check(call, organization));
    return parent_check(call, organization);
}

/* Where the names of organizations stand. */
static const struct {
    const struct resource_kind *kind;
    const char *column;
} uses[] = {
    {&organization_kind, "parent_organization"},
    {&movement_kind, "organization"},
    {&registration_kind, "unit"},
    {&registration_kind, "approver_organization"},
    {&registration_kind, "evaluation_organization"},
    {&commendation_kind, "unit"},
    {&commendation_kind, "proposer_organization"},
    {&commendation_kind, "reviewer_organization"},
    {&exemplar_kind, "unit"},
};

static struct status organization_prepare_delete(struct call *call, const void *resource)
{
    const organization_message *organization = resource;

    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        const struct resource_scan scan = {
            .parent = "-", .column = uses[i].column, .text = organization->name};
        const char *user = NULL;

        TRY(first_of(call, uses[i].kind, &scan, &user));
        if (user != NULL) {
            call_metadata(call, "usedBy", user);
            return REFUSE(call, REASON_ORGANIZATION_IN_USE, NULL,
                          "%s cannot be deleted: %s refers to it; one that was abolished "
                          "gets a validTo",
                          organization->name, user);
        }
    }
    return STATUS_NONE;
}

static const struct resource_column columns[] = {
    {.name = "kind", .type = COLUMN_TEXT, .path = "kind", .indexed = true},
    {.name = "parent_organization", .type = COLUMN_TEXT, .path = "parent", .indexed = true},
    {.name = "code", .type = COLUMN_TEXT, .path = "code"},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
    {.name = "valid_from", .type = COLUMN_TEXT, .path = "valid_from"},
    {.name = "valid_to", .type = COLUMN_TEXT, .path = "valid_to"},
};

const struct resource_kind organization_kind = {
    .singular = "organization",
    .plural = "organizations",
    .pattern = "organizations/{organization}",
    .type = &dongkhoi__registrations__v1__organization__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 1,
    .prepare = organization_prepare,
    .prepare_delete = organization_prepare_delete,
};
