/* registration.c - what may be written of a registration, and while it may. */
#include "registration.h"

#include "commitment.h"
#include "movement.h"
#include "organization.h"
#include "party.h"
#include "reasons.h"

#define DRAFT REGISTRATION_STATE(DRAFT)
#define SUBMITTED REGISTRATION_STATE(SUBMITTED)
#define RETURNED REGISTRATION_STATE(RETURNED)
#define APPROVED REGISTRATION_STATE(APPROVED)
#define SELF_ASSESSED REGISTRATION_STATE(SELF_ASSESSED)
#define EVALUATED REGISTRATION_STATE(EVALUATED)
#define WITHDRAWN REGISTRATION_STATE(WITHDRAWN)

static const struct step steps[] = {
    {"submit", STATE_BIT(DRAFT) | STATE_BIT(RETURNED), SUBMITTED},
    {"return", STATE_BIT(SUBMITTED), RETURNED},
    {"approve", STATE_BIT(SUBMITTED), APPROVED},
    {"selfAssess", STATE_BIT(APPROVED), SELF_ASSESSED},
    {"evaluate", STATE_BIT(SELF_ASSESSED), EVALUATED},
    {"withdraw",
     STATE_BIT(DRAFT) | STATE_BIT(SUBMITTED) | STATE_BIT(RETURNED) | STATE_BIT(APPROVED) |
         STATE_BIT(SELF_ASSESSED),
     WITHDRAWN},
};

const struct machine registration_machine = {
    .noun = "registration",
    .states = &dongkhoi__registrations__v1__registration__state__descriptor,
    .steps = steps,
    .step_count = sizeof(steps) / sizeof(steps[0]),
};

struct status registration_find(struct call *call, const char *field, const char *name,
                                registration_message **ret_registration)
{
    void *found = NULL;

    TRY(call_check_required(call, field, name));
    if (!resource_name_matches(registration_kind.pattern, name)) {
        return REFUSE(call, REASON_INVALID_NAME, field, "%s must be of the form %s: \"%s\"", field,
                      registration_kind.pattern, name);
    }
    TRY(resource_find(call->tx, &registration_kind, name, &found));
    if (found == NULL) {
        return REFUSE(call, REASON_REFERENCE_NOT_FOUND, field, "%s does not exist", name);
    }
    *ret_registration = found;
    return STATUS_NONE;
}

/* Who promises must exist in the year of the movement. */
static struct status unit_check(struct call *call, registration_message *registration,
                                const movement_message *movement)
{
    const char *field = registration->person != NULL ? "person.organization" : "organization";
    organization_message *organization = NULL;
    const char *unit = NULL;

    TRY(party_check(call, registration->organization, registration->person, &unit));
    TRY(organization_find(call, field, unit, &organization));
    if (!organization_exists_in(organization, movement->year)) {
        const char *from = organization->valid_from;
        const char *to = organization->valid_to;
        return REFUSE(call, REASON_ORGANIZATION_NOT_VALID, field,
                      "%s does not exist in %d: it is valid%s%s%s%s", unit, movement->year,
                      from[0] != '\0' ? " from " : "", from, to[0] != '\0' ? " to " : "", to);
    }
    registration->unit = (char *)unit;
    return STATUS_NONE;
}

static struct status registration_prepare(struct call *call, const void *before, void *resource)
{
    registration_message *registration = resource;
    movement_message *movement = NULL;

    if (before == NULL) {
        registration->state = DRAFT;
    } else if (registration->state != DRAFT && registration->state != RETURNED) {
        return machine_refuse(call, &registration_machine, (int)registration->state,
                              "a change of content");
    }
    TRY(commitment_check(call, registration->commitment));
    TRY(movement_of(call, registration->name, &movement));
    if (before == NULL && movement->state == MOVEMENT_STATE(CLOSED)) {
        return REFUSE(call, REASON_MOVEMENT_CLOSED, NULL, "%s is CLOSED", movement->name);
    }
    if (registration->theme[0] != '\0' && movement_theme(movement, registration->theme) == NULL) {
        return REFUSE(call, REASON_REFERENCE_NOT_FOUND, "theme", "%s has no theme \"%s\"",
                      movement->name, registration->theme);
    }
    return unit_check(call, registration, movement);
}

static struct status registration_prepare_delete(struct call *call, const void *resource)
{
    const registration_message *registration = resource;

    if (registration->state != DRAFT && registration->state != RETURNED &&
        registration->state != WITHDRAWN) {
        return machine_refuse(call, &registration_machine, (int)registration->state, "delete");
    }
    return STATUS_NONE;
}

static const struct resource_column columns[] = {
    {.name = "unit", .type = COLUMN_TEXT, .path = "unit", .indexed = true, .indexed_across = true},
    {.name = "state",
     .type = COLUMN_TEXT,
     .path = "state",
     .indexed = true,
     .indexed_across = true},
    {.name = "theme", .type = COLUMN_TEXT, .path = "theme", .indexed = true},
    {.name = "result", .type = COLUMN_TEXT, .path = "result"},
    {.name = "due_date",
     .type = COLUMN_TEXT,
     .path = "due_date",
     .indexed = true,
     .indexed_across = true},
    {.name = "direct_worker", .type = COLUMN_INT64, .path = "direct_worker"},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
    {.name = "approver_organization",
     .type = COLUMN_TEXT,
     .path = "approval.approver.organization"},
    {.name = "evaluation_organization", .type = COLUMN_TEXT, .path = "evaluation.organization"},
};

const struct resource_kind registration_kind = {
    .singular = "registration",
    .plural = "registrations",
    .pattern = "movements/{movement}/registrations/{registration}",
    .type = &dongkhoi__registrations__v1__registration__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 1,
    .prepare = registration_prepare,
    .prepare_delete = registration_prepare_delete,
};
