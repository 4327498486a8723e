/*
 * resource_list.c - pages by keyset.
 *
 * A list is ordered by keys k1..kn, the last one the name, so no two rows are equal. The rows
 * behind (v1..vn) are read as segments, one after the other, each one range of an index:
 *
 *     k1 = v1 .. kn-1 = vn-1, kn behind vn
 *     k1 = v1 .. kn-2 = vn-2, kn-1 behind vn-1
 *     ...
 *     k1 behind v1
 *
 * NULL comes before every value; where a key descends, it is a segment of its own at the end.
 */
#include "pb/filter.h"
#include "pb/json.h"
#include "pb/message.h"
#include "store/page_token.h"
#include "store/query.h"
#include "store/store_internal.h"

enum { ROWS_LOOKED_AT_MAX = 10000, SCRATCH_BYTES = 64 << 20 };

struct list_key {
    const char *column;
    enum column_type type;
    bool descending;
};

struct list {
    struct tx *tx;
    const struct table *table;
    const struct resource_page *page;
    const struct filter *filter; /* NULL: all match */
    struct list_key keys[PAGE_KEYS_MAX];
    size_t key_count;
    struct page_position position;
    const char *pattern; /* of parents; NULL: SQL says it all */
    size_t page_size;
    struct arena *scratch; /* for rows that are only looked at */

    ProtobufCMessage **messages;
    size_t count;
    size_t bytes;
    size_t looked_at;
    struct buffer last; /* position of the last row looked at */
    bool more;
};

/* What every kind can be ordered by, where its message has the field. */
static const struct {
    const char *path;
    struct list_key key;
} standard_keys[] = {
    {"name", {.column = "name", .type = COLUMN_TEXT}},
    {"create_time", {.column = "created", .type = COLUMN_INT64}},
    {"update_time", {.column = "from_time", .type = COLUMN_INT64}},
};
enum { STANDARD_KEYS = sizeof(standard_keys) / sizeof(standard_keys[0]) };

static bool find_key(const struct resource_kind *kind, const char *path, struct list_key *ret_key)
{
    for (size_t i = 0; i < STANDARD_KEYS; i++) {
        if (strcmp(standard_keys[i].path, path) == 0) {
            *ret_key = standard_keys[i].key;
            return true;
        }
    }
    for (size_t i = 0; i < kind->column_count; i++) {
        const struct resource_column *column = &kind->columns[i];
        if (strcmp(column->name, path) == 0 ||
            (column->path != NULL && strcmp(column->path, path) == 0)) {
            *ret_key = (struct list_key){.column = column->name, .type = column->type};
            return true;
        }
    }
    return false;
}

/* Adds ", path" in JSON's spelling when the path is a field that has an order. */
static void add_field(struct buffer *out, struct arena *arena, const struct resource_kind *kind,
                      const char *path)
{
    struct order_key keys[ORDER_KEYS_MAX];
    size_t count = 0;
    char *name = arena_strdup(arena, path);

    if (order_parse(arena, kind->type, path, keys, &count).code == STATUS_OK) {
        (void)json_name(path, name);
        buffer_printf(out, "%s%s", out->length > 0 ? ", " : "", name);
    }
}

static struct status refuse_order(struct list *list, const char *why)
{
    enum { NAMES_MAX_BYTES = 4096 };
    struct arena *arena = list->tx->arena;
    const struct resource_kind *kind = list->table->kind;
    struct buffer names;

    buffer_init(&names, NAMES_MAX_BYTES);
    for (size_t i = 0; i < STANDARD_KEYS; i++) {
        add_field(&names, arena, kind, standard_keys[i].path);
    }
    for (size_t i = 0; i < kind->column_count; i++) {
        const struct resource_column *column = &kind->columns[i];
        add_field(&names, arena, kind, column->path != NULL ? column->path : column->name);
    }
    const struct slice text = buffer_failed(&names) ? slice_from("name") : buffer_slice(&names);
    const struct status status =
        status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_ORDER_BY", "orderBy",
                    "%s; %s can be ordered by %.*s", why, kind->plural, SLICE_ARGS(text));
    buffer_done(&names);
    return status;
}

static struct status add_key(struct list *list, const struct order_key *order)
{
    struct list_key key;

    if (!find_key(list->table->kind, order->path, &key)) {
        return refuse_order(list, "orderBy: this field has no order");
    }
    key.descending = order->descending;
    list->keys[list->key_count++] = key;
    return STATUS_NONE;
}

/* The keys, ended by the name: in the direction of the key before, so that an index over both is
 * walked one way. Nothing comes behind the name, since no two are equal. */
static struct status read_order(struct list *list)
{
    struct order_key orders[ORDER_KEYS_MAX];
    struct order_key name = {.path = "name"};
    size_t count = 0;

    const struct status parsed =
        order_parse(list->tx->arena, list->table->kind->type,
                    list->page->order_by != NULL ? list->page->order_by : "", orders, &count);
    if (parsed.code == STATUS_INVALID_ARGUMENT) {
        return refuse_order(list, parsed.message);
    }
    TRY(parsed);
    for (size_t i = 0; i < count; i++) {
        TRY(add_key(list, &orders[i]));
        name.descending = orders[i].descending;
    }
    TRY(add_key(list, &name));
    for (size_t i = 0; i < list->key_count; i++) {
        if (strcmp(list->keys[i].column, "name") == 0) {
            list->key_count = i + 1;
        }
    }
    return STATUS_NONE;
}

/* What the filter implies for the column; false when that is nothing an index can help with. */
static bool required_value(const struct list *list, const struct resource_column *column,
                           struct column_value *ret_value)
{
    const char *text = NULL;
    int64_t number = 0;

    if (column->path == NULL) {
        return false;
    }
    if (column->type == COLUMN_TEXT && filter_requires(list->filter, column->path, &text) &&
        text[0] != '\0') {
        *ret_value = (struct column_value){.text = text};
        return true;
    }
    if (column->type == COLUMN_INT64 &&
        filter_requires_number(list->filter, column->path, &number) && number != 0) {
        *ret_value = (struct column_value){.int64 = number};
        return true;
    }
    return false;
}

/* A condition that the filter implies and an index can help with: one, since one index is used.
 * Without an index it would be a walk with no bound. */
static void add_required(struct list *list, struct query *query)
{
    const struct resource_kind *kind = list->table->kind;
    const bool across = list->pattern != NULL;

    for (size_t i = 0; list->filter != NULL && i < kind->column_count; i++) {
        const struct resource_column *column = &kind->columns[i];
        struct column_value value = {0};
        if ((across ? column->indexed_across : column->indexed) &&
            required_value(list, column, &value)) {
            query_compare(query, column->name, " = ", value);
            return;
        }
    }
}

static void add_equal(struct query *query, const struct list_key *key, struct column_value value)
{
    if (value.is_null) {
        query_null(query, key->column);
    } else {
        query_compare(query, key->column, " = ", value);
    }
}

/* Rows behind value; the NULLs that come behind a descending one are left out. */
static void add_behind(struct query *query, const struct list_key *key, struct column_value value)
{
    if (!value.is_null) {
        query_compare(query, key->column, key->descending ? " < " : " > ", value);
    } else if (key->type == COLUMN_TEXT) {
        query_compare_text(query, key->column, " >= ", "");
    } else {
        query_compare(query, key->column, " >= ", (struct column_value){.int64 = INT64_MIN});
    }
}

static void add_order(struct query *query, const struct list *list, size_t first)
{
    for (size_t i = first; i < list->key_count; i++) {
        const bool descending = list->keys[i].descending;
        query_append(query, "%s r.\"%s\"%s", i == first ? " ORDER BY" : ",", list->keys[i].column,
                     descending ? " DESC NULLS LAST" : " ASC NULLS FIRST");
    }
}

static void write_position(struct list *list, struct db_statement *statement)
{
    struct page_position position = {.as_of_seq = list->tx->as_of_seq,
                                     .key_count = list->key_count};

    buffer_clear(&list->last);
    arena_reset(list->scratch);
    for (size_t i = 0; i < list->key_count; i++) {
        const int column = ROW_COLUMNS + (int)i;
        if (db_is_null(statement, column)) {
            position.keys[i].is_null = true;
        } else if (list->keys[i].type == COLUMN_TEXT) {
            position.keys[i].text = arena_copy(list->scratch, db_bytes(statement, column));
            list->last.failed |= position.keys[i].text == NULL;
        } else {
            position.keys[i].int64 = db_int64(statement, column);
        }
    }
    page_position_write(&list->last, &position);
}

static struct status row_matches(struct list *list, struct db_statement *statement,
                                 bool *ret_matches)
{
    void *message = NULL;

    if (list->filter == NULL) {
        *ret_matches = true;
        return STATUS_NONE;
    }
    arena_reset(list->scratch);
    TRY(row_decode(list->tx, list->scratch, list->table->kind, statement, &message));
    *ret_matches = filter_matches(list->filter, message);
    return STATUS_NONE;
}

static struct status take_row(struct list *list, struct db_statement *statement)
{
    const struct slice body = db_bytes(statement, ROW_BODY);
    void *message = NULL;
    bool matches = false;

    if (query_parent_fits(list->pattern, db_bytes(statement, ROW_NAME))) {
        TRY(row_matches(list, statement, &matches));
    }
    if (matches && (list->count == list->page_size ||
                    (list->count > 0 && list->bytes + body.length > PAGE_MAX_BYTES))) {
        list->more = true;
        return STATUS_NONE;
    }
    if (matches) {
        TRY(row_decode(list->tx, list->tx->arena, list->table->kind, statement, &message));
        list->messages[list->count++] = message;
        list->bytes += body.length;
    }
    write_position(list, statement);
    list->looked_at++;
    list->more = list->looked_at == ROWS_LOOKED_AT_MAX;
    return STATUS_NONE;
}

static struct status take_rows(struct list *list, struct db_statement *statement)
{
    bool row = false;

    TRY(db_step(statement, &row));
    while (row) {
        TRY(take_row(list, statement));
        if (list->more) {
            break;
        }
        TRY(db_step(statement, &row));
    }
    return STATUS_NONE;
}

/* A segment: the first equal_count keys are those of the position, the next one is behind it, or
 * NULL at the end of a descending key. Without a position: all rows. */
static struct status segment_query(struct list *list, struct query *query, size_t equal_count,
                                   bool nulls)
{
    TRY(query_parent(query, list->tx->arena, list->table->kind, list->page->parent,
                     &list->pattern));
    query_time(query, list->tx, false);
    add_required(list, query);
    if (list->position.key_count > 0) {
        for (size_t i = 0; i < equal_count; i++) {
            add_equal(query, &list->keys[i], list->position.keys[i]);
        }
        if (nulls) {
            query_null(query, list->keys[equal_count].column);
        } else {
            add_behind(query, &list->keys[equal_count], list->position.keys[equal_count]);
        }
    }
    add_order(query, list, equal_count);
    return STATUS_NONE;
}

static struct status read_segment(struct list *list, size_t equal_count, bool nulls)
{
    char columns[PAGE_KEYS_MAX * 72] = "";
    struct db_statement *statement = NULL;
    struct query query;

    for (size_t i = 0; i < list->key_count; i++) {
        (void)strcat(strcat(strcat(columns, ", r.\""), list->keys[i].column), "\"");
    }
    query_init(&query, list->table, columns);
    struct status status = segment_query(list, &query, equal_count, nulls);
    if (status.code == STATUS_OK) {
        status = query_prepare(&query, list->tx->db, &statement);
    }
    if (status.code == STATUS_OK) {
        status = take_rows(list, statement);
    }
    db_reset(statement);
    query_done(&query);
    return status;
}

static struct status read_page(struct list *list)
{
    if (list->position.key_count == 0) {
        return read_segment(list, 0, false);
    }
    for (size_t i = list->key_count; i > 0 && !list->more; i--) {
        const struct list_key *key = &list->keys[i - 1];
        const bool is_null = list->position.keys[i - 1].is_null;
        if (!(is_null && key->descending)) {
            TRY(read_segment(list, i - 1, false));
        }
        if (!is_null && key->descending && !list->more && i < list->key_count) {
            TRY(read_segment(list, i - 1, true));
        }
    }
    return STATUS_NONE;
}

static struct status list_page(struct list *list, const struct page_request *request,
                               const char **ret_token)
{
    const char *token = "";

    list->messages = arena_array(list->tx->arena, list->page_size, sizeof(*list->messages));
    TRY(read_page(list));
    if (list->more) {
        if (buffer_failed(&list->last)) {
            return status_out_of_memory();
        }
        TRY(page_token_make(list->tx, request, buffer_slice(&list->last), &token));
    }
    *ret_token = token;
    return STATUS_NONE;
}

static struct status list_prepare(struct list *list, const struct resource_kind *kind,
                                  const struct page_request *request)
{
    struct arena *arena = list->tx->arena;
    const struct resource_page *page = list->page;

    TRY(table_of(list->tx, kind, &list->table));
    TRY(page_size_check(arena, page->page_size, &list->page_size));
    if (page->filter != NULL && page->filter[0] != '\0') {
        TRY(filter_parse(arena, kind->type, page->filter, &list->filter));
    }
    TRY(read_order(list));
    TRY(page_token_read(list->tx, request, page->page_token, list->key_count, &list->position));
    if (list->position.key_count > 0) {
        list->tx->as_of_seq = list->position.as_of_seq;
    }
    return STATUS_NONE;
}

struct status resource_list(struct tx *tx, const struct resource_kind *kind,
                            const struct resource_page *page, ProtobufCMessage ***ret_messages,
                            size_t *ret_count, const char **ret_next_token)
{
    const struct page_request request = {
        .parts = {"list", kind->plural, page->parent, page->filter, page->order_by}};
    struct list list = {.tx = tx, .page = page};
    const char *token = NULL;

    TRY(list_prepare(&list, kind, &request));
    list.scratch = arena_new(SCRATCH_BYTES);
    buffer_init(&list.last, PAGE_MAX_BYTES);
    const struct status status = list_page(&list, &request, &token);
    buffer_done(&list.last);
    arena_free(list.scratch);
    TRY(status);
    *ret_messages = list.messages;
    *ret_count = list.count;
    *ret_next_token = token;
    return STATUS_NONE;
}
