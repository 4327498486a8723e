/* query.c - SQL texts as they are needed; values are always parameters. */
#include "store/query.h"

#include "store/store_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { QUERY_MAX_BYTES = 1 << 14, CONDITION_MAX_BYTES = 256 };

void query_init(struct query *query, const struct table *table, const char *more_columns)
{
    query->parameter_count = 0;
    query->has_condition = false;
    buffer_init(&query->text, QUERY_MAX_BYTES);
    buffer_append_text(&query->text, "SELECT " ROW_COLUMN_NAMES);
    buffer_append_text(&query->text, more_columns != NULL ? more_columns : "");
    buffer_append_text(&query->text, " FROM \"");
    buffer_append_text(&query->text, table->kind->plural);
    buffer_append_text(&query->text, "\" AS r");
}

void query_done(struct query *query)
{
    buffer_done(&query->text);
}

void query_append(struct query *query, const char *format, ...)
{
    char text[CONDITION_MAX_BYTES];
    va_list args;

    va_start(args, format);
    const int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof(text)) {
        query->text.failed = true;
        return;
    }
    buffer_append_text(&query->text, text);
}

static void add_parameter(struct query *query, struct column_value value)
{
    assert(query->parameter_count < QUERY_PARAMETERS_MAX);
    query->parameters[query->parameter_count++] = value;
    /* printf() would be a good part of what a short read costs. */
    buffer_append_char(&query->text, '$');
    if (query->parameter_count >= 10) {
        buffer_append_char(&query->text, (char)('0' + query->parameter_count / 10));
    }
    buffer_append_char(&query->text, (char)('0' + query->parameter_count % 10));
}

static void add_and(struct query *query)
{
    buffer_append_text(&query->text, query->has_condition ? " AND " : " WHERE ");
    query->has_condition = true;
}

static void add_column(struct query *query, const char *column, const char *behind)
{
    add_and(query);
    buffer_append_text(&query->text, "r.\"");
    buffer_append_text(&query->text, column);
    buffer_append_char(&query->text, '"');
    buffer_append_text(&query->text, behind);
}

void query_compare(struct query *query, const char *column, const char *operator,
                   struct column_value value)
{
    add_column(query, column, operator);
    add_parameter(query, value);
}

void query_compare_text(struct query *query, const char *column, const char *operator,
                        const char * text)
{
    query_compare(query, column, operator,(struct column_value){.text = text});
}

void query_null(struct query *query, const char *column)
{
    add_column(query, column, " IS NULL");
}

void query_time(struct query *query, const struct tx *tx, bool all_revisions)
{
    const struct column_value seq = {.int64 = (int64_t)tx->as_of_seq};

    if (tx_is_as_of(tx)) {
        query_compare(query, "from_seq", " <= ", seq);
    }
    if (all_revisions) {
        return;
    }
    if (tx_is_as_of(tx)) {
        add_and(query);
        buffer_append_text(&query->text, "(r.to_seq IS NULL OR r.to_seq > ");
        add_parameter(query, seq);
        buffer_append_char(&query->text, ')');
    } else {
        query_null(query, "to_seq");
    }
}

/* The place of the first segment "-" of parent; its length when there is none. */
static size_t wildcard_at(const char *parent)
{
    size_t start = 0;

    for (;;) {
        const size_t length = strcspn(parent + start, "/");
        if (length == 1 && parent[start] == '-') {
            return start;
        }
        if (parent[start + length] == '\0') {
            return start + length;
        }
        start += length + 1;
    }
}

struct status query_parent(struct query *query, struct arena *arena,
                           const struct resource_kind *kind, const char *parent,
                           const char **ret_pattern)
{
    const char *text = parent != NULL ? parent : "";
    const size_t wildcard = wildcard_at(text);

    *ret_pattern = NULL;
    if (text[wildcard] == '\0') {
        query_compare_text(query, "parent", " = ", text);
        return STATUS_NONE;
    }
    if (strcmp(text, "-") == 0) {
        return STATUS_NONE;
    }
    *ret_pattern = text;
    /* Where not even the first id is said, the range would be the whole table, and SQLite would
     * rather have that than an index that fits the order. */
    if (wildcard > strcspn(kind->pattern, "{")) {
        /* All names from "a/" to before "a0": '0' is the character after '/'. */
        const char *from = arena_copy(arena, (struct slice){.data = text, .length = wildcard});
        char *to = arena_copy(arena, (struct slice){.data = text, .length = wildcard});
        to[wildcard - 1] = '0';
        query_compare_text(query, "name", " >= ", from);
        query_compare_text(query, "name", " < ", to);
    }
    return STATUS_NONE;
}

bool query_parent_fits(const char *pattern, struct slice name)
{
    const char *at = name.data;
    const char *end = name.data + name.length;

    while (pattern != NULL && pattern[0] != '\0') {
        const size_t expected = strcspn(pattern, "/");
        const char *slash = memchr(at, '/', (size_t)(end - at));
        if (slash == NULL) {
            return false;
        }
        const struct slice found = {at, (size_t)(slash - at)};
        if (!(expected == 1 && pattern[0] == '-') &&
            !slice_equals(found, (struct slice){pattern, expected})) {
            return false;
        }
        at = slash + 1;
        pattern += expected + (pattern[expected] == '/');
    }
    return true;
}

static void bind(struct db_statement *statement, int index, struct column_value value)
{
    if (value.is_null) {
        db_bind_null(statement, index);
    } else if (value.text != NULL) {
        db_bind_text(statement, index, slice_from(value.text));
    } else {
        db_bind_int64(statement, index, value.int64);
    }
}

struct status query_prepare(struct query *query, struct db *db, struct db_statement **ret_statement)
{
    buffer_append_char(&query->text, '\0');
    if (buffer_failed(&query->text)) {
        return status_out_of_memory();
    }
    TRY(db_prepare(db, query->text.data, ret_statement));
    for (size_t i = 0; i < query->parameter_count; i++) {
        bind(*ret_statement, (int)i + 1, query->parameters[i]);
    }
    return STATUS_NONE;
}

void row_read(const struct tx *tx, struct db_statement *statement,
              struct resource_revision *ret_row)
{
    struct resource_revision row = {
        .revision = (int32_t)db_int64(statement, ROW_REVISION),
        .from_seq = (uint64_t)db_int64(statement, ROW_FROM_SEQ),
        .from_time_us = db_int64(statement, ROW_FROM_TIME),
        .to_seq = (uint64_t)db_int64(statement, ROW_TO_SEQ),
        .to_time_us = db_int64(statement, ROW_TO_TIME),
        .deleted = db_int64(statement, ROW_DELETED) != 0,
    };

    if (tx_is_as_of(tx) && row.to_seq > tx->as_of_seq) {
        row.to_seq = 0; /* it had not ended then */
        row.to_time_us = 0;
        row.deleted = false;
    }
    *ret_row = row;
}
