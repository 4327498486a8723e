/*
 * party.h - who: a unit, or a person within a unit.
 *
 * Errors: INVALID_ARGUMENT FIELD_REQUIRED, INVALID_NAME, EXACTLY_ONE_REQUIRED; FAILED_PRECONDITION
 * REFERENCE_NOT_FOUND.
 */
#ifndef REGISTRATIONS_PARTY_H
#define REGISTRATIONS_PARTY_H

#include "messages.h"

/* The organization that a field names. */
struct status organization_find(struct call *call, const char *field, const char *name,
                                organization_message **ret_organization);

/* A name and an organization that is recorded. NULL passes. */
struct status person_check(struct call *call, const char *field, const person_message *person);

/* The same where a person must be given. */
struct status person_require(struct call *call, const char *field, const person_message *person);

/* The same name, but for case and blanks, within the same organization. */
struct status person_is_same(struct call *call, const person_message *a, const person_message *b,
                             bool *ret_same);

/* Either organization or person, as in the fields of those names. ret_unit: the organization, or
 * that of the person. */
struct status party_check(struct call *call, const char *organization, const person_message *person,
                          const char **ret_unit);

/* No organization lies deeper. */
enum { ORGANIZATION_DEPTH_MAX = 32 };

/* Whether unit is above or lies somewhere below it. PRECONDITION ORGANIZATION_TOO_DEEP. */
struct status unit_is_within(struct call *call, const char *unit, const char *above,
                             bool *ret_within);

#endif
