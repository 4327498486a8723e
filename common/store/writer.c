/*
 * writer.c - group commit: one thread runs all writes that are queued in one transaction, commits
 * once, and then answers them, since an fsync takes milliseconds, whatever it writes.
 *
 * Nothing is answered before the commit that it is in. A write that fails is rolled back to its
 * savepoint and leaves the others alone; what breaks the transaction itself fails the whole group.
 * When the disk is full or fails the store becomes read-only, and the thread tries a small commit
 * every PROBE_MS until that succeeds.
 */
#include "store/writer.h"

#include "base/clock.h"
#include "base/thread.h"
#include "store/idempotency.h"
#include "store/store_internal.h"
#include "store/upkeep.h"

#include <errno.h>
#include <time.h>

enum { QUEUE_DEFAULT = 4096, PROBE_MS = 1000, UPKEEP_MS = 20 };

/* A log of more than CHECKPOINT_BYTES that are not copied yet is copied into the database. Past
 * RESTART_BYTES readers are waited for, too, so that the log can begin anew: otherwise it grows as
 * long as somebody reads. */
enum { CHECKPOINT_BYTES = 4 << 20, RESTART_BYTES = 32 << 20 };

const struct status writer_not_settled = {
    .code = STATUS_UNAVAILABLE,
    .reason = REASON_AS_OF_NOT_SETTLED,
    .message = "the store takes no writes, so what was recorded up to asOf is not settled; ask as "
               "of an earlier time, or without asOf",
};

static const char full_text[] = "the disk is full: writes are refused until there is room";
static const char io_text[] =
    "the disk reported an error: writes are refused until it takes them again";
static const char doomed_text[] =
    "the disk failed to keep what was written: writes are refused until the service is restarted";

struct status writer_read_only_status(const char *why)
{
    return status_of(REASON_STORE_READ_ONLY, why);
}

/* Why the store has to become read-only after this failure; NULL when the disk is not to blame. */
static const char *read_only_text(struct store *store, struct status failure)
{
    if (db_is_doomed(store->db)) {
        return doomed_text;
    }
    if (failure.reason == REASON_STORE_FULL) {
        return full_text;
    }
    if (failure.reason == REASON_STORE_IO_ERROR) {
        return io_text;
    }
    return NULL;
}

static void answer_all(struct write *group)
{
    while (group != NULL) {
        struct write *next = group->next; /* done may free the write */
        group->done(group);
        group = next;
    }
}

static void refuse_all(struct write *group, struct status status, struct version version)
{
    for (struct write *write = group; write != NULL; write = write->next) {
        write->status = status;
        write->version = version;
        write->replayed = false;
        write->answer = (struct slice){0};
    }
    answer_all(group);
}

/* Under the lock. */
static struct write *take_queue(struct writer *writer)
{
    struct write *group = writer->first;

    writer->first = NULL;
    writer->last = &writer->first;
    writer->queued = 0;
    return group;
}

/* From now on writes are refused; those that wait are refused now. So are questions: no group will
 * be closed any more that could settle a time. */
static void become_read_only(struct store *store, const char *why)
{
    struct writer *writer = &store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    writer->read_only = why;
    struct write *waiting = take_queue(writer);
    struct settle_question *questions = settling_take_all(&writer->settling);
    const struct version version = writer->version;
    (void)pthread_mutex_unlock(&writer->lock);
    refuse_all(waiting, writer_read_only_status(why), version);
    settling_answer(questions, writer_not_settled);
}

/* The whole group is lost: rolled back, and each of its writes gets the same failure. */
static void fail_group(struct store *store, struct write *group, struct status failure)
{
    db_rollback(store->db);
    const char *why = read_only_text(store, failure);
    (void)pthread_mutex_lock(&store->writer.lock);
    const struct version version = store->writer.version;
    struct settle_question *questions = settling_take_all(&store->writer.settling);
    (void)pthread_mutex_unlock(&store->writer.lock);
    struct status status = {
        .code = STATUS_UNAVAILABLE,
        .reason = REASON_STORE_BUSY,
        .message = "the store could not commit; try again",
    };

    if (why != NULL) {
        status = writer_read_only_status(why);
        become_read_only(store, why);
    }
    refuse_all(group, status, version);
    settling_answer(questions, why != NULL ? writer_not_settled : status);
}

static const struct status clock_behind = {
    .code = STATUS_UNAVAILABLE,
    .reason = REASON_CLOCK_BEHIND_JOURNAL,
    .message =
        "the clock of the service is more than a minute behind the last entry of its journal, "
        "so nothing is written: set the clock right, or stop the service and correct the "
        "journal with correct-clock",
};

/* Runs the write in its savepoint. Fails only when the group is lost. */
static struct status run_in_savepoint(struct store *store, struct write *write)
{
    const struct journal_head before = store->head;
    struct tx tx = store_write_tx(store, write->arena);

    tx.actor = write->caller;
    tx.method = write->method;
    TRY(db_savepoint(store->db));
    write->status = write->run(write, &tx);
    TRY(db_lost(store->db));
    if (write->status.code == STATUS_OK && !write->validate_only) {
        return db_savepoint_release(store->db);
    }
    store->head = before;
    return db_savepoint_rollback(store->db);
}

/* One write: a known key gets its kept answer, also while the clock is wrong; else it is run, and
 * its outcome is kept with its key. Fails only when the group is lost. */
static struct status run_one(struct store *store, struct write *write)
{
    bool known = false;

    write->replayed = false;
    write->answer = (struct slice){0};
    if (write->deadline_boot_ms != 0 && clock_boot_ms() >= write->deadline_boot_ms) {
        write->status =
            status_of(REASON_DEADLINE_EXCEEDED,
                      "the deadline passed before the write was run; nothing was changed");
        return STATUS_NONE;
    }
    if (!idempotency_applies(write)) {
        if (store->is_clock_behind && !write->is_undated) {
            write->status = clock_behind;
            return STATUS_NONE;
        }
        return run_in_savepoint(store, write);
    }
    const struct status found = idempotency_find(store->db, write, &known);
    if (found.code != STATUS_OK) {
        write->status = found;
        return db_lost(store->db);
    }
    if (known) {
        return STATUS_NONE;
    }
    if (store->is_clock_behind) {
        write->status = clock_behind;
        return STATUS_NONE;
    }
    TRY(run_in_savepoint(store, write));
    return idempotency_keep(store->db, write, journal_next_time(&store->head, store_now_us(store)));
}

/* Writes, with the group, how far ahead times may be settled afterwards (watermark.h, rule 4);
 * after a commit in doubt in any case, since only one that writes something ends the doubt. */
static struct status reserve_in_group(struct store *store)
{
    struct writer *writer = &store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    int64_t reserve_us = settling_wants_us(&writer->settling, &writer->watermark);
    const bool in_doubt = writer->watermark.in_doubt;
    if (reserve_us == 0) {
        reserve_us = writer->watermark.reserved_us;
    }
    const bool is_new = reserve_us != writer->watermark.reserved_us;
    (void)pthread_mutex_unlock(&writer->lock);
    store->reserving_us = reserve_us;
    return is_new || in_doubt ? watermark_reserve(store->db, reserve_us) : STATUS_NONE;
}

static struct status run_group(struct store *store, struct write *group)
{
    const uint64_t seq_before = store->head.seq;

    unsigned count = 0;

    TRY(db_begin(store->db));
    for (struct write *write = group; write != NULL; write = write->next) {
        TRY(run_one(store, write));
        count++;
    }
    TRY(upkeep_in_group(store, count));
    TRY(reserve_in_group(store));
    return store->head.seq != seq_before ? journal_head_write(store->db, &store->head)
                                         : STATUS_NONE;
}

/* Returns the time. */
static int64_t look_at_clock(struct store *store)
{
    const int64_t now_us = store_now_us(store);
    const int64_t behind_us = atomic_load(&store->writer.settled_us) - now_us;

    store->is_clock_behind = clock_watch_look(&store->clock, now_us, behind_us);
    return now_us;
}

static void open_group(struct store *store)
{
    struct writer *writer = &store->writer;
    const int64_t now_us = look_at_clock(store);

    (void)pthread_mutex_lock(&writer->lock);
    store->first_time_us = watermark_open(&writer->watermark, now_us);
    (void)pthread_mutex_unlock(&writer->lock);
}

/* Under the lock. store->head is that of the last commit. */
static void close_group(struct store *store, enum watermark_outcome outcome)
{
    struct writer *writer = &store->writer;
    struct watermark *mark = &writer->watermark;

    if (outcome == WATERMARK_COMMITTED && store->reserving_us > mark->reserved_us) {
        mark->reserved_us = store->reserving_us;
    }
    watermark_close(mark, outcome, store->head.time_us);
    atomic_store(&writer->settled_us, mark->floor_us);
}

static void lose_group(struct store *store, enum watermark_outcome outcome)
{
    (void)pthread_mutex_lock(&store->writer.lock);
    close_group(store, outcome);
    (void)pthread_mutex_unlock(&store->writer.lock);
}

/* Answers questions that this commit has settled. Done between two groups, because under a steady
 * stream of writes there is always an open one, which holds times back. */
static void settle_what_waits(struct store *store)
{
    struct writer *writer = &store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    struct settle_question *settled = settling_take(&writer->settling, &writer->watermark);
    atomic_store(&writer->settled_us, writer->watermark.floor_us);
    (void)pthread_mutex_unlock(&writer->lock);
    settling_answer(settled, STATUS_NONE);
}

/* From here on readers get this version. on_publish() is told before any write is answered, so that
 * no answer leaves before the leases know of its version. */
static void publish(struct store *store, struct write *group)
{
    struct writer *writer = &store->writer;
    const struct version version = journal_version(&store->head);

    (void)pthread_mutex_lock(&writer->lock);
    writer->version = version;
    close_group(store, WATERMARK_COMMITTED);
    void (*on_publish)(void *arg, struct version version) = writer->on_publish;
    void *arg = writer->on_publish_arg;
    (void)pthread_mutex_unlock(&writer->lock);
    if (on_publish != NULL) {
        on_publish(arg, version);
    }
    for (struct write *write = group; write != NULL; write = write->next) {
        write->version = version;
    }
}

/* A commit that changes nothing makes no fsync: then there is nothing to count. */
static void observe_fsync(const struct store *store, int64_t synced_before_ns)
{
    const int64_t synced_ns = db_synced_ns() - synced_before_ns;

    if (synced_ns > 0) {
        metric_observe(store->writer.metrics.fsync_seconds, 0, (uint64_t)synced_ns);
    }
}

static struct status commit(struct store *store, const struct write *group)
{
    const struct store_metrics *metrics = &store->writer.metrics;
    const int64_t synced_ns = db_synced_ns();
    const int64_t start_ns = clock_elapsed_ns();
    uint64_t writes = 0;

    const struct status status = db_commit(store->db);
    metric_observe_since(metrics->commit_seconds, 0, start_ns);
    observe_fsync(store, synced_ns);
    for (; group != NULL; group = group->next) {
        writes++;
    }
    if (writes > 0) {
        metric_observe(metrics->commit_writes, 0, writes);
    }
    return status;
}

/* One group from its opening to its answers. It may have no write at all: then it is committed for
 * those who wait until a time is settled. */
static void write_group(struct store *store, struct write *group)
{
    const struct journal_head before = store->head;
    enum watermark_outcome outcome = WATERMARK_ROLLED_BACK;

    open_group(store);
    struct status status = run_group(store, group);
    if (status.code == STATUS_OK) {
        outcome = WATERMARK_IN_DOUBT;
        status = commit(store, group);
    }
    if (status.code != STATUS_OK) {
        metric_count(store->writer.metrics.commit_failures, 0, 0, 1);
        store->head = before;
        store->oldest_key_us = 0;
        lose_group(store, outcome);
        fail_group(store, group, status);
        return;
    }
    publish(store, group);
    answer_all(group);
    settle_what_waits(store);
}

static struct status checkpoint(struct store *store, enum db_checkpoint mode)
{
    const int64_t synced_ns = db_synced_ns();
    const int64_t start_ns = clock_elapsed_ns();

    TRY(db_checkpoint(store->db, mode));
    metric_observe_since(store->writer.metrics.checkpoint_seconds, 0, start_ns);
    observe_fsync(store, synced_ns);
    store->writer.checkpointed_bytes = db_log_bytes(store->db);
    return STATUS_NONE;
}

/* After each round of work, so that no call ever pays for a checkpoint. */
static void checkpoint_when_due(struct store *store)
{
    const int64_t bytes = db_log_bytes(store->db);
    struct writer *writer = &store->writer;

    if (bytes < writer->checkpointed_bytes) {
        writer->checkpointed_bytes = 0; /* the log began anew */
    }
    if (bytes - writer->checkpointed_bytes < CHECKPOINT_BYTES) {
        return;
    }
    const struct status status =
        checkpoint(store, bytes < RESTART_BYTES ? DB_CHECKPOINT_PASSIVE : DB_CHECKPOINT_RESTART);
    const char *why = read_only_text(store, status);
    if (why != NULL) {
        become_read_only(store, why);
    }
}

static struct status probe_write(struct store *store)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(store->db,
                   "INSERT INTO meta (key, number) VALUES ('probe', 1) "
                   "ON CONFLICT (key) DO UPDATE SET number = meta.number + 1",
                   &statement));
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

static struct status probe(struct store *store)
{
    TRY(db_begin(store->db));
    TRY(probe_write(store));
    TRY(db_commit(store->db));
    return checkpoint(store, DB_CHECKPOINT_PASSIVE);
}

/* Tries a real commit with its fsync, and ends being read-only when that succeeds. Not after a
 * failed fsync: then only a restart can tell what is on the disk. */
static void try_to_come_back(struct store *store)
{
    if (db_is_doomed(store->db)) {
        return;
    }
    const char *reserve = upkeep_disk(store);
    if (reserve != NULL) {
        (void)pthread_mutex_lock(&store->writer.lock);
        store->writer.read_only = reserve;
        (void)pthread_mutex_unlock(&store->writer.lock);
        return;
    }
    const struct status status = probe(store);
    db_rollback(store->db);
    const char *why = status.code == STATUS_OK ? NULL : read_only_text(store, status);
    (void)pthread_mutex_lock(&store->writer.lock);
    if (status.code == STATUS_OK) {
        store->reserving_us = 0;
        close_group(store, WATERMARK_COMMITTED);
        store->writer.read_only = NULL;
    } else if (why != NULL) {
        store->writer.read_only = why;
    }
    (void)pthread_mutex_unlock(&store->writer.lock);
}

/* Under the lock. Waits until there is work, the thread is to end, or this time has passed. */
static void wait_for(struct writer *writer, unsigned bound_ms)
{
    const struct timespec until = thread_time_in(bound_ms);
    int err = 0;

    while (writer->first == NULL && writer->settling.first == NULL && !writer->stopping &&
           err == 0) {
        err = thread_wait_until(&writer->wake, &writer->lock, &until);
    }
}

/* What the thread is to do next. Nothing of it: time for upkeep. */
struct writer_task {
    struct write *group;
    bool settle; /* somebody waits for that */
    bool probe;
};

/* False at the end. */
static bool wait_for_work(struct store *store, struct writer_task *ret_work)
{
    struct writer *writer = &store->writer;
    const unsigned idle_ms = upkeep_is_due(store) ? UPKEEP_MS : DISK_LOOK_MS;

    (void)pthread_mutex_lock(&writer->lock);
    const bool is_read_only = writer->read_only != NULL;
    wait_for(writer, is_read_only ? PROBE_MS : idle_ms);
    ret_work->probe = is_read_only && !writer->stopping;
    ret_work->group = take_queue(writer);
    ret_work->settle = writer->settling.first != NULL;
    const bool go_on = ret_work->group != NULL || ret_work->settle || !writer->stopping;
    (void)pthread_mutex_unlock(&writer->lock);
    return go_on;
}

/* When the room on the disk is below the reserve: copies the log into the database while that is
 * still possible, and takes no more writes. */
static void keep_reserve(struct store *store)
{
    const char *why = upkeep_disk(store);

    if (why == NULL || store_read_only(store) != NULL) {
        return;
    }
    const struct status status = checkpoint(store, DB_CHECKPOINT_TRUNCATE);
    const char *worse = read_only_text(store, status);
    become_read_only(store, worse != NULL ? worse : why);
}

static void do_work(struct store *store, const struct writer_task *work)
{
    struct status status = STATUS_NONE;

    (void)look_at_clock(store);
    if (work->probe) {
        try_to_come_back(store);
    }
    if (work->group != NULL || work->settle) {
        write_group(store, work->group);
    } else if (store_read_only(store) == NULL) {
        status = upkeep_idle(store);
    }
    const char *why = read_only_text(store, status);
    if (status.code != STATUS_OK && why != NULL) {
        become_read_only(store, why);
    }
    checkpoint_when_due(store);
    keep_reserve(store);
}

/* The times that were reserved before a restart may lie a quarter of a second ahead. The first
 * group waits for the clock to pass them, so that no entry is dated ahead of it. */
static void wait_for_clock(const struct store *store, const struct watermark *mark)
{
    const int64_t wait_us = watermark_wait_us(mark, store_now_us(store));
    const struct timespec pause = {.tv_nsec = (long)(wait_us * 1000)};

    (void)nanosleep(&pause, NULL);
}

static void *writer_main(void *arg)
{
    struct store *store = arg;
    struct watermark mark;
    struct writer_task work;

    (void)pthread_mutex_lock(&store->writer.lock);
    mark = store->writer.watermark;
    (void)pthread_mutex_unlock(&store->writer.lock);
    wait_for_clock(store, &mark);
    while (wait_for_work(store, &work)) {
        do_work(store, &work);
    }
    if (!db_is_doomed(store->db)) {
        const struct status status = checkpoint(store, DB_CHECKPOINT_TRUNCATE);
        (void)status.code; /* what is in the log is safe there */
    }
    return NULL;
}

void writer_init(struct store *store, int64_t reserved_us)
{
    struct writer *writer = &store->writer;

    settling_init(&writer->settling);
    watermark_init(&writer->watermark, store->head.time_us, reserved_us);
    atomic_store(&writer->settled_us, writer->watermark.floor_us);
}

struct status writer_start(struct store *store, unsigned queue_max, struct status disk)
{
    struct writer *writer = &store->writer;

    writer->queue_max = queue_max > 0 ? queue_max : QUEUE_DEFAULT;
    writer->last = &writer->first;
    writer->version = journal_version(&store->head);
    writer->read_only = read_only_text(store, disk);
    (void)pthread_mutex_init(&writer->lock, NULL);
    (void)pthread_cond_init(&writer->wake, NULL);
    if (writer->read_only == NULL) {
        writer->read_only = upkeep_disk(store);
    }
    if (thread_start(&store->writer.thread, writer_main, store) != 0) {
        (void)pthread_cond_destroy(&writer->wake);
        (void)pthread_mutex_destroy(&writer->lock);
        return status_of(REASON_NO_THREAD, NULL);
    }
    writer->running = true;
    return STATUS_NONE;
}

void writer_stop(struct store *store)
{
    struct writer *writer = &store->writer;

    if (!writer->running) {
        return;
    }
    (void)pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    (void)pthread_cond_signal(&writer->wake);
    (void)pthread_mutex_unlock(&writer->lock);
    (void)pthread_join(writer->thread, NULL);
    (void)pthread_cond_destroy(&writer->wake);
    (void)pthread_mutex_destroy(&writer->lock);
    writer->running = false;
}
