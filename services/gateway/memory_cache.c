/*
 * memory_cache.c - a table of chains and a list from newest to oldest use.
 *
 * Invariant: bytes is the sum of the sizes of all kept entries, and never over the limit when a
 * function returns. Neither finding nor touching an entry allocates.
 */
#include "memory_cache.h"

#include "base/digest.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

/* SipHash-1-3 (Aumasson and Bernstein). */
struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *sip)
{
    sip->v0 += sip->v1;
    sip->v1 = rotate(sip->v1, 13) ^ sip->v0;
    sip->v0 = rotate(sip->v0, 32);
    sip->v2 += sip->v3;
    sip->v3 = rotate(sip->v3, 16) ^ sip->v2;
    sip->v0 += sip->v3;
    sip->v3 = rotate(sip->v3, 21) ^ sip->v0;
    sip->v2 += sip->v1;
    sip->v1 = rotate(sip->v1, 17) ^ sip->v2;
    sip->v2 = rotate(sip->v2, 32);
}

static void sip_word(struct sip *sip, uint64_t word)
{
    sip->v3 ^= word;
    sip_round(sip);
    sip->v0 ^= word;
}

uint64_t memory_cache_hash(const struct memory_cache *cache, struct slice key)
{
    struct sip sip = {
        cache->secret[0] ^ UINT64_C(0x736f6d6570736575),
        cache->secret[1] ^ UINT64_C(0x646f72616e646f6d),
        cache->secret[0] ^ UINT64_C(0x6c7967656e657261),
        cache->secret[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t at = 0;
    uint64_t word = 0;

    for (; at + sizeof(word) <= key.length; at += sizeof(word)) {
        memcpy(&word, key.data + at, sizeof(word));
        sip_word(&sip, word);
    }
    word = (uint64_t)key.length << 56;
    if (at < key.length) {
        uint64_t last = 0;
        memcpy(&last, key.data + at, key.length - at);
        word |= last;
    }
    sip_word(&sip, word);
    sip.v2 ^= 0xff;
    sip_round(&sip);
    sip_round(&sip);
    sip_round(&sip);
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
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
