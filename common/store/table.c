/* table.c - SQL made of a resource_kind, and column values taken out of messages. */
#include "store/table.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "pb/message.h"
#include "store/store_internal.h"

enum { TABLE_TEXT_MAX_BYTES = 1 << 15 };

/* Tables and columns of the store's own; the words of SQL are harmless in quotes. */
static const char *const reserved_tables[] = {"journal", "meta", "idempotency"};
static const char *const reserved_columns[] = {"name",    "uid",       "revision", "from_seq",
                                               "to_seq",  "from_time", "to_time",  "created",
                                               "deleted", "parent",    "body"};

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_identifier(const char *word)
{
    const size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && length < 60 && word[length] == '\0' && (word[0] > '9' || word[0] < '0');
}

/* The message and field that a column's path leads to; NULL on the way for an unset message. */
static const ProtobufCFieldDescriptor *path_field(const ProtobufCMessageDescriptor *type,
                                                  const char *path,
                                                  const ProtobufCMessage **message)
{
    for (;;) {
        const size_t length = strcspn(path, ".");
        const ProtobufCFieldDescriptor *field =
            message_field(type, (struct slice){.data = path, .length = length});
        if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED || path[length] == '\0') {
            return field;
        }
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            return NULL;
        }
        *message = *message != NULL ? message_child(*message, field->name) : NULL;
        type = field->descriptor;
        path += length + 1;
    }
}

static bool field_is_text(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM;
}

static bool column_is_sound(const struct resource_kind *kind, const struct resource_column *column)
{
    const ProtobufCMessage *nothing = NULL;

    if (!is_identifier(column->name) ||
        is_one_of(column->name, reserved_columns,
                  sizeof(reserved_columns) / sizeof(reserved_columns[0]))) {
        return false;
    }
    if (column->extract != NULL) {
        return true;
    }
    const ProtobufCFieldDescriptor *field =
        column->path != NULL ? path_field(kind->type, column->path, &nothing) : NULL;
    if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED) {
        return false;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_ENUM:
        return column->type == COLUMN_TEXT;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_BOOL:
        return column->type == COLUMN_INT64;
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    default:
        return false;
    }
}

static struct status kind_check(struct arena *arena, const struct resource_kind *kind)
{
    bool sound = is_identifier(kind->plural) && kind->column_count <= TABLE_COLUMNS_MAX &&
                 kind->layout >= 0 &&
                 !is_one_of(kind->plural, reserved_tables,
                            sizeof(reserved_tables) / sizeof(reserved_tables[0]));

    for (size_t i = 0; sound && i < kind->column_count; i++) {
        sound = column_is_sound(kind, &kind->columns[i]);
    }
    return sound ? STATUS_NONE
                 : status_make(arena, STATUS_INTERNAL, "STORE_KIND", NULL,
                               "the resource kind %s cannot be stored as it is described",
                               kind->plural);
}

/* ", \"a\", \"b\"" of the kind's columns. */
static void append_columns(struct buffer *out, const struct resource_kind *kind)
{
    for (size_t i = 0; i < kind->column_count; i++) {
        buffer_printf(out, ", \"%s\"", kind->columns[i].name);
    }
}

static void append_parameters(struct buffer *out, size_t count)
{
    buffer_append_text(out, " VALUES (");
    for (size_t i = 1; i <= count; i++) {
        buffer_printf(out, "%s$%zu", i > 1 ? ", " : "", i);
    }
    buffer_append_char(out, ')');
}

static const char *finish(struct arena *arena, struct buffer *out)
{
    const char *text = buffer_failed(out) ? NULL : arena_copy(arena, buffer_slice(out));

    buffer_done(out);
    return text;
}

static const char *insert_text(struct arena *arena, const struct resource_kind *kind)
{
    struct buffer out;

    buffer_init(&out, TABLE_TEXT_MAX_BYTES);
    buffer_printf(&out,
                  "INSERT INTO \"%s\" (name, uid, revision, from_seq, from_time, created, parent, "
                  "body",
                  kind->plural);
    append_columns(&out, kind);
    buffer_append_char(&out, ')');
    append_parameters(&out, INSERT_COLUMNS + kind->column_count);
    return finish(arena, &out);
}

const char *table_copy(struct arena *arena, const struct resource_kind *kind, const char *name)
{
    struct buffer out;

    buffer_init(&out, TABLE_TEXT_MAX_BYTES);
    buffer_printf(&out,
                  "INSERT INTO \"%s\" (name, revision, from_seq, from_time, to_seq, to_time, "
                  "deleted, uid, created, parent, body",
                  name);
    append_columns(&out, kind);
    buffer_append_char(&out, ')');
    append_parameters(&out, 11 + kind->column_count);
    return finish(arena, &out);
}

const char *table_definition(struct arena *arena, const struct resource_kind *kind,
                             const char *name)
{
    struct buffer out;

    buffer_init(&out, TABLE_TEXT_MAX_BYTES);
    buffer_printf(&out,
                  "CREATE TABLE \"%s\" (name {text} NOT NULL, uid {text} NOT NULL, "
                  "revision {int64} NOT NULL, from_seq {int64} NOT NULL, to_seq {int64}, "
                  "from_time {int64} NOT NULL, to_time {int64}, created {int64} NOT NULL, "
                  "deleted {int64} NOT NULL DEFAULT 0, parent {text} NOT NULL, ",
                  name);
    for (size_t i = 0; i < kind->column_count; i++) {
        buffer_printf(&out, "\"%s\" %s, ", kind->columns[i].name,
                      kind->columns[i].type == COLUMN_TEXT ? "{text}" : "{int64}");
    }
    buffer_append_text(&out, "body {blob} NOT NULL, PRIMARY KEY (name, revision)) {strict};");
    return finish(arena, &out);
}

/*
 * Each order twice: current rows alone for lists of now, all rows for lists as of a time. to_seq,
 * which is the same in all current rows, is one more equality, so that SQLite prefers the former.
 */
static void append_index(struct buffer *out, const char *table, const char *column)
{
    buffer_printf(
        out,
        "CREATE INDEX IF NOT EXISTS \"%s_current_by_%s\" ON \"%s\" (parent, to_seq, \"%s\"%s) "
        "WHERE to_seq IS NULL;"
        "CREATE INDEX IF NOT EXISTS \"%s_by_%s\" ON \"%s\" (parent, \"%s\"%s);",
        table, column, table, column, strcmp(column, "name") == 0 ? "" : ", name", table, column,
        table, column, strcmp(column, "name") == 0 ? ", revision" : ", name");
}

/* The same of all parents. to_seq comes second, or lists by name alone would be drawn here. */
static void append_index_across(struct buffer *out, const char *table, const char *column)
{
    buffer_printf(out,
                  "CREATE INDEX IF NOT EXISTS \"%s_current_across_by_%s\" ON \"%s\" "
                  "(\"%s\", to_seq, name) WHERE to_seq IS NULL;"
                  "CREATE INDEX IF NOT EXISTS \"%s_across_by_%s\" ON \"%s\" (\"%s\", name);",
                  table, column, table, column, table, column, table, column);
}

const char *table_indexes(struct arena *arena, const struct resource_kind *kind)
{
    struct buffer out;

    buffer_init(&out, TABLE_TEXT_MAX_BYTES);
    buffer_printf(
        &out,
        "CREATE UNIQUE INDEX IF NOT EXISTS \"%s_current\" ON \"%s\" (name) WHERE to_seq IS NULL;",
        kind->plural, kind->plural);
    append_index(&out, kind->plural, "name");
    for (size_t i = 0; i < kind->column_count; i++) {
        if (kind->columns[i].indexed) {
            append_index(&out, kind->plural, kind->columns[i].name);
        }
        if (kind->columns[i].indexed_across) {
            append_index_across(&out, kind->plural, kind->columns[i].name);
        }
    }
    return finish(arena, &out);
}

struct status table_init(struct arena *arena, const struct resource_kind *kind,
                         struct table *ret_table)
{
    const char *name = kind->plural;

    TRY(kind_check(arena, kind));
    const struct table table = {
        .kind = kind,
        .get = arena_printf(
            arena, "SELECT body, created, from_time FROM \"%s\" WHERE name = $1 AND to_seq IS NULL",
            name),
        .get_as_of = arena_printf(
            arena,
            "SELECT body, created, from_time FROM \"%s\" WHERE name = $1 AND from_seq <= $2 AND "
            "(to_seq IS NULL OR to_seq > $3)",
            name),
        .times = arena_printf(arena,
                              "SELECT created, from_time FROM \"%s\" WHERE name = $1 AND "
                              "revision = $2",
                              name),
        .newest = arena_printf(arena,
                               "SELECT uid, revision, created, to_seq FROM \"%s\" WHERE name = $1 "
                               "ORDER BY revision DESC LIMIT 1",
                               name),
        .insert = insert_text(arena, kind),
        .end = arena_printf(arena,
                            "UPDATE \"%s\" SET to_seq = $1, to_time = $2, deleted = $3 "
                            "WHERE name = $4 AND to_seq IS NULL",
                            name),
        .below = arena_printf(arena,
                              "SELECT name FROM \"%s\" WHERE name >= $1 AND name < $2 AND "
                              "to_seq IS NULL LIMIT 1",
                              name),
    };
    if (table.insert == NULL) {
        return status_out_of_memory();
    }
    *ret_table = table;
    return STATUS_NONE;
}

/* Of an enum value that is not in the descriptor: its number as text. */
static const char *enum_text(struct arena *arena, const ProtobufCFieldDescriptor *field,
                             int64_t number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, (int)number);

    return value != NULL ? value->name : arena_printf(arena, "%lld", (long long)number);
}

struct column_value column_value(const struct resource_column *column, struct arena *arena,
                                 const ProtobufCMessage *message)
{
    struct column_value value = {.is_null = true};

    if (column->extract != NULL) {
        value.is_null = !column->extract(arena, message, &value.int64, &value.text);
    } else {
        const ProtobufCFieldDescriptor *field =
            path_field(message->descriptor, column->path, &message);
        if (message == NULL || field == NULL ||
            ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && !message_has(message, field))) {
            return value;
        }
        value.is_null = false;
        if (field->type == PROTOBUF_C_TYPE_STRING) {
            value.text = message_string(message, field->name);
        } else {
            value.int64 = message_int(message, field->name, 0);
            value.text = field_is_text(field) ? enum_text(arena, field, value.int64) : NULL;
        }
    }
    if (column->type == COLUMN_TEXT && value.text == NULL) {
        value.is_null = true;
    }
    return value;
}

void column_bind(struct db_statement *statement, int index, const struct resource_column *column,
                 struct column_value value)
{
    if (value.is_null) {
        db_bind_null(statement, index);
    } else if (column->type == COLUMN_TEXT) {
        db_bind_text(statement, index, slice_from(value.text));
    } else {
        db_bind_int64(statement, index, value.int64);
    }
}

struct status table_of(const struct tx *tx, const struct resource_kind *kind,
                       const struct table **ret_table)
{
    for (size_t i = 0; i < tx->store->table_count; i++) {
        if (tx->store->tables[i].kind == kind) {
            *ret_table = &tx->store->tables[i];
            return STATUS_NONE;
        }
    }
    return (struct status){.code = STATUS_INTERNAL,
                           .reason = "STORE_KIND",
                           .message = "the store has no such kind of resource"};
}
