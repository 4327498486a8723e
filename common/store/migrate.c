/* migrate.c - formats go up by steps of SQL, layouts by reading every body again. */
#include "store/migrate.h"

#include "base/buffer.h"
#include "pb/decode.h"
#include "store/correction.h"

#define LAYOUT_PREFIX "layout:"

enum { ROW_ARENA_BYTES = 64 << 20 };

const char *const migrate_steps[] = {
    "CREATE TABLE journal (seq {int64} PRIMARY KEY, time {int64} NOT NULL, actor {text} NOT NULL, "
    "method {text} NOT NULL, kind {text} NOT NULL, name {text} NOT NULL, "
    "revision {int64} NOT NULL, body {blob} NOT NULL, previous_hash {blob} NOT NULL, "
    "hash {blob} NOT NULL) {strict};"
    "CREATE UNIQUE INDEX journal_time ON journal (time);"
    "CREATE TABLE idempotency (caller {text} NOT NULL, key {text} NOT NULL, "
    "request_hash {blob} NOT NULL, code {int64} NOT NULL, reason {text} NOT NULL, "
    "answer {blob} NOT NULL, time {int64} NOT NULL, PRIMARY KEY (caller, key)) {strict}",
    "CREATE INDEX idempotency_time ON idempotency (time)",
    /* After a correction of the clock a recorded time may come again. */
    "DROP INDEX journal_time; CREATE INDEX journal_time ON journal (time);"
    "CREATE INDEX journal_corrections ON journal (seq) WHERE kind = '" CORRECTION_KIND "'",
};
const size_t migrate_step_count = sizeof(migrate_steps) / sizeof(migrate_steps[0]);

static const char meta_definition[] =
    "CREATE TABLE IF NOT EXISTS meta (key {text} PRIMARY KEY, number {int64}, bytes {blob}) "
    "{strict}";

static struct status meta_read(struct db *db, const char *key, bool *ret_found, int64_t *ret_number)
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db, "SELECT number FROM meta WHERE key = $1", &statement));
    db_bind_text(statement, 1, slice_from(key));
    const struct status status = db_step(statement, ret_found);
    *ret_number = status.code == STATUS_OK && *ret_found ? db_int64(statement, 0) : 0;
    db_reset(statement);
    return status;
}

/* bytes may be empty: then they are NULL in the table. */
static struct status meta_write(struct db *db, const char *key, int64_t number, struct slice bytes)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db,
                   "INSERT INTO meta (key, number, bytes) VALUES ($1, $2, $3) ON CONFLICT (key) "
                   "DO UPDATE SET number = excluded.number, bytes = excluded.bytes",
                   &statement));
    db_bind_text(statement, 1, slice_from(key));
    db_bind_int64(statement, 2, number);
    if (bytes.length > 0) {
        db_bind_blob(statement, 3, bytes);
    } else {
        db_bind_null(statement, 3);
    }
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

static struct status too_new(struct arena *arena, const char *what, int64_t found, int64_t known)
{
    return status_make(arena, STATUS_FAILED_PRECONDITION, "STORE_TOO_NEW", NULL,
                       "the store was written by a newer program: its %s is %lld, this program "
                       "knows up to %lld",
                       what, (long long)found, (long long)known);
}

/* The first entry of the journal follows the id, and so does the version before it. */
static struct status make_id(struct db *db)
{
    uint8_t id[DIGEST_BYTES];
    const struct slice bytes = {(const char *)id, sizeof(id)};

    random_bytes(id, sizeof(id));
    TRY(meta_write(db, "store_id", 0, bytes));
    return meta_write(db, "version", 0, bytes);
}

struct status migrate_base(struct db *db, struct arena *arena, const char *const *steps,
                           size_t count)
{
    bool found = false;
    int64_t format = 0;

    TRY(db_execute(db, meta_definition));
    TRY(meta_read(db, "format", &found, &format));
    if (format > (int64_t)count) {
        return too_new(arena, "format", format, (int64_t)count);
    }
    if (format < 0) {
        return (struct status){.code = STATUS_DATA_LOSS,
                               .reason = "STORE_CORRUPT",
                               .message = "the store's format is no number of a format"};
    }
    for (size_t i = (size_t)format; i < count; i++) {
        TRY(db_execute(db, steps[i]));
    }
    if (format == 0) {
        TRY(make_id(db));
    }
    return format < (int64_t)count ? meta_write(db, "format", (int64_t)count, (struct slice){0})
                                   : STATUS_NONE;
}

/* Reads one old row, decodes its body and inserts it with the columns of today. */
static struct status copy_row(struct db *db, struct arena *scratch,
                              const struct resource_kind *kind, const char *insert,
                              struct db_statement *from)
{
    enum { PLAIN_COLUMNS = 11, BODY = 10 };
    struct db_statement *to = NULL;
    void *message = NULL;
    bool row = false;
    const struct slice body = db_bytes(from, BODY);

    const struct status decoded = message_decode(scratch, kind->type, body, &message);
    if (decoded.code != STATUS_OK) {
        return (struct status){.code = STATUS_DATA_LOSS,
                               .reason = "STORE_CORRUPT",
                               .message = "a stored resource cannot be read"};
    }
    TRY(db_prepare(db, insert, &to));
    for (int i = 0; i < PLAIN_COLUMNS; i++) {
        if (db_is_null(from, i)) {
            db_bind_null(to, i + 1);
        } else if (i == 0 || i == 7 || i == 9) {
            db_bind_text(to, i + 1, db_bytes(from, i));
        } else if (i == BODY) {
            db_bind_blob(to, i + 1, body);
        } else {
            db_bind_int64(to, i + 1, db_int64(from, i));
        }
    }
    for (size_t i = 0; i < kind->column_count; i++) {
        column_bind(to, PLAIN_COLUMNS + 1 + (int)i, &kind->columns[i],
                    column_value(&kind->columns[i], scratch, message));
    }
    const struct status status = db_step(to, &row);
    db_reset(to);
    return status;
}

static struct status copy_rows(struct db *db, struct arena *arena, const struct resource_kind *kind,
                               const char *insert, struct db_statement *from)
{
    bool row = false;
    struct arena *scratch = arena_new(ROW_ARENA_BYTES);
    struct status status = db_step(from, &row);

    (void)arena;
    while (status.code == STATUS_OK && row) {
        status = status_within(scratch, copy_row(db, scratch, kind, insert, from));
        arena_reset(scratch);
        if (status.code == STATUS_OK) {
            status = db_step(from, &row);
        }
    }
    arena_free(scratch);
    return status;
}

static struct status copy_table(struct db *db, struct arena *arena,
                                const struct resource_kind *kind, const char *new_name)
{
    struct db_statement *from = NULL;
    const char *select = arena_printf(
        arena,
        "SELECT name, revision, from_seq, from_time, to_seq, to_time, deleted, uid, created, "
        "parent, body FROM \"%s\" ORDER BY name, revision",
        kind->plural);
    const char *insert = table_copy(arena, kind, new_name);

    if (insert == NULL) {
        return status_out_of_memory();
    }
    TRY(db_prepare(db, select, &from));
    const struct status status = copy_rows(db, arena, kind, insert, from);
    db_reset(from);
    return status;
}

static struct status execute(struct db *db, const char *text)
{
    return text != NULL ? db_execute(db, text) : status_out_of_memory();
}

static struct status make_anew(struct db *db, struct arena *arena, const struct resource_kind *kind)
{
    const char *new_name = arena_printf(arena, "%s_new", kind->plural);

    TRY(execute(db, table_definition(arena, kind, new_name)));
    TRY(copy_table(db, arena, kind, new_name));
    TRY(execute(db, arena_printf(arena, "DROP TABLE \"%s\"", kind->plural)));
    TRY(execute(
        db, arena_printf(arena, "ALTER TABLE \"%s\" RENAME TO \"%s\"", new_name, kind->plural)));
    return execute(db, table_indexes(arena, kind));
}

static struct status migrate_kind(struct db *db, struct arena *arena,
                                  const struct resource_kind *kind)
{
    bool found = false;
    int64_t layout = 0;
    const char *key = arena_printf(arena, LAYOUT_PREFIX "%s", kind->plural);

    TRY(meta_read(db, key, &found, &layout));
    if (found && layout > kind->layout) {
        return too_new(arena, key, layout, kind->layout);
    }
    if (found && layout == kind->layout) {
        return execute(db, table_indexes(arena, kind)); /* those that are new */
    }
    if (found) {
        TRY(make_anew(db, arena, kind));
    } else {
        TRY(execute(db, table_definition(arena, kind, kind->plural)));
        TRY(execute(db, table_indexes(arena, kind)));
    }
    return meta_write(db, key, kind->layout, (struct slice){0});
}

static bool is_known(struct slice key, const struct table *tables, size_t count)
{
    const size_t prefix = strlen(LAYOUT_PREFIX);

    for (size_t i = 0; i < count; i++) {
        if (slice_is((struct slice){key.data + prefix, key.length - prefix},
                     tables[i].kind->plural)) {
            return true;
        }
    }
    return false;
}

/* A kind that this program lacks: it would neither count its children nor serve its history. */
static struct status refuse_unknown_rows(struct db_statement *statement, struct arena *arena,
                                         const struct table *tables, size_t count)
{
    bool row = false;

    TRY(db_step(statement, &row));
    while (row) {
        const struct slice key = db_bytes(statement, 0);
        if (!is_known(key, tables, count)) {
            return status_make(arena, STATUS_FAILED_PRECONDITION, "STORE_TOO_NEW", NULL,
                               "the store was written by a newer program: %.*s is not known",
                               SLICE_ARGS(key));
        }
        TRY(db_step(statement, &row));
    }
    return STATUS_NONE;
}

static struct status refuse_unknown_kinds(struct db *db, struct arena *arena,
                                          const struct table *tables, size_t count)
{
    struct db_statement *statement = NULL;

    /* ';' is the character after ':'. */
    TRY(db_prepare(db, "SELECT key FROM meta WHERE key >= 'layout:' AND key < 'layout;'",
                   &statement));
    const struct status status = refuse_unknown_rows(statement, arena, tables, count);
    db_reset(statement);
    return status;
}

struct status migrate_kinds(struct db *db, struct arena *arena, const struct table *tables,
                            size_t count)
{
    TRY(refuse_unknown_kinds(db, arena, tables, count));
    for (size_t i = 0; i < count; i++) {
        TRY(migrate_kind(db, arena, tables[i].kind));
    }
    return STATUS_NONE;
}

struct status migrate_read_id(struct db *db, uint8_t ret_store_id[DIGEST_BYTES])
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, "SELECT bytes FROM meta WHERE key = 'store_id'", &statement));
    struct status status = db_step(statement, &row);
    if (status.code == STATUS_OK) {
        const struct slice id = row ? db_bytes(statement, 0) : (struct slice){0};
        if (id.length == DIGEST_BYTES) {
            memcpy(ret_store_id, id.data, DIGEST_BYTES);
        } else {
            status = (struct status){.code = STATUS_DATA_LOSS,
                                     .reason = "STORE_CORRUPT",
                                     .message = "the store has no id"};
        }
    }
    db_reset(statement);
    return status;
}

static struct status migrate_in_transaction(struct db *db, struct arena *arena,
                                            const struct table *tables, size_t count,
                                            uint8_t ret_store_id[DIGEST_BYTES])
{
    TRY(migrate_base(db, arena, migrate_steps, migrate_step_count));
    TRY(migrate_kinds(db, arena, tables, count));
    TRY(migrate_read_id(db, ret_store_id));
    return db_commit(db);
}

static struct status layout_read(struct db *db, struct arena *arena,
                                 const struct resource_kind *kind, bool *ret_found,
                                 int64_t *ret_layout)
{
    const char *key = arena_printf(arena, LAYOUT_PREFIX "%s", kind->plural);

    return meta_read(db, key, ret_found, ret_layout);
}

static struct status format_check(struct db *db, struct arena *arena)
{
    bool found = false;
    int64_t format = 0;

    TRY(meta_read(db, "format", &found, &format));
    return format <= (int64_t)migrate_step_count
               ? STATUS_NONE
               : too_new(arena, "format", format, (int64_t)migrate_step_count);
}

static struct status table_check(struct db *db, struct arena *arena,
                                 const struct resource_kind *kind, enum migrate_table *ret_table)
{
    bool found = false;
    int64_t layout = 0;

    TRY(layout_read(db, arena, kind, &found, &layout));
    if (layout > kind->layout) {
        return too_new(arena, kind->plural, layout, kind->layout);
    }
    *ret_table = !found                  ? MIGRATE_NO_TABLE
                 : layout < kind->layout ? MIGRATE_OLD_TABLE
                                         : MIGRATE_TABLE;
    return STATUS_NONE;
}

struct status migrate_check(struct db *db, struct arena *arena,
                            const struct resource_kind *const *kinds, size_t count,
                            enum migrate_table *ret_tables)
{
    struct table *tables = arena_array(arena, count, sizeof(*tables));
    bool has_one = count == 0;

    TRY(format_check(db, arena));
    for (size_t i = 0; i < count; i++) {
        tables[i].kind = kinds[i];
        TRY(table_check(db, arena, kinds[i], &ret_tables[i]));
        has_one = has_one || ret_tables[i] != MIGRATE_NO_TABLE;
    }
    if (!has_one) {
        return status_make(arena, STATUS_FAILED_PRECONDITION, "STORE_OTHER_SERVICE", NULL,
                           "the file is not of this service: it has no %s", kinds[0]->plural);
    }
    return refuse_unknown_kinds(db, arena, tables, count);
}

struct status migrate(struct db *db, struct arena *arena, const struct table *tables, size_t count,
                      uint8_t ret_store_id[DIGEST_BYTES])
{
    TRY(db_begin(db));
    const struct status status = migrate_in_transaction(db, arena, tables, count, ret_store_id);
    db_rollback(db);
    return status;
}
