/* api.c - the services that the gateway serves. */
#include "api.h"

#include "dongkhoi/changes/v1/changes.pb-c.h"
#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "dongkhoi/nighteconomy/v1/nighteconomy.pb-c.h"
#include "dongkhoi/registrations/v1/registrations.pb-c.h"

const ProtobufCServiceDescriptor *const api_services[] = {
    &dongkhoi__changes__v1__change_service__descriptor,
    &dongkhoi__clusters__v1__cluster_service__descriptor,
    &dongkhoi__indicators__v1__indicator_service__descriptor,
    &dongkhoi__nighteconomy__v1__night_economy_service__descriptor,
    &dongkhoi__registrations__v1__registration_service__descriptor,
};
const size_t api_service_count = sizeof(api_services) / sizeof(api_services[0]);
