/* watermark.c - the rules of watermark.h, in their order; no clock and no lock of its own. */
#include "store/watermark.h"

#include "store/store_internal.h"

#define RESERVED_KEY "watermark"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void watermark_init(struct watermark *mark, int64_t last_us, int64_t reserved_us)
{
    *mark = (struct watermark){
        .floor_us = greatest(last_us, reserved_us),
        .reserved_us = reserved_us,
    };
}

/* Rule 5: a time that was told to a feed holds entries behind it, unless it lies so far ahead that
 * the clock must have been wrong when it was told. */
static int64_t told_floor(const struct watermark *mark, int64_t now_us)
{
    return mark->told_us - now_us <= CLOCK_BEHIND_US ? mark->told_us : 0;
}

int64_t watermark_open(struct watermark *mark, int64_t now_us)
{
    const int64_t floor_us = greatest(mark->floor_us, told_floor(mark, now_us));
    const int64_t first_us = greatest(now_us, floor_us + 1);

    /* A group in doubt is still open and has earlier times: those go on to hold times back. */
    if (mark->open_us == 0) {
        mark->open_us = first_us;
    }
    return first_us;
}

void watermark_close(struct watermark *mark, enum watermark_outcome outcome, int64_t last_us)
{
    if (outcome == WATERMARK_IN_DOUBT) {
        mark->in_doubt = true;
    } else if (outcome == WATERMARK_COMMITTED) {
        /* This commit has overwritten whatever a failed one had left in the log: its doubt is over.
         */
        mark->open_us = 0;
        mark->in_doubt = false;
        mark->floor_us = greatest(mark->floor_us, last_us);
    } else if (!mark->in_doubt) {
        mark->open_us = 0;
    }
}

bool watermark_is_clear(const struct watermark *mark, int64_t time_us)
{
    return mark->open_us == 0 || time_us < mark->open_us;
}

bool watermark_settle(struct watermark *mark, int64_t time_us)
{
    if (time_us <= mark->floor_us) {
        return true;
    }
    if (!watermark_is_clear(mark, time_us) || time_us > mark->reserved_us) {
        return false;
    }
    mark->floor_us = time_us;
    return true;
}

int64_t watermark_tell(struct watermark *mark, int64_t now_us)
{
    int64_t end_us = greatest(now_us, told_floor(mark, now_us));

    if (mark->open_us != 0) {
        end_us = least(end_us, mark->open_us - 1);
    }
    mark->told_us = greatest(mark->floor_us, end_us);
    return mark->told_us;
}

int64_t watermark_wait_us(const struct watermark *mark, int64_t now_us)
{
    const int64_t lead_us = mark->floor_us - now_us;

    return lead_us > 0 && lead_us <= WATERMARK_AHEAD_US ? lead_us : 0;
}

struct status watermark_read(struct db *db, int64_t *ret_reserved_us)
{
    return meta_number_read(db, RESERVED_KEY, ret_reserved_us);
}

struct status watermark_reserve(struct db *db, int64_t reserved_us)
{
    return meta_number_write(db, RESERVED_KEY, reserved_us);
}
