/*
 * registration.h - registrations as resources, and their steps.
 */
#ifndef REGISTRATIONS_REGISTRATION_H
#define REGISTRATIONS_REGISTRATION_H

#include "messages.h"
#include "step.h"

extern const struct resource_kind registration_kind;
extern const struct machine registration_machine;

/* The registration that a field names: INVALID_ARGUMENT INVALID_NAME, FAILED_PRECONDITION
 * REFERENCE_NOT_FOUND. */
struct status registration_find(struct call *call, const char *field, const char *name,
                                registration_message **ret_registration);

/* Methods. */
struct status submit_registration(struct call *call, const void *request, void *response);
struct status return_registration(struct call *call, const void *request, void *response);
struct status approve_registration(struct call *call, const void *request, void *response);
struct status withdraw_registration(struct call *call, const void *request, void *response);
struct status self_assess_registration(struct call *call, const void *request, void *response);
struct status evaluate_registration(struct call *call, const void *request, void *response);
struct status batch_submit_registrations(struct call *call, const void *request, void *response);
struct status batch_approve_registrations(struct call *call, const void *request, void *response);

#endif
