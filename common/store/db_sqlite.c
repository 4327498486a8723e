/*
 * db_sqlite.c - the driver for SQLite: the one file that knows its interface.
 *
 * A connection has a cache of prepared statements, found by their text. A statement is busy from
 * db_prepare() to db_reset(). Failures that may have ended the transaction are remembered in
 * db->failure until the next begins, so that nobody commits half a group; a failed fsync, or a
 * damaged file, makes the connection doomed for good.
 */
#include "store/db.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/db_sync.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* How long a lock is waited for. In WAL mode readers and the writer do not lock each other out: a
 * reader meets a lock while a log is recovered after a crash, the writer when an operator has the
 * file open. */
enum { BUSY_READER_MS = 1000, BUSY_WRITER_MS = 2000, BUSY_CHECKPOINT_MS = 100 };

/* The cache has a bound because callers choose order and filter, and so how many texts there are.
 */
enum { STATEMENTS_MAX = 160, TEXT_MAX_BYTES = 1 << 16 };

struct db_statement {
    struct db *db;
    sqlite3_stmt *handle;
    char *text;
    uint64_t last_used;
    int bind_code; /* the first failed bind, told by the next step */
    bool busy;
};

struct db {
    sqlite3 *handle;
    enum db_mode mode;
    int log_pages;
    bool doomed;
    struct status failure; /* broke the open transaction */
    uint64_t uses;
    unsigned open; /* statements between db_prepare() and db_reset() */
    int64_t open_from_ns;
    int64_t spent_ns;
    /* Beside the statements, so that a search touches little memory. 0: no statement. */
    uint64_t hashes[STATEMENTS_MAX];
    struct db_statement statements[STATEMENTS_MAX];
};

static struct status status_from_sqlite(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
        return STATUS_NONE;
    case SQLITE_FULL:
        return status_of(REASON_STORE_FULL, NULL);
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return status_of(REASON_STORE_IO_ERROR, NULL);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return status_of(REASON_STORE_BUSY, NULL);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return status_of(REASON_STORE_CORRUPT, NULL);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return status_of(REASON_STORE_CONSTRAINT, NULL);
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return status_out_of_memory();
    default:
        return status_of(REASON_STORE_ERROR, NULL);
    }
}

/* Whether this error may come from a failed fsync. The kernel may then have dropped the pages that
 * it could not write and call the next fsync good, so nothing that follows can be trusted. SQLite
 * reports some of these as other I/O errors of a commit or checkpoint (syncing). */
static bool may_be_fsync(int code, bool syncing)
{
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        return true;
    }
    if (!syncing || (code & 0xff) != SQLITE_IOERR) {
        return false;
    }
    return code != SQLITE_IOERR_WRITE && code != SQLITE_IOERR_NOMEM &&
           code != SQLITE_IOERR_SHMSIZE && code != SQLITE_IOERR_SHMMAP &&
           code != SQLITE_IOERR_SHMOPEN && code != SQLITE_IOERR_LOCK;
}

/* SQLite may roll back the whole transaction on its own after these (lang_transaction.html). */
static bool breaks_transaction(int family)
{
    return family == SQLITE_FULL || family == SQLITE_IOERR || family == SQLITE_NOMEM ||
           family == SQLITE_BUSY || family == SQLITE_INTERRUPT || family == SQLITE_CORRUPT ||
           family == SQLITE_NOTADB || family == SQLITE_READONLY;
}

/* Every error of SQLite passes here: it becomes a status, and what it means for the transaction and
 * the connection is noted. */
static struct status failed(struct db *db, int code, bool syncing)
{
    const struct status status = status_from_sqlite(code);
    const int family = code & 0xff;

    if (may_be_fsync(code, syncing) || family == SQLITE_CORRUPT || family == SQLITE_NOTADB) {
        db->doomed = true;
    }
    if (db->failure.code == STATUS_OK && breaks_transaction(family)) {
        db->failure = status;
    }
    return status;
}

static int on_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
    struct db *db = arg;

    (void)handle;
    (void)name;
    db->log_pages = pages;
    return SQLITE_OK;
}

static void configure_library(void)
{
    /* SQLite's statistics of memory cost a lock around every allocation, of all threads. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_initialize();
}

static struct status pragma_wal(struct db *db)
{
    sqlite3_stmt *handle = NULL;
    int code = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode=WAL", -1, &handle, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(handle);
    }
    const bool is_wal = code == SQLITE_ROW &&
                        sqlite3_stricmp((const char *)sqlite3_column_text(handle, 0), "wal") == 0;
    (void)sqlite3_finalize(handle);
    if (is_wal) {
        return STATUS_NONE;
    }
    return failed(db, code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_CANTOPEN : code, false);
}

static struct status configure(struct db *db)
{
    (void)sqlite3_extended_result_codes(db->handle, 1);
    (void)sqlite3_busy_timeout(db->handle,
                               db->mode == DB_READ_WRITE ? BUSY_WRITER_MS : BUSY_READER_MS);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    /* What SQLite sorts stays in memory: a temporary file could not be written while the disk is
     * full, and reads are to go on then. */
    TRY(db_execute(db, "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY"));
    if (db->mode == DB_READ_ONLY) {
        return db_execute(db, "PRAGMA cache_size=-1024");
    }
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    TRY(pragma_wal(db));
    /* The automatic checkpoint hides an fsync error from the commit that it runs in. */
    TRY(db_execute(db, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                       "PRAGMA foreign_keys=ON; PRAGMA cache_size=-6144;"
                       "PRAGMA journal_size_limit=67108864"));
    (void)sqlite3_wal_hook(db->handle, on_commit, db);
    return STATUS_NONE;
}

struct status db_open(const char *location, enum db_mode mode, struct db **ret_db)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const int flags =
        mode == DB_READ_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;

    (void)pthread_once(&once, configure_library);
    struct db *db = memory_zeroed(sizeof(*db));
    db->mode = mode;
    const int code =
        sqlite3_open_v2(location, &db->handle, flags | SQLITE_OPEN_NOMUTEX, db_sync_vfs());
    const struct status status = code == SQLITE_OK ? configure(db) : status_from_sqlite(code);
    if (status.code != STATUS_OK) {
        db_close(db);
        return status;
    }
    *ret_db = db;
    return STATUS_NONE;
}

static void statement_drop(struct db *db, size_t i)
{
    struct db_statement *statement = &db->statements[i];

    (void)sqlite3_finalize(statement->handle);
    free(statement->text);
    *statement = (struct db_statement){0};
    db->hashes[i] = 0;
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        statement_drop(db, i);
    }
    /* SQLite checkpoints when the last connection closes. Not after a failed fsync: the log is then
     * the only copy that may be whole. */
    if (db->handle != NULL && db->mode == DB_READ_WRITE && !db->doomed) {
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    }
    (void)sqlite3_close(db->handle);
    free(db);
}

/* Table definitions are written for more than one database: {int64} and so on become SQLite's
 * types. */
static void expand(struct buffer *out, const char *text)
{
    static const struct {
        const char *token;
        const char *expansion;
    } tokens[] = {
        {"{int64}", "INTEGER"}, {"{text}", "TEXT"}, {"{blob}", "BLOB"}, {"{strict}", "STRICT"}};

    while (*text != '\0') {
        size_t length = 1;
        const char *expansion = NULL;
        for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
            if (strncmp(text, tokens[i].token, strlen(tokens[i].token)) == 0) {
                length = strlen(tokens[i].token);
                expansion = tokens[i].expansion;
            }
        }
        if (expansion != NULL) {
            buffer_append_text(out, expansion);
        } else {
            buffer_append_char(out, *text);
        }
        text += length;
    }
    buffer_append_char(out, '\0');
}

struct status db_execute(struct db *db, const char *text)
{
    struct buffer expanded;

    buffer_init(&expanded, TEXT_MAX_BYTES);
    expand(&expanded, text);
    const int code = buffer_failed(&expanded)
                         ? SQLITE_NOMEM
                         : sqlite3_exec(db->handle, expanded.data, NULL, NULL, NULL);
    buffer_done(&expanded);
    return code == SQLITE_OK ? STATUS_NONE : failed(db, code, false);
}

/* A free place, or that of the idle statement used longest ago; STATEMENTS_MAX when all are busy.
 */
static size_t place_for_statement(struct db *db)
{
    size_t place = STATEMENTS_MAX;

    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (db->hashes[i] == 0) {
            return i;
        }
        if (!db->statements[i].busy &&
            (place == STATEMENTS_MAX ||
             db->statements[i].last_used < db->statements[place].last_used)) {
            place = i;
        }
    }
    if (place < STATEMENTS_MAX) {
        statement_drop(db, place);
    }
    return place;
}

/* SQLite numbers named parameters as they appear, whatever their name says. */
static bool parameters_are_in_order(sqlite3_stmt *handle)
{
    const int count = sqlite3_bind_parameter_count(handle);

    for (int i = 1; i <= count; i++) {
        char expected[16];
        const char *name = sqlite3_bind_parameter_name(handle, i);
        (void)snprintf(expected, sizeof(expected), "$%d", i);
        if (name == NULL || strcmp(name, expected) != 0) {
            return false;
        }
    }
    return true;
}

static struct status statement_new(struct db *db, const char *text, uint64_t hash,
                                   size_t *ret_place)
{
    sqlite3_stmt *handle = NULL;
    const size_t place = place_for_statement(db);

    if (place == STATEMENTS_MAX) {
        return status_from_sqlite(SQLITE_MISUSE);
    }
    const int code =
        sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
    if (code != SQLITE_OK) {
        return failed(db, code, false);
    }
    char *copy = strdup(text);
    if (copy == NULL || !parameters_are_in_order(handle)) {
        const int why = copy == NULL ? SQLITE_NOMEM : SQLITE_MISUSE;
        free(copy);
        (void)sqlite3_finalize(handle);
        return status_from_sqlite(why);
    }
    db->hashes[place] = hash;
    db->statements[place] = (struct db_statement){.db = db, .handle = handle, .text = copy};
    *ret_place = place;
    return STATUS_NONE;
}

struct status db_prepare(struct db *db, const char *text, struct db_statement **ret_statement)
{
    const int64_t start_ns = db->open == 0 ? clock_elapsed_ns() : 0;
    const uint64_t hash = text_hash(TEXT_HASH_START, text) | 1; /* 0 marks a free place */
    size_t place = 0;

    /* A walk inside of a walk may need the same text a second time: busy statements are passed
     * over. */
    while (place < STATEMENTS_MAX && (db->hashes[place] != hash || db->statements[place].busy ||
                                      strcmp(db->statements[place].text, text) != 0)) {
        place++;
    }
    if (place == STATEMENTS_MAX) {
        TRY(statement_new(db, text, hash, &place));
    }
    struct db_statement *statement = &db->statements[place];
    statement->busy = true;
    statement->bind_code = SQLITE_OK;
    statement->last_used = ++db->uses;
    if (db->open++ == 0) {
        db->open_from_ns = start_ns;
    }
    *ret_statement = statement;
    return STATUS_NONE;
}

/* A failed bind is told by the next step, so that callers need not check each bind. */
static void note_bind(struct db_statement *statement, int code)
{
    if (statement->bind_code == SQLITE_OK) {
        statement->bind_code = code;
    }
}

void db_bind_int64(struct db_statement *statement, int index, int64_t value)
{
    note_bind(statement, sqlite3_bind_int64(statement->handle, index, value));
}

void db_bind_text(struct db_statement *statement, int index, struct slice text)
{
    note_bind(statement,
              sqlite3_bind_text64(statement->handle, index, text.data != NULL ? text.data : "",
                                  text.length, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_blob(struct db_statement *statement, int index, struct slice bytes)
{
    note_bind(statement,
              sqlite3_bind_blob64(statement->handle, index, bytes.data != NULL ? bytes.data : "",
                                  bytes.length, SQLITE_STATIC));
}

void db_bind_null(struct db_statement *statement, int index)
{
    note_bind(statement, sqlite3_bind_null(statement->handle, index));
}

struct status db_step(struct db_statement *statement, bool *ret_row)
{
    if (statement->bind_code != SQLITE_OK) {
        return status_from_sqlite(statement->bind_code);
    }
    const int code = sqlite3_step(statement->handle);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return failed(statement->db, code, false);
    }
    *ret_row = code == SQLITE_ROW;
    return STATUS_NONE;
}

int64_t db_int64(struct db_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

struct slice db_bytes(struct db_statement *statement, int column)
{
    const void *data = sqlite3_column_blob(statement->handle, column);
    const int length = sqlite3_column_bytes(statement->handle, column);

    if (data == NULL) {
        return (struct slice){.data = "", .length = 0};
    }
    return (struct slice){.data = data, .length = (size_t)length};
}

bool db_is_null(struct db_statement *statement, int column)
{
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

void db_reset(struct db_statement *statement)
{
    if (statement == NULL) {
        return;
    }
    struct db *db = statement->db;

    (void)sqlite3_reset(statement->handle);
    (void)sqlite3_clear_bindings(statement->handle);
    statement->busy = false;
    assert(db->open > 0);
    if (--db->open == 0) {
        db->spent_ns += clock_elapsed_ns() - db->open_from_ns;
    }
}

/* A statement without parameters and rows. */
static struct status run(struct db *db, const char *text, bool syncing)
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db, text, &statement));
    const int code = sqlite3_step(statement->handle);
    db_reset(statement);
    return code == SQLITE_DONE ? STATUS_NONE : failed(db, code, syncing);
}

struct status db_begin(struct db *db)
{
    assert(sqlite3_get_autocommit(db->handle));
    db->failure = STATUS_NONE;
    return run(db, db->mode == DB_READ_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", false);
}

struct status db_commit(struct db *db)
{
    return run(db, "COMMIT", true);
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->handle)) {
        const struct status status = run(db, "ROLLBACK", false);
        (void)status.code;
    }
}

struct status db_savepoint(struct db *db)
{
    return run(db, "SAVEPOINT one", false);
}

struct status db_savepoint_release(struct db *db)
{
    return run(db, "RELEASE one", false);
}

struct status db_savepoint_rollback(struct db *db)
{
    TRY(run(db, "ROLLBACK TO one", false));
    return run(db, "RELEASE one", false);
}

/* Also when SQLite has rolled back by itself without telling anybody: then it is back in autocommit
 * mode. */
struct status db_lost(const struct db *db)
{
    if (db->failure.code != STATUS_OK) {
        return db->failure;
    }
    return sqlite3_get_autocommit(db->handle) ? status_from_sqlite(SQLITE_ABORT) : STATUS_NONE;
}

struct status db_checkpoint(struct db *db, enum db_checkpoint mode)
{
    static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_RESTART,
                                SQLITE_CHECKPOINT_TRUNCATE};

    assert(db->mode == DB_READ_WRITE);
    (void)sqlite3_busy_timeout(db->handle, BUSY_CHECKPOINT_MS);
    const int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, modes[mode], NULL, NULL);
    (void)sqlite3_busy_timeout(db->handle, BUSY_WRITER_MS);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) {
        return STATUS_NONE;
    }
    return failed(db, code, true);
}

/* Runs a check and writes its first row to ret_complaint, unless that is what a sound file answers.
 */
static struct status first_row(struct db *db, const char *text, const char *sound,
                               char *ret_complaint, size_t size)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, text, &statement));
    const struct status status = db_step(statement, &row);
    const struct slice found =
        status.code == STATUS_OK && row ? db_bytes(statement, 0) : slice_from(sound);
    if (!slice_is(found, sound)) {
        (void)snprintf(ret_complaint, size, "%s: %.*s", text, SLICE_ARGS(found));
    }
    db_reset(statement);
    return status;
}

struct status db_integrity(struct db *db, char *ret_complaint, size_t size)
{
    ret_complaint[0] = '\0';
    TRY(first_row(db, "PRAGMA foreign_key_check", "", ret_complaint, size));
    return first_row(db, "PRAGMA integrity_check", "ok", ret_complaint, size);
}

struct status db_copy(struct db *db, const char *path)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, "VACUUM INTO $1", &statement));
    db_bind_text(statement, 1, slice_from(path));
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

int64_t db_log_bytes(const struct db *db)
{
    enum { FRAME_BYTES = 4096 + 24 };

    return (int64_t)db->log_pages * FRAME_BYTES;
}

bool db_is_doomed(const struct db *db)
{
    return db->doomed;
}

int64_t db_spent_ns(const struct db *db)
{
    return db->spent_ns;
}
