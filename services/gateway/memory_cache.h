/*
 * memory_cache.h - rendered answers of one loop, bounded in bytes; the least used leave first.
 *
 * One entry for each request: a newer version takes the place of the older. A loop's thread.
 */
#ifndef GATEWAY_MEMORY_CACHE_H
#define GATEWAY_MEMORY_CACHE_H

#include "cache_entry.h"

struct memory_cache;

/* A limit of 0 keeps nothing. */
struct memory_cache *memory_cache_new(size_t limit_bytes);

/* Entries that somebody still uses live on. cache may be NULL. */
void memory_cache_free(struct memory_cache *cache);

/* Of a key, keyed by a secret: strangers choose keys. */
uint64_t memory_cache_hash(const struct memory_cache *cache, struct slice key);

/* The entry of the key, which counts as used now; the cache's own: hold it to keep it. NULL when
 * there is none. */
struct cache_entry *memory_cache_find(struct memory_cache *cache, struct slice key, uint64_t hash);

/* Takes a share in the entry, unless it is larger than an eighth of the limit; what was kept under
 * its key leaves. */
void memory_cache_put(struct memory_cache *cache, struct cache_entry *entry);

/* Bytes of all entries that are kept, and their number. */
size_t memory_cache_bytes(const struct memory_cache *cache);
size_t memory_cache_count(const struct memory_cache *cache);

#endif
