/*
 * journal_service.h - the journal of any service, for the feed of changes.
 *
 *     ASKED --clear: at once, or when the writer has closed a group--> QUEUED --pool--> answered
 *
 * Up to which entry is taken before the snapshot is begun (store_feed_mark).
 */
#ifndef SERVE_JOURNAL_SERVICE_H
#define SERVE_JOURNAL_SERVICE_H

#include "rpc/rpc_server.h"
#include "serve/pool.h"
#include "serve/service.h"

#define JOURNAL_METHOD "dongkhoi.rpc.v1.JournalService/ReadJournal"

/* What a feed works with; must outlive its calls. */
struct journal_service {
    const struct service *service;
    struct store *store;
    struct pool *pool;
    /* Ends the call; any thread. Version {0, 0}: a refusal that depends on nothing in the store. */
    void (*on_answer)(void *arg, struct rpc_call *rpc, struct rpc_result *result,
                      struct version version);
    void *arg;
};

/* Answers a call of JOURNAL_METHOD, now or later. Never waits. */
void journal_service_call(const struct journal_service *journal, struct rpc_call *rpc);

#endif
