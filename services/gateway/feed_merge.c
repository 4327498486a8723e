/* feed_merge.c - takes the least head again and again, up to where the page ends. */
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

static int64_t last_us(const struct feed_source *source)
{
    return source->count > 0 ? feed_time_us(source->changes[source->count - 1]) : INT64_MIN;
}

int64_t feed_end_us(const struct feed_source *sources, size_t source_count)
{
    int64_t latest_us = INT64_MIN;
    int64_t more_us = INT64_MAX;

    for (size_t i = 0; i < source_count; i++) {
        const int64_t own_us = last_us(&sources[i]);

        latest_us = own_us > latest_us ? own_us : latest_us;
        more_us = sources[i].has_more && own_us < more_us ? own_us : more_us;
    }
    return more_us < latest_us ? more_us : latest_us;
}

bool feed_lags(const struct feed_source *source, int64_t end_us)
{
    return !source->has_more && source->watermark_us < end_us;
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

/* Works out up to which time the page is complete, and whether it has caught up. What came in after
 * the end had been set is left for the next page, so a source with such a change is complete up to
 * the end only. */
static void page_judge(const struct feed_source *sources, size_t source_count, int64_t end_us,
                       struct feed_page *page)
{
    page->watermark_us = source_count > 0 ? INT64_MAX : 0;
    page->is_caught_up = true;
    for (size_t i = 0; i < source_count; i++) {
        const Change *head = head_of(&sources[i]);
        const bool is_later = head != NULL && feed_time_us(head) > end_us;
        const int64_t own_us = is_later ? end_us : sources[i].watermark_us;

        page->watermark_us = own_us < page->watermark_us ? own_us : page->watermark_us;
        page->is_caught_up =
            page->is_caught_up && !sources[i].has_more && (head == NULL || is_later);
    }
}

void feed_merge(struct feed_source *sources, size_t source_count, int64_t end_us,
                struct feed_page *page)
{
    const int64_t own_end_us = feed_end_us(sources, source_count);
    size_t bytes = 0;

    end_us = own_end_us < end_us ? own_end_us : end_us;
    page->count = 0;
    for (size_t i = 0; i < source_count; i++) {
        sources[i].taken = 0;
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
    page_judge(sources, source_count, end_us, page);
}
