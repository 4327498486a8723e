/*
 * work.c - what a call asks for, done where its method's mode says.
 *
 *     QUICK  work_new, work_read                  on the thread of nng
 *     POOL   work_new --pool_submit--> work_read  on a thread of the pool
 *     WRITE  work_new --store_write--> on_write_run, on_write_done  on the writer's thread
 *
 * A read as of a time first waits until that time is settled (on_settled). A work lives in the
 * arena of its call and so ends with dispatch_answer(): nothing may touch it afterwards.
 */
#include "serve/dispatch_internal.h"

#include "base/clock.h"
#include "base/digest.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "pb/rules.h"
#include "pb/timestamp.h"
#include "rpc/rpc_status.h"
#include "serve/call_context.h"
#include "serve/last_change.h"
#include "serve/reasons.h"
#include "serve/standard.h"

#include <stddef.h>
#include <string.h>

enum { KEY_MAX_BYTES = 255 };

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
    bool is_run;         /* of a write: what follows is the commit */
    bool keeps_snapshot; /* of a read: for the next call of the same message */
    struct settle_question question;
};

static struct work *work_of_job(struct pool_job *job)
{
    return (struct work *)((char *)job - offsetof(struct work, job));
}

static struct work *work_of_write(struct write *write)
{
    return (struct work *)((char *)write - offsetof(struct work, write));
}

static struct status status_expired(void)
{
    return status_of(REASON_DEADLINE_EXCEEDED,
                     "the deadline passed before the work began; nothing was done");
}

/* What a handler left: its response, or its refusal with the metadata, and the versions of
 * peers. */
static void result_of(struct work *work, struct status status, struct rpc_result *result)
{
    result->status = status;
    peer_versions_settle(&work->call);
    result->peer_versions = work->call.peer_versions;
    result->peer_version_count = work->call.peer_version_count;
    if (work->call.packed_response.data != NULL) {
        result->payload = work->call.packed_response;
    } else {
        result->message = work->response;
    }
}

/*
 * The handler's outcome, and what finish makes of it. What the proto says of the request is refused
 * here, in each method alike. This is also the one place where a call ends that needed more memory
 * than its arena may have: neither its answer nor its refusal counts then, since either may rest on
 * what was not made. Of a write the savepoint is rolled back as for any failure, and the outcome is
 * transient, so no key keeps it.
 */
static struct status handle(struct work *work,
                            struct status (*finish)(struct work *work, struct status status))
{
    const ProtobufCMessageDescriptor *type = work->entry->descriptor->output;
    struct call *call = &work->call;

    work->response = message_new(call->arena, type);
    struct status status =
        rules_check(call->arena, work->entry->input, work->request, NULL, call->now_us);
    if (status.code == STATUS_OK) {
        status = work->entry->method->handler(call, work->request, work->response);
    }
    if (status.code != STATUS_OK && call->metadata[0] != NULL) {
        status.metadata = call->metadata;
    }
    return status_within(call->arena, finish(work, status));
}

static struct call_clock *clock_of(const struct work *work)
{
    return &call_context_of(work->rpc)->clock;
}

/* Packs the response, unless the handler or an earlier call of this has done so. */
static struct status pack_response(struct work *work)
{
    struct call *call = &work->call;

    return call->packed_response.data != NULL
               ? STATUS_NONE
               : message_pack(call->arena, work->response, &call->packed_response);
}

static struct status finish_read(struct work *work, struct status status)
{
    struct tx *tx = work->call.tx;

    TRY(status);
    TRY(last_change_fill(work->call.arena, tx, work->response));
    /* Rows that other calls read, too, are the thread's only while the snapshot is open. */
    return tx->shares ? pack_response(work) : STATUS_NONE;
}

static void work_read(struct work *work)
{
    struct dispatch *dispatch = work->dispatch;
    struct rpc_result result = {0};
    struct tx tx = {0};

    call_clock_enter(clock_of(work), NULL);
    if (rpc_call_expired(work->rpc)) {
        dispatch_answer_status(dispatch, work->rpc, status_expired());
        return;
    }
    struct status status = store_read_begin(dispatch->store, work->call.arena, &tx);
    if (status.code != STATUS_OK) {
        dispatch_answer_status(dispatch, work->rpc, status);
        return;
    }
    const struct db *db = tx.db;
    call_clock_store(clock_of(work));
    call_clock_enter(clock_of(work), db);
    work->call.tx = &tx;
    work->call.now_us = tx.time_us;
    status = handle(work, finish_read);
    struct version version = tx.version;
    if (tx.db != NULL) { /* peer_call_all() ends it before */
        if (work->keeps_snapshot) {
            store_read_keep(&tx);
        } else {
            store_read_end(&tx);
        }
    }
    call_clock_leave(clock_of(work), db);
    result_of(work, status, &result);
    dispatch_answer(dispatch, work->rpc, &result, version, LEASE_READ);
}

static void on_pool_job(struct pool_job *job)
{
    work_read(work_of_job(job));
}

/* Packs the answer, be it a response or a refusal, so that the store can keep it with the key: a
 * retry gets these bytes. */
static struct status work_keep(struct work *work, struct status status)
{
    Dongkhoi__Rpc__V1__Reply reply = DONGKHOI__RPC__V1__REPLY__INIT;

    if (status.code != STATUS_OK) {
        reply.status = status_to_wire(work->call.arena, status);
    } else {
        TRY(pack_response(work));
        reply.payload.data = (uint8_t *)work->call.packed_response.data;
        reply.payload.len = work->call.packed_response.length;
    }
    return message_pack(work->call.arena, &reply.base, &work->write.answer);
}

/* An outcome that may be another one next time is not kept for its key. */
static struct status finish_write(struct work *work, struct status status)
{
    if (work->write.idempotency_key[0] == '\0' || status_is_transient(status.code) ||
        status.code == STATUS_INTERNAL || status.code == STATUS_UNKNOWN) {
        return status;
    }
    TRY(work_keep(work, status));
    return status;
}

/* In the savepoint of this write. Whatever fails here undoes it, also when the answer cannot be
 * packed for its key: an effect without the kept answer could happen twice. */
static struct status on_write_run(struct write *write, struct tx *tx)
{
    struct work *work = work_of_write(write);

    work->call.tx = tx;
    work->call.now_us = tx->time_us;
    call_clock_enter(clock_of(work), tx->db);
    const struct status status = handle(work, finish_write);
    call_clock_leave(clock_of(work), tx->db);
    work->is_run = true;
    return status;
}

/* Turns kept bytes back into an answer: the first one, word for word. */
static struct status replay(struct work *work, struct rpc_result *result)
{
    const Dongkhoi__Rpc__V1__Reply *reply = NULL;
    void *message = NULL;

    TRY(message_decode(work->call.arena, &dongkhoi__rpc__v1__reply__descriptor, work->write.answer,
                       &message));
    reply = message;
    result->replayed = true;
    result->status = work->write.status;
    if (reply->status != NULL) {
        result->status = status_from_wire(work->call.arena, reply->status);
    }
    result->payload = (struct slice){(const char *)reply->payload.data, reply->payload.len};
    return STATUS_NONE;
}

/* After the commit of the group, or when the write was refused before it was run. A write without a
 * version of its own shows the store's. */
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
    dispatch_answer(work->dispatch, work->rpc, &result, version, LEASE_WRITE);
}

/* The idempotency key may come in the envelope (from a header) or in the request (request_id). */
static struct status key_choose(struct work *work, const char **ret_key)
{
    const char *key = rpc_call_info(work->rpc)->idempotency_key;
    const char *request_id = message_string(work->request, "request_id");

    if (key[0] != '\0' && request_id[0] != '\0' && strcmp(key, request_id) != 0) {
        return call_refuse(&work->call, REASON_IDEMPOTENCY_KEY_MISMATCH, "requestId");
    }
    if (key[0] == '\0') {
        key = request_id;
    }
    if (strlen(key) > KEY_MAX_BYTES) {
        return REFUSE(&work->call, REASON_INVALID_IDEMPOTENCY_KEY,
                      key == request_id ? "requestId" : NULL,
                      "an idempotency key has at most %d bytes", KEY_MAX_BYTES);
    }
    *ret_key = key;
    return STATUS_NONE;
}

/* A hash of what is asked for, by which the store tells a retry from another request with the same
 * key. request_id is left out, since it may be the key. Each part but the last ends with a NUL, so
 * that no two requests give the same bytes. */
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
    /* Whether the mask was given or implied is part of the question: the same paths may mean
     * different things. */
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
    /* A trial (validateOnly) has no effect, so there is nothing to be done once. */
    work->write.idempotency_key = work->write.validate_only ? "" : key;
    work->write.deadline_boot_ms = info->deadline_boot_ms;
    work->write.run = on_write_run;
    work->write.done = on_write_done;
    return store_write(work->dispatch->store, &work->write);
}

static struct status work_pool(struct work *work)
{
    work->job.run = on_pool_job;
    return pool_submit(work->dispatch->pool, &work->job) ? STATUS_NONE : dispatch_full();
}

/* The next call of the same message may use this snapshot, too (store_read_keep). */
static struct status work_quick(struct work *work)
{
    work->keeps_snapshot = true;
    work_read(work);
    return STATUS_NONE;
}

/* The time is settled. This runs on the store's writer, which must not read, so even a QUICK method
 * goes to the pool from here. */
static void on_settled(struct settle_question *question)
{
    struct work *work = (struct work *)((char *)question - offsetof(struct work, question));
    const struct status status =
        question->status.code == STATUS_OK ? work_pool(work) : question->status;

    if (status.code != STATUS_OK) {
        dispatch_answer_status(work->dispatch, work->rpc, status);
    }
}

/* A read as of a time waits until that time is settled. What is no time, or lies in the future, is
 * not waited for: the handler refuses it. */
static struct status work_as_of(struct work *work, const Google__Protobuf__Timestamp *time)
{
    struct store *store = work->dispatch->store;

    work->question = (struct settle_question){.done = on_settled};
    if (is_time(time) && time_unwrap(time) <= clock_now_us()) {
        work->question.time_us = time_unwrap(time);
        if (!store_settle(store, &work->question)) {
            return STATUS_NONE;
        }
        TRY(work->question.status);
    }
    if (work->entry->mode == METHOD_POOL) {
        return work_pool(work);
    }
    /* An earlier call of the same message may have left its snapshot for this one, but that may
     * have been begun before the time was settled. */
    store_read_let_go(store);
    return work_quick(work);
}

struct status work_new(struct dispatch *dispatch, struct rpc_call *rpc, struct work **ret_work)
{
    const struct rpc_call_info *info = rpc_call_info(rpc);
    struct arena *arena = rpc_call_arena(rpc);
    const struct dispatch_entry *entry = dispatch_table_find(dispatch->table, info->method);

    if (entry == NULL) {
        return status_make(arena, REASON_UNKNOWN_METHOD, NULL, "%s has no method %s",
                           dispatch->service->name, info->method);
    }
    struct work *work = ARENA_NEW(arena, struct work);
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
    TRY(status_within(arena, message_to_nfc(arena, work->request)));
    *ret_work = work;
    return STATUS_NONE;
}

struct status work_start(struct work *work)
{
    const Google__Protobuf__Timestamp *as_of = message_child(work->request, "as_of");

    if (as_of != NULL && work->entry->mode != METHOD_WRITE) {
        return work_as_of(work, as_of);
    }
    switch (work->entry->mode) {
    case METHOD_QUICK:
        return work_quick(work);
    case METHOD_POOL:
        return work_pool(work);
    case METHOD_WRITE:
        return work_write(work);
    }
    return dispatch_full();
}
