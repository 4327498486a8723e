/*
 * version_service.h - RenewLease and WatchVersion of any service: what gateways ask the gate.
 */
#ifndef SERVE_VERSION_SERVICE_H
#define SERVE_VERSION_SERVICE_H

#include "serve/gate.h"
#include "serve/refusals.h"

#define RENEW_METHOD "dongkhoi.rpc.v1.VersionService/RenewLease"
#define WATCH_METHOD "dongkhoi.rpc.v1.VersionService/WatchVersion"

/* Must outlive its calls. */
struct version_service {
    const char *service;  /* name in the versions */
    uint64_t computation; /* computation_hash() */
    struct gate *gate;
    struct refusals *refusals;
    /* Ends the call; any thread. The version is the published one: the answer is never parked. */
    void (*on_answer)(void *arg, struct rpc_call *rpc, struct rpc_result *result,
                      struct version version);
    void *arg;
};

/*
 * Both refuse a connection that has named more than CONNECTION_GATEWAYS_MAX gateways:
 * RESOURCE_EXHAUSTED TOO_MANY_GATEWAYS. The table of leases is small, and one connection must not
 * fill it.
 */

/* Answers a call of RENEW_METHOD, before it returns. */
void version_service_renew(const struct version_service *service, struct rpc_call *rpc);

/* Answers a call of WATCH_METHOD, now or later; has_room: it may be held, unless its connection has
 * CONNECTION_WATCHES_MAX already. */
void version_service_watch(const struct version_service *service, struct rpc_call *rpc,
                           bool has_room);

#endif
