/* flight.c - to Redis, to the service, and back to all who wait for the same answer. */
#include "flight.h"

#include "account.h"
#include "answer.h"
#include "base/clock.h"
#include "base/mutant.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "step.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MALFORMED_REPLY                                                                            \
    ((struct status){.code = STATUS_INTERNAL,                                                      \
                     .reason = "MALFORMED_REPLY",                                                  \
                     .message = "the service's message cannot be read"})

enum {
    DETAIL_BYTES = 96,
    /* Of a herd one that came a moment earlier may board later, having waited for the version. */
    JOIN_SLACK_PART = 100,
};

/* How a flight ended: an entry, a refusal of the service, or a failure of the call. */
struct outcome {
    struct cache_entry *entry;
    struct status status;
    const struct Google__Rpc__Status *status_detail;
    /* Of an entry or a refusal. */
    const struct cache_version *versions;
    unsigned version_count;
    bool is_from_redis;
    bool is_stored;
    bool is_of_call; /* nothing is known of the data: it says nothing to others */
};

static struct flight **bucket_of(struct cache *cache, uint64_t hash)
{
    return &cache->flights[hash % FLIGHT_BUCKETS];
}

static void unlist(struct cache *cache, struct flight *flight)
{
    if (!flight->is_listed) {
        return;
    }
    struct flight **at = bucket_of(cache, flight->leader->key_hash);
    while (*at != flight) {
        at = &(*at)->next;
    }
    *at = flight->next;
    flight->is_listed = false;
}

static void answer_outcome(struct read *read, const struct outcome *outcome, bool is_joined)
{
    char detail[DETAIL_BYTES];

    if (outcome->entry == NULL) {
        (void)snprintf(detail, sizeof(detail), "fwd=%s", read->forward_reason);
        read_fail(read, detail, outcome->status, outcome->status_detail);
        return;
    }
    if (outcome->is_from_redis) {
        account_tier(read->request, ACCOUNT_REDIS);
        read_answer(read, outcome->entry, "hit; detail=redis");
        return;
    }
    (void)snprintf(detail, sizeof(detail), "fwd=%s; fwd-status=200%s%s", read->forward_reason,
                   is_joined ? "; collapsed" : "", outcome->is_stored ? "; stored" : "");
    read_answer(read, outcome->entry, detail);
}

/* Rule 12. An answer to a call that was sent after the read began needs no comparison. */
static bool is_good_for(const struct read *read, const struct flight *flight,
                        const struct outcome *outcome)
{
    if (outcome->is_of_call) {
        return false;
    }
    if (flight->sent_tick > read->start_tick || MUTANT(M14)) {
        return true;
    }
    if (outcome->version_count == 0) {
        return false;
    }
    for (unsigned i = 0; i < outcome->version_count; i++) {
        const struct cache_version *version = &outcome->versions[i];

        if ((read->known_backends & 1U << version->backend) == 0 ||
            !version_reaches(&read->known[version->backend], flight->generations[version->backend],
                             version->seq, version->hash)) {
            return false;
        }
    }
    return true;
}

static void flight_end(struct flight *flight, const struct outcome *outcome)
{
    struct read *leader = flight->leader;
    struct cache *cache = leader->loop->cache;
    struct read *joined = flight->joined;

    unlist(cache, flight);
    /* The flight is in the leader's arena, so the leader is answered last. */
    while (joined != NULL) {
        struct read *read = joined;

        joined = read->next_joined;
        if (is_good_for(read, flight, outcome)) {
            STEP("gateway gives a read the answer of another", "");
            cache_count(cache, TIER_SHARED);
            account_joined(read->request, leader->request);
            answer_outcome(read, outcome, true);
        } else {
            flight_board(read);
        }
    }
    answer_outcome(leader, outcome, false);
}

static void fail(struct flight *flight, struct status status)
{
    flight_end(flight, &(struct outcome){.status = status, .is_of_call = true});
}

/* The place of a service in our table; false for one that we do not know. */
static bool backend_index(const struct gateway *gateway, const char *service, unsigned *ret_index)
{
    for (unsigned i = 0; i < gateway->backend_count; i++) {
        if (strcmp(gateway->backends[i].name, service) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* False: they cannot be relied upon, such as of a service that could not be asked. */
static bool versions_read(const struct gateway *gateway, const struct rpc_answer *answer,
                          struct cache_version *versions, unsigned *ret_count)
{
    if (answer->version_count == 0 || answer->version_count > CACHE_VERSIONS_MAX) {
        return false;
    }
    for (size_t i = 0; i < answer->version_count; i++) {
        const struct rpc_version *from = &answer->versions[i];
        struct cache_version version = {.seq = from->seq, .hash = from->hash};

        if (from->seq == 0 || !backend_index(gateway, from->service, &version.backend)) {
            return false;
        }
        /* In the order of our table, which is that of names in Redis. */
        unsigned at = (unsigned)i;
        while (at > 0 && versions[at - 1].backend > version.backend) {
            versions[at] = versions[at - 1];
            at--;
        }
        versions[at] = version;
    }
    *ret_count = (unsigned)answer->version_count;
    return true;
}

static void store_in_redis(struct read *read, const struct cache_parts *parts)
{
    struct cache *cache = read->loop->cache;
    char name[REDIS_NAME_MAX_BYTES];

    if (!redis_tier_is_ready(cache->redis) || parts->body.length > REDIS_VALUE_MAX_BYTES / 2 ||
        !cache_name(cache->gateway, read->method, read->request_hash, parts->versions,
                    parts->version_count, name)) {
        return;
    }
    buffer_clear(&cache->value);
    cache_entry_encode(&cache->value, slice_from(name), parts);
    if (!buffer_failed(&cache->value)) {
        redis_tier_set(cache->redis, slice_from(name), buffer_slice(&cache->value));
    }
}

#if MUTANT(M6)
static void mutant_versions_of_now(const struct gateway *gateway, struct cache_version *versions,
                                   unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct known_version known =
            lease_client_known(gateway->backends[versions[i].backend].lease);
        if (known.seq > versions[i].seq) {
            versions[i].seq = known.seq;
            versions[i].hash = known.hash;
        }
    }
}
#endif

/* Clocks of services may be in another day than ours, shortly before and after midnight. */
static bool is_of_one_day(const struct read *read)
{
    bool is_turning = false;

    return cache_day(&is_turning) == read->day && !is_turning;
}

/* R11: stored under the versions of the snapshot that the value came from. */
static void store(struct read *read, struct cache_entry *entry)
{
    struct cache *cache = read->loop->cache;
    unsigned backends = 0;

    for (unsigned i = 0; i < entry->parts.version_count; i++) {
        assert(entry->parts.versions[i].backend < cache->gateway->backend_count);
        backends |= 1U << entry->parts.versions[i].backend;
    }
    cache_learn(cache, read->method, backends);
    cache_put(cache, entry);
}

static struct status render(struct read *read, const ProtobufCMessage *message,
                            struct rendering *ret_rendering)
{
    if (read->on_end == NULL) {
        return answer_render(read->request, message, ret_rendering);
    }
    *ret_rendering = (struct rendering){.media = MEDIA_MESSAGE, .entity_tag = ""};
    return message_pack(read->loop->scratch, message, &ret_rendering->body);
}

/* From the same message, under whatever versions. */
static bool is_rendered(const struct cache_entry *before, const struct cache_parts *parts)
{
    return before != NULL && before->parts.source_hash == parts->source_hash &&
           parts->source_hash != 0;
}

static bool is_of_same_versions(const struct cache_entry *before, const struct cache_parts *parts)
{
    if (before->parts.day != parts->day || before->parts.version_count != parts->version_count) {
        return false;
    }
    for (unsigned i = 0; i < parts->version_count; i++) {
        const struct cache_version *a = &before->parts.versions[i];
        const struct cache_version *b = &parts->versions[i];

        if (a->backend != b->backend || a->seq != b->seq || a->hash != b->hash) {
            return false;
        }
    }
    return true;
}

/* Renders the payload, unless it was rendered before. */
static struct status render_payload(struct read *read, struct slice payload,
                                    const struct cache_entry *before, struct cache_parts *parts)
{
    struct rendering rendering;
    void *message = NULL;

    if (is_rendered(before, parts)) {
        parts->media = before->parts.media;
        parts->entity_tag = before->parts.entity_tag;
        parts->fields = before->parts.fields;
        parts->body = before->parts.body;
        return STATUS_NONE;
    }
    const struct status decoded =
        message_decode(read->loop->scratch, read->method->output->type, payload, &message);
    if (decoded.code != STATUS_OK) {
        return decoded.code == STATUS_RESOURCE_EXHAUSTED ? decoded : MALFORMED_REPLY;
    }
    TRY(render(read, message, &rendering));
    parts->media = rendering.media;
    parts->entity_tag = slice_from(rendering.entity_tag);
    parts->fields = rendering.fields;
    parts->body = rendering.body;
    return STATUS_NONE;
}

/* The answer becomes an entry, which is stored where it may be and is not there yet. A failure:
 * the leader's request could not be rendered, and status says why. */
static struct status make_entry(struct read *read, const struct rpc_answer *answer,
                                struct outcome *outcome, struct cache_version *versions)
{
    struct cache *cache = read->loop->cache;
    struct cache_entry *before = memory_cache_find(cache->memory, read->key, read->key_hash);
    struct cache_parts parts = {
        .key = read->key,
        .key_hash = read->key_hash,
        .day = read->day,
        .versions = versions,
        .source_hash = memory_cache_hash(cache->memory, answer->payload),
    };
    const bool is_versioned =
        versions_read(read->loop->gateway, answer, versions, &parts.version_count);

    outcome->is_stored = is_versioned && is_of_one_day(read);
    if (!is_versioned) {
        parts.version_count = 0;
    }
#if MUTANT(M6)
    mutant_versions_of_now(read->loop->gateway, versions, parts.version_count);
#endif
    if (outcome->is_stored && is_rendered(before, &parts) && is_of_same_versions(before, &parts)) {
        cache_entry_hold(before);
        outcome->entry = before;
    } else {
        TRY(render_payload(read, answer->payload, before, &parts));
        outcome->entry = cache_entry_new(&parts);
        if (outcome->entry == NULL) {
            return status_out_of_memory();
        }
        if (outcome->is_stored) {
            store(read, outcome->entry);
            store_in_redis(read, &outcome->entry->parts);
        }
    }
    outcome->versions = outcome->entry->parts.versions;
    outcome->version_count = parts.version_count;
    if (read->on_end == NULL) {
        http_drop_fields(read->request); /* an entry brings its own */
    }
    return STATUS_NONE;
}

static struct status read_reply(struct read *read, struct outcome *outcome,
                                struct cache_version *versions)
{
    struct rpc_answer answer;

    TRY(read->failure);
    TRY(rpc_reply_parse(read->reply, read->loop->scratch, &answer));
    account_call(read->request, answer.timing);
    if (answer.status.code != STATUS_OK) {
        outcome->is_of_call = status_is_transient(answer.status.code);
        outcome->status = answer.status;
        outcome->status_detail = answer.status_detail;
        outcome->versions = versions;
        if (!versions_read(read->loop->gateway, &answer, versions, &outcome->version_count)) {
            outcome->version_count = 0;
        }
        return STATUS_NONE;
    }
    return make_entry(read, &answer, outcome, versions);
}

static void deliver(struct letter *letter)
{
    struct read *read = (struct read *)letter;
    struct cache_version versions[CACHE_VERSIONS_MAX];
    struct outcome outcome = {0};
    struct rpc_reply *reply = read->reply;

    arena_reset(read->loop->scratch);
    const struct status status = read_reply(read, &outcome, versions);
    if (status.code != STATUS_OK) {
        outcome = (struct outcome){.status = status, .is_of_call = true};
    }
    cache_count(read->loop->cache, TIER_SERVICE);
    flight_end(read->flight, &outcome);
    cache_entry_release(outcome.entry);
    rpc_reply_free(reply);
}

static void on_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct read *read = arg;

    read->failure = status;
    read->reply = reply;
    /* The mailbox is open while a request waits. */
    if (mailbox_post(read->loop->mailbox, &read->letter) != 0) {
        rpc_reply_free(reply);
    }
}

/* Answers of one service that are no pages take about as long as each other. */
static enum rpc_company company_of(const struct read *read)
{
    const bool is_page = strncmp(read->method->name, "List", 4) == 0;
    const bool is_of_one = cache_needs(read->loop->cache, read->method, 0) == 1U << read->backend;

    return is_of_one && !is_page ? RPC_WITH_READS : RPC_ALONE;
}

static void forward(struct flight *flight)
{
    struct read *read = flight->leader;
    struct cache *cache = read->loop->cache;
    const int64_t left_ms = read->deadline_boot_ms - clock_boot_ms();
    const struct rpc_request request = {
        .method = read->method->full_name,
        .traceparent = account_traceparent(read->request),
        .idempotency_key = "",
        .if_match = "",
        .timeout_ms = left_ms > 0 ? (uint32_t)left_ms : 1,
        .company = company_of(read),
        .payload = read->message,
    };

    if (left_ms <= 0) {
        fail(flight, (struct status){STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
                                     "no answer came in time", NULL});
        return;
    }
    gateway_metrics_forward(&cache->gateway->metrics, read->forward_reason);
    flight->sent_tick = ++cache->tick;
    read->letter.deliver = deliver;
    STEP("gateway forwards", "");
    const struct status status =
        rpc_client_call(cache->gateway->backends[read->backend].client, &request, on_reply, read);
    if (status.code != STATUS_OK) {
        fail(flight, status);
    }
}

static void on_value(struct redis_get *get, struct slice value)
{
    struct read *read = (struct read *)((char *)get - offsetof(struct read, get));
    struct flight *flight = read->flight;
    struct cache *cache = read->loop->cache;
    struct cache_parts parts = {.key = read->key, .key_hash = read->key_hash, .day = read->day};
    struct cache_version versions[BACKENDS_MAX];
    struct outcome outcome = {.is_from_redis = true, .is_stored = true};

    if (value.data == NULL || !cache_entry_decode(value, slice_from(flight->name), &parts)) {
        forward(flight);
        return;
    }
    for (unsigned i = 0; i < cache->gateway->backend_count; i++) {
        if ((read->known_backends & 1U << i) != 0) {
            versions[parts.version_count++] = (struct cache_version){
                .backend = i, .seq = read->known[i].seq, .hash = read->known[i].hash};
        }
    }
    parts.versions = versions;
    outcome.entry = cache_entry_new(&parts);
    if (outcome.entry == NULL) {
        forward(flight);
        return;
    }
    outcome.versions = outcome.entry->parts.versions;
    outcome.version_count = parts.version_count;
    cache_count(cache, TIER_REDIS);
    if (cache_audit_is_due(cache)) {
        audit_start(cache, read->method, read->payload, outcome.entry);
    }
    cache_put(cache, outcome.entry);
    flight_end(flight, &outcome);
    cache_entry_release(outcome.entry);
}

static bool ask_redis(struct flight *flight)
{
    struct read *read = flight->leader;
    struct cache *cache = read->loop->cache;
    struct cache_version versions[BACKENDS_MAX];
    unsigned count = 0;

    if (!redis_tier_is_ready(cache->redis) || read->is_alone) {
        return false;
    }
    for (unsigned i = 0; i < cache->gateway->backend_count; i++) {
        if ((read->known_backends & 1U << i) != 0) {
            versions[count++] = (struct cache_version){
                .backend = i, .seq = read->known[i].seq, .hash = read->known[i].hash};
        }
    }
    if (!cache_name(cache->gateway, read->method, read->request_hash, versions, count,
                    flight->name)) {
        return false;
    }
    read->get.on_value = on_value;
    return redis_tier_get(cache->redis, slice_from(flight->name), &read->get);
}

static struct flight *flight_find(struct cache *cache, const struct read *read)
{
    const int64_t left_ms = read->deadline_boot_ms - clock_boot_ms();
    const int64_t slack_ms = left_ms > 0 ? left_ms / JOIN_SLACK_PART : 0;

    for (struct flight *at = *bucket_of(cache, read->key_hash); at != NULL; at = at->next) {
        if (at->leader->key_hash == read->key_hash && slice_equals(at->leader->key, read->key) &&
            at->leader->day == read->day &&
            at->leader->deadline_boot_ms <= read->deadline_boot_ms + slack_ms) {
            return at;
        }
    }
    return NULL;
}

static void join(struct flight *flight, struct read *read)
{
    read->next_joined = NULL;
    *flight->joined_tail = read;
    flight->joined_tail = &read->next_joined;
}

static struct flight *flight_new(struct read *read)
{
    struct cache *cache = read->loop->cache;
    struct flight *flight = ARENA_NEW(read->request->arena, struct flight);

    if (flight == NULL) {
        return NULL;
    }
    flight->leader = read;
    flight->joined_tail = &flight->joined;
    for (unsigned i = 0; i < cache->gateway->backend_count; i++) {
        flight->generations[i] = lease_client_known(cache->gateway->backends[i].lease).generation;
    }
    read->flight = flight;
    if (!read->is_alone) {
        struct flight **bucket = bucket_of(cache, read->key_hash);

        flight->is_listed = true;
        flight->next = *bucket;
        *bucket = flight;
    }
    return flight;
}

void flight_board(struct read *read)
{
    struct flight *flight = NULL;

    if (!read->is_alone) {
        flight = flight_find(read->loop->cache, read);
    }
    if (flight != NULL) {
        join(flight, read);
        return;
    }
    flight = flight_new(read);
    if (flight == NULL) {
        read_fail(read, "fwd=bypass", status_out_of_memory(), NULL);
        return;
    }
    if (!ask_redis(flight)) {
        forward(flight);
    }
}
