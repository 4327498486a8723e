/*
 * peer.h - the services that a service calls: declared in struct service, reached from handlers.
 *
 * Only handlers of METHOD_POOL may call: they wait on a thread of the pool.
 */
#ifndef SERVE_PEER_H
#define SERVE_PEER_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/rpc_client.h"

#include <protobuf-c/protobuf-c.h>

struct call;
struct peers;

enum { PEERS_MAX = 4 };

/* One service that is called; constant. DONGKHOI_<NAME> says where it is. */
struct peer {
    const char *name; /* "indicators" */
    const char *default_addresses;
    const ProtobufCServiceDescriptor *descriptor;
};

/* One call of several; status and response are filled by peer_call_all(). */
struct peer_call {
    const char *peer;   /* must be declared */
    const char *method; /* of its proto service: "GetProgress" */
    const void *request;
    struct status status; /* the peer's own, or a failure of the call as in rpc_client.h */
    void *response;       /* of the method's type, in call->arena; NULL unless status is OK */
};

/*
 * Starts the calls, a few at a time, and waits for all of them: no longer than three quarters of
 * what the caller has left, so that there is time to answer, and never longer than
 * PEER_WAIT_MAX_MS. A peer that let a call time out gets PEER_SILENT_WAIT_MS for a while, so that
 * one that hangs does not hold the pool. Each call fails for itself.
 *
 * Ends the snapshot of call->tx first: read the store before. The versions of the answers are
 * kept and sent with the answer to the call.
 */
void peer_call_all(struct call *call, struct peer_call *calls, size_t count);

enum { PEER_WAIT_MAX_MS = 3000, PEER_SILENT_WAIT_MS = 250 };

/* A status that another moment may change while the peer's version stays: it was overloaded, or its
 * clock has not come to the asOf that is no future here. Nobody may keep what was made of it. */
bool peer_says_nothing(struct status status);

/* The oldest version of a peer's answers, for an answer that shows it; seq 0 and hash 0 when a call
 * to it failed. NULL when it was not asked. */
const struct rpc_version *peer_version(const struct call *call, const char *name);

/* For dispatch.c, before the answer is sent: when a peer moved between two calls, what was computed
 * is of no version, and nobody may keep it as if it were. */
void peer_versions_settle(struct call *call);

/* For service.c: dials all, in the order of peers. addresses: one per peer; NULL: the defaults. */
struct status peers_open(const struct peer *peers, size_t count, const char *const *addresses,
                         struct arena *arena, struct peers **ret_peers);
/* The names of those without a connection; returns how many. peers may be NULL. Any thread. */
size_t peers_unreachable(const struct peers *peers, const char *ret_names[PEERS_MAX]);
/* No call may be under way. peers may be NULL. */
void peers_close(struct peers *peers, unsigned bound_ms);

#endif
