/*
 * cache.h - what one loop keeps to answer reads: entries in memory, the connection to Redis, reads
 * that wait for versions, and calls in flight. Loop thread.
 */
#ifndef GATEWAY_CACHE_H
#define GATEWAY_CACHE_H

#include "gateway.h"
#include "memory_cache.h"
#include "outlet.h"
#include "redis_tier.h"
#include "version_ask.h"

enum {
    FLIGHT_BUCKETS = 256,
    METHODS_MAX = 512,
    CACHE_KEY_MAX_BYTES = HTTP_HEAD_MAX_BYTES + 64,
    REDIS_NAME_MAX_BYTES = 1024,
};

struct flight;

/* Which services the answers of a method depended on lately: bits by backend. */
struct method_needs {
    const struct schema_method *method;
    unsigned backends;
};

struct cache {
    struct gateway *gateway;
    struct memory_cache *memory;
    struct redis_tier *redis;
    struct outlet *outlet;
    struct version_ask *asks[BACKENDS_MAX];
    struct flight *flights[FLIGHT_BUCKETS];
    struct method_needs needs[METHODS_MAX];
    uint64_t tick; /* counts reads and calls, in their order */
    uint64_t until_audit;
    struct buffer value; /* of an entry on its way to Redis */
    char key[CACHE_KEY_MAX_BYTES];
};

struct status cache_open(struct gateway_loop *loop, uv_loop_t *uv, struct cache **ret_cache);

/* After the loop's last request, before its mailbox closes. cache may be NULL. */
void cache_close(struct cache *cache);

/* The key of a request in the form media, in the cache's own memory until the next call. */
struct slice cache_key(struct cache *cache, enum media media, const struct http_head *head);

unsigned cache_needs(const struct cache *cache, const struct schema_method *method,
                     unsigned fallback);
void cache_learn(struct cache *cache, const struct schema_method *method, unsigned backends);

/* The day in Asia/Ho_Chi_Minh, and whether the services' clocks may be of another one. */
int32_t cache_day(bool *ret_is_turning);
/* The same at a time of one's own, in seconds since 1970. */
int32_t cache_day_at(int64_t now_seconds, bool *ret_is_turning);

/*
 * The name in Redis of the answer to a request: service, schema, method, hash of the request, who
 * may see it, versions. request_hash is hexadecimal. False when it is too long.
 */
bool cache_name(const struct gateway *gateway, const struct schema_method *method,
                const char *request_hash, const struct cache_version *versions, unsigned count,
                char name[REDIS_NAME_MAX_BYTES]);

/* Counts a read by where its answer came from. */
void cache_count(struct cache *cache, enum cache_tier tier);

/* memory_cache_put(), counted. */
void cache_put(struct cache *cache, struct cache_entry *entry);

/* Counts a hit; true for the one in so many that is to be audited. */
bool cache_audit_is_due(struct cache *cache);

/* audit.c: one in so many hits is compared with what the service says now. payload is the request
 * message, packed. */
void audit_start(struct cache *cache, const struct schema_method *method, struct slice payload,
                 struct cache_entry *entry);

/* read.c: answers a GET from the cache, or from its service. */
void read_start(struct gateway_loop *loop, struct http_request *request,
                const struct router_match *match);

#endif
