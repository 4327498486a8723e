/* journal_service.c - ReadJournal: entries of the journal as changes, with their resources. */
#include "serve/journal_service.h"

#include "dongkhoi/rpc/v1/journal.pb-c.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "pb/timestamp.h"
#include "serve/call_context.h"
#include "store/correction.h"
#include "store/journal.h"

#include <stddef.h>
#include <string.h>

typedef Dongkhoi__Changes__V1__Change Change;

/* One call; lives in the call's arena. */
struct journal_call {
    struct pool_job job;
    struct settle_question question;
    struct feed_mark mark;
    const struct journal_service *journal;
    struct rpc_call *rpc;
    const Dongkhoi__Rpc__V1__ReadJournalRequest *request;
    Dongkhoi__Rpc__V1__ReadJournalResponse response;
};

static void answer_status(const struct journal_call *read, struct status status)
{
    struct rpc_result result = {.status = status};

    read->journal->on_answer(read->journal->arg, read->rpc, &result, (struct version){0});
}

static const struct resource_kind *kind_of(const struct service *service, const char *plural)
{
    for (size_t i = 0; i < service->kind_count; i++) {
        if (strcmp(service->kinds[i]->plural, plural) == 0) {
            return service->kinds[i];
        }
    }
    return NULL;
}

static Google__Protobuf__Any *any_make(struct arena *arena, const ProtobufCMessageDescriptor *type,
                                       struct slice body)
{
    Google__Protobuf__Any *any = ARENA_NEW(arena, Google__Protobuf__Any);

    google__protobuf__any__init(any);
    any->type_url = arena_printf(arena, "type.googleapis.com/%s", type->name);
    any->value.data = (uint8_t *)(uintptr_t)body.data;
    any->value.len = body.length;
    return any;
}

/* NULL when the entry cannot be read. */
static Google__Protobuf__Any *correction_any(struct arena *arena, const struct journal_entry *entry)
{
    Dongkhoi__Changes__V1__ClockCorrection message = DONGKHOI__CHANGES__V1__CLOCK_CORRECTION__INIT;
    Google__Protobuf__Duration offset = GOOGLE__PROTOBUF__DURATION__INIT;
    struct correction correction;
    struct slice packed = {0};

    if (!correction_parse(entry->body, entry->seq, &correction)) {
        return NULL;
    }
    message.from_seq = (int64_t)correction.from_seq;
    message.to_seq = (int64_t)correction.to_seq;
    offset.seconds = correction.offset_us / 1000000;
    offset.nanos = (int32_t)(correction.offset_us % 1000000) * 1000;
    message.offset = &offset;
    return message_pack(arena, &message.base, &packed).code == STATUS_OK
               ? any_make(arena, message.base.descriptor, packed)
               : NULL;
}

static struct status change_resource(struct tx *tx, const struct journal_call *read,
                                     const struct journal_entry *entry, Change *change)
{
    const struct resource_kind *kind = kind_of(read->journal->service, entry->kind);
    struct slice body = entry->body;

    if (strcmp(entry->kind, CORRECTION_KIND) == 0) {
        change->resource = correction_any(tx->arena, entry);
    } else if (change->deleted || kind == NULL) {
        return STATUS_NONE;
    } else {
        TRY(resource_entry_body(tx, kind, entry->name, entry->revision, &body));
        change->resource = any_make(tx->arena, kind->type, body);
    }
    return change->resource != NULL ? STATUS_NONE : status_out_of_memory();
}

static struct status change_make(struct tx *tx, const struct journal_call *read,
                                 const struct journal_entry *entry, Change **ret_change)
{
    struct arena *arena = tx->arena;
    Change *change = ARENA_NEW(arena, Change);
    Google__Protobuf__Timestamp *time = time_wrap(arena, entry->time_us);
    char *hash = arena_alloc(arena, DIGEST_HEX_BYTES);

    hex_encode(entry->hash, DIGEST_BYTES, hash);
    dongkhoi__changes__v1__change__init(change);
    change->service = (char *)(uintptr_t)read->journal->service->name;
    change->seq = (int64_t)entry->seq;
    change->time = time;
    change->actor = (char *)(uintptr_t)entry->actor;
    change->method = (char *)(uintptr_t)entry->method;
    change->kind = (char *)(uintptr_t)entry->kind;
    change->name = (char *)(uintptr_t)entry->name;
    change->revision = entry->revision;
    change->deleted = entry->body.length == 0;
    change->hash = hash;
    TRY(change_resource(tx, read, entry, change));
    *ret_change = change;
    return STATUS_NONE;
}

static struct status read_entries(struct journal_call *read, struct tx *tx)
{
    struct journal_page page = {
        .after_seq = read->request->after_seq,
        .after_hash = read->request->after_hash,
        .to_seq = read->mark.version.seq,
        .limit = read->request->limit,
    };
    Dongkhoi__Rpc__V1__ReadJournalResponse *response = &read->response;

    TRY(journal_read(tx, &page));
    dongkhoi__rpc__v1__read_journal_response__init(response);
    response->watermark_us = read->mark.watermark_us;
    response->has_more = page.has_more;
    response->changes = arena_array(tx->arena, page.count, sizeof(response->changes[0]));
    for (size_t i = 0; i < page.count; i++) {
        TRY(change_make(tx, read, &page.entries[i], &response->changes[i]));
    }
    response->n_changes = page.count;
    return STATUS_NONE;
}

static void on_pool_job(struct pool_job *job)
{
    struct journal_call *read =
        (struct journal_call *)((char *)job - offsetof(struct journal_call, job));
    struct rpc_result result = {.message = &read->response.base};
    struct tx tx = {0};

    if (rpc_call_expired(read->rpc)) {
        answer_status(read,
                      (struct status){STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
                                      "the deadline passed before the journal was read", NULL});
        return;
    }
    struct call_clock *clock = &call_context_of(read->rpc)->clock;
    call_clock_enter(clock, NULL);
    const struct status begun =
        store_read_begin(read->journal->store, rpc_call_arena(read->rpc), &tx);
    call_clock_store(clock);
    if (begun.code != STATUS_OK) {
        answer_status(read, begun);
        return;
    }
    const struct db *db = tx.db;
    call_clock_enter(clock, db);
    result.status = status_within(tx.arena, read_entries(read, &tx));
    const struct version version = tx.version;
    store_read_end(&tx);
    call_clock_leave(clock, db);
    read->journal->on_answer(read->journal->arg, read->rpc, &result, version);
}

static void queue(struct journal_call *read)
{
    read->mark = store_feed_mark(read->journal->store);
    read->job.run = on_pool_job;
    if (!pool_submit(read->journal->pool, &read->job)) {
        answer_status(read, (struct status){STATUS_RESOURCE_EXHAUSTED, "QUEUE_FULL",
                                            "too many requests are waiting", NULL});
    }
}

/* A store that takes no writes closes no group: it tells what it has. */
static void on_clear(struct settle_question *question)
{
    queue((struct journal_call *)((char *)question - offsetof(struct journal_call, question)));
}

static struct status start(const struct journal_service *journal, struct rpc_call *rpc,
                           struct journal_call *read)
{
    struct arena *arena = rpc_call_arena(rpc);
    void *request = NULL;

    TRY(message_decode(arena, &dongkhoi__rpc__v1__read_journal_request__descriptor,
                       rpc_call_info(rpc)->payload, &request));
    read->request = request;
    if (read->request->limit < 1 || read->request->limit > JOURNAL_PAGE_MAX) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_PAGE_SIZE", "limit",
                           "limit is %u, and must be 1 to %d", read->request->limit,
                           JOURNAL_PAGE_MAX);
    }
    read->question = (struct settle_question){
        .time_us = read->request->clear_us, .only_clear = true, .done = on_clear};
    if (store_settle(journal->store, &read->question)) {
        queue(read);
    }
    return STATUS_NONE;
}

void journal_service_call(const struct journal_service *journal, struct rpc_call *rpc)
{
    struct journal_call *read = ARENA_NEW(rpc_call_arena(rpc), struct journal_call);
    struct journal_call none = {.journal = journal, .rpc = rpc};

    *read = none;
    const struct status status = start(journal, rpc, read);
    if (status.code != STATUS_OK) {
        answer_status(&none, status);
    }
}
