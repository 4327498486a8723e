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
    RPC_CONNECTIONS_MAX = 256,
    RPC_MARKS = 8,
    RPC_PEER_BYTES = 64,
};

/* Why the server closed a connection. */
enum rpc_closed_reason {
    RPC_CLOSED_UNREAD,  /* its answers were not read */
    RPC_CLOSED_SILENT,  /* one too many came, and this one was silent for longest */
    RPC_CLOSED_NO_ROOM, /* it was one too many, and calls of all others were under way */
    RPC_CLOSED_REASONS
};

struct rpc_closed {
    enum rpc_closed_reason reason;
    char peer[RPC_PEER_BYTES]; /* "127.0.0.1:4711"; "" when it has no such address */
    unsigned unsent;           /* messages of answers that it did not take */
    size_t bytes;              /* that the server held for it */
};

struct rpc_server_options {
    const char *address; /* nng address to listen on; a TCP port of 0 is chosen by the system */
    unsigned calls;      /* 0: RPC_CALLS_DEFAULT */
    void (*on_call)(void *arg, struct rpc_call *call);
    /* On the same thread, after on_call for all calls of one message; or NULL. */
    void (*on_calls_end)(void *arg);
    /* The server is closing a connection; any thread, and it must not wait. Or NULL. */
    void (*on_closed)(void *arg, const struct rpc_closed *closed);
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

/* What its connections hold now, and how many it closed so far. Any thread. */
struct rpc_server_load {
    unsigned connections;
    unsigned ending;       /* connections that were closed, and that nng has not let go */
    unsigned unsent;       /* messages of answers that connections have not taken */
    size_t bytes;          /* of requests and answers */
    unsigned long skipped; /* calls that were refused unread, see rpc_call_refused() */
    unsigned long closed[RPC_CLOSED_REASONS];
};
struct rpc_server_load rpc_server_load(struct rpc_server *server);

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

struct rpc_server *rpc_call_server(const struct rpc_call *call);

/*
 * False when the call may not be kept waiting, since others hold most of the calls and its
 * connection holds its part: then it is answered at once, with RESOURCE_EXHAUSTED.
 */
bool rpc_call_has_room(const struct rpc_call *call);

/*
 * The call will be answered with a refusal, for what its connection has too much of. While a
 * connection has many of them, the server refuses all its calls itself, unread, with
 * RESOURCE_EXHAUSTED TOO_MANY_CALLS: for the rest of a tenth of a second. Before the answer.
 */
void rpc_call_refused(const struct rpc_call *call);

/* RPC_MARKS numbers of the call's connection, for whoever handles its calls: all 0 at first, valid
 * until the call is answered. Any thread. */
_Atomic uint64_t *rpc_call_marks(const struct rpc_call *call);

/* Whatever who handles the call keeps with it until it is answered; NULL at first. */
void rpc_call_set_context(struct rpc_call *call, void *context);
void *rpc_call_context(const struct rpc_call *call);

/* True when the deadline has passed: drop the work and answer DEADLINE_EXCEEDED. */
bool rpc_call_expired(const struct rpc_call *call);

struct rpc_result {
    struct status status;
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

#endif
