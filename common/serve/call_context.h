/*
 * call_context.h - what dispatch keeps with a call from its arrival to its answer: the answer while
 * it is parked, where the time went, and the trace.
 *
 *     arrived --waits--> [busy: of which in the store] --waits--> answered
 */
#ifndef SERVE_CALL_CONTEXT_H
#define SERVE_CALL_CONTEXT_H

#include "base/trace.h"
#include "serve/gate.h"

struct db;

/* One thread at a time; times of clock_elapsed_ns(). */
struct call_clock {
    int64_t arrived_ns;
    int64_t busy_ns;
    int64_t store_ns;  /* part of busy_ns */
    int64_t busy_from; /* of the part that is measured now */
    int64_t spent_before_ns;
};

/* Lives in the call's arena. */
struct call_context {
    struct parked parked; /* first */
    struct call_clock clock;
    struct trace trace;                  /* trace_id is "" when the caller gave none */
    char traceparent[TRACEPARENT_BYTES]; /* for the services that this one asks; "" for none */
};

/* Becomes the context of the call, which arrives now. */
struct call_context *call_context_new(struct rpc_call *rpc);

/* NULL before call_context_new(). */
struct call_context *call_context_of(const struct rpc_call *rpc);

/* The work goes on now, and stops: on a thread, with a connection to the store or NULL. clock may
 * be NULL in all of these. */
void call_clock_enter(struct call_clock *clock, const struct db *db);
void call_clock_leave(struct call_clock *clock, const struct db *db);
/* All that passed since the last enter or leave was the store's. */
void call_clock_store(struct call_clock *clock);

struct rpc_timing call_clock_read(const struct call_clock *clock);

/* One line of the log, at debug; at info when it took slow_ms or longer (0: never). */
void call_context_log(const struct call_context *context, const struct rpc_call *rpc,
                      const struct rpc_result *result, uint32_t slow_ms);

#endif
