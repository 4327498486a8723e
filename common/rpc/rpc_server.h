/*
 * rpc_server.h - a fixed set of calls on one nng socket.
 *
 * The server reads the envelope and hands each call to on_call on a thread of nng, which must not
 * wait for anything: it answers at once, or passes the call to a pool or writer that answers
 * later, from any thread. Each call has its own arena, which is reset when the answer is packed.
 * Calls that came in one message are answered in one, when the last of them is.
 */
#ifndef RPC_RPC_SERVER_H
#define RPC_RPC_SERVER_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/rpc_timing.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc_server;
struct rpc_call;
struct rpc_version; /* of rpc_client.h */

enum {
    RPC_CALLS_DEFAULT = 128,          /* contexts: calls that can be under way */
    RPC_MESSAGE_MAX_BYTES = 16 << 20, /* one message, either way */
    RPC_CALL_ARENA_BYTES = 64 << 20,
    RPC_VERSIONS_MAX = 16, /* in one answer */
};

struct rpc_server_options {
    const char *address; /* nng address to listen on; a TCP port of 0 is chosen by the system */
    unsigned calls;      /* 0: RPC_CALLS_DEFAULT */
    void (*on_call)(void *arg, struct rpc_call *call);
    /* On the same thread, after on_call for all calls of one message; or NULL. */
    void (*on_calls_end)(void *arg);
    void *arg;
};

/* UNAVAILABLE ADDRESS_IN_USE and other failures of listening name the address. */
struct status rpc_server_open(const struct rpc_server_options *options, struct arena *arena,
                              struct rpc_server **ret_server);

/* The TCP port that it listens on; 0 when it is not TCP. */
uint16_t rpc_server_port(const struct rpc_server *server);

/* Stop taking calls; those under way go on. */
void rpc_server_drain(struct rpc_server *server);

/* Calls that were taken and not yet answered. */
unsigned rpc_server_busy(const struct rpc_server *server);

/* Frees the server once no call is under way; takes at most about bound_ms, and true when it
 * came to a clean end. server may be NULL. */
bool rpc_server_close(struct rpc_server *server, unsigned bound_ms);

/* What came; all of it lives in the call's arena. */
struct rpc_call_info {
    const char *method;
    const char *caller;          /* "anonymous" when the envelope has none */
    const char *idempotency_key; /* "" for none */
    const char *traceparent;
    const char *if_match;
    bool mask_is_implied;     /* update_mask is made from what the client wrote; it gave none */
    int64_t deadline_boot_ms; /* clock_boot_ms() after which nobody waits any more */
    struct slice payload;
};
const struct rpc_call_info *rpc_call_info(const struct rpc_call *call);
struct arena *rpc_call_arena(struct rpc_call *call);

/* Whatever who handles the call keeps with it until it is answered; NULL at first. */
void rpc_call_set_context(struct rpc_call *call, void *context);
void *rpc_call_context(const struct rpc_call *call);

/* True when the deadline has passed: drop the work and answer DEADLINE_EXCEEDED. */
bool rpc_call_expired(const struct rpc_call *call);

struct rpc_result {
    struct status status;
    /* The status as it is to be sent, details and all; NULL: made from status and metadata. */
    const struct Google__Rpc__Status *status_detail;
    /* Extra pairs of ErrorInfo.metadata, key and value by turns, NULL-ended; or NULL. */
    const char *const *metadata;
    struct slice payload;            /* used when message is NULL */
    const ProtobufCMessage *message; /* packed straight into the answer */
    const char *service;             /* version: whose */
    uint64_t seq;
    uint64_t hash;
    /* Versions of other services that the answer depends on too. */
    const struct rpc_version *peer_versions;
    size_t peer_version_count;
    struct rpc_timing timing;
    bool replayed;
};

/* Packs the answer, which may live in the call's arena, and gives the call back to the server.
 * Once per call, any thread. */
void rpc_call_answer(struct rpc_call *call, const struct rpc_result *result);

/* The google.rpc.Status of a status: ErrorInfo with domain "dongkhoi", and BadRequest when it
 * has a field. The one place where a status becomes wire bytes. */
struct Google__Rpc__Status *status_to_wire(struct arena *arena, struct status status,
                                           const char *const *metadata);

#endif
