/* feed_merge.c - takes the least head again and again, up to where all are complete. */
#include "feed_merge.h"

#include <string.h>

typedef Dongkhoi__Changes__V1__Change Change;

int64_t feed_time_us(const Change *change)
{
    return change->time != NULL ? change->time->seconds * 1000000 + change->time->nanos / 1000 : 0;
}

static const Change *head_of(const struct feed_source *source)
{
    return source->taken < source->count ? source->changes[source->taken] : NULL;
}

/* Up to here all that the service has is at hand. */
static int64_t end_of(const struct feed_source *source)
{
    return source->has_more && source->count > 0 ? feed_time_us(source->changes[source->count - 1])
                                                 : source->watermark_us;
}

/* The source whose head comes first; NULL when all are empty. */
static struct feed_source *first_of(struct feed_source *sources, size_t count)
{
    struct feed_source *first = NULL;

    for (size_t i = 0; i < count; i++) {
        const Change *head = head_of(&sources[i]);

        if (head == NULL) {
            continue;
        }
        const int64_t lead_us =
            first != NULL ? feed_time_us(head) - feed_time_us(head_of(first)) : -1;
        if (lead_us < 0 || (lead_us == 0 && strcmp(sources[i].service, first->service) < 0)) {
            first = &sources[i];
        }
    }
    return first;
}

static bool is_caught_up(const struct feed_source *sources, size_t count, int64_t watermark_us)
{
    for (size_t i = 0; i < count; i++) {
        const Change *head = head_of(&sources[i]);

        if (head != NULL ? feed_time_us(head) <= watermark_us : sources[i].has_more) {
            return false;
        }
    }
    return true;
}

void feed_merge(struct feed_source *sources, size_t source_count, struct feed_page *page)
{
    int64_t end_us = INT64_MAX;
    size_t bytes = 0;

    page->count = 0;
    page->watermark_us = source_count > 0 ? INT64_MAX : 0;
    for (size_t i = 0; i < source_count; i++) {
        const int64_t own_end_us = end_of(&sources[i]);

        sources[i].taken = 0;
        end_us = own_end_us < end_us ? own_end_us : end_us;
        if (sources[i].watermark_us < page->watermark_us) {
            page->watermark_us = sources[i].watermark_us;
        }
    }
    while (page->count < page->limit) {
        struct feed_source *source = first_of(sources, source_count);
        Change *change = source != NULL ? source->changes[source->taken] : NULL;

        if (change == NULL || feed_time_us(change) > end_us) {
            break;
        }
        bytes += change->resource != NULL ? change->resource->value.len : 0;
        if (page->count > 0 && bytes > FEED_PAGE_MAX_BYTES) {
            break;
        }
        page->changes[page->count++] = change;
        source->taken++;
    }
    page->is_caught_up = is_caught_up(sources, source_count, page->watermark_us);
}
