/* rpc_result.c - what a service answers, as an envelope. */
#include "rpc/rpc_server.h"

#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_envelope.h"

/* The status on the wire; spare, with its reason alone, without an arena. */
static Google__Rpc__Status *result_status(struct arena *arena, const struct rpc_result *result,
                                          struct spare_status *spare)
{
    Google__Rpc__Status *wire = (Google__Rpc__Status *)result->status_detail;

    if (wire == NULL && arena != NULL) {
        wire = status_to_wire(arena, result->status, result->metadata);
    }
    return wire != NULL ? wire : status_to_spare(result->status, spare);
}

/* The service's own version first, then those of its peers; what is past the limit is left out. */
static size_t versions_fill(const struct rpc_result *result,
                            Dongkhoi__Rpc__V1__Version versions[RPC_VERSIONS_MAX],
                            Dongkhoi__Rpc__V1__Version *pointers[RPC_VERSIONS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i <= result->peer_version_count && count < RPC_VERSIONS_MAX; i++) {
        const struct rpc_version own = {result->service, result->seq, result->hash};
        const struct rpc_version *version = i == 0 ? &own : &result->peer_versions[i - 1];
        if (version->service == NULL) {
            continue;
        }
        dongkhoi__rpc__v1__version__init(&versions[count]);
        versions[count].service = (char *)version->service;
        versions[count].seq = version->seq;
        versions[count].hash = version->hash;
        pointers[count] = &versions[count];
        count++;
    }
    return count;
}

int result_pack(struct arena *arena, bool draining, const struct rpc_result *result,
                nng_msg **ret_msg)
{
    Dongkhoi__Rpc__V1__Reply reply = DONGKHOI__RPC__V1__REPLY__INIT;
    Dongkhoi__Rpc__V1__Version versions[RPC_VERSIONS_MAX];
    Dongkhoi__Rpc__V1__Version *pointers[RPC_VERSIONS_MAX];
    Dongkhoi__Rpc__V1__Timing timing = DONGKHOI__RPC__V1__TIMING__INIT;
    struct spare_status spare;
    const bool ok = result->status.code == STATUS_OK;
    const struct slice payload = ok ? result->payload : (struct slice){"", 0};

    if (!ok) {
        reply.status = result_status(arena, result, &spare);
    }
    reply.replayed = result->replayed;
    reply.draining = draining;
    reply.n_versions = versions_fill(result, versions, pointers);
    reply.versions = pointers;
    timing.queue_us = result->timing.queue_us;
    timing.service_us = result->timing.service_us;
    timing.store_us = result->timing.store_us;
    if (timing.queue_us > 0 || timing.service_us > 0 || timing.store_us > 0) {
        reply.timing = &timing;
    }
    return envelope_pack(&reply.base, ok ? result->message : NULL, payload, ret_msg);
}
