/*
 * rpc_client.h - calls to one service over nng.
 *
 * Errors of a call besides the service's own, all with reasons:
 *   UNAVAILABLE SERVICE_DOWN          no connection: nothing was sent
 *   UNAVAILABLE SHUTTING_DOWN         the service is about to stop: nothing was sent or done
 *   UNAVAILABLE OUTCOME_UNKNOWN       the connection was lost after sending
 *   DEADLINE_EXCEEDED DEADLINE_EXCEEDED   no answer in time; the outcome is unknown
 *   RESOURCE_EXHAUSTED TOO_MANY_CALLS     max_in_flight calls are under way
 *   INTERNAL MALFORMED_REPLY
 * A call is never sent twice.
 */
#ifndef RPC_RPC_CLIENT_H
#define RPC_RPC_CLIENT_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/rpc_timing.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc_client;
struct rpc_reply;

struct rpc_client_options {
    const char *service;   /* name in messages: "indicators"; must outlive the client */
    const char *addresses; /* comma-separated nng addresses */
    unsigned max_in_flight;
    /* True: calls that may travel with others are gathered until rpc_client_flush(), for a caller
     * that makes many in one turn. They wait for some milliseconds at most, also without a flush.
     * False: each is sent at once while few messages are under way. */
    bool is_flushed;
};

/* Dials in the background and keeps dialling. INVALID_ARGUMENT for an address that is none. */
struct status rpc_client_open(const struct rpc_client_options *options, struct arena *arena,
                              struct rpc_client **ret_client);

/* Fails the calls under way and frees the client; takes at most about bound_ms (nng may hang,
 * and is then left behind). client may be NULL. No call may be started meanwhile. */
void rpc_client_close(struct rpc_client *client, unsigned bound_ms);

/* True while at least one address is connected to a service that is not about to stop. Any
 * thread. */
bool rpc_client_connected(struct rpc_client *client);

/* Since when that has been false, in time of clock_boot_ms(); 0 while it is true, and before it was
 * for the first time. Any thread. */
int64_t rpc_client_lost_boot_ms(const struct rpc_client *client);

/* Connections to a service that is not about to stop, and calls that are under way. Any thread. */
unsigned rpc_client_connections(struct rpc_client *client);
unsigned rpc_client_under_way(struct rpc_client *client);

/*
 * With whom a call may share a message (a parcel). Calls of one message are answered together, so
 * only calls that take about as long as each other may share one: short reads, or writes, which
 * wait for the same commit. What may be slow travels alone.
 */
enum rpc_company { RPC_ALONE, RPC_WITH_READS, RPC_WITH_WRITES };

struct rpc_request {
    const char *method; /* "dongkhoi.clusters.v1.ClusterService/GetCluster" */
    const char *caller; /* NULL: anonymous */
    const char *idempotency_key;
    const char *traceparent;
    const char *if_match;
    bool mask_is_implied; /* update_mask is made from what the client wrote; it gave none */
    uint32_t timeout_ms;
    enum rpc_company company;        /* a timeout_ms far from the default makes it RPC_ALONE */
    const ProtobufCMessage *payload; /* packed before the call returns */
};

/*
 * Always called exactly once per started call, on a thread of nng; must not block. reply is NULL
 * when status is a failure of the call itself; otherwise the callee owns it and parses it where
 * it likes.
 */
typedef void (*rpc_on_reply)(void *arg, struct status status, struct rpc_reply *reply);

/* Starts a call and returns at once. On a failure on_reply is never called. Any thread. */
struct status rpc_client_call(struct rpc_client *client, const struct rpc_request *request,
                              rpc_on_reply on_reply, void *arg);

/* Sends the calls that wait for company: for a loop that has done all that it found to do. Any
 * thread. */
void rpc_client_flush(struct rpc_client *client);

/* As rpc_client_call(), and waits for the answer. Not on an nng or loop thread. */
struct status rpc_client_call_wait(struct rpc_client *client, const struct rpc_request *request,
                                   struct rpc_reply **ret_reply);

/* Of its message. Any thread. */
size_t rpc_reply_bytes(const struct rpc_reply *reply);

/* reply may be NULL. */
void rpc_reply_free(struct rpc_reply *reply);

struct rpc_version {
    const char *service;
    uint64_t seq;
    uint64_t hash;
};

struct rpc_answer {
    struct status status; /* the service's own, with all its details */
    struct slice payload; /* in the reply: valid until rpc_reply_free() */
    const struct rpc_version *versions;
    size_t version_count;
    struct rpc_timing timing; /* zeros when the service measured nothing */
    bool replayed;
};

/* Reads the envelope; what is not in the reply lives in the arena. INTERNAL MALFORMED_REPLY. */
struct status rpc_reply_parse(struct rpc_reply *reply, struct arena *arena,
                              struct rpc_answer *ret_answer);

#endif
