/*
 * feed_merge.h - journals, each in order and complete up to a time, become one order: by time,
 * then the service's name, then seq. Pure.
 */
#ifndef GATEWAY_FEED_MERGE_H
#define GATEWAY_FEED_MERGE_H

#include "dongkhoi/changes/v1/changes.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FEED_PAGE_DEFAULT = 50, FEED_PAGE_MAX = 1000, FEED_PAGE_MAX_BYTES = 4 << 20 };

/* What one service gave, behind the place of the cursor. */
struct feed_source {
    const char *service;
    Dongkhoi__Changes__V1__Change **changes; /* times increase strictly */
    size_t count;
    bool has_more; /* there are further ones up to the watermark; count is not 0 */
    int64_t watermark_us;
    size_t taken; /* set by the merge: this many are in the page */
};

struct feed_page {
    Dongkhoi__Changes__V1__Change **changes; /* set by the caller: room for limit */
    size_t limit;
    size_t count;         /* set by the merge, as all below */
    int64_t watermark_us; /* the least */
    bool is_caught_up;    /* nothing up to the watermark is left */
};

/*
 * Takes what comes next, as long as no service could still give something that comes before it. A
 * page ends at its limit, and at FEED_PAGE_MAX_BYTES of resources, but has one change if there is
 * one.
 */
void feed_merge(struct feed_source *sources, size_t source_count, struct feed_page *page);

/* Microseconds since 1970. */
int64_t feed_time_us(const Dongkhoi__Changes__V1__Change *change);

#endif
