/* commendation.c - who may be rewarded, with what, for which achievement. */
#include "commendation.h"

#include "party.h"
#include "reasons.h"
#include "registration.h"

#include <string.h>

#define PROPOSED COMMENDATION_STATE(PROPOSED)
#define REVIEWED COMMENDATION_STATE(REVIEWED)
#define AWARDED COMMENDATION_STATE(AWARDED)
#define NOT_AWARDED COMMENDATION_STATE(NOT_AWARDED)
#define FORWARDED COMMENDATION_STATE(FORWARDED)
#define REVOKED COMMENDATION_STATE(REVOKED)

static const struct step steps[] = {
    {"review", STATE_BIT(PROPOSED), REVIEWED},
    {"award", STATE_BIT(REVIEWED) | STATE_BIT(FORWARDED), AWARDED},
    {"reject", STATE_BIT(REVIEWED) | STATE_BIT(FORWARDED), NOT_AWARDED},
    {"forward", STATE_BIT(REVIEWED), FORWARDED},
    {"revoke", STATE_BIT(AWARDED), REVOKED},
};

const struct machine commendation_machine = {
    .noun = "commendation",
    .states = &dongkhoi__registrations__v1__commendation__state__descriptor,
    .steps = steps,
    .step_count = sizeof(steps) / sizeof(steps[0]),
};

/* For whom each form is. */
static const struct {
    int form;
    bool for_person;
    bool for_unit;
} forms[] = {
    {COMMENDATION_FORM(ADVANCED_WORKER), true, false},
    {COMMENDATION_FORM(GRASSROOTS_EMULATION_FIGHTER), true, false},
    {COMMENDATION_FORM(PROVINCIAL_EMULATION_FIGHTER), true, false},
    {COMMENDATION_FORM(NATIONAL_EMULATION_FIGHTER), true, false},
    {COMMENDATION_FORM(ADVANCED_COLLECTIVE), false, true},
    {COMMENDATION_FORM(EXCELLENT_COLLECTIVE), false, true},
    {COMMENDATION_FORM(EMULATION_FLAG), false, true},
    {COMMENDATION_FORM(CERTIFICATE_OF_COMMENDATION), true, true},
    {COMMENDATION_FORM(CERTIFICATE_OF_MERIT), true, true},
};

struct status form_check(struct call *call, int form, bool is_person)
{
    const ProtobufCEnumDescriptor *type =
        &dongkhoi__registrations__v1__commendation__form__descriptor;
    const char *possible = "";
    bool fits = false;

    TRY(enum_required(call, "form", type, form));
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (is_person ? forms[i].for_person : forms[i].for_unit) {
            possible = list_text(call->arena, possible, enum_name(type, forms[i].form));
            fits = fits || forms[i].form == form;
        }
    }
    if (fits) {
        return STATUS_NONE;
    }
    call_metadata(call, "possibleForms", possible);
    return REFUSE(call, REASON_FORM_NOT_FOR_RECIPIENT, "form", "%s is not for a %s; possible: %s",
                  enum_name(type, form), is_person ? "person" : "unit", possible);
}

struct status reviewer_check(struct call *call, const commendation_message *commendation,
                             const person_message *reviewer)
{
    bool found = false;

    TRY(person_is_same(call, reviewer, commendation->proposer, &found));
    if (found) {
        return REFUSE(call, REASON_REVIEWER_NOT_INDEPENDENT, "reviewer",
                      "the reviewer %s is the proposer", reviewer->full_name);
    }
    TRY(unit_is_within(call, reviewer->organization, commendation->unit, &found));
    if (found) {
        return REFUSE(call, REASON_REVIEWER_NOT_INDEPENDENT, "reviewer.organization",
                      "the reviewer's unit %s is the recipient's unit %s or lies below it",
                      reviewer->organization, commendation->unit);
    }
    return STATUS_NONE;
}

/* Who may receive an award for an achievement: of a unit's, the unit and those in it; of a
 * person's, the person. */
static struct status recipient_check(struct call *call, const commendation_message *commendation,
                                     const registration_message *achievement)
{
    bool fits = false;

    if (achievement->person == NULL) {
        TRY(unit_is_within(call, commendation->unit, achievement->unit, &fits));
    } else if (commendation->person != NULL) {
        TRY(person_is_same(call, commendation->person, achievement->person, &fits));
    }
    if (fits) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_ACHIEVEMENT_OF_ANOTHER, "achievement",
                  "%s was achieved by %s%s%s, not by the recipient", achievement->name,
                  achievement->person != NULL ? achievement->person->full_name : "",
                  achievement->person != NULL ? " of " : "", achievement->unit);
}

static struct status achievement_check(struct call *call, const commendation_message *commendation)
{
    registration_message *achievement = NULL;

    TRY(registration_find(call, "achievement", commendation->achievement, &achievement));
    if (achievement->state != REGISTRATION_STATE(EVALUATED)) {
        return REFUSE(call, REASON_ACHIEVEMENT_NOT_EVALUATED, "achievement",
                      "%s is %s, not EVALUATED: it is no achievement yet", achievement->name,
                      enum_name(registration_machine.states, (int)achievement->state));
    }
    if (achievement->result == REGISTRATION_RESULT(NOT_COMPLETED)) {
        return REFUSE(call, REASON_ACHIEVEMENT_NOT_COMPLETED, "achievement",
                      "%s was evaluated as NOT_COMPLETED: there is nothing to reward",
                      achievement->name);
    }
    return recipient_check(call, commendation, achievement);
}

static struct status commendation_prepare(struct call *call, const void *before, void *resource)
{
    commendation_message *commendation = resource;
    const char *unit = NULL;

    if (before == NULL) {
        commendation->state = PROPOSED;
    } else if (commendation->state != PROPOSED) {
        return machine_refuse(call, &commendation_machine, (int)commendation->state,
                              "a change of content");
    }
    TRY(party_check(call, commendation->organization, commendation->person, &unit));
    commendation->unit = (char *)unit;
    TRY(form_check(call, (int)commendation->form, commendation->person != NULL));
    TRY(person_require(call, "proposer", commendation->proposer));
    return achievement_check(call, commendation);
}

static struct status commendation_prepare_delete(struct call *call, const void *resource)
{
    const commendation_message *commendation = resource;

    if (commendation->state != PROPOSED) {
        return machine_refuse(call, &commendation_machine, (int)commendation->state, "delete");
    }
    return STATUS_NONE;
}

static const struct resource_column columns[] = {
    {.name = "unit", .type = COLUMN_TEXT, .path = "unit", .indexed = true},
    {.name = "form", .type = COLUMN_TEXT, .path = "form", .indexed = true},
    {.name = "state", .type = COLUMN_TEXT, .path = "state", .indexed = true},
    {.name = "direct_worker", .type = COLUMN_INT64, .path = "direct_worker", .indexed = true},
    {.name = "achievement", .type = COLUMN_TEXT, .path = "achievement", .indexed = true},
    {.name = "decision_date", .type = COLUMN_TEXT, .path = "decision.date"},
    {.name = "proposer_organization", .type = COLUMN_TEXT, .path = "proposer.organization"},
    {.name = "reviewer_organization", .type = COLUMN_TEXT, .path = "review.reviewer.organization"},
};

const struct resource_kind commendation_kind = {
    .singular = "commendation",
    .plural = "commendations",
    .pattern = "movements/{movement}/commendations/{commendation}",
    .type = &dongkhoi__registrations__v1__commendation__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 1,
    .prepare = commendation_prepare,
    .prepare_delete = commendation_prepare_delete,
};
