/*
 * dispatch.c - each call is decoded on the thread of nng, then runs where its mode says:
 *
 *     QUICK  there, in a snapshot           --\
 *     POOL   on the pool, in a snapshot     ----> one answer, with the version it depends on,
 *     WRITE  on the store's writer          --/   which leaves through the gate (gate.h)
 *
 * What depends on nothing in the store does not wait at the gate, nor do health and versions.
 */
#include "serve/dispatch.h"

#include "base/log.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "dongkhoi/rpc/v1/metrics.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "serve/call_context.h"
#include "serve/computation.h"
#include "serve/dispatch_table.h"
#include "serve/gate.h"
#include "serve/journal_service.h"
#include "serve/last_change.h"
#include "serve/service_metrics.h"
#include "serve/version_service.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    KEY_MAX_BYTES = 255,
    /* Of all requests that are under way; each takes a multiple of that when it is decoded. */
    UNDER_WAY_MAX_BYTES = 32 << 20,
    /* Calls that are kept free for health, renewals and refusals, whatever is parked or held. */
    CALLS_SPARE = 16,
};

#define HEALTH_METHOD "dongkhoi.rpc.v1.HealthService/CheckHealth"

struct dispatch {
    const struct service *service;
    const struct schema *schema;
    struct store *store;
    struct pool *pool;
    struct peers *peers;
    struct journal_service journal;
    struct version_service versions;
    struct gate *gate;
    struct service_metrics *metrics;
    unsigned calls_max;
    uint32_t slow_ms;
    atomic_ulong count;
    atomic_uint under_way;         /* calls that came and are not yet answered */
    atomic_size_t under_way_bytes; /* payloads of calls that were counted and not yet answered */
    struct dispatch_table *table;
};

/* One call on its way; lives in the call's arena. */
struct work {
    struct pool_job job;
    struct write write;
    struct dispatch *dispatch;
    struct rpc_call *rpc;
    const struct dispatch_entry *entry;
    void *request;
    void *response;
    struct call call;
    Google__Rpc__Status *refusal; /* what run answered, as it is kept */
    bool is_run;                  /* of a write: what follows is the commit */
};

static struct work *work_of_job(struct pool_job *job)
{
    return (struct work *)((char *)job - offsetof(struct work, job));
}

static struct work *work_of_write(struct write *write)
{
    return (struct work *)((char *)write - offsetof(struct work, write));
}

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
static void answer_status(struct dispatch *dispatch, struct rpc_call *rpc, struct status status)
{
    struct rpc_result result = {.status = status};

    answer_at_once(dispatch, rpc, &result, gate_stable(dispatch->gate));
}

static void answer(struct dispatch *dispatch, struct rpc_call *rpc, struct rpc_result *result,
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
        answer_status(arg, rpc, result->status);
        return;
    }
    answer(arg, rpc, result, version, LEASE_READ);
}

static struct status status_expired(void)
{
    return (struct status){STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
                           "the deadline passed before the work began; nothing was done", NULL};
}

static struct status status_full(void)
{
    return (struct status){STATUS_RESOURCE_EXHAUSTED, "QUEUE_FULL", "too many requests are waiting",
                           NULL};
}

static void result_of(struct work *work, struct status status, struct rpc_result *result)
{
    result->status = status;
    result->metadata = work->call.metadata[0] != NULL ? work->call.metadata : NULL;
    peer_versions_settle(&work->call);
    result->peer_versions = work->call.peer_versions;
    result->peer_version_count = work->call.peer_version_count;
    if (work->call.packed_response.data != NULL) {
        result->payload = work->call.packed_response;
    } else {
        result->message = work->response;
    }
}

static struct status handle(struct work *work)
{
    const ProtobufCMessageDescriptor *type = work->entry->descriptor->output;

    work->response = message_new(work->call.arena, type);
    if (work->response == NULL) {
        return status_out_of_memory();
    }
    return work->entry->method->handler(&work->call, work->request, work->response);
}

static struct call_clock *clock_of(const struct work *work)
{
    return &call_context_of(work->rpc)->clock;
}

static void work_read(struct work *work)
{
    struct dispatch *dispatch = work->dispatch;
    struct rpc_result result = {0};
    struct tx tx = {0};

    call_clock_enter(clock_of(work), NULL);
    if (rpc_call_expired(work->rpc)) {
        answer_status(dispatch, work->rpc, status_expired());
        return;
    }
#if MUTANT(M19)
    const struct version earlier = store_version(dispatch->store);
    MUTANT_PAUSE();
#endif
    struct status status = store_read_begin(dispatch->store, work->call.arena, &tx);
    if (status.code != STATUS_OK) {
        answer_status(dispatch, work->rpc, status);
        return;
    }
    const struct db *db = tx.db;
    call_clock_store(clock_of(work));
    call_clock_enter(clock_of(work), db);
    work->call.tx = &tx;
    work->call.now_us = tx.time_us;
    status = handle(work);
    struct version version = tx.version;
    if (status.code == STATUS_OK && work->response != NULL) {
        status = last_change_fill(work->call.arena, &tx, work->response);
    }
    if (tx.db != NULL) { /* peer_call_all() ends it before */
        store_read_end(&tx);
    }
    call_clock_leave(clock_of(work), db);
#if MUTANT(M18)
    MUTANT_PAUSE();
    version = store_version(dispatch->store);
#endif
#if MUTANT(M19)
    version = earlier;
#endif
    result_of(work, status, &result);
    answer(dispatch, work->rpc, &result, version, LEASE_READ);
}

static void on_pool_job(struct pool_job *job)
{
    work_read(work_of_job(job));
}

/* What a retry with the same key gets: the whole answer, packed. */
static struct status work_keep(struct work *work, struct status status)
{
    Dongkhoi__Rpc__V1__Reply reply = DONGKHOI__RPC__V1__REPLY__INIT;
    struct slice payload = work->call.packed_response;

    if (status.code != STATUS_OK) {
        work->refusal = status_to_wire(work->call.arena, status, work->call.metadata);
        if (work->refusal == NULL) {
            return status_out_of_memory();
        }
        reply.status = work->refusal;
    } else {
        if (payload.data == NULL) {
            TRY(message_pack(work->call.arena, work->response, &payload));
            work->call.packed_response = payload;
        }
        reply.payload.data = (uint8_t *)payload.data;
        reply.payload.len = payload.length;
    }
    return message_pack(work->call.arena, &reply.base, &work->write.answer);
}

static struct status on_write_run(struct write *write, struct tx *tx)
{
    struct work *work = work_of_write(write);

    work->call.tx = tx;
    work->call.now_us = tx->time_us;
    call_clock_enter(clock_of(work), tx->db);
    const struct status status = handle(work);
    call_clock_leave(clock_of(work), tx->db);
    work->is_run = true;
    if (write->idempotency_key[0] == '\0' || status_is_transient(status.code) ||
        status.code == STATUS_INTERNAL || status.code == STATUS_UNKNOWN) {
        return status;
    }
    TRY(work_keep(work, status));
    return status;
}

static struct status replay(struct work *work, struct rpc_result *result)
{
    const Dongkhoi__Rpc__V1__Reply *reply = NULL;
    void *message = NULL;

    TRY(message_decode(work->call.arena, &dongkhoi__rpc__v1__reply__descriptor, work->write.answer,
                       &message));
    reply = message;
    result->replayed = true;
    result->status = work->write.status;
    result->status_detail = reply->status;
    result->payload = (struct slice){(const char *)reply->payload.data, reply->payload.len};
    return STATUS_NONE;
}

static void on_write_done(struct write *write)
{
    struct work *work = work_of_write(write);
    struct rpc_result result = {0};
    struct version version = write->version;

    if (work->is_run) {
        call_clock_store(clock_of(work));
    }
    if (version.seq == 0 && version.hash == 0) {
        version = store_version(work->dispatch->store);
    }
    if (write->replayed) {
        const struct status status = replay(work, &result);
        if (status.code != STATUS_OK) {
            result = (struct rpc_result){.status = status};
        }
    } else {
        result_of(work, write->status, &result);
    }
    answer(work->dispatch, work->rpc, &result, version, LEASE_WRITE);
}

/* The key of a write: of the envelope, else of the request. */
static struct status key_choose(struct work *work, const char **ret_key)
{
    const char *key = rpc_call_info(work->rpc)->idempotency_key;
    const char *request_id = message_string(work->request, "request_id");

    if (key[0] != '\0' && request_id[0] != '\0' && strcmp(key, request_id) != 0) {
        return INVALID(&work->call, "IDEMPOTENCY_KEY_MISMATCH", "requestId",
                       "requestId differs from the idempotency key");
    }
    if (key[0] == '\0') {
        key = request_id;
    }
    if (strlen(key) > KEY_MAX_BYTES) {
        return INVALID(&work->call, "INVALID_IDEMPOTENCY_KEY",
                       key == request_id ? "requestId" : NULL,
                       "an idempotency key has at most %d bytes", KEY_MAX_BYTES);
    }
    *ret_key = key;
    return STATUS_NONE;
}

/* Each part ends with NUL or is the last, so that no two requests share their bytes. */
static struct status request_hash(struct work *work, uint8_t hash[DIGEST_BYTES])
{
    const char *request_id = message_string(work->request, "request_id");
    struct slice packed = {0};

    if (request_id[0] != '\0') {
        (void)message_set_string(work->request, "request_id", "");
    }
    const struct status status = message_pack(work->call.arena, work->request, &packed);
    if (request_id[0] != '\0') {
        (void)message_set_string(work->request, "request_id", request_id);
    }
    TRY(status);
    /* A mask that was given may mean something else than the same one implied. */
    const struct slice parts[] = {
        {work->entry->full_name, strlen(work->entry->full_name) + 1},
        {work->call.if_match, strlen(work->call.if_match) + 1},
        {"i", work->call.mask_is_implied ? 2 : 0},
        packed,
    };
    digest_many(parts, sizeof(parts) / sizeof(parts[0]), hash);
    return STATUS_NONE;
}

static struct status work_write(struct work *work)
{
    const struct rpc_call_info *info = rpc_call_info(work->rpc);
    const char *key = NULL;

    TRY(key_choose(work, &key));
    TRY(request_hash(work, work->write.request_hash));
    work->write.caller = info->caller;
    work->write.method = work->entry->full_name;
    work->write.arena = work->call.arena;
    work->write.validate_only = message_int(work->request, "validate_only", 0) != 0;
    /* A trial has no effect that could be repeated. */
    work->write.idempotency_key = work->write.validate_only ? "" : key;
    work->write.deadline_boot_ms = info->deadline_boot_ms;
    work->write.run = on_write_run;
    work->write.done = on_write_done;
    return store_write(work->dispatch->store, &work->write);
}

static struct status work_new(struct dispatch *dispatch, struct rpc_call *rpc,
                              struct work **ret_work)
{
    const struct rpc_call_info *info = rpc_call_info(rpc);
    struct arena *arena = rpc_call_arena(rpc);
    const struct dispatch_entry *entry = dispatch_table_find(dispatch->table, info->method);

    if (entry == NULL) {
        return status_make(arena, STATUS_UNIMPLEMENTED, "UNKNOWN_METHOD", NULL,
                           "%s has no method %s", dispatch->service->name, info->method);
    }
    struct work *work = ARENA_NEW(arena, struct work);
    if (work == NULL) {
        return status_out_of_memory();
    }
    work->dispatch = dispatch;
    work->rpc = rpc;
    work->entry = entry;
    work->call = (struct call){
        .arena = arena,
        .method = entry->method,
        .service = dispatch->service,
        .schema = dispatch->schema,
        .caller = info->caller,
        .if_match = info->if_match,
        .mask_is_implied = info->mask_is_implied,
        .traceparent = call_context_of(rpc)->traceparent,
        .deadline_boot_ms = info->deadline_boot_ms,
        .peers = dispatch->peers,
    };
    TRY(message_decode(arena, entry->descriptor->input, info->payload, &work->request));
    TRY(message_to_nfc(arena, work->request));
    *ret_work = work;
    return STATUS_NONE;
}

/* Starts the work; a failure is still to be answered. */
static struct status work_start(struct work *work)
{
    switch (work->entry->mode) {
    case METHOD_QUICK:
        work_read(work);
        return STATUS_NONE;
    case METHOD_POOL:
        work->job.run = on_pool_job;
        return pool_submit(work->dispatch->pool, &work->job) ? STATUS_NONE : status_full();
    case METHOD_WRITE:
        return work_write(work);
    }
    return status_full();
}

static void answer_health(struct dispatch *dispatch, struct rpc_call *rpc)
{
    Dongkhoi__Rpc__V1__CheckHealthResponse response =
        DONGKHOI__RPC__V1__CHECK_HEALTH_RESPONSE__INIT;
    const struct version version = store_version(dispatch->store);
    const char *read_only = store_read_only(dispatch->store);
    const char *unreachable[PEERS_MAX];
    struct rpc_result result = {.message = &response.base};

    response.n_unreachable = peers_unreachable(dispatch->peers, unreachable);
    response.unreachable = (char **)unreachable;
    response.service = (char *)dispatch->service->name;
    response.serving = true;
    response.writable = read_only == NULL;
    response.message = (char *)(read_only != NULL ? read_only : "");
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
        return status_full();
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
        answer_status(dispatch, rpc, status);
    }
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
    TRY(dispatch_table_new(options->service, arena, &dispatch->table));
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
