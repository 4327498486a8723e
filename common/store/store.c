/* store.c - a store's life: lock, files, connections of readers. */
#include "base/clock.h"
#include "base/memory.h"
#include "store/migrate.h"
#include "store/row_memo.h"
#include "store/store_files.h"
#include "store/store_internal.h"
#include "store/upkeep.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { STORE_ARENA_BYTES = 4 << 20, VERIFY_BATCH = 1000 };

/* A thread's own connection to a store. */
struct reader {
    struct store *store;
    struct db *db;
    pthread_t thread;
    bool reading;
    bool is_kept; /* the snapshot, by store_read_keep() */
    struct journal_head head;
    int64_t time_us; /* of the snapshot */
    int64_t settled_us;
    struct row_memo *memo;
    struct reader *next;
};

/* A thread may end while its store is being closed: whoever finds the reader in the list, under
 * the lock, closes it. */
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER; /* guards all_readers */
static struct reader *all_readers;

static void reader_free(struct reader *reader)
{
    db_close(reader->db);
    row_memo_free(reader->memo);
    free(reader);
}

static void on_thread_end(void *arg)
{
    struct reader *found = NULL;

    (void)pthread_mutex_lock(&readers_lock);
    for (struct reader **at = &all_readers; *at != NULL; at = &(*at)->next) {
        /* The address may be another thread's by now. */
        if (*at == arg && pthread_equal((*at)->thread, pthread_self())) {
            found = *at;
            *at = found->next;
            break;
        }
    }
    (void)pthread_mutex_unlock(&readers_lock);
    if (found != NULL) {
        reader_free(found);
    }
}

static void readers_close(struct store *store)
{
    struct reader *closing = NULL;

    (void)pthread_mutex_lock(&readers_lock);
    for (struct reader **at = &all_readers; *at != NULL;) {
        struct reader *reader = *at;
        if (reader->store == store) {
            *at = reader->next;
            reader->next = closing;
            closing = reader;
        } else {
            at = &reader->next;
        }
    }
    (void)pthread_mutex_unlock(&readers_lock);
    while (closing != NULL) {
        struct reader *next = closing->next;
        assert(!closing->reading);
        reader_free(closing);
        closing = next;
    }
}

static struct status reader_new(struct store *store, struct reader **ret_reader)
{
    struct reader *reader = memory_zeroed(sizeof(*reader));

    const struct status status = db_open(store->location, DB_READ_ONLY, &reader->db);
    reader->memo = row_memo_new();
    if (status.code != STATUS_OK || pthread_setspecific(store->reader_key, reader) != 0) {
        reader_free(reader);
        return status.code != STATUS_OK ? status : status_out_of_memory();
    }
    reader->store = store;
    reader->thread = pthread_self();
    (void)pthread_mutex_lock(&readers_lock);
    reader->next = all_readers;
    all_readers = reader;
    (void)pthread_mutex_unlock(&readers_lock);
    *ret_reader = reader;
    return STATUS_NONE;
}

static struct status make_tables(struct store *store, struct arena *arena,
                                 const struct store_options *options)
{
    struct table *tables = arena_array(store->arena, options->kind_count, sizeof(*tables));

    for (size_t i = 0; i < options->kind_count; i++) {
        const struct status status = table_init(store->arena, options->kinds[i], &tables[i]);
        if (status.code != STATUS_OK) {
            return status_make(arena, status.code, status.reason, NULL,
                               "the resource kind %s cannot be stored as it is described",
                               options->kinds[i]->plural);
        }
    }
    store->tables = tables;
    store->table_count = options->kind_count;
    return STATUS_NONE;
}

/*
 * What a failed fsync of an earlier process left in the page cache reads well and may not be on the
 * disk. Copying the whole log writes all of it once more, before anything is put behind it.
 */
static struct status settle(struct store *store, struct status *ret_disk)
{
    const struct status status = db_checkpoint(store->db, DB_CHECKPOINT_TRUNCATE);
    const bool is_full = status.reason != NULL && strcmp(status.reason, "STORE_FULL") == 0;

    if (status.code != STATUS_OK && !is_full) {
        return status;
    }
    *ret_disk = status;
    return STATUS_NONE;
}

static struct status open_parts(struct store *store, struct arena *arena,
                                const struct store_options *options)
{
    struct status disk = STATUS_NONE;
    int64_t reserved_us = 0;

    TRY(store_metrics_add(options->metrics, &store->writer.metrics));
    TRY(store_files_make_directory(arena, options->directory));
    TRY(store_files_lock(arena, options->directory, options->service, &store->lock_fd));
    TRY(store_files_check_mark(arena, options->directory, options->service));
    TRY(make_tables(store, arena, options));
    store->location = arena_printf(store->arena, "%s/%s.db", options->directory, options->service);
    store->directory = arena_strdup(store->arena, options->directory);
    store->retention = options->retention;
    clock_watch_init(&store->clock, &options->clock);
    TRY(db_open(store->location, DB_READ_WRITE, &store->db));
    TRY(migrate(store->db, arena, store->tables, store->table_count, store->id));
    TRY(settle(store, &disk));
    TRY(store_files_sync_directory(arena, options->directory));
    TRY(journal_head_read(store->db, &store->head));
    TRY(journal_head_check(store->db, &store->head, store->id));
    TRY(corrections_read(store->db, arena, &store->corrections));
    TRY(watermark_read(store->db, &reserved_us));
    writer_init(store, reserved_us);
    if (pthread_key_create(&store->reader_key, on_thread_end) != 0) {
        return status_out_of_memory();
    }
    store->has_reader_key = true;
    upkeep_init(store, &options->disk);
    return writer_start(store, options->queue_max, disk);
}

struct status store_open(const struct store_options *options, struct arena *arena,
                         struct store **ret_store)
{
    struct store *store = memory_zeroed(sizeof(*store));

    store->lock_fd = -1;
    store->arena = arena_new(STORE_ARENA_BYTES);
    const struct status status =
        status_within(store->arena, status_within(arena, open_parts(store, arena, options)));
    if (status.code != STATUS_OK) {
        store_close(store);
        return status;
    }
    *ret_store = store;
    return STATUS_NONE;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    writer_stop(store);
    if (store->has_reader_key) {
        (void)pthread_key_delete(store->reader_key);
    }
    readers_close(store);
    db_close(store->db);
    if (store->lock_fd >= 0) {
        (void)close(store->lock_fd);
    }
    arena_free(store->arena);
    free(store);
}

int64_t store_now_us(const struct store *store)
{
    return store->clock.options.now_us();
}

static struct status begin(struct reader *reader)
{
    /* Before the snapshot, so that it has all that is settled. */
    reader->settled_us = atomic_load(&reader->store->writer.settled_us);
    TRY(db_begin(reader->db));
    const struct status status = journal_head_read(reader->db, &reader->head);
    if (status.code != STATUS_OK) {
        db_rollback(reader->db);
        return status;
    }
    const int64_t now_us = store_now_us(reader->store);
    reader->time_us = now_us > reader->head.time_us ? now_us : reader->head.time_us;
    row_memo_begin(reader->memo, journal_version(&reader->head));
    return STATUS_NONE;
}

struct status store_read_begin(struct store *store, struct arena *arena, struct tx *ret_tx)
{
    struct reader *reader = pthread_getspecific(store->reader_key);

    if (reader == NULL) {
        TRY(reader_new(store, &reader));
    }
    assert(!reader->reading);
    if (!reader->is_kept) {
        TRY(begin(reader));
    }
    reader->is_kept = false;
    reader->reading = true;
    *ret_tx = (struct tx){
        .store = store,
        .db = reader->db,
        .arena = arena,
        .time_us = reader->time_us,
        .version = journal_version(&reader->head),
        .version_time_us = reader->head.time_us,
        .settled_us = reader->settled_us,
        .memo = reader->memo,
    };
    return STATUS_NONE;
}

static struct reader *read_leave(struct tx *tx)
{
    struct reader *reader = pthread_getspecific(tx->store->reader_key);

    assert(reader != NULL && reader->reading && reader->db == tx->db);
    reader->reading = false;
    tx->db = NULL;
    return reader;
}

void store_read_end(struct tx *tx)
{
    const struct reader *reader = read_leave(tx);

    db_rollback(reader->db);
}

void store_read_keep(struct tx *tx)
{
    struct reader *reader = read_leave(tx);

    if (db_lost(reader->db).code == STATUS_OK) {
        reader->is_kept = true;
    } else {
        db_rollback(reader->db);
    }
}

void store_read_let_go(struct store *store)
{
    struct reader *reader = pthread_getspecific(store->reader_key);

    if (reader != NULL && reader->is_kept) {
        reader->is_kept = false;
        db_rollback(reader->db);
    }
}

struct tx store_write_tx(struct store *store, struct arena *arena)
{
    const int64_t next_us = journal_next_time(&store->head, store_now_us(store));

    return (struct tx){
        .store = store,
        .db = store->db,
        .arena = arena,
        .time_us = next_us > store->first_time_us ? next_us : store->first_time_us,
        .version = journal_version(&store->head),
        .writable = true,
    };
}

struct status tx_set_as_of(struct tx *tx, int64_t time_us)
{
    struct journal_head head;

    if (time_us > tx->settled_us && time_us > tx->version_time_us) {
        return status_make(tx->arena, STATUS_INVALID_ARGUMENT, "INVALID_AS_OF", "asOf",
                           "asOf lies in the future");
    }
    TRY(journal_head_at(tx, time_us, &head));
    if (head.seq == 0) {
        memcpy(head.hash, tx->store->id, DIGEST_BYTES);
    }
    tx->is_as_of = true;
    tx->as_of_seq = head.seq;
    tx->as_of_version = journal_version(&head);
    tx->as_of_version_time_us = head.time_us;
    tx->as_of_time_us = time_us;
    return STATUS_NONE;
}

struct status meta_number_read(struct db *db, const char *key, int64_t *ret_number)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, "SELECT number FROM meta WHERE key = $1", &statement));
    db_bind_text(statement, 1, slice_from(key));
    const struct status status = db_step(statement, &row);
    if (status.code == STATUS_OK) {
        *ret_number = row ? db_int64(statement, 0) : 0;
    }
    db_reset(statement);
    return status;
}

struct status store_number_read(struct store *store, struct arena *arena, const char *key,
                                int64_t *ret_number)
{
    struct tx tx;

    TRY(store_read_begin(store, arena, &tx));
    const struct status status = meta_number_read(tx.db, key, ret_number);
    store_read_end(&tx);
    return status;
}

struct status meta_number_write(struct db *db, const char *key, int64_t number)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db,
                   "INSERT INTO meta (key, number) VALUES ($1, $2) "
                   "ON CONFLICT (key) DO UPDATE SET number = excluded.number",
                   &statement));
    db_bind_text(statement, 1, slice_from(key));
    db_bind_int64(statement, 2, number);
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

struct status store_number_write(struct tx *tx, const char *key, int64_t number)
{
    assert(tx->writable);
    return meta_number_write(tx->db, key, number);
}

/* Batches, each a snapshot of its own: entries are only ever added. */
struct status store_verify(struct store *store, struct arena *arena, uint64_t *ret_entries)
{
    struct journal_head head = {0};
    bool end = false;

    memcpy(head.hash, store->id, DIGEST_BYTES);
    while (!end) {
        struct tx tx;
        TRY(store_read_begin(store, arena, &tx));
        const struct version expected = tx.version;
        struct status status =
            journal_verify(tx.db, arena, &store->corrections, &head, VERIFY_BATCH, &end);
        const struct version found = journal_version(&head);
        if (status.code == STATUS_OK && end &&
            (found.seq != expected.seq || found.hash != expected.hash)) {
            status = status_make(arena, STATUS_DATA_LOSS, "JOURNAL_BROKEN", NULL,
                                 "the journal does not end where it should: entry %llu is not the "
                                 "last one",
                                 (unsigned long long)head.seq);
        }
        store_read_end(&tx);
        TRY(status);
    }
    *ret_entries = head.seq;
    return STATUS_NONE;
}
