/*
 * feed_merge.h - journals become one order: by time, then the service's name, then seq. Pure.
 *
 * Times order what can be ordered and hold nothing back: all that the services gave is in the page,
 * up to its length. While the services' clocks agree, all later changes have later times, so that
 * the order is the same whenever it is read; where a clock is wrong, a change may follow one with a
 * later time.
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
    bool has_more;        /* there are further ones; count is not 0 */
    int64_t watermark_us; /* further ones are later, if the service's clock is right */
    size_t taken;         /* set by the merge: this many are in the page */
};

struct feed_page {
    Dongkhoi__Changes__V1__Change **changes; /* set by the caller: room for limit */
    size_t limit;
    size_t count;         /* set by the merge, as all below */
    int64_t watermark_us; /* the time up to which all is given, if the clocks are right */
    bool is_caught_up;    /* all is given that was there when the services were asked */
};

/*
 * Where a page of these sources ends: at the latest change, or at the last one of a service that
 * has more.
 */
int64_t feed_end_us(const struct feed_source *sources, size_t source_count);

/* Whether the service may be writing something that comes before this end: it is to be asked again
 * when it has done so. */
bool feed_lags(const struct feed_source *source, int64_t end_us);

/*
 * Takes what comes next, up to end_us. A page ends also at its limit, and at FEED_PAGE_MAX_BYTES of
 * resources, but has one change if there is one.
 */
void feed_merge(struct feed_source *sources, size_t source_count, int64_t end_us,
                struct feed_page *page);

/* Microseconds since 1970. */
int64_t feed_time_us(const Dongkhoi__Changes__V1__Change *change);

#endif
