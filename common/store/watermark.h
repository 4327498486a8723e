/*
 * watermark.h - which times a journal's entries may still take, and up to which it is complete.
 *
 * A read as of a time is answered once that time is *settled*: every entry with a time up to it is
 * visible, and none will ever be written, so the same question gets the same answer for ever. A
 * feed is *told* a time, which orders what it shows. The rules:
 *
 *   1. A group of writes is opened before it takes its first time, and takes only times later than
 *      every settled one and than every visible entry: the floor.
 *   2. While a group is open, its entries are not visible and nothing from its first time on is
 *      settled or told. It is closed once it is visible, or rolled back. When the outcome of its
 *      commit is not known (a restart may find it in the log) it stays open until a later commit
 *      has succeeded.
 *   3. Only what somebody asked for is settled, never the clock's own time: a clock that was wrong
 *      for a moment leaves nothing behind.
 *   4. A start goes on behind what was reserved: a time in the database, committed before a later
 *      time than the last entry's is settled, WATERMARK_AHEAD_US past it. So a crash, or a clock
 *      that was set back, breaks no promise; and a start waits that long at most, so that no entry
 *      is dated ahead of the clock for it.
 *   5. What was told is later than no entry to come either, unless the clock is set back by more
 *      than CLOCK_BEHIND_US: then the feed's order suffers, and nothing else.
 */
#ifndef STORE_WATERMARK_H
#define STORE_WATERMARK_H

#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { WATERMARK_AHEAD_US = 250000 };

/* Guarded by the writer's lock. Times in microseconds since 1970. */
struct watermark {
    int64_t floor_us;    /* every later entry has a later time */
    int64_t reserved_us; /* the floor of the next start, unless its last entry is later */
    int64_t told_us;     /* the latest that was told */
    int64_t open_us;     /* the first time of the open group; 0: none is open */
    bool in_doubt;       /* the open group's commit failed, and may still have happened */
};

/* What became of a group. */
enum watermark_outcome { WATERMARK_COMMITTED, WATERMARK_ROLLED_BACK, WATERMARK_IN_DOUBT };

/* last_us: time of the last entry. */
void watermark_init(struct watermark *mark, int64_t last_us, int64_t reserved_us);

/* Opens a group; the first time that it may take. */
int64_t watermark_open(struct watermark *mark, int64_t now_us);

/* last_us: time of the last entry that is visible. */
void watermark_close(struct watermark *mark, enum watermark_outcome outcome, int64_t last_us);

/* No group is open that may have taken this time, or an earlier one. */
bool watermark_is_clear(const struct watermark *mark, int64_t time_us);

/* Settles this time, which must not be in the future; false when a group that is open has to be
 * closed before, or more has to be reserved. */
bool watermark_settle(struct watermark *mark, int64_t time_us);

/* Up to where all is visible, for a feed. */
int64_t watermark_tell(struct watermark *mark, int64_t now_us);

/* How long a start waits before its first write: 0 also when the clock is too far back to wait. */
int64_t watermark_wait_us(const struct watermark *mark, int64_t now_us);

/* What is reserved in the database; 0 when nothing is. */
struct status watermark_read(struct db *db, int64_t *ret_reserved_us);
/* In the open transaction. */
struct status watermark_reserve(struct db *db, int64_t reserved_us);

#endif
