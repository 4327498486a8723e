/* check_rows.c - the resources of a store against its journal. */
#include "store/check_internal.h"

#include "base/buffer.h"
#include "pb/message.h"
#include "pb/timestamp.h"
#include "store/table.h"

#include <stdlib.h>

enum { BODIES_BYTES = 64 << 20, TEXT_MAX_BYTES = 1 << 15 };

enum column {
    NAME,
    REVISION,
    FROM_SEQ,
    TO_SEQ,
    TO_TIME,
    DELETED,
    UID,
    CREATED,
    PARENT,
    BODY,
    NEXT_SEQ,
    NEXT_TIME,
    BEGIN_SEQ,
    END_SEQ,
    CREATED_SEQ,
    OWN_COLUMNS,
};

static struct status broken(struct arena *arena, const struct resource_kind *kind,
                            struct slice name, int64_t revision, const char *why)
{
    return status_make(arena, STATUS_DATA_LOSS, "ROW_BROKEN", NULL,
                       "%.*s (%s), revision %lld, is not what was written: %s", SLICE_ARGS(name),
                       kind->plural, (long long)revision, why);
}

static struct status entry_without_row(struct db_statement *statement, struct arena *arena)
{
    bool row = false;

    TRY(db_step(statement, &row));
    return row ? status_make(arena, STATUS_DATA_LOSS, "ROW_BROKEN", NULL,
                             "journal entry %lld wrote %.*s, revision %lld, and the stored row is "
                             "missing or another one",
                             (long long)db_int64(statement, 0), SLICE_ARGS(db_bytes(statement, 1)),
                             (long long)db_int64(statement, 2))
               : STATUS_NONE;
}

/* An entry without a body ended its revision; every other one began it. */
const char *check_entries_text(struct arena *arena, const struct resource_kind *kind,
                               const struct corrections *corrections)
{
    const char *time = corrections_sql(arena, corrections, "j");

    if (time == NULL) {
        return NULL;
    }
    return arena_printf(
        arena,
        "SELECT j.seq, j.name, j.revision FROM journal AS j LEFT JOIN \"%s\" AS r "
        "ON r.name = j.name AND r.revision = j.revision "
        "WHERE j.seq > $1 AND j.seq <= $2 AND j.kind = $3 AND (CASE WHEN length(j.body) > 0 "
        "THEN r.from_seq = j.seq AND r.from_time = %s AND r.body = j.body "
        "ELSE r.to_seq = j.seq AND r.to_time = %s AND r.deleted = 1 END) IS NOT TRUE "
        "ORDER BY j.seq LIMIT 1",
        kind->plural, time, time);
}

struct status check_entries(struct db *db, struct arena *arena, const struct check_span *span)
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db, span->text, &statement));
    db_bind_int64(statement, 1, (int64_t)span->after_seq);
    db_bind_int64(statement, 2, (int64_t)span->to_seq);
    db_bind_text(statement, 3, slice_from(span->kind->plural));
    const struct status status = entry_without_row(statement, arena);
    db_reset(statement);
    return status;
}

static const char *rows_text(struct arena *arena, const struct resource_kind *kind,
                             const struct corrections *corrections, bool with_columns)
{
    const char *begun = corrections_sql(arena, corrections, "b");
    const char *ended = corrections_sql(arena, corrections, "e");
    struct buffer out;

    if (begun == NULL || ended == NULL) {
        return NULL;
    }
    buffer_init(&out, TEXT_MAX_BYTES);
    buffer_append_text(&out, "SELECT r.name, r.revision, r.from_seq, r.to_seq, r.to_time, "
                             "r.deleted, r.uid, r.created, r.parent, r.body, n.from_seq, "
                             "n.from_time, b.seq, e.seq, ");
    /* Which entry made it is asked for only where its time may have been corrected. */
    if (corrections->count == 0) {
        buffer_append_text(&out, "0");
    } else {
        buffer_printf(&out,
                      "(SELECT f.from_seq FROM \"%s\" AS f WHERE f.name = r.name AND f.uid = r.uid "
                      "ORDER BY f.revision LIMIT 1)",
                      kind->plural);
    }
    for (size_t i = 0; with_columns && i < kind->column_count; i++) {
        buffer_printf(&out, ", r.\"%s\"", kind->columns[i].name);
    }
    buffer_printf(&out,
                  " FROM \"%s\" AS r "
                  "LEFT JOIN \"%s\" AS n ON n.name = r.name AND n.revision = r.revision + 1 "
                  "LEFT JOIN journal AS b ON b.seq = r.from_seq AND b.name = r.name "
                  "AND b.revision = r.revision AND %s = r.from_time AND b.kind = $1 "
                  "LEFT JOIN journal AS e ON e.seq = r.to_seq AND e.name = r.name "
                  "AND e.revision = r.revision AND %s = r.to_time AND e.kind = $2 "
                  "AND length(e.body) = 0 "
                  "WHERE (r.name, r.revision) > ($3, $4) ORDER BY r.name, r.revision LIMIT $5",
                  kind->plural, kind->plural, begun, ended);
    const char *text = buffer_failed(&out) ? NULL : arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
    return text;
}

struct status check_rows_start(struct arena *arena, const struct resource_kind *kind,
                               const struct corrections *corrections, bool with_columns,
                               struct check_rows *ret_walk)
{
    const struct check_rows walk = {
        .kind = kind,
        .corrections = corrections,
        .text = rows_text(arena, kind, corrections, with_columns),
        .with_columns = with_columns,
        .bodies = arena_new(BODIES_BYTES),
        .name = strdup(""),
    };

    *ret_walk = walk;
    return walk.text != NULL ? STATUS_NONE : status_out_of_memory();
}

void check_rows_done(struct check_rows *walk)
{
    arena_free(walk->bodies);
    free(walk->name);
}

/* NULL when the row begins and ends as the journal says. */
static const char *span_complaint(struct db_statement *row)
{
    const bool has_next = !db_is_null(row, NEXT_SEQ);
    const bool deleted = db_int64(row, DELETED) == 1;

    if (db_is_null(row, BEGIN_SEQ)) {
        return "no journal entry began it";
    }
    if (db_is_null(row, TO_SEQ)) {
        return has_next || db_int64(row, DELETED) != 0 || !db_is_null(row, TO_TIME)
                   ? "it is kept as the current one and is not"
                   : NULL;
    }
    if (deleted) {
        const bool is_before = !has_next || db_int64(row, NEXT_SEQ) > db_int64(row, TO_SEQ);
        return db_is_null(row, END_SEQ) || !is_before ? "no journal entry deleted it then" : NULL;
    }
    return db_int64(row, DELETED) == 0 && has_next &&
                   db_int64(row, NEXT_SEQ) == db_int64(row, TO_SEQ) &&
                   db_int64(row, NEXT_TIME) == db_int64(row, TO_TIME)
               ? NULL
               : "it does not end where the next one begins";
}

static bool column_is_same(struct db_statement *row, int at, const struct resource_column *column,
                           struct column_value value)
{
    if (value.is_null || db_is_null(row, at)) {
        return value.is_null && db_is_null(row, at);
    }
    return column->type == COLUMN_TEXT ? slice_is(db_bytes(row, at), value.text)
                                       : db_int64(row, at) == value.int64;
}

static bool is_text(struct db_statement *row, int at, const char *text)
{
    return text != NULL && slice_is(db_bytes(row, at), text);
}

/* NULL when what is beside the body is what the body says. */
static const char *body_complaint(struct db_statement *row, const struct check_rows *walk,
                                  const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = walk->kind->type;
    const char *name = message_string(message, "name");
    /* The body has the time as it was known when it was written. */
    const int64_t shift_us = corrections_shift_us(
        walk->corrections, (uint64_t)db_int64(row, CREATED_SEQ), (uint64_t)db_int64(row, FROM_SEQ));

    if (!is_text(row, NAME, name)) {
        return "its name differs from its body";
    }
    if (!is_text(row, PARENT, resource_parent(walk->bodies, name))) {
        return "its parent differs from its name";
    }
    if (message_field(type, slice_from("uid")) != NULL &&
        !is_text(row, UID, message_string(message, "uid"))) {
        return "its uid differs from its body";
    }
    if (message_field(type, slice_from("create_time")) != NULL &&
        time_unwrap(message_child(message, "create_time")) + shift_us != db_int64(row, CREATED)) {
        return "its time of creation differs from its body";
    }
    for (size_t i = 0; walk->with_columns && i < walk->kind->column_count; i++) {
        const struct resource_column *column = &walk->kind->columns[i];
        if (!column_is_same(row, OWN_COLUMNS + (int)i, column,
                            column_value(column, walk->bodies, message))) {
            return arena_printf(walk->bodies, "its column %s differs from its body", column->name);
        }
    }
    return NULL;
}

static struct status row_check(struct db_statement *row, struct arena *arena,
                               struct check_rows *walk)
{
    const struct slice name = db_bytes(row, NAME);
    const int64_t revision = db_int64(row, REVISION);
    const char *why = span_complaint(row);
    void *message = NULL;

    if (revision != (slice_is(name, walk->name) ? walk->revision + 1 : 1)) {
        why = "the one before it is missing";
    }
    if (why == NULL) {
        const struct status status =
            resource_decode(walk->bodies, walk->kind, db_bytes(row, BODY), &message);
        if (status.code == STATUS_RESOURCE_EXHAUSTED) {
            return status;
        }
        why = status.code == STATUS_OK ? body_complaint(row, walk, message)
                                       : "its body cannot be read";
    }
    if (why != NULL) {
        return broken(arena, walk->kind, name, revision, why);
    }
    if (!slice_is(name, walk->name)) {
        char *copy = strndup(name.data, name.length);
        if (copy == NULL) {
            return status_out_of_memory();
        }
        free(walk->name);
        walk->name = copy;
    }
    walk->revision = revision;
    return STATUS_NONE;
}

static struct status rows_check(struct db_statement *statement, struct arena *arena,
                                struct check_rows *walk, unsigned *ret_rows)
{
    bool row = false;

    TRY(db_step(statement, &row));
    while (row) {
        TRY(row_check(statement, arena, walk));
        arena_reset(walk->bodies);
        (*ret_rows)++;
        TRY(db_step(statement, &row));
    }
    return STATUS_NONE;
}

struct status check_rows_next(struct db *db, struct arena *arena, struct check_rows *walk,
                              bool *ret_end)
{
    const struct slice plural = slice_from(walk->kind->plural);
    struct db_statement *statement = NULL;
    unsigned rows = 0;
    char *after = strdup(walk->name); /* bound while the walk goes on */

    if (after == NULL) {
        return status_out_of_memory();
    }
    struct status status = db_prepare(db, walk->text, &statement);
    if (status.code == STATUS_OK) {
        db_bind_text(statement, 1, plural);
        db_bind_text(statement, 2, plural);
        db_bind_text(statement, 3, slice_from(after));
        db_bind_int64(statement, 4, walk->revision);
        db_bind_int64(statement, 5, CHECK_BATCH);
        status = rows_check(statement, arena, walk, &rows);
    }
    db_reset(statement);
    free(after);
    TRY(status);
    walk->rows += rows;
    *ret_end = rows < CHECK_BATCH;
    return STATUS_NONE;
}
