/*
 * redis_tier.h - one loop's connection to Redis, which is never needed: whatever goes wrong is a
 * miss, and within the budget. Loop thread.
 */
#ifndef GATEWAY_REDIS_TIER_H
#define GATEWAY_REDIS_TIER_H

#include "base/metrics.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { REDIS_BUDGET_MS = 20, REDIS_VALUE_MAX_BYTES = 1 << 20 };

struct redis_tier;

/* Of all loops, any thread; must outlive the tiers. */
struct redis_metrics {
    struct metric *lookup_seconds;
    struct metric *losses; /* columns: enum redis_loss */
    atomic_uint ready;     /* loops that send look-ups */
};
enum redis_loss { REDIS_TOO_LATE, REDIS_FAILED, REDIS_LOSSES };

/* address: "127.0.0.1:6379", read here; NULL or "": no tier, which is a valid one. password: for
 * AUTH, must outlive the tier; NULL or "": none. */
struct status redis_tier_open(uv_loop_t *loop, const char *address, const char *password,
                              struct redis_metrics *metrics, struct redis_tier **ret_tier);

/* Gives up what is under way; the loop frees the rest. tier may be NULL. */
void redis_tier_close(struct redis_tier *tier);

/* A look-up under way; belongs to the caller and must live until on_value() was called. */
struct redis_get {
    void (*on_value)(struct redis_get *get, struct slice value); /* data NULL: a miss */
    /* The tier's own: */
    int64_t sent_ns; /* by clock_elapsed_ns() */
    int64_t deadline_boot_ms;
    struct redis_get *next;
    struct redis_get *previous;
    struct redis_tier *tier;
    bool is_waiting;
};

/* True: on_value() will be called, later, within the budget. False: Redis is not to be asked now,
 * which is a miss. */
bool redis_tier_get(struct redis_tier *tier, struct slice key, struct redis_get *get);

/* Keeps the value for a day, or does not. */
void redis_tier_set(struct redis_tier *tier, struct slice key, struct slice value);

/* True while look-ups are sent. */
bool redis_tier_is_ready(const struct redis_tier *tier);

#endif
