/*
 * watermark.h - up to which time a journal is complete, also for entries that are on their way.
 *
 * A watermark is a promise: whoever begins a snapshot after it was given sees every entry of the
 * journal, now and ever, whose time is not later. The rules that keep it:
 *
 *   1. A group of writes is opened before it takes its first time, and takes only times later than
 *      every watermark that was given.
 *   2. While a group is open, its entries are not visible and no watermark reaches its first time.
 *      It is closed once it is visible, or rolled back. When the outcome of its commit is not known
 *      (a restart may find it in the log) it stays open until a later commit has succeeded.
 *   3. Between groups the watermark goes with the clock, so that an idle service holds nobody up,
 *      but not past what is reserved: a time in the database, committed before it counts. A start
 *      goes on behind what was reserved, so that a clock that was set back, or a crash, breaks no
 *      promise. It is reserved by WATERMARK_AHEAD_US only while somebody asks, and a start waits
 *      that long at most, so that no entry is dated ahead of the clock for it.
 */
#ifndef STORE_WATERMARK_H
#define STORE_WATERMARK_H

#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { WATERMARK_AHEAD_US = 250000 };

/* Guarded by the writer's lock. Times in microseconds since 1970. */
struct watermark {
    int64_t given_us;    /* the latest that was given, or time of an entry that is visible */
    int64_t reserved_us; /* none is given past it, but for the times of visible entries */
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

/* The watermark that could be given now: now_us itself or later, unless a group is open or too
 * little is reserved. */
int64_t watermark_best(const struct watermark *mark, int64_t now_us);

/* The same, and gives it. Never less than before. */
int64_t watermark_give(struct watermark *mark, int64_t now_us);

/* How long a start waits before its first write: 0 also when the clock is too far back to wait. */
int64_t watermark_wait_us(const struct watermark *mark, int64_t now_us);

/* What is reserved in the database; 0 when nothing is. */
struct status watermark_read(struct db *db, int64_t *ret_reserved_us);

#endif
