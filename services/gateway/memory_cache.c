/*
 * memory_cache.c - a hash table with chains, and a list of all entries in the order of their last
 * use. Past the limit the entry that was not used for the longest time goes.
 *
 * Keys come from clients, so they are hashed with SipHash under a random key: nobody can choose
 * many that share a bucket.
 *
 * Invariant: bytes is the sum of the sizes of all kept entries, and never over the limit when a
 * function returns. Neither finding nor touching an entry allocates.
 */
#include "memory_cache.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/siphash.h"

#include <assert.h>
#include <stdlib.h>

enum {
    BUCKETS_MIN = 64,
    BYTES_PER_BUCKET = 2048, /* about an entry each */
    LARGEST_SHARE = 8,
};

struct memory_cache {
    size_t limit_bytes;
    size_t bytes;
    size_t count;
    struct cache_entry *newest;
    struct cache_entry *oldest;
    uint64_t secret[2];
    size_t bucket_count; /* a power of two */
    struct cache_entry **buckets;
};

struct memory_cache *memory_cache_new(size_t limit_bytes)
{
    struct memory_cache *cache = memory_zeroed(sizeof(*cache));

    cache->limit_bytes = limit_bytes;
    cache->bucket_count = BUCKETS_MIN;
    while (cache->bucket_count < limit_bytes / BYTES_PER_BUCKET) {
        cache->bucket_count *= 2;
    }
    random_bytes((uint8_t *)cache->secret, sizeof(cache->secret));
    cache->buckets = memory_zeroed(cache->bucket_count * sizeof(struct cache_entry *));
    return cache;
}

uint64_t memory_cache_hash(const struct memory_cache *cache, struct slice key)
{
    return siphash(cache->secret, key);
}

static void list_take(struct memory_cache *cache, struct cache_entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void list_put_first(struct memory_cache *cache, struct cache_entry *entry)
{
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

/* Where the pointer to the entry of this key is, or would be. */
static struct cache_entry **find_place(struct memory_cache *cache, struct slice key, uint64_t hash)
{
    struct cache_entry **at = &cache->buckets[hash & (cache->bucket_count - 1)];

    while (*at != NULL && ((*at)->parts.key_hash != hash || !slice_equals((*at)->parts.key, key))) {
        at = &(*at)->next_in_bucket;
    }
    return at;
}

static void drop(struct memory_cache *cache, struct cache_entry **at)
{
    struct cache_entry *entry = *at;

    *at = entry->next_in_bucket;
    entry->next_in_bucket = NULL;
    list_take(cache, entry);
    entry->is_kept = false;
    assert(cache->bytes >= entry->size && cache->count > 0);
    cache->bytes -= entry->size;
    cache->count--;
    cache_entry_release(entry);
}

struct cache_entry *memory_cache_find(struct memory_cache *cache, struct slice key, uint64_t hash)
{
    struct cache_entry *entry = *find_place(cache, key, hash);

    if (entry != NULL && entry != cache->newest) {
        list_take(cache, entry);
        list_put_first(cache, entry);
    }
    return entry;
}

void memory_cache_put(struct memory_cache *cache, struct cache_entry *entry)
{
    struct cache_entry **at = find_place(cache, entry->parts.key, entry->parts.key_hash);

    if (*at == entry) {
        return;
    }
    if (*at != NULL) {
        drop(cache, at);
    }
    if (entry->is_kept || entry->size > cache->limit_bytes / LARGEST_SHARE) {
        return;
    }
    while (cache->bytes + entry->size > cache->limit_bytes) {
        drop(cache, find_place(cache, cache->oldest->parts.key, cache->oldest->parts.key_hash));
    }
    at = find_place(cache, entry->parts.key, entry->parts.key_hash);
    cache_entry_hold(entry);
    entry->is_kept = true;
    entry->next_in_bucket = *at;
    *at = entry;
    list_put_first(cache, entry);
    cache->bytes += entry->size;
    cache->count++;
    assert(cache->bytes <= cache->limit_bytes);
}

size_t memory_cache_bytes(const struct memory_cache *cache)
{
    return cache->bytes;
}

size_t memory_cache_count(const struct memory_cache *cache)
{
    return cache->count;
}

void memory_cache_free(struct memory_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    while (cache->oldest != NULL) {
        drop(cache, find_place(cache, cache->oldest->parts.key, cache->oldest->parts.key_hash));
    }
    assert(cache->bytes == 0 && cache->count == 0);
    free(cache->buckets);
    free(cache);
}
