/*
 * dispatch.c - each call is decoded on the thread of nng, then runs where its mode says:
 *
 *     QUICK  there, a snapshot a message    --\
 *     POOL   on the pool, in a snapshot     ----> one answer, with the version it depends on,
 *     WRITE  on the store's writer          --/   which leaves through the gate (gate.h)
 *
 * What depends on nothing in the store does not wait at the gate, nor do health and versions.
 */
#include "serve/dispatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "dongkhoi/rpc/v1/metrics.pb-c.h"
#include "serve/call_context.h"
#include "serve/computation.h"
#include "serve/dispatch_internal.h"
#include "serve/service_metrics.h"

#include <stdlib.h>

enum {
    /* Of all requests that are under way; each takes a multiple of that when it is decoded. */
    UNDER_WAY_MAX_BYTES = 32 << 20,
    /* Calls that are kept free for health, renewals and refusals, whatever is parked or held. */
    CALLS_SPARE = 16,
};

#define HEALTH_METHOD "dongkhoi.rpc.v1.HealthService/CheckHealth"

/* What went wrong inside is for the log, never for the caller. */
static void hide_inside(const struct rpc_call *rpc, struct rpc_result *result)
{
    const struct status status = result->status;

    if (status.code != STATUS_INTERNAL && status.code != STATUS_UNKNOWN) {
        return;
    }
    log_event(LOG_ERROR, "internal_error", "method", rpc_call_info(rpc)->method, "reason",
              status.reason != NULL ? status.reason : "", "message",
              status.message != NULL ? status.message : "", NULL);
    result->status = (struct status){STATUS_INTERNAL, "INTERNAL", "internal error", NULL};
    result->metadata = NULL;
    result->status_detail = NULL;
}

/* Ends the call. */
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

/* Past the gate: of health and versions, and what shows nothing of the store. */
static void answer_at_once(void *arg, struct rpc_call *rpc, struct rpc_result *result,
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

    answer_at_once(dispatch, rpc, &result, gate_stable(dispatch->gate));
}

void dispatch_answer(struct dispatch *dispatch, struct rpc_call *rpc, struct rpc_result *result,
                     struct version version, enum lease_answer kind)
{
    struct parked *parked = &call_context_of(rpc)->parked;

    result_finish(dispatch, rpc, result, version);
    *parked = (struct parked){.rpc = rpc, .result = *result, .answer = kind};
    gate_answer(dispatch->gate, parked);
}

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
    return (struct status){STATUS_RESOURCE_EXHAUSTED, "QUEUE_FULL", "too many requests are waiting",
                           NULL};
}

static void answer_health(struct dispatch *dispatch, struct rpc_call *rpc)
{
    Dongkhoi__Rpc__V1__CheckHealthResponse response =
        DONGKHOI__RPC__V1__CHECK_HEALTH_RESPONSE__INIT;
    const struct version version = store_version(dispatch->store);
    const char *read_only = store_read_only(dispatch->store);
    const int64_t clock_behind_us = store_clock_behind_us(dispatch->store);
    const bool is_behind = clock_behind_us > CLOCK_BEHIND_US;
    const char *unreachable[PEERS_MAX];
    struct rpc_result result = {.message = &response.base};

    response.n_unreachable = peers_unreachable(dispatch->peers, unreachable);
    response.unreachable = (char **)unreachable;
    response.service = (char *)dispatch->service->name;
    response.serving = true;
    response.writable = read_only == NULL && !is_behind;
    response.message = (char *)(read_only != NULL ? read_only
                                : is_behind ? "the clock is behind the journal: writes are refused"
                                            : "");
    response.clock_us = clock_now_us();
    response.clock_behind_us = is_behind ? clock_behind_us : 0;
    response.warning = (char *)(store_disk(dispatch->store).state != DISK_ROOMY
                                    ? "the disk of the store is filling up"
                                    : "");
    response.seq = version.seq;
    response.program_version = (char *)DONGKHOI_VERSION;
    answer_at_once(dispatch, rpc, &result, version);
}

static void answer_metrics(struct dispatch *dispatch, struct rpc_call *rpc)
{
    Dongkhoi__Rpc__V1__GetMetricsResponse response = DONGKHOI__RPC__V1__GET_METRICS_RESPONSE__INIT;
    struct rpc_result result = {.message = &response.base};

    result.status = service_metrics_text(dispatch->metrics, rpc_call_arena(rpc),
                                         atomic_load(&dispatch->under_way), &response.text);
    answer_at_once(dispatch, rpc, &result, store_version(dispatch->store));
}

/* True when the call was one of those that every service answers at once, or holds. */
static bool version_call(struct dispatch *dispatch, struct rpc_call *rpc, bool has_room)
{
    const char *method = rpc_call_info(rpc)->method;

    if (strcmp(method, HEALTH_METHOD) == 0) {
        answer_health(dispatch, rpc);
    } else if (strcmp(method, METRICS_METHOD) == 0) {
        answer_metrics(dispatch, rpc);
    } else if (strcmp(method, RENEW_METHOD) == 0) {
        version_service_renew(&dispatch->versions, rpc);
    } else if (strcmp(method, WATCH_METHOD) == 0) {
        version_service_watch(&dispatch->versions, rpc, has_room);
    } else {
        return false;
    }
    return true;
}

static struct status call_start(struct dispatch *dispatch, struct rpc_call *rpc, bool has_room)
{
    struct work *work = NULL;
    /* Now, so that nothing is done whose answer could not be parked. */
    struct call_context *context = call_context_new(rpc);

    if (!has_room) {
        return dispatch_full();
    }
    if (context == NULL) {
        return status_out_of_memory();
    }
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

void dispatch_call(void *arg, struct rpc_call *rpc)
{
    struct dispatch *dispatch = arg;
    const size_t bytes = rpc_call_info(rpc)->payload.length;
    const size_t before = atomic_fetch_add(&dispatch->under_way_bytes, bytes);
    const unsigned calls_before = atomic_fetch_add(&dispatch->under_way, 1);
    const bool has_call = calls_before + CALLS_SPARE < dispatch->calls_max;

    if (version_call(dispatch, rpc, has_call)) {
        return;
    }
    atomic_fetch_add(&dispatch->count, 1);
    const bool has_bytes = before == 0 || before + bytes <= UNDER_WAY_MAX_BYTES;
    const struct status status = call_start(dispatch, rpc, has_call && has_bytes);
    if (status.code != STATUS_OK) {
        dispatch_answer_status(dispatch, rpc, status);
    }
}

void dispatch_calls_end(void *arg)
{
    const struct dispatch *dispatch = arg;

    store_read_let_go(dispatch->store);
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
    store_set_on_publish(options->store, gate_publish, dispatch->gate);
    dispatch->versions = (struct version_service){.service = options->service->name,
                                                  .computation = computation_hash(options->service),
                                                  .gate = dispatch->gate,
                                                  .on_answer = answer_at_once,
                                                  .arg = dispatch};
    return STATUS_NONE;
}

struct status dispatch_new(const struct dispatch_options *options, struct arena *arena,
                           struct dispatch **ret_dispatch)
{
    struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

    if (dispatch == NULL) {
        return status_out_of_memory();
    }
    dispatch->service = options->service;
    dispatch->schema = options->schema;
    dispatch->store = options->store;
    dispatch->pool = options->pool;
    dispatch->peers = options->peers;
    dispatch->calls_max = options->calls;
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
    if (dispatch != NULL && dispatch->gate != NULL) {
        gate_stop(dispatch->gate);
    }
}

void dispatch_free(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    gate_free(dispatch->gate);
    service_metrics_free(dispatch->metrics);
    dispatch_table_free(dispatch->table);
    free(dispatch);
}
