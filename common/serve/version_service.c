/* version_service.c - decodes the two calls, asks the gate, answers past it. */
#include "serve/version_service.h"

#include "dongkhoi/rpc/v1/version.pb-c.h"
#include "pb/decode.h"
#include "serve/computation.h"

#include <string.h>

static struct status gateway_check(struct arena *arena, const char *gateway)
{
    const size_t bytes = strlen(gateway);

    if (bytes == 0 || bytes > LEASE_GATEWAY_MAX_BYTES) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_GATEWAY", "gateway",
                           "gateway has 1 to %d characters", LEASE_GATEWAY_MAX_BYTES);
    }
    return STATUS_NONE;
}

static void version_fill(const struct version_service *service, struct version version,
                         Dongkhoi__Rpc__V1__Version *message)
{
    dongkhoi__rpc__v1__version__init(message);
    message->service = (char *)(uintptr_t)service->service;
    message->seq = version.seq;
    message->hash = version_shown(version, service->computation).hash;
}

static struct status renew(const struct version_service *service, struct rpc_call *rpc,
                           struct lease_grant *ret_grant)
{
    struct arena *arena = rpc_call_arena(rpc);
    void *message = NULL;

    TRY(message_decode(arena, &dongkhoi__rpc__v1__renew_lease_request__descriptor,
                       rpc_call_info(rpc)->payload, &message));
    const Dongkhoi__Rpc__V1__RenewLeaseRequest *request = message;
    TRY(gateway_check(arena, request->gateway));
    const struct version known = version_meant(
        (struct version){request->known_seq, request->known_hash}, service->computation);
    *ret_grant = gate_renew(service->gate, request->gateway, known);
    return STATUS_NONE;
}

void version_service_renew(const struct version_service *service, struct rpc_call *rpc)
{
    Dongkhoi__Rpc__V1__RenewLeaseResponse response = DONGKHOI__RPC__V1__RENEW_LEASE_RESPONSE__INIT;
    Dongkhoi__Rpc__V1__Version version;
    struct lease_grant grant = {0};
    struct rpc_result result = {.message = &response.base};

    result.status = renew(service, rpc, &grant);
    version_fill(service, grant.version, &version);
    response.version = &version;
    response.lease_ms = grant.lease_ms;
    service->on_answer(service->arg, rpc, &result, grant.version);
}

static void on_watch_end(struct watch *watch, struct status status, struct version published)
{
    const struct version_service *service = watch->arg;
    Dongkhoi__Rpc__V1__WatchVersionResponse response =
        DONGKHOI__RPC__V1__WATCH_VERSION_RESPONSE__INIT;
    Dongkhoi__Rpc__V1__Version version;
    struct rpc_result result = {.status = status, .message = &response.base};

    version_fill(service, published, &version);
    response.version = &version;
    service->on_answer(service->arg, watch->rpc, &result, published);
}

static struct status watch_start(const struct version_service *service, struct rpc_call *rpc,
                                 bool has_room)
{
    struct arena *arena = rpc_call_arena(rpc);
    struct watch *watch = ARENA_NEW(arena, struct watch);
    void *message = NULL;

    TRY(message_decode(arena, &dongkhoi__rpc__v1__watch_version_request__descriptor,
                       rpc_call_info(rpc)->payload, &message));
    const Dongkhoi__Rpc__V1__WatchVersionRequest *request = message;
    TRY(gateway_check(arena, request->gateway));
    *watch = (struct watch){
        .gateway = request->gateway,
        .known = version_meant((struct version){request->known_seq, request->known_hash},
                               service->computation),
        .rpc = rpc,
        .on_end = on_watch_end,
        .arg = service,
    };
    gate_watch(service->gate, watch, has_room);
    return STATUS_NONE;
}

void version_service_watch(const struct version_service *service, struct rpc_call *rpc,
                           bool has_room)
{
    const struct status status = watch_start(service, rpc, has_room);

    if (status.code != STATUS_OK) {
        struct rpc_result result = {.status = status};
        service->on_answer(service->arg, rpc, &result, (struct version){0});
    }
}
