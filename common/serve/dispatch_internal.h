/*
 * dispatch_internal.h - what dispatch.c, dispatch_inquiries.c and work.c share: a call is
 * dispatched, its work is done, and its answer is given back.
 */
#ifndef SERVE_DISPATCH_INTERNAL_H
#define SERVE_DISPATCH_INTERNAL_H

#include "serve/dispatch.h"
#include "serve/dispatch_table.h"
#include "serve/gate.h"
#include "serve/inquiry.h"
#include "serve/journal_service.h"
#include "serve/refusals.h"
#include "serve/version_service.h"

#include <stdatomic.h>

struct dispatch {
    const struct service *service;
    const struct schema *schema;
    struct store *store;
    struct pool *pool;
    struct peers *peers;
    struct journal_service journal;
    struct version_service versions;
    struct gate *gate;
    struct inquiries *inquiries;
    struct service_metrics *metrics;
    struct refusals refusals;
    uint32_t slow_ms;
    atomic_ulong count;
    atomic_uint under_way;         /* calls that came and are not yet answered */
    atomic_size_t under_way_bytes; /* payloads of calls that were counted and not yet answered */
    struct dispatch_table *table;
};

/* Through the gate, which holds it until its version is stable. */
void dispatch_answer(struct dispatch *dispatch, struct rpc_call *rpc, struct rpc_result *result,
                     struct version version, enum lease_answer kind);

/* An answer that depends on nothing in the store. */
void dispatch_answer_status(struct dispatch *dispatch, struct rpc_call *rpc, struct status status);

/* Past the gate: of health and versions, and what shows nothing of the store. */
void dispatch_answer_past_gate(void *dispatch, struct rpc_call *rpc, struct rpc_result *result,
                               struct version version);

/* inquiries_options.answer_all, with a dispatch. */
void dispatch_answer_health(void *dispatch, struct inquiry *first);
void dispatch_answer_metrics(void *dispatch, struct inquiry *first);

/* RESOURCE_EXHAUSTED QUEUE_FULL. */
struct status dispatch_full(void);

struct work;

/* Decodes the request; the work lives in the call's arena. */
struct status work_new(struct dispatch *dispatch, struct rpc_call *rpc, struct work **ret_work);

/* Does the work or has it done; a failure is still to be answered. */
struct status work_start(struct work *work);

#endif
