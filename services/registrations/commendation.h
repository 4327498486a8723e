/*
 * commendation.h - commendations as resources, and their steps.
 */
#ifndef REGISTRATIONS_COMMENDATION_H
#define REGISTRATIONS_COMMENDATION_H

#include "messages.h"
#include "step.h"

extern const struct resource_kind commendation_kind;
extern const struct machine commendation_machine;

/* FORM_NOT_FOR_RECIPIENT: a title of persons for a unit, or the other way round. */
struct status form_check(struct call *call, int form, bool is_person);

/* FAILED_PRECONDITION REVIEWER_NOT_INDEPENDENT: the proposer, or of the recipient's unit or below
 * it. */
struct status reviewer_check(struct call *call, const commendation_message *commendation,
                             const person_message *reviewer);

/* Methods. */
struct status review_commendation(struct call *call, const void *request, void *response);
struct status award_commendation(struct call *call, const void *request, void *response);
struct status reject_commendation(struct call *call, const void *request, void *response);
struct status forward_commendation(struct call *call, const void *request, void *response);
struct status revoke_commendation(struct call *call, const void *request, void *response);

#endif
