/*
 * store.h - one service's data: a journal, the resources with all their revisions, one writer.
 *
 * Every write appends to the journal and updates the resources in one transaction. One writer
 * thread takes all queued writes, runs each in its own savepoint, commits once and then answers
 * all. Reads are short snapshots on connections of their own, one per thread.
 *
 * Errors: UNAVAILABLE STORE_READ_ONLY (no room or an I/O error; comes back by itself, except
 * after a failed fsync), RESOURCE_EXHAUSTED QUEUE_FULL, and those of resource.h.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/status.h"
#include "pb/schema.h"
#include "store/clock_watch.h"
#include "store/db.h"
#include "store/disk.h"

#include <stdint.h>

struct store;
struct metrics;
struct resource_kind;

/* State of the store: seq of the last committed journal entry and the first 8 bytes of its
 * hash, big-endian; {0, first bytes of the store id} before the first. */
struct version {
    uint64_t seq;
    uint64_t hash;
};

/* How long answers are kept for their idempotency keys. */
struct store_retention {
    int64_t keep_us;         /* at least; 0: for ever */
    int64_t (*now_us)(void); /* NULL: clock_now_us() */
};

struct store_options {
    const char *directory; /* made when missing */
    const char *service;   /* "indicators": names the file and the lock */
    const struct resource_kind *const *kinds;
    size_t kind_count;
    const struct schema *schema; /* must outlive the store */
    unsigned queue_max;          /* writes that may wait; 0: 4096 */
    struct disk_options disk;
    struct store_retention retention;
    struct metrics *metrics;          /* to count in; must outlive the store; NULL: none */
    struct clock_watch_options clock; /* that entries are dated by */
};

/*
 * Takes the lock, migrates, starts the writer. Errors besides I/O: FAILED_PRECONDITION
 * STORE_IN_USE (another process holds the lock), STORE_TOO_NEW (written by a newer program),
 * DATA_LOSS STORE_CORRUPT.
 */
struct status store_open(const struct store_options *options, struct arena *arena,
                         struct store **ret_store);

/* Commits what is queued, checkpoints, ends the writer. store may be NULL. */
void store_close(struct store *store);

/* NULL while the store takes writes, else why it is read-only. Any thread. */
const char *store_read_only(struct store *store);

/* By how much the clock is behind the journal, now; past CLOCK_BEHIND_US no write is taken that
 * would be dated by it. Any thread. */
int64_t store_clock_behind_us(struct store *store);

/* The room on the store's disk, as last seen. Any thread. */
struct disk_view store_disk(struct store *store);

/* The version as last published by the writer. Any thread. For health and metrics: a read takes
 * its version from its own snapshot. */
struct version store_version(struct store *store);

/* From now on called on the writer's thread for each version, after its commit and before any
 * done() of a write in it, also for one that is no other than before; must not block. Any thread,
 * before the first write. */
void store_set_on_publish(struct store *store,
                          void (*on_publish)(void *arg, struct version version), void *arg);

struct row_memo;

/*
 * A transaction, for reading or writing: what the functions of resource.h work in.
 */
struct tx {
    struct store *store;
    struct db *db;
    struct arena *arena; /* results live here */
    int64_t time_us;     /* one time for all that is written or read "now" */
    /* Read as of the journal entry of this seq; 0: the current state. */
    uint64_t as_of_seq;
    bool is_as_of; /* set by tx_set_as_of(), also before the first entry, where as_of_seq is 0 */
    int64_t as_of_time_us;
    struct version as_of_version; /* of the last entry that such a read shows */
    int64_t as_of_version_time_us;
    int64_t settled_us; /* reads: no entry that this snapshot lacks will have a time up to here */
    /* Written into journal entries; writes only. */
    const char *actor;
    const char *method;
    struct version version;  /* reads: of this snapshot; writes: of the last entry appended */
    int64_t version_time_us; /* reads: of the journal entry of version; 0 before the first */
    bool writable;
    struct row_memo *memo; /* the thread's; NULL in writes */
    bool shares;           /* rows of the memo were given out */
};

/* Opens a snapshot on the calling thread's own connection. Not nested. Keep it short. */
struct status store_read_begin(struct store *store, struct arena *arena, struct tx *ret_tx);
void store_read_end(struct tx *tx);

/* Ends the transaction, but the next on this thread has the same snapshot and time: for calls that
 * had all come before the first of them was begun. store_read_let_go() after the last. */
void store_read_keep(struct tx *tx);
void store_read_let_go(struct store *store);

/*
 * All further reads of tx see the state at this time (record time). INVALID_ARGUMENT, field
 * "asOf", when it lies in the future: behind the last entry, and not settled by store_settle()
 * before the snapshot was begun.
 */
struct status tx_set_as_of(struct tx *tx, int64_t time_us);

/* One unit of work of the writer. The caller owns it; it must live until done was called. */
struct write {
    /* Set by the caller: */
    const char *caller; /* for the idempotency key and the journal */
    const char *method;
    const char *idempotency_key; /* "" or NULL: none */
    uint8_t request_hash[DIGEST_BYTES];
    struct arena *arena;
    bool validate_only;       /* run, then roll back; nothing is remembered */
    bool is_undated;          /* appends no entry: it is run also while the clock is behind */
    int64_t deadline_boot_ms; /* dropped when it is past before it is run; 0: none */

    /* On the writer's thread, inside a savepoint. A failure rolls back to it. May set answer:
     * bytes, in the arena, that are kept for retries with the same key, also for a failure. */
    struct status (*run)(struct write *write, struct tx *tx);
    /* On the writer's thread, after the commit; must not block. */
    void (*done)(struct write *write);

    /* Set by run: */
    struct slice answer;
    /* Set by the store before done: */
    struct status status;   /* of run, or of the commit, or the kept one of a replay */
    struct version version; /* after the commit */
    bool replayed;          /* answer is the kept one; run was not called */

    struct write *next; /* the store's */
};

/*
 * Queues the write and returns at once; done is called exactly once, unless this fails:
 * RESOURCE_EXHAUSTED QUEUE_FULL, UNAVAILABLE STORE_READ_ONLY or SHUTTING_DOWN. Any thread.
 *
 * Ends with UNAVAILABLE CLOCK_BEHIND_JOURNAL, without being run, while the clock is too far behind
 * the journal; a key that is known gets its answer all the same.
 *
 * A key that was used for another request (by request_hash) ends with INVALID_ARGUMENT
 * IDEMPOTENCY_KEY_REUSED. OK and refusals are kept with the key; transient outcomes
 * (status_is_transient) and INTERNAL are not. Of a kept refusal code, reason and answer come
 * back; the texts are the caller's to take from answer.
 */
struct status store_write(struct store *store, struct write *write);

/*
 * The question whether a time is settled: every entry with a time up to it is shown by a snapshot
 * that is begun from then on, and none will ever be written (store/watermark.h). The caller owns it
 * until it was answered.
 */
struct settle_question {
    /* Set by the caller: */
    int64_t time_us; /* not in the future */
    /* Only that no group of writes that may have an earlier time is under way: what is written
     * later may still be earlier, if the clock is set back. */
    bool only_clear;
    /* On the writer's thread, unless the question was answered at once; must not block. */
    void (*done)(struct settle_question *question);

    /* Set by the store. UNAVAILABLE AS_OF_NOT_SETTLED: the store takes no writes, and so it cannot
     * be said of this time. */
    struct status status;
    struct settle_question *next; /* the store's */
};

/* True when it was answered at once, in question->status; else done is called once. Any thread,
 * never waits. */
bool store_settle(struct store *store, struct settle_question *question);

/* Where the journal stands, for a feed: every entry up to version is there for a snapshot that is
 * begun from now on, and every later one has a later time than watermark_us, unless the clock is
 * set back. Any thread. */
struct feed_mark {
    struct version version;
    int64_t watermark_us;
};
struct feed_mark store_feed_mark(struct store *store);

/* A number that is kept under a key of the program's own, in the store's meta table; 0 for none.
 * On the calling thread's own connection. */
struct status store_number_read(struct store *store, struct arena *arena, const char *key,
                                int64_t *ret_number);
/* For write.run: takes effect with the commit. */
struct status store_number_write(struct tx *tx, const char *key, int64_t number);

/* Recomputes the hash chain. DATA_LOSS JOURNAL_BROKEN names the first bad seq. */
struct status store_verify(struct store *store, struct arena *arena, uint64_t *ret_entries);

#endif
