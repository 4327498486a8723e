/*
 * flight.c - one read's way to Redis, to its service, and back to all who wait for the same answer.
 *
 *     flight_board --same key, in time--> joined, waits for the flight's end
 *                  \--else--> a new flight: ask Redis --no entry--> forward to the service
 *     reply --small: on the loop; large: in a job--> flight_land --> flight_end: leader and joined
 *
 * The read that began the flight leads it: the flight lives in its request's arena and is gone once
 * it is answered. A joined read for which the answer is too old boards again, by itself.
 */
#include "flight.h"

#include "account.h"
#include "admission.h"
#include "base/clock.h"
#include "base/memory.h"
#include "flight_reply.h"
#include "job.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DETAIL_BYTES = 96,
    /* A read joins a flight whose deadline is later than its own by a hundredth of the time it has
     * left. Of many reads that come at once, one that was first may get here last, because it had
     * to ask for the version. */
    JOIN_SLACK_PART = 100,
};

/* How a flight ended: an entry, a refusal of the service, or a failure of the call. */
struct outcome {
    struct cache_entry *entry;
    struct status status;
    /* Of an entry or a refusal. */
    const struct cache_version *versions;
    unsigned version_count;
    bool is_from_redis;
    bool is_stored;
    bool is_of_call; /* the call itself failed: joined reads go on by themselves */
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
        (void)snprintf(detail, sizeof(detail), "fwd=%s", forward_name(read->forward));
        read_fail(read, detail, outcome->status);
        return;
    }
    if (outcome->is_from_redis) {
        account_tier(read->request, ACCOUNT_REDIS);
        read_answer(read, outcome->entry, "hit; detail=redis");
        return;
    }
    (void)snprintf(detail, sizeof(detail), "fwd=%s; fwd-status=200%s%s",
                   forward_name(read->forward), is_joined ? "; collapsed" : "",
                   outcome->is_stored ? "; stored" : "");
    read_answer(read, outcome->entry, detail);
}

/* Rule 12. An answer to a call that was sent after the read began needs no comparison. */
static bool is_good_for(const struct read *read, const struct flight *flight,
                        const struct outcome *outcome)
{
    if (outcome->is_of_call) {
        return false;
    }
    if (flight->sent_tick > read->start_tick) {
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

/* Rule 11: kept under the versions of the snapshot that the answer came from, not those known now.
 */
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

/* The answer is read: it is kept where it may be, and all who wait for it get it. */
static void flight_land(struct flight_reply *reply)
{
    struct read *read = reply->read;
    struct rpc_reply *from = read->reply;
    struct cache_entry *entry = reply->entry;
    struct outcome outcome = {
        .entry = entry,
        .versions = reply->versions,
        .version_count = reply->version_count,
        .is_stored = entry != NULL && reply->is_keepable,
    };

    if (reply->failure.code != STATUS_OK) {
        outcome.status = reply->failure;
        outcome.is_of_call = true;
    } else {
        account_call(read->request, reply->answer.timing);
        outcome.status = reply->answer.status;
        outcome.is_of_call = status_is_transient(reply->answer.status.code);
    }
    if (outcome.is_stored && entry != reply->before) {
        store(read, entry);
        store_in_redis(read, &entry->parts);
    }
    cache_count(read->loop->cache, TIER_SERVICE);
    cache_entry_release(reply->before);
    flight_end(read->flight, &outcome); /* read is gone with its request */
    cache_entry_release(entry);
    rpc_reply_free(from);
}

static struct flight_reply flight_reply_of(struct read *read)
{
    struct flight_reply reply = {.read = read};

    reply.before = memory_cache_find(read->loop->cache->memory, read->key, read->key_hash);
    if (reply.before != NULL) {
        cache_entry_hold(reply.before);
    }
    return reply;
}

/* A reply that is read beside the loop. */
struct landing {
    struct job job; /* first: the job is the landing */
    struct flight_reply reply;
};

static void landing_run(struct job *job)
{
    flight_reply_read(&((struct landing *)job)->reply, job->arena);
}

static void landing_done(struct job *job)
{
    struct landing *landing = (struct landing *)job;

    flight_land(&landing->reply);
    free(landing);
}

/* Now that the reply is there, its size as text can be told well, and room for it is reserved.
 * False: there is none. */
static bool land_beside(struct read *read)
{
    const size_t bytes = rpc_reply_bytes(read->reply) * ANSWER_GROWTH;
    struct landing *landing =
        http_admit(read->request, bytes) ? memory_zeroed(sizeof(*landing)) : NULL;

    if (landing == NULL) {
        return false;
    }
    *landing = (struct landing){.job = {.run = landing_run, .on_done = landing_done},
                                .reply = flight_reply_of(read)};
    if (!job_start(read->loop->uv, &landing->job)) {
        cache_entry_release(landing->reply.before);
        free(landing);
        return false;
    }
    return true;
}

static void deliver(struct letter *letter)
{
    struct read *read = (struct read *)letter;

    if (read->reply == NULL || rpc_reply_bytes(read->reply) < JOB_LEAST_BYTES) {
        struct flight_reply reply = flight_reply_of(read);

        arena_reset(read->loop->scratch);
        flight_reply_read(&reply, read->loop->scratch);
        flight_land(&reply);
    } else if (!land_beside(read)) {
        struct rpc_reply *reply = read->reply;

        fail(read->flight, admission_no_room()); /* read is gone with its request */
        rpc_reply_free(reply);
    }
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
        .company = read->method->batching == BATCHING_WITH_READS ? RPC_WITH_READS : RPC_ALONE,
        .payload = read->message,
    };

    if (left_ms <= 0) {
        fail(flight, status_of(REASON_DEADLINE_EXCEEDED, NULL));
        return;
    }
    gateway_metrics_forward(&cache->gateway->metrics, read->forward);
    flight->sent_tick = ++cache->tick;
    read->letter.deliver = deliver;
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
    if (!ask_redis(flight)) {
        forward(flight);
    }
}
