/*
 * nighteconomy.h - the service: its kinds of resources and its own methods.
 */
#ifndef NIGHTECONOMY_NIGHTECONOMY_H
#define NIGHTECONOMY_NIGHTECONOMY_H

#include "serve/service.h"
#include "workdays.h"

extern const struct service nighteconomy_service;

extern const struct resource_kind scheme_kind;
extern const struct resource_kind project_kind;
extern const struct resource_kind milestone_kind;
extern const struct resource_kind evidence_kind;

/* The calendar that schedules are computed with. Set before anything is served; the list must
 * outlive the service. */
void nighteconomy_set_workdays(const struct workdays *workdays);
const struct workdays *nighteconomy_workdays(void);

/* Methods beside the standard ones; of type method_handler. */
struct status get_schedule(struct call *call, const void *request, void *response);
struct status start_milestone(struct call *call, const void *request, void *response);
struct status complete_milestone(struct call *call, const void *request, void *response);
struct status cancel_milestone(struct call *call, const void *request, void *response);
struct status reschedule_milestone(struct call *call, const void *request, void *response);
struct status get_milestone_verdict(struct call *call, const void *request, void *response);
struct status accept_evidence(struct call *call, const void *request, void *response);
struct status reject_evidence(struct call *call, const void *request, void *response);

#endif
