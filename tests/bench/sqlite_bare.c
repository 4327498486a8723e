/*
 * sqlite_bare.c - the rows of a durable create, written by SQLite with nothing around it.
 *
 * Tables, indexes and one row of each table are copied from a store that the service wrote, so
 * that what is compared is the same rows under the same indexes; the pragmas are those of
 * common/store/db_sqlite.c, and the log is copied into the file at the same size.
 */
#include "histogram.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS_MAX = 64, CHECKPOINT_BYTES = 4 << 20, TEXT_BYTES = 2048 };

/* One table that a create adds a row to, with the row that is written again and again. */
struct rows {
    const char *table;
    sqlite3_stmt *insert;
    int columns;
    sqlite3_value *values[COLUMNS_MAX];
    char names[COLUMNS_MAX][32];
};

static void must(bool good, sqlite3 *db, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "sqlite_bare: %s: %s\n", what, sqlite3_errmsg(db));
        exit(EXIT_FAILURE);
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void execute(sqlite3 *db, const char *text)
{
    must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, db, text);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement = NULL;

    must(sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) == SQLITE_OK,
         db, text);
    return statement;
}

static void run(sqlite3 *db, sqlite3_stmt *statement)
{
    must(sqlite3_step(statement) == SQLITE_DONE, db, sqlite3_sql(statement));
    (void)sqlite3_reset(statement);
}

static void copy_schema(sqlite3 *from, sqlite3 *to)
{
    sqlite3_stmt *statement = prepare(from, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
                                            "AND name NOT LIKE 'sqlite_%' ORDER BY type DESC");

    while (sqlite3_step(statement) == SQLITE_ROW) {
        execute(to, (const char *)sqlite3_column_text(statement, 0));
    }
    (void)sqlite3_finalize(statement);
}

/* The newest row of the table, to be written again. */
static void rows_open(struct rows *rows, sqlite3 *from, sqlite3 *to, const char *table)
{
    char text[TEXT_BYTES];
    size_t length = 0;

    rows->table = table;
    (void)snprintf(text, sizeof(text), "SELECT * FROM \"%s\" ORDER BY rowid DESC LIMIT 1", table);
    sqlite3_stmt *statement = prepare(from, text);
    must(sqlite3_step(statement) == SQLITE_ROW, from, "the store has no row of a create");
    rows->columns = sqlite3_column_count(statement);
    must(rows->columns <= COLUMNS_MAX, from, "too many columns");
    length = (size_t)snprintf(text, sizeof(text), "INSERT INTO \"%s\" VALUES (", table);
    for (int i = 0; i < rows->columns; i++) {
        (void)snprintf(rows->names[i], sizeof(rows->names[i]), "%s",
                       sqlite3_column_name(statement, i));
        rows->values[i] = sqlite3_value_dup(sqlite3_column_value(statement, i));
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s?", i > 0 ? "," : "");
    }
    (void)snprintf(text + length, sizeof(text) - length, ")");
    (void)sqlite3_finalize(statement);
    rows->insert = prepare(to, text);
}

static void rows_close(struct rows *rows)
{
    for (int i = 0; i < rows->columns; i++) {
        sqlite3_value_free(rows->values[i]);
    }
    (void)sqlite3_finalize(rows->insert);
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

/* What must differ from row to row does: numbers count up, texts keep their length. */
static void rows_write(struct rows *rows, sqlite3 *db, uint64_t number)
{
    static const char *const counted[] = {"seq", "time", "from_seq", "from_time", "created", NULL};
    static const char *const named[] = {"name", "uid", "key", NULL};
    char text[TEXT_BYTES];

    for (int i = 0; i < rows->columns; i++) {
        sqlite3_value *value = rows->values[i];
        const int type = sqlite3_value_type(value);
        if (type == SQLITE_INTEGER && is_one_of(rows->names[i], counted)) {
            (void)sqlite3_bind_int64(rows->insert, i + 1,
                                     sqlite3_value_int64(value) + (sqlite3_int64)number);
        } else if (type == SQLITE_TEXT && is_one_of(rows->names[i], named)) {
            const char *old = (const char *)sqlite3_value_text(value);
            const int length = sqlite3_value_bytes(value);
            const int kept = length > 12 ? length - 12 : 0;
            (void)snprintf(text, sizeof(text), "%.*s%012llu", kept, old,
                           (unsigned long long)number);
            (void)sqlite3_bind_text(rows->insert, i + 1, text, -1, SQLITE_TRANSIENT);
        } else {
            (void)sqlite3_bind_value(rows->insert, i + 1, value);
        }
    }
    run(db, rows->insert);
}

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
    int *log_pages = arg;

    (void)db;
    (void)name;
    *log_pages = pages;
    return SQLITE_OK;
}

static sqlite3 *open_new(const char *path, int *log_pages)
{
    sqlite3 *db = NULL;

    (void)remove(path);
    must(sqlite3_open_v2(path, &db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                         NULL) == SQLITE_OK,
         db, path);
    execute(db, "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; PRAGMA journal_mode=WAL;"
                "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-16384; PRAGMA journal_size_limit=67108864");
    (void)sqlite3_wal_hook(db, on_commit, log_pages);
    return db;
}

/* As the service's writer does, every 4 MiB of log. */
static void checkpoint_when_due(sqlite3 *db, int log_pages, int *done_pages)
{
    if (log_pages < *done_pages) {
        *done_pages = 0;
    }
    if ((int64_t)(log_pages - *done_pages) * 4096 >= CHECKPOINT_BYTES) {
        (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        *done_pages = log_pages;
    }
}

static void write_for(sqlite3 *db, const int *log_pages, struct rows *tables, int count, int group,
                      double seconds)
{
    sqlite3_stmt *begin = prepare(db, "BEGIN IMMEDIATE");
    sqlite3_stmt *commit = prepare(db, "COMMIT");
    sqlite3_stmt *version =
        prepare(db, "UPDATE meta SET number = number + 1 WHERE key = 'version'");
    struct histogram *latency = calloc(1, sizeof(*latency));
    const uint64_t start = now_ns();
    uint64_t now = start;
    uint64_t written = 0;
    int done_pages = 0;

    must(latency != NULL, db, "out of memory");
    while (now - start < (uint64_t)(seconds * 1e9)) {
        const uint64_t before = now;
        run(db, begin);
        for (int i = 0; i < group; i++) {
            written++;
            for (int k = 0; k < count; k++) {
                rows_write(&tables[k], db, written);
            }
        }
        run(db, version);
        run(db, commit);
        checkpoint_when_due(db, *log_pages, &done_pages);
        now = now_ns();
        histogram_add(latency, now - before);
    }
    printf("{\"group\": %d, \"per_second\": %.1f, \"written\": %llu, \"latency_us\": ", group,
           (double)written / ((double)(now - start) / 1e9), (unsigned long long)written);
    histogram_print(latency, stdout);
    printf("}\n");
    free(latency);
    (void)sqlite3_finalize(begin);
    (void)sqlite3_finalize(commit);
    (void)sqlite3_finalize(version);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"journal", "clusters", "idempotency"};
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    struct rows tables[NAMES] = {0};
    sqlite3 *from = NULL;
    int log_pages = 0;

    if (argc != 5 || atoi(argv[3]) <= 0) {
        (void)fputs("usage: bench_sqlite_bare STORE NEW_FILE GROUP SECONDS\n\n"
                    "STORE is the file of a clusters service that has taken a create.\n",
                    stderr);
        return 2;
    }
    must(sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, from, argv[1]);
    sqlite3 *db = open_new(argv[2], &log_pages);
    copy_schema(from, db);
    execute(db, "INSERT INTO meta (key, number, bytes) VALUES ('version', 0, zeroblob(32))");
    for (int i = 0; i < NAMES; i++) {
        rows_open(&tables[i], from, db, names[i]);
    }
    (void)sqlite3_close(from);
    write_for(db, &log_pages, tables, NAMES, atoi(argv[3]), strtod(argv[4], NULL));
    for (int i = 0; i < NAMES; i++) {
        rows_close(&tables[i]);
    }
    (void)sqlite3_close(db);
    return EXIT_SUCCESS;
}
