/*
 * cache_entry.h - a rendered answer that never changes, with the versions that it depends on.
 *
 * One block of memory, counted by its users, of any thread.
 */
#ifndef GATEWAY_CACHE_ENTRY_H
#define GATEWAY_CACHE_ENTRY_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "media.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { CACHE_VERSIONS_MAX = 8 };

/* The version of one service in an answer; backend is its place in the gateway's table. */
struct cache_version {
    unsigned backend;
    uint64_t seq;
    uint64_t hash;
};

/* What an entry is made of. */
struct cache_parts {
    struct slice key; /* of the request, without versions */
    uint64_t key_hash;
    enum media media;
    struct slice entity_tag; /* with its quotes */
    struct slice fields;     /* header lines: Vary, ETag, Link, Next-Page-Token */
    struct slice body;
    const struct cache_version *versions;
    unsigned version_count;
    int32_t day; /* of Asia/Ho_Chi_Minh, on which it was computed */
    /* memory_cache_hash() of the service's message that it was rendered from; 0: not known. */
    uint64_t source_hash;
};

struct cache_entry {
    struct cache_parts parts; /* all slices and versions are in the same block */
    size_t size;              /* bytes of the block */
    atomic_uint users;
    /* The memory cache's own: */
    bool is_kept;
    struct cache_entry *next_in_bucket;
    struct cache_entry *newer;
    struct cache_entry *older;
};

/* A copy of the parts with one user. */
struct cache_entry *cache_entry_new(const struct cache_parts *parts);

/* The bytes that an entry of these parts takes. */
size_t cache_entry_size(const struct cache_parts *parts);

void cache_entry_hold(struct cache_entry *entry);
/* entry may be NULL; freed when the last user lets go. */
void cache_entry_release(struct cache_entry *entry);

/*
 * The bytes that a shared store keeps: they hold their own name, and a checksum. The name is the
 * store's key, with versions.
 */
void cache_entry_encode(struct buffer *out, struct slice name, const struct cache_parts *parts);

/* Reads them: sets media, entity_tag, fields and body, which point into bytes. False for anything
 * odd: cut off, changed, of another name, of another format. */
bool cache_entry_decode(struct slice bytes, struct slice name, struct cache_parts *ret_parts);

#endif
