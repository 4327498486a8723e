/*
 * journal.h - the append-only record of every change, each entry chained to the one before.
 *
 * hash = SHA-256(previous_hash, then of each column: its length in 8 bytes, its bytes), integers
 * as 8 bytes, all big-endian, columns in the order of the table. The first previous_hash is the
 * random id of the store.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/digest.h"
#include "base/status.h"
#include "store/db.h"
#include "store/store.h"

#include <stdint.h>

/* Where the journal stands. */
struct journal_head {
    uint64_t seq;
    int64_t time_us;
    uint8_t hash[DIGEST_BYTES];
};

struct corrections;

struct version journal_version(const struct journal_head *head);

/* The head as this connection's transaction sees it. */
struct status journal_head_read(struct db *db, struct journal_head *ret_head);

/* Makes the head that of the transaction: readers take their version from it. */
struct status journal_head_write(struct db *db, const struct journal_head *head);

/* DATA_LOSS STORE_CORRUPT when the last entry is not the one that the head names. */
struct status journal_head_check(struct db *db, const struct journal_head *head,
                                 const uint8_t store_id[DIGEST_BYTES]);

/* What changed: body is the packed resource, empty for a delete. */
struct journal_change {
    const char *kind;
    const char *name;
    int32_t revision;
    struct slice body;
};

/* The time of the next entry: times increase strictly, so as of a time is as of a seq. */
int64_t journal_next_time(const struct journal_head *head, int64_t now_us);

/* Appends an entry with tx's actor and method and a time of journal_next_time(); moves the store's
 * head. */
struct status journal_append(struct tx *tx, const struct journal_change *change, int64_t time_us);

/* Where the journal stood at that time: the last entry up to it; all 0 when there is none. */
struct status journal_head_at(struct tx *tx, int64_t time_us, struct journal_head *ret_head);

/* An entry as it is read; its bytes live in the arena. */
struct journal_entry {
    uint64_t seq;
    int64_t time_us; /* as it is corrected */
    const char *actor;
    const char *method;
    const char *kind;
    const char *name;
    int32_t revision;
    struct slice body;
    uint8_t hash[DIGEST_BYTES];
};

enum { JOURNAL_PAGE_MAX = 1000, JOURNAL_PAGE_MAX_BYTES = 4 << 20 };

/* Which entries, and after the call which there were. */
struct journal_page {
    uint64_t after_seq;  /* behind this one; 0: from the first */
    uint64_t after_hash; /* whose hash begins so, else FAILED_PRECONDITION CURSOR_OUTDATED */
    uint64_t to_seq;     /* up to this one */
    unsigned limit;      /* 1 to JOURNAL_PAGE_MAX; a page also ends at JOURNAL_PAGE_MAX_BYTES */

    struct journal_entry *entries; /* in order */
    size_t count;
    bool has_more;
};

/* One indexed read in the snapshot of tx. */
struct status journal_read(struct tx *tx, struct journal_page *page);

/* Recomputes at most max entries behind head and moves head, whose time is the corrected one;
 * ret_end: there are no more. */
struct status journal_verify(struct db *db, struct arena *arena,
                             const struct corrections *corrections, struct journal_head *head,
                             unsigned max, bool *ret_end);

#endif
