/*
 * dispatch.c - each call is decoded on the thread of nng, then runs where its mode says:
 *
 *     QUICK  there, a snapshot a message    --\
 *     POOL   on the pool, in a snapshot     ----> one answer, with the version it depends on,
 *     WRITE  on the store's writer          --/   which leaves through the gate (gate.h)
 *
 * An answer that shows nothing of the store (a full queue, a request that cannot be read) does not
 * wait at the gate. Nor do health and metrics (inquiry.h), renewals and watches, which have to come
 * through when everything else waits.
 */
#include "serve/dispatch.h"

#include "base/log.h"
#include "base/memory.h"
#include "serve/call_context.h"
#include "serve/computation.h"
#include "serve/dispatch_internal.h"
#include "serve/service_metrics.h"

#include <stdlib.h>

enum {
    /* How many bytes the requests under way may have together. Decoded, each takes several times as
     * much, so this bounds the memory of the service. */
    UNDER_WAY_MAX_BYTES = 32 << 20,
};

#define HEALTH_METHOD "dongkhoi.rpc.v1.HealthService/CheckHealth"

/* An internal failure is told to the log in full, and to the caller only as such: its text may name
 * files, tables or other callers' data. */
static void hide_inside(const struct rpc_call *rpc, struct rpc_result *result)
{
    const struct status status = result->status;

    if (status.code != STATUS_INTERNAL && status.code != STATUS_UNKNOWN) {
        return;
    }
    log_event(LOG_ERROR, "internal_error", "method", rpc_call_info(rpc)->method, "reason",
              status_reason(status)->name, "message", status.message != NULL ? status.message : "",
              NULL);
    result->status = status_of(REASON_INTERNAL, NULL);
}

/* Counts the call, writes its line of the log, and sends the answer. */
static void send_answer(struct dispatch *dispatch, struct rpc_call *rpc,
                        const struct rpc_result *result)
{
    atomic_fetch_sub(&dispatch->under_way_bytes, rpc_call_info(rpc)->payload.length);
    atomic_fetch_sub(&dispatch->under_way, 1);
    const struct call_context *context = call_context_of(rpc);
    const size_t row =
        service_metrics_count(dispatch->metrics, rpc_call_info(rpc)->method, result->status.code);
    if (context == NULL) {
        rpc_call_answer(rpc, result);
        return;
    }
    struct rpc_result timed = *result;
    timed.timing = call_clock_read(&context->clock);
    service_metrics_time(dispatch->metrics, row, context, &timed.timing);
    call_context_log(context, rpc, &timed, dispatch->slow_ms);
    rpc_call_answer(rpc, &timed);
}

static void on_gate_send(void *arg, struct parked *parked)
{
    send_answer(arg, parked->rpc, &parked->result);
}

static void result_finish(const struct dispatch *dispatch, const struct rpc_call *rpc,
                          struct rpc_result *result, struct version version)
{
    hide_inside(rpc, result);
    result->service = dispatch->service->name;
    result->seq = version.seq;
    result->hash = version_shown(version, dispatch->versions.computation).hash;
}

/* Sends an answer without asking the gate: of versions, and what shows nothing of the store. */
void dispatch_answer_past_gate(void *arg, struct rpc_call *rpc, struct rpc_result *result,
                               struct version version)
{
    struct dispatch *dispatch = arg;

    result_finish(dispatch, rpc, result, version);
    send_answer(dispatch, rpc, result);
}

/* An answer that depends on nothing in the store. */
void dispatch_answer_status(struct dispatch *dispatch, struct rpc_call *rpc, struct status status)
{
    struct rpc_result result = {.status = status};

    dispatch_answer_past_gate(dispatch, rpc, &result, gate_stable(dispatch->gate));
}

void dispatch_answer(struct dispatch *dispatch, struct rpc_call *rpc, struct rpc_result *result,
                     struct version version, enum lease_answer kind)
{
    struct parked *parked = &call_context_of(rpc)->parked;

    result_finish(dispatch, rpc, result, version);
    *parked = (struct parked){.rpc = rpc, .result = *result, .answer = kind};
    gate_answer(dispatch->gate, parked);
}

/* A version of zeros is journal_service's way to say that the answer shows nothing of the store. */
static void on_journal_answer(void *arg, struct rpc_call *rpc, struct rpc_result *result,
                              struct version version)
{
    if (version.seq == 0 && version.hash == 0) {
        dispatch_answer_status(arg, rpc, result->status);
        return;
    }
    dispatch_answer(arg, rpc, result, version, LEASE_READ);
}

struct status dispatch_full(void)
{
    return status_of(REASON_QUEUE_FULL, NULL);
}

/* To the thread of the inquiries, which is not held up by what waits for the pool. */
static void ask_inquiry(struct dispatch *dispatch, enum inquiry_kind kind, struct rpc_call *rpc)
{
    const struct status status = inquiries_ask(dispatch->inquiries, kind, rpc);

    if (status.code != STATUS_OK) {
        refusals_add(&dispatch->refusals, REFUSAL_QUESTIONS, rpc);
        dispatch_answer_status(dispatch, rpc, status);
    }
}

/* True when the call was one of those between programs, which every service has: it was answered,
 * or is held as a question or a watch. They depend on no free place. */
static bool version_call(struct dispatch *dispatch, struct rpc_call *rpc)
{
    const char *method = rpc_call_info(rpc)->method;

    if (strcmp(method, HEALTH_METHOD) == 0) {
        ask_inquiry(dispatch, INQUIRY_HEALTH, rpc);
    } else if (strcmp(method, METRICS_METHOD) == 0) {
        ask_inquiry(dispatch, INQUIRY_METRICS, rpc);
    } else if (strcmp(method, RENEW_METHOD) == 0) {
        version_service_renew(&dispatch->versions, rpc);
    } else if (strcmp(method, WATCH_METHOD) == 0) {
        version_service_watch(&dispatch->versions, rpc, rpc_call_has_room(rpc));
    } else {
        return false;
    }
    return true;
}

/* RESOURCE_EXHAUSTED when the call may not be kept waiting. */
static struct status room_check(struct dispatch *dispatch, const struct rpc_call *rpc,
                                bool has_bytes)
{
    const bool has_room = rpc_call_has_room(rpc);

    if (has_room && has_bytes) {
        return STATUS_NONE;
    }
    refusals_add(&dispatch->refusals, has_room ? REFUSAL_BYTES : REFUSAL_CALLS, rpc);
    return dispatch_full();
}

static struct status call_start(struct dispatch *dispatch, struct rpc_call *rpc, bool has_bytes)
{
    struct work *work = NULL;
    /* Made before any work, because the answer is parked in it: nothing may be done whose answer
     * could not be held back. */
    struct call_context *context = call_context_new(rpc);

    TRY(room_check(dispatch, rpc, has_bytes));
    if (strcmp(rpc_call_info(rpc)->method, JOURNAL_METHOD) == 0) {
        journal_service_call(&dispatch->journal, rpc);
        return STATUS_NONE;
    }
    call_clock_enter(&context->clock, NULL);
    const struct status status = work_new(dispatch, rpc, &work);
    call_clock_leave(&context->clock, NULL);
    TRY(status);
    return work_start(work);
}

/* Takes a call in: counted first, so that a flood is refused before anything is decoded. One
 * large request is let in even when it is over the limit of bytes by itself, or it could never
 * be done. */
void dispatch_call(void *arg, struct rpc_call *rpc)
{
    struct dispatch *dispatch = arg;
    const size_t bytes = rpc_call_info(rpc)->payload.length;
    const size_t before = atomic_fetch_add(&dispatch->under_way_bytes, bytes);

    atomic_fetch_add(&dispatch->under_way, 1);
    if (version_call(dispatch, rpc)) {
        return;
    }
    atomic_fetch_add(&dispatch->count, 1);
    const bool has_bytes = before == 0 || before + bytes <= UNDER_WAY_MAX_BYTES;
    const struct status status = call_start(dispatch, rpc, has_bytes);
    if (status.code != STATUS_OK) {
        dispatch_answer_status(dispatch, rpc, status);
    }
}

void dispatch_calls_end(void *arg)
{
    const struct dispatch *dispatch = arg;

    store_read_let_go(dispatch->store);
}

void dispatch_closed(void *arg, const struct rpc_closed *closed)
{
    struct dispatch *dispatch = arg;

    refusals_log_closed(&dispatch->refusals, closed);
}

void dispatch_drain(struct dispatch *dispatch)
{
    gate_drain(dispatch->gate);
}

unsigned long dispatch_count(const struct dispatch *dispatch)
{
    return atomic_load(&dispatch->count);
}

static struct status dispatch_open(struct dispatch *dispatch,
                                   const struct dispatch_options *options, struct arena *arena)
{
    TRY(dispatch_table_new(options->service, options->schema, arena, &dispatch->table));
    const struct gate_options gate_options = {
        .published = store_version(options->store),
        .lease_ms = options->lease_ms,
        .longest_ms = options->longest_ms,
        .send = on_gate_send,
        .arg = dispatch,
        .on_waited = options->on_waited,
        .on_waited_arg = options->on_waited_arg,
    };
    TRY(gate_new(&gate_options, &dispatch->gate));
    const struct service_metrics_options metrics_options = {
        .service = options->service,
        .table = dispatch->table,
        .metrics = options->metrics,
        .store = options->store,
        .pool = options->pool,
        .peers = options->peers,
        .gate = dispatch->gate,
        .calls_max = options->calls,
    };
    TRY(service_metrics_new(&metrics_options, &dispatch->metrics));
    TRY(refusals_init(&dispatch->refusals, options->metrics));
    const struct inquiries_options inquiries_options = {
        .answer_all = {[INQUIRY_HEALTH] = dispatch_answer_health,
                       [INQUIRY_METRICS] = dispatch_answer_metrics},
        .arg = dispatch,
    };
    dispatch->inquiries = inquiries_new(&inquiries_options);
    if (dispatch->inquiries == NULL) {
        return status_out_of_memory();
    }
    store_set_on_publish(options->store, gate_publish, dispatch->gate);
    dispatch->versions = (struct version_service){.service = options->service->name,
                                                  .computation = computation_hash(options->service),
                                                  .gate = dispatch->gate,
                                                  .refusals = &dispatch->refusals,
                                                  .on_answer = dispatch_answer_past_gate,
                                                  .arg = dispatch};
    return STATUS_NONE;
}

struct status dispatch_new(const struct dispatch_options *options, struct arena *arena,
                           struct dispatch **ret_dispatch)
{
    struct dispatch *dispatch = memory_zeroed(sizeof(*dispatch));

    dispatch->service = options->service;
    dispatch->schema = options->schema;
    dispatch->store = options->store;
    dispatch->pool = options->pool;
    dispatch->peers = options->peers;
    dispatch->slow_ms = options->slow_ms;
    dispatch->journal = (struct journal_service){.service = options->service,
                                                 .store = options->store,
                                                 .pool = options->pool,
                                                 .on_answer = on_journal_answer,
                                                 .arg = dispatch};
    const struct status status = dispatch_open(dispatch, options, arena);
    if (status.code != STATUS_OK) {
        dispatch_free(dispatch);
        return status;
    }
    *ret_dispatch = dispatch;
    return STATUS_NONE;
}

void dispatch_stop(struct dispatch *dispatch)
{
    if (dispatch != NULL && dispatch->inquiries != NULL) {
        inquiries_stop(dispatch->inquiries);
    }
    if (dispatch != NULL && dispatch->gate != NULL) {
        gate_stop(dispatch->gate);
    }
}

void dispatch_free(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    inquiries_free(dispatch->inquiries);
    gate_free(dispatch->gate);
    service_metrics_free(dispatch->metrics);
    dispatch_table_free(dispatch->table);
    free(dispatch);
}
