/* service.c - the table of methods and the table of resources. */
#include "indicators.h"

#include "api.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"

static const struct method methods[] = {
    {"GetIndicator", METHOD_QUICK, standard_get, &indicator_kind},
    {"ListIndicators", METHOD_POOL, standard_list, &indicator_kind},
    {"CreateIndicator", METHOD_WRITE, standard_create, &indicator_kind},
    {"UpdateIndicator", METHOD_WRITE, standard_update, &indicator_kind},
    {"DeleteIndicator", METHOD_WRITE, standard_delete, &indicator_kind},
    {"GetTarget", METHOD_QUICK, standard_get, &target_kind},
    {"ListTargets", METHOD_POOL, standard_list, &target_kind},
    {"CreateTarget", METHOD_WRITE, target_create, &target_kind},
    {"UpdateTarget", METHOD_WRITE, standard_update, &target_kind},
    {"DeleteTarget", METHOD_WRITE, standard_delete, &target_kind},
    {"CloseTarget", METHOD_WRITE, target_close, &target_kind},
    {"GetObservation", METHOD_QUICK, standard_get, &observation_kind},
    {"ListObservations", METHOD_POOL, standard_list, &observation_kind},
    {"CreateObservation", METHOD_WRITE, standard_create, &observation_kind},
    {"UpdateObservation", METHOD_WRITE, observation_update, &observation_kind},
    {"DeleteObservation", METHOD_WRITE, standard_delete, &observation_kind},
    {"BatchUpsertObservations", METHOD_WRITE, observation_batch_upsert, &observation_kind},
    {"ReopenObservation", METHOD_WRITE, observation_reopen, &observation_kind},
    {"GetProgress", METHOD_QUICK, progress_get, NULL},
    {"BatchGetProgress", METHOD_POOL, progress_batch_get, NULL},
    {"GetContributions", METHOD_POOL, contributions_get, NULL},
    {"ListRevisions", METHOD_POOL, standard_history, NULL},
};

static const struct resource_kind *const kinds[] = {
    &indicator_kind,
    &target_kind,
    &observation_kind,
};

const struct service indicators_service = {
    .name = "indicators",
    .purpose = "indicators, their yearly targets and observations, and the progress of a year",
    .default_addresses = "tcp://127.0.0.1:7102",
    .descriptor = &dongkhoi__indicators__v1__indicator_service__descriptor,
    .descriptor_set = indicators_descriptor_set,
    .methods = methods,
    .method_count = sizeof(methods) / sizeof(methods[0]),
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
};
