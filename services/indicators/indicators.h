/*
 * indicators.h - the service: its kinds of resources and its own methods.
 */
#ifndef INDICATORS_INDICATORS_H
#define INDICATORS_INDICATORS_H

#include "serve/service.h"

extern const struct service indicators_service;

extern const struct resource_kind indicator_kind;
extern const struct resource_kind target_kind;
extern const struct resource_kind observation_kind;

/* Methods beside the standard ones; of type method_handler. */
struct status target_create(struct call *call, const void *request, void *response);
struct status target_close(struct call *call, const void *request, void *response);
struct status observation_update(struct call *call, const void *request, void *response);
struct status observation_batch_upsert(struct call *call, const void *request, void *response);
struct status observation_reopen(struct call *call, const void *request, void *response);
struct status progress_get(struct call *call, const void *request, void *response);
struct status progress_batch_get(struct call *call, const void *request, void *response);
struct status contributions_get(struct call *call, const void *request, void *response);

#endif
