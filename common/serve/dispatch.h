/*
 * dispatch.h - from an RPC call to a handler, in the right place and transaction, and back.
 */
#ifndef SERVE_DISPATCH_H
#define SERVE_DISPATCH_H

#include "rpc/rpc_server.h"
#include "serve/pool.h"
#include "serve/service.h"

struct dispatch;

/* The method table is checked here: INTERNAL METHOD_TABLE. What it is given must outlive it; peers
 * may be NULL. */
struct status dispatch_new(const struct service *service, const struct schema *schema,
                           struct store *store, struct pool *pool, struct peers *peers,
                           struct arena *arena, struct dispatch **ret_dispatch);
/* dispatch may be NULL. */
void dispatch_free(struct dispatch *dispatch);

/* rpc_server_options.on_call with a struct dispatch. */
void dispatch_call(void *arg, struct rpc_call *rpc);

/* Calls that came so far, without those for health. Any thread. */
unsigned long dispatch_count(const struct dispatch *dispatch);

#endif
