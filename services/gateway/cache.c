/* cache.c - what a loop keeps for its reads: keys, names in Redis, and which services a method
 * needs. */
#include "cache.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    LOCAL_OFFSET_SECONDS = 7 * 3600,
    DAY_SECONDS = 86400,
    TURN_SECONDS = 30, /* by which clocks may differ around midnight */
};

static void cache_free(struct cache *cache)
{
    for (size_t i = 0; i < cache->gateway->backend_count; i++) {
        version_ask_free(cache->asks[i]);
    }
    memory_cache_free(cache->memory);
    buffer_done(&cache->value);
    outlet_release(cache->outlet);
    free(cache);
}

struct status cache_open(struct gateway_loop *loop, uv_loop_t *uv, struct cache **ret_cache)
{
    struct gateway *gateway = loop->gateway;
    struct cache *cache = memory_zeroed(sizeof(*cache));

    cache->gateway = gateway;
    cache->until_audit = gateway->audit_every;
    cache->memory = memory_cache_new(gateway->cache_bytes);
    cache->outlet = outlet_new(loop->mailbox);
    buffer_init(&cache->value, 2 * REDIS_VALUE_MAX_BYTES);
    if (cache->outlet == NULL) {
        cache_free(cache);
        return status_out_of_memory();
    }
    for (size_t i = 0; i < gateway->backend_count; i++) {
        cache->asks[i] = version_ask_new(gateway->backends[i].lease, cache->outlet);
    }
    const struct status status = redis_tier_open(uv, gateway->redis, gateway->redis_password,
                                                 &gateway->metrics.redis, &cache->redis);
    if (status.code != STATUS_OK) {
        cache_free(cache);
        return status;
    }
    *ret_cache = cache;
    return STATUS_NONE;
}

void cache_close(struct cache *cache)
{
    if (cache == NULL) {
        return;
    }
    outlet_shut(cache->outlet);
    redis_tier_close(cache->redis);
    cache_free(cache);
}

struct slice cache_key(struct cache *cache, enum media media, const struct http_head *head)
{
    char *at = cache->key;

    assert(head->path.length + head->query.length + 2 <= sizeof(cache->key));
    *at++ = (char)('0' + media);
    memcpy(at, head->path.data, head->path.length);
    at += head->path.length;
    *at++ = '?';
    if (head->query.length > 0) {
        memcpy(at, head->query.data, head->query.length);
        at += head->query.length;
    }
    return (struct slice){cache->key, (size_t)(at - cache->key)};
}

/* Where the method is in the table, or would be. */
static size_t needs_place(const struct cache *cache, const struct schema_method *method)
{
    size_t at = ((uintptr_t)method / sizeof(*method)) % METHODS_MAX;

    for (size_t tries = 0; tries < METHODS_MAX; tries++) {
        if (cache->needs[at].method == NULL || cache->needs[at].method == method) {
            break;
        }
        at = (at + 1) % METHODS_MAX;
    }
    return at;
}

unsigned cache_needs(const struct cache *cache, const struct schema_method *method,
                     unsigned fallback)
{
    const struct method_needs *needs = &cache->needs[needs_place(cache, method)];

    return needs->method == method ? needs->backends : fallback;
}

void cache_learn(struct cache *cache, const struct schema_method *method, unsigned backends)
{
    cache->needs[needs_place(cache, method)] =
        (struct method_needs){.method = method, .backends = backends};
}

void cache_count(struct cache *cache, enum cache_tier tier)
{
    metric_count(cache->gateway->metrics.reads, 0, tier, 1);
}

void cache_put(struct cache *cache, struct cache_entry *entry)
{
    struct gateway_metrics *metrics = &cache->gateway->metrics;
    const size_t bytes = memory_cache_bytes(cache->memory);
    const size_t entries = memory_cache_count(cache->memory);

    memory_cache_put(cache->memory, entry);
    /* A difference may be negative: it wraps around here, and back in the sum. */
    (void)atomic_fetch_add(&metrics->cache_bytes, memory_cache_bytes(cache->memory) - bytes);
    (void)atomic_fetch_add(&metrics->cache_entries, memory_cache_count(cache->memory) - entries);
}

bool cache_audit_is_due(struct cache *cache)
{
    if (cache->until_audit == 0 || --cache->until_audit > 0) {
        return false;
    }
    cache->until_audit = cache->gateway->audit_every;
    return true;
}

int32_t cache_day(bool *ret_is_turning)
{
    return cache_day_at((int64_t)time(NULL), ret_is_turning);
}

int32_t cache_day_at(int64_t now_seconds, bool *ret_is_turning)
{
    const int64_t local = now_seconds + LOCAL_OFFSET_SECONDS;
    const int64_t of_day = local % DAY_SECONDS;

    *ret_is_turning = of_day < TURN_SECONDS || of_day >= DAY_SECONDS - TURN_SECONDS;
    return (int32_t)(local / DAY_SECONDS);
}

bool cache_name(const struct gateway *gateway, const struct schema_method *method,
                const char *request_hash, const struct cache_version *versions, unsigned count,
                char name[REDIS_NAME_MAX_BYTES])
{
    static const char scope[] = "anonymous";
    int length = snprintf(name, REDIS_NAME_MAX_BYTES, "dongkhoi:%s:%s:%s:%s",
                          gateway->rendering_hash, method->full_name, request_hash, scope);

    for (unsigned i = 0; i < count && length < REDIS_NAME_MAX_BYTES; i++) {
        const size_t at = (size_t)length;

        length +=
            snprintf(name + at, REDIS_NAME_MAX_BYTES - at, ":%s=%llu.%016llx",
                     gateway->backends[versions[i].backend].name,
                     (unsigned long long)versions[i].seq, (unsigned long long)versions[i].hash);
    }
    return length < REDIS_NAME_MAX_BYTES;
}
