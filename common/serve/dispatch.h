/*
 * dispatch.h - from an RPC call to a handler, in the right place and transaction, and back.
 */
#ifndef SERVE_DISPATCH_H
#define SERVE_DISPATCH_H

#include "base/metrics.h"
#include "rpc/rpc_server.h"
#include "serve/pool.h"
#include "serve/service.h"

struct dispatch;

struct dispatch_options {
    const struct service *service;
    const struct schema *schema;
    struct store *store; /* its on_publish becomes the dispatch's */
    struct pool *pool;
    struct peers *peers;          /* may be NULL */
    struct metrics *metrics;      /* to count in */
    unsigned calls;               /* of the server */
    uint32_t slow_ms;             /* calls that take so long are logged at info; 0: none */
    uint32_t lease_ms;            /* 0: no leases */
    uint32_t longest_ms;          /* that any process before granted */
    void (*on_waited)(void *arg); /* of gate_options */
    void *on_waited_arg;
};

/* The method table is checked here: INTERNAL METHOD_TABLE. What it is given must outlive it. */
struct status dispatch_new(const struct dispatch_options *options, struct arena *arena,
                           struct dispatch **ret_dispatch);
/* Before the store is closed: from then on the dispatch asks nothing of it by itself. dispatch may
 * be NULL. */
void dispatch_stop(struct dispatch *dispatch);
/* Once the store is closed. dispatch may be NULL. */
void dispatch_free(struct dispatch *dispatch);

/* rpc_server_options.on_call, on_calls_end and on_closed with a struct dispatch. */
void dispatch_call(void *arg, struct rpc_call *rpc);
void dispatch_calls_end(void *arg);
void dispatch_closed(void *arg, const struct rpc_closed *closed);

/* From now on no watch is held. */
void dispatch_drain(struct dispatch *dispatch);

/* Calls that came so far, without those for health and versions. Any thread. */
unsigned long dispatch_count(const struct dispatch *dispatch);

#endif
