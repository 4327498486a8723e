/* party.c - references to organizations, and who is who. */
#include "party.h"

#include "base/text.h"
#include "organization.h"
#include "reasons.h"

#include <string.h>

struct status organization_find(struct call *call, const char *field, const char *name,
                                organization_message **ret_organization)
{
    void *found = NULL;

    TRY(call_check_required(call, field, name));
    if (!resource_name_matches(organization_kind.pattern, name)) {
        return REFUSE(call, REASON_INVALID_NAME, field, "%s must be of the form %s: \"%s\"", field,
                      organization_kind.pattern, name);
    }
    TRY(resource_find(call->tx, &organization_kind, name, &found));
    if (found == NULL) {
        return REFUSE(call, REASON_REFERENCE_NOT_FOUND, field, "%s does not exist", name);
    }
    *ret_organization = found;
    return STATUS_NONE;
}

struct status person_check(struct call *call, const char *field, const person_message *person)
{
    organization_message *organization = NULL;

    if (person == NULL) {
        return STATUS_NONE;
    }
    return organization_find(call, path_below(call, field, "organization"), person->organization,
                             &organization);
}

struct status person_require(struct call *call, const char *field, const person_message *person)
{
    if (person == NULL) {
        return REFUSE(call, REASON_FIELD_REQUIRED, field,
                      "%s is required: a full name and an organization", field);
    }
    return person_check(call, field, person);
}

struct status person_is_same(struct call *call, const person_message *a, const person_message *b,
                             bool *ret_same)
{
    const char *a_name = NULL;
    const char *b_name = NULL;

    TRY(text_fold(call->arena, a->full_name, &a_name));
    TRY(text_fold(call->arena, b->full_name, &b_name));
    *ret_same = strcmp(a->organization, b->organization) == 0 && strcmp(a_name, b_name) == 0;
    return STATUS_NONE;
}

struct status party_check(struct call *call, const char *organization, const person_message *person,
                          const char **ret_unit)
{
    organization_message *found = NULL;

    if ((organization[0] != '\0') == (person != NULL)) {
        return call_refuse(call, REASON_EXACTLY_ONE_REQUIRED, "organization");
    }
    if (person != NULL) {
        TRY(person_check(call, "person", person));
        *ret_unit = person->organization;
        return STATUS_NONE;
    }
    TRY(organization_find(call, "organization", organization, &found));
    *ret_unit = organization;
    return STATUS_NONE;
}

struct status unit_is_within(struct call *call, const char *unit, const char *above,
                             bool *ret_within)
{
    for (int depth = 0; depth <= ORGANIZATION_DEPTH_MAX; depth++) {
        void *found = NULL;

        *ret_within = strcmp(unit, above) == 0;
        if (*ret_within) {
            return STATUS_NONE;
        }
        TRY(resource_find(call->tx, &organization_kind, unit, &found));
        unit = found != NULL ? ((const organization_message *)found)->parent : "";
        if (unit[0] == '\0') {
            return STATUS_NONE;
        }
    }
    return REFUSE(call, REASON_ORGANIZATION_TOO_DEEP, NULL,
                  "%s lies more than %d organizations deep", unit, ORGANIZATION_DEPTH_MAX);
}
