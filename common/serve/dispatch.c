/*
 * dispatch.c - each call is decoded on the thread of nng, then runs where its mode says:
 *
 *     QUICK  there, in a snapshot           --\
 *     POOL   on the pool, in a snapshot     ----> one answer, with the version it depends on
 *     WRITE  on the store's writer          --/
 */
#include "serve/dispatch.h"

#include "base/log.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "serve/journal_service.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEY_MAX_BYTES = 255,
    /* Of all requests that are under way; each takes a multiple of that when it is decoded. */
    UNDER_WAY_MAX_BYTES = 32 << 20,
};

#define HEALTH_METHOD "dongkhoi.rpc.v1.HealthService/CheckHealth"

struct dispatch_entry {
    char *full_name;
    const ProtobufCMethodDescriptor *descriptor;
    const struct method *method;
    enum method_mode mode;
};

struct dispatch {
    const struct service *service;
    const struct schema *schema;
    struct store *store;
    struct pool *pool;
    struct peers *peers;
    struct journal_service journal;
    atomic_ulong count;
    atomic_size_t under_way_bytes; /* payloads of calls that were counted and not yet answered */
    size_t entry_count;
    struct dispatch_entry entries[]; /* by full_name */
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

static void answer(struct dispatch *dispatch, struct rpc_call *rpc, struct rpc_result *result,
                   struct version version)
{
    atomic_fetch_sub(&dispatch->under_way_bytes, rpc_call_info(rpc)->payload.length);
    hide_inside(rpc, result);
    result->service = dispatch->service->name;
    result->seq = version.seq;
    result->hash = version.hash;
    rpc_call_answer(rpc, result);
}

/* An answer that depends on nothing in the store. */
static void answer_status(struct dispatch *dispatch, struct rpc_call *rpc, struct status status)
{
    struct rpc_result result = {.status = status};

    answer(dispatch, rpc, &result, store_version(dispatch->store));
}

static void on_journal_answer(void *arg, struct rpc_call *rpc, struct rpc_result *result,
                              struct version version)
{
    answer(arg, rpc, result, version);
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

static void result_of(const struct work *work, struct status status, struct rpc_result *result)
{
    result->status = status;
    result->metadata = work->call.metadata[0] != NULL ? work->call.metadata : NULL;
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

static void work_read(struct work *work)
{
    struct dispatch *dispatch = work->dispatch;
    struct rpc_result result = {0};
    struct tx tx = {0};

    if (rpc_call_expired(work->rpc)) {
        answer_status(dispatch, work->rpc, status_expired());
        return;
    }
    struct status status = store_read_begin(dispatch->store, work->call.arena, &tx);
    if (status.code != STATUS_OK) {
        answer_status(dispatch, work->rpc, status);
        return;
    }
    work->call.tx = &tx;
    work->call.now_us = tx.time_us;
    status = handle(work);
    const struct version version = tx.version;
    if (tx.db != NULL) { /* peer_call_all() ends it before */
        store_read_end(&tx);
    }
    result_of(work, status, &result);
    answer(dispatch, work->rpc, &result, version);
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
    const struct status status = handle(work);
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
    answer(work->dispatch, work->rpc, &result, version);
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

static int entry_compare(const void *a, const void *b)
{
    const struct dispatch_entry *left = a;
    const struct dispatch_entry *right = b;

    return strcmp(left->full_name, right->full_name);
}

static const struct dispatch_entry *entry_find(const struct dispatch *dispatch, const char *name)
{
    const struct dispatch_entry key = {.full_name = (char *)name};

    return bsearch(&key, dispatch->entries, dispatch->entry_count, sizeof(key), entry_compare);
}

static struct status work_new(struct dispatch *dispatch, struct rpc_call *rpc,
                              struct work **ret_work)
{
    const struct rpc_call_info *info = rpc_call_info(rpc);
    struct arena *arena = rpc_call_arena(rpc);
    const struct dispatch_entry *entry = entry_find(dispatch, info->method);

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
        .traceparent = info->traceparent,
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
    response.seq = version.seq;
    response.program_version = (char *)DONGKHOI_VERSION;
    answer(dispatch, rpc, &result, version);
}

void dispatch_call(void *arg, struct rpc_call *rpc)
{
    struct dispatch *dispatch = arg;
    struct work *work = NULL;
    const size_t bytes = rpc_call_info(rpc)->payload.length;
    const size_t before = atomic_fetch_add(&dispatch->under_way_bytes, bytes);

    if (strcmp(rpc_call_info(rpc)->method, HEALTH_METHOD) == 0) {
        answer_health(dispatch, rpc);
        return;
    }
    atomic_fetch_add(&dispatch->count, 1);
    if (strcmp(rpc_call_info(rpc)->method, JOURNAL_METHOD) == 0) {
        journal_service_call(&dispatch->journal, rpc);
        return;
    }
    struct status status = status_full();
    if (before == 0 || before + bytes <= UNDER_WAY_MAX_BYTES) {
        status = work_new(dispatch, rpc, &work);
    }
    if (status.code == STATUS_OK) {
        status = work_start(work);
    }
    if (status.code != STATUS_OK) {
        answer_status(dispatch, rpc, status);
    }
}

unsigned long dispatch_count(const struct dispatch *dispatch)
{
    return atomic_load(&dispatch->count);
}

static const struct method *method_find(const struct service *service, const char *name)
{
    const struct method *found = NULL;

    for (size_t i = 0; i < service->method_count; i++) {
        if (strcmp(service->methods[i].name, name) == 0) {
            if (found != NULL) {
                return NULL; /* twice is as bad as never */
            }
            found = &service->methods[i];
        }
    }
    return found;
}

static struct status entry_fill(struct dispatch *dispatch, unsigned index, struct arena *arena)
{
    const struct service *service = dispatch->service;
    const ProtobufCMethodDescriptor *descriptor = &service->descriptor->methods[index];
    struct dispatch_entry *entry = &dispatch->entries[index];

    entry->descriptor = descriptor;
    entry->method = method_find(service, descriptor->name);
    if (entry->method == NULL) {
        return status_make(arena, STATUS_INTERNAL, "METHOD_TABLE", NULL,
                           "the table of %s must have %s once", service->name, descriptor->name);
    }
    entry->mode = entry->method->mode;
    if (entry->mode == METHOD_QUICK && entry->method->kind != NULL &&
        entry->method->kind->complete != NULL) {
        entry->mode = METHOD_POOL;
    }
    const size_t size = strlen(service->descriptor->name) + strlen(descriptor->name) + 2;
    entry->full_name = malloc(size);
    if (entry->full_name == NULL) {
        return status_out_of_memory();
    }
    (void)snprintf(entry->full_name, size, "%s/%s", service->descriptor->name, descriptor->name);
    return STATUS_NONE;
}

static struct status dispatch_fill(struct dispatch *dispatch, struct arena *arena)
{
    const struct service *service = dispatch->service;

    for (unsigned i = 0; i < service->descriptor->n_methods; i++) {
        TRY(entry_fill(dispatch, i, arena));
    }
    if (service->method_count != service->descriptor->n_methods) {
        return status_make(arena, STATUS_INTERNAL, "METHOD_TABLE", NULL,
                           "the table of %s has a method that is not in %s", service->name,
                           service->descriptor->name);
    }
    qsort(dispatch->entries, dispatch->entry_count, sizeof(dispatch->entries[0]), entry_compare);
    return STATUS_NONE;
}

struct status dispatch_new(const struct service *service, const struct schema *schema,
                           struct store *store, struct pool *pool, struct peers *peers,
                           struct arena *arena, struct dispatch **ret_dispatch)
{
    const size_t count = service->descriptor->n_methods;
    struct dispatch *dispatch = calloc(1, sizeof(*dispatch) + count * sizeof(dispatch->entries[0]));

    if (dispatch == NULL) {
        return status_out_of_memory();
    }
    dispatch->service = service;
    dispatch->schema = schema;
    dispatch->store = store;
    dispatch->pool = pool;
    dispatch->peers = peers;
    dispatch->entry_count = count;
    dispatch->journal = (struct journal_service){.service = service,
                                                 .store = store,
                                                 .pool = pool,
                                                 .on_answer = on_journal_answer,
                                                 .arg = dispatch};
    const struct status status = dispatch_fill(dispatch, arena);
    if (status.code != STATUS_OK) {
        dispatch_free(dispatch);
        return status;
    }
    *ret_dispatch = dispatch;
    return STATUS_NONE;
}

void dispatch_free(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    for (size_t i = 0; i < dispatch->entry_count; i++) {
        free(dispatch->entries[i].full_name);
    }
    free(dispatch);
}
