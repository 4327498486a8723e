/* resource_scan.c - walks over many revisions: those of a collection, and those of one name. */
#include "pb/message.h"
#include "store/page_token.h"
#include "store/query.h"
#include "store/row_memo.h"
#include "store/store_internal.h"

typedef struct status (*each_function)(void *arg, const struct resource_revision *row);

static bool has_column(const struct resource_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->column_count; i++) {
        if (strcmp(kind->columns[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static struct status scan_query(struct query *query, struct tx *tx,
                                const struct resource_kind *kind, const struct resource_scan *scan,
                                const char **ret_pattern)
{
    *ret_pattern = NULL;
    if (scan->name != NULL) {
        const char *parent = resource_parent(tx->arena, scan->name);
        query_compare_text(query, "name", " = ", scan->name);
        /* Lets an index over (parent, column, name) serve a name with a column. */
        query_compare_text(query, "parent", " = ", parent);
    } else {
        TRY(query_parent(query, tx->arena, kind, scan->parent, ret_pattern));
    }
    if (scan->column != NULL) {
        if (!has_column(kind, scan->column)) {
            return status_make(tx->arena, STATUS_INTERNAL, "STORE_KIND", NULL,
                               "%s have no column %s", kind->plural, scan->column);
        }
        query_compare(query, scan->column, " = ",
                      (struct column_value){.text = scan->text, .int64 = scan->int64});
    }
    query_time(query, tx, scan->all_revisions);
    /* With a column the order is of an expression, or SQLite would rather walk the whole collection
     * by name, which is in order, than sort the few rows that the column's index gives. */
    query_append(query, scan->column != NULL && scan->name == NULL
                            ? " ORDER BY r.name || '', r.revision"
                            : " ORDER BY r.name, r.revision");
    return STATUS_NONE;
}

static struct status walk(struct tx *tx, const struct resource_kind *kind, const char *pattern,
                          struct db_statement *statement, each_function each, void *arg)
{
    bool row = false;

    TRY(db_step(statement, &row));
    while (row) {
        struct resource_revision revision;
        if (query_parent_fits(pattern, db_bytes(statement, ROW_NAME))) {
            row_read(tx, statement, &revision);
            TRY(row_decode(tx, tx->arena, kind, statement, &revision.message));
            TRY(each(arg, &revision));
        }
        TRY(db_step(statement, &row));
    }
    return STATUS_NONE;
}

struct status resource_each(struct tx *tx, const struct resource_kind *kind,
                            const struct resource_scan *scan, each_function each, void *arg)
{
    const struct table *table = NULL;
    struct db_statement *statement = NULL;
    const char *pattern = NULL;
    struct query query;

    TRY(table_of(tx, kind, &table));
    query_init(&query, table, NULL);
    struct status status = scan_query(&query, tx, kind, scan, &pattern);
    if (status.code == STATUS_OK) {
        status = query_prepare(&query, tx->db, &statement);
    }
    if (status.code == STATUS_OK) {
        status = walk(tx, kind, pattern, statement, each, arg);
        db_reset(statement);
    }
    query_done(&query);
    return status;
}

/* An array in the arena that doubles. */
struct rows {
    struct arena *arena;
    struct resource_revision *items;
    size_t count;
    size_t capacity;
};

static struct status rows_append(void *arg, const struct resource_revision *row)
{
    enum { FIRST_CAPACITY = 16 };
    struct rows *rows = arg;

    if (rows->count == rows->capacity) {
        const size_t capacity = rows->capacity > 0 ? 2 * rows->capacity : FIRST_CAPACITY;
        struct resource_revision *items = arena_array(rows->arena, capacity, sizeof(*items));
        if (rows->count > 0) {
            memcpy(items, rows->items, rows->count * sizeof(*items));
        }
        rows->items = items;
        rows->capacity = capacity;
    }
    rows->items[rows->count++] = *row;
    return STATUS_NONE;
}

struct status resource_all(struct tx *tx, const struct resource_kind *kind,
                           const struct resource_scan *scan, struct resource_revision **ret_rows,
                           size_t *ret_count)
{
    struct rows rows = {.arena = tx->arena};

    TRY(resource_each(tx, kind, scan, rows_append, &rows));
    *ret_rows = rows.items;
    *ret_count = rows.count;
    return STATUS_NONE;
}

/* Decodes them into the memo's own arena; false when they do not fit, or cannot be read. */
static bool remember(struct tx *tx, const struct resource_kind *kind,
                     const struct resource_scan *scan, struct resource_revision **ret_rows,
                     size_t *ret_count)
{
    struct tx own = *tx;

    own.arena = row_memo_arena(tx->memo);
    return own.arena != NULL &&
           resource_all(&own, kind, scan, ret_rows, ret_count).code == STATUS_OK &&
           row_memo_add(tx->memo, kind, scan, *ret_rows, *ret_count);
}

struct status resource_all_shared(struct tx *tx, const struct resource_kind *kind,
                                  const struct resource_scan *scan,
                                  const struct resource_revision **ret_rows, size_t *ret_count)
{
    struct resource_revision *rows = NULL;

    if (tx->memo != NULL && !tx_is_as_of(tx)) {
        if (row_memo_find(tx->memo, kind, scan, &rows, ret_count) ||
            remember(tx, kind, scan, &rows, ret_count)) {
            tx->shares = true;
            *ret_rows = rows;
            return STATUS_NONE;
        }
        row_memo_fill(tx->memo);
    }
    TRY(resource_all(tx, kind, scan, &rows, ret_count));
    *ret_rows = rows;
    return STATUS_NONE;
}

struct status resource_find_shared(struct tx *tx, const struct resource_kind *kind,
                                   const char *name, const void **ret_message)
{
    const struct resource_scan scan = {.name = name};
    const struct resource_revision *rows = NULL;
    size_t count = 0;

    TRY(resource_all_shared(tx, kind, &scan, &rows, &count));
    *ret_message = count > 0 ? rows[count - 1].message : NULL;
    return STATUS_NONE;
}

struct status resource_get_shared(struct tx *tx, const struct resource_kind *kind, const char *name,
                                  const void **ret_message)
{
    TRY(resource_find_shared(tx, kind, name, ret_message));
    return *ret_message != NULL ? STATUS_NONE : resource_not_found(tx, name);
}

/* A page of history while it is read. */
struct history {
    struct tx *tx;
    const struct resource_kind *kind;
    size_t page_size;
    struct rows rows;
    size_t bytes;
    bool more;
};

static struct status history_row(struct history *history, struct db_statement *statement)
{
    struct arena *arena = history->tx->arena;
    const struct slice body = db_bytes(statement, ROW_BODY);
    struct resource_revision row;

    row_read(history->tx, statement, &row);
    row.actor = arena_copy(arena, db_bytes(statement, ROW_COLUMNS));
    row.method = arena_copy(arena, db_bytes(statement, ROW_COLUMNS + 1));
    TRY(row_decode(history->tx, arena, history->kind, statement, &row.message));
    history->bytes += body.length;
    return rows_append(&history->rows, &row);
}

static struct status history_rows(struct history *history, struct db_statement *statement)
{
    bool row = false;

    TRY(db_step(statement, &row));
    while (row && !history->more) {
        const size_t length = db_bytes(statement, ROW_BODY).length;
        history->more = history->rows.count == history->page_size ||
                        (history->rows.count > 0 && history->bytes + length > PAGE_MAX_BYTES);
        if (!history->more) {
            TRY(history_row(history, statement));
            TRY(db_step(statement, &row));
        }
    }
    return STATUS_NONE;
}

static struct status history_read(struct history *history, const struct table *table,
                                  const char *name, const struct page_position *position)
{
    struct tx *tx = history->tx;
    struct db_statement *statement = NULL;
    struct query query;

    query_init(&query, table, ", j.actor, j.method");
    query_append(&query, " JOIN journal AS j ON j.seq = r.from_seq");
    query_compare_text(&query, "name", " = ", name);
    query_time(&query, tx, true);
    if (position->key_count > 0) {
        query_compare(&query, "revision", " < ", position->keys[0]);
    }
    query_append(&query, " ORDER BY r.revision DESC");
    struct status status = query_prepare(&query, tx->db, &statement);
    if (status.code == STATUS_OK) {
        status = history_rows(history, statement);
        db_reset(statement);
    }
    query_done(&query);
    return status;
}

static struct status history_token(struct history *history, const struct page_request *request,
                                   const char **ret_token)
{
    const struct resource_revision *last = &history->rows.items[history->rows.count - 1];
    const struct page_position position = {
        .as_of_seq = history->tx->as_of_seq, .key_count = 1, .keys = {{.int64 = last->revision}}};
    struct buffer bytes;

    buffer_init(&bytes, PAGE_MAX_BYTES);
    page_position_write(&bytes, &position);
    const struct status status =
        buffer_failed(&bytes)
            ? status_out_of_memory()
            : page_token_make(history->tx, request, buffer_slice(&bytes), ret_token);
    buffer_done(&bytes);
    return status;
}

struct status resource_history(struct tx *tx, const struct resource_kind *kind, const char *name,
                               int32_t page_size, const char *page_token,
                               struct resource_revision **ret_rows, size_t *ret_count,
                               const char **ret_next_token)
{
    const struct page_request request = {.parts = {"history", kind->plural, name}};
    struct history history = {.tx = tx, .kind = kind, .rows = {.arena = tx->arena}};
    const struct table *table = NULL;
    struct page_position position;
    const char *token = "";

    TRY(table_of(tx, kind, &table));
    TRY(page_size_check(tx->arena, page_size, &history.page_size));
    TRY(page_token_read(tx, &request, page_token, 1, &position));
    if (position.key_count > 0) {
        tx->as_of_seq = position.as_of_seq;
    }
    TRY(history_read(&history, table, name, &position));
    if (history.rows.count == 0 && position.key_count == 0) {
        return resource_not_found(tx, name);
    }
    if (history.more) {
        TRY(history_token(&history, &request, &token));
    }
    *ret_rows = history.rows.items;
    *ret_count = history.rows.count;
    *ret_next_token = token;
    return STATUS_NONE;
}
