/* csv.c - walks a type for the header and each message for its row, in the same order. */
#include "pb/csv.h"

#include "pb/field.h"
#include "pb/json.h"
#include "pb/message.h"
#include "pb/wellknown.h"

#include <google/protobuf/wrappers.pb-c.h>
#include <string.h>

/* A type with the types that it stands in: a message that contains itself must not become endless
 * columns. */
struct frame {
    const ProtobufCMessageDescriptor *type;
    const struct frame *outer;
    unsigned depth;
};

struct csv_table {
    struct buffer *buffer;
    struct buffer json; /* of one cell */
    bool is_row_begun;
    bool has_no_form; /* a value has none in JSON, so none here */
    char path[CSV_PATH_BYTES];
};

static bool is_text(const ProtobufCFieldDescriptor *field)
{
    return field != NULL && field->type == PROTOBUF_C_TYPE_STRING && !field_is_repeated(field);
}

const ProtobufCFieldDescriptor *csv_items(const ProtobufCMessageDescriptor *type)
{
    const ProtobufCFieldDescriptor *items = NULL;

    if (!is_text(message_field(type, slice_from("next_page_token"))) &&
        !is_text(message_field(type, slice_from("next_cursor")))) {
        return NULL;
    }
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (!field_is_repeated(field) || field->type != PROTOBUF_C_TYPE_MESSAGE ||
            message_field_is_map(type, field)) {
            continue;
        }
        if (items != NULL) {
            return NULL;
        }
        items = field;
    }
    return items;
}

void csv_append_cell(struct buffer *buffer, struct slice cell)
{
    bool is_quoted = cell.length > 0 && (cell.data[0] == ' ' || cell.data[cell.length - 1] == ' ');

    for (size_t i = 0; i < cell.length && !is_quoted; i++) {
        is_quoted = memchr(",\"\r\n", cell.data[i], 4) != NULL;
    }
    if (!is_quoted) {
        buffer_append(buffer, cell.data, cell.length);
        return;
    }
    buffer_append_char(buffer, '"');
    while (cell.length > 0) {
        const char *quote = memchr(cell.data, '"', cell.length);
        const size_t length = quote != NULL ? (size_t)(quote + 1 - cell.data) : cell.length;

        buffer_append(buffer, cell.data, length);
        if (quote != NULL) {
            buffer_append_char(buffer, '"');
        }
        cell.data += length;
        cell.length -= length;
    }
    buffer_append_char(buffer, '"');
}

static bool begins_as_formula(struct slice text)
{
    static const char *const wide[] = {"＝", "＋", "－", "＠"};

    if (text.length == 0) {
        return false;
    }
    if (memchr("=+-@\t\r\n'", text.data[0], 8) != NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        const size_t length = strlen(wide[i]);

        if (text.length >= length && memcmp(text.data, wide[i], length) == 0) {
            return true;
        }
    }
    return false;
}

void csv_append_text(struct buffer *buffer, struct slice text)
{
    if (!begins_as_formula(text)) {
        csv_append_cell(buffer, text);
        return;
    }
    struct buffer guarded;

    buffer_init(&guarded, text.length + 1);
    buffer_append_char(&guarded, '\'');
    buffer_append(&guarded, text.data, text.length);
    csv_append_cell(buffer, buffer_slice(&guarded));
    buffer->failed = buffer->failed || buffer_failed(&guarded);
    buffer_done(&guarded);
}

static void begin_cell(struct csv_table *table)
{
    if (table->is_row_begun) {
        buffer_append_char(table->buffer, ',');
    }
    table->is_row_begun = true;
}

static void end_row(struct csv_table *table)
{
    buffer_append_text(table->buffer, "\r\n");
    table->is_row_begun = false;
}

/* True when the fields of this message stand in columns of their own. */
static bool is_opened(const struct frame *frame, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;

    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field_is_repeated(field) || type->n_fields == 0 ||
        wellknown_of(type) != WELLKNOWN_NONE || frame->depth >= CSV_DEPTH_MAX) {
        return false;
    }
    for (; frame != NULL; frame = frame->outer) {
        if (frame->type == type) {
            return false;
        }
    }
    return true;
}

static void write_names(struct csv_table *table, const struct frame *frame, size_t length)
{
    for (unsigned i = 0; i < frame->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &frame->type->fields[i];

        if (length + strlen(field->name) + 2 > sizeof(table->path)) {
            table->buffer->failed = true;
            return;
        }
        size_t end = length + json_name(field->name, table->path + length);
        if (is_opened(frame, field)) {
            const struct frame inner = {field->descriptor, frame, frame->depth + 1};

            table->path[end++] = '.';
            write_names(table, &inner, end);
        } else {
            begin_cell(table);
            csv_append_cell(table->buffer, (struct slice){table->path, end});
        }
    }
}

/* One cell: a string as text, all else as its JSON, without the quotes around times, enums and
 * 64-bit integers. */
static void write_value(struct csv_table *table, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_STRING && !field_is_repeated(field)) {
        csv_append_text(table->buffer, slice_from(message_string(message, field->name)));
        return;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && !field_is_repeated(field) &&
        field->descriptor == &google__protobuf__string_value__descriptor) {
        const Google__Protobuf__StringValue *wrapper = message_child(message, field->name);

        csv_append_text(table->buffer, slice_from(wrapper->value));
        return;
    }
    buffer_clear(&table->json);
    if (!json_encode_field(&table->json, message, field)) {
        table->has_no_form = true;
    }
    struct slice cell = buffer_slice(&table->json);
    if (cell.length >= 2 && cell.data[0] == '"') {
        cell = (struct slice){cell.data + 1, cell.length - 2};
    }
    csv_append_cell(table->buffer, cell);
    table->buffer->failed = table->buffer->failed || buffer_failed(&table->json);
}

/* The cells of a message, in the order of the header. NULL when the message is unset: its columns
 * are there and empty. */
static void write_cells(struct csv_table *table, const struct frame *frame,
                        const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < frame->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &frame->type->fields[i];

        if (is_opened(frame, field)) {
            const struct frame inner = {field->descriptor, frame, frame->depth + 1};

            write_cells(table, &inner,
                        message != NULL ? message_child(message, field->name) : NULL);
            continue;
        }
        begin_cell(table);
        const bool has_presence = field_is_oneof(field) || field_is_repeated(field) ||
                                  field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (message != NULL && (!has_presence || message_has(message, field))) {
            write_value(table, message, field);
        }
    }
}

bool csv_encode(struct buffer *buffer, const ProtobufCMessage *page)
{
    const ProtobufCFieldDescriptor *items = csv_items(page->descriptor);
    const struct frame frame = {.type = items->descriptor};
    struct csv_table table = {.buffer = buffer};
    char *values = NULL;
    const size_t count = field_values(page, items, &values);
    ProtobufCMessage *const *rows = (ProtobufCMessage *const *)(void *)values;

    buffer_init(&table.json, buffer->limit_bytes);
    write_names(&table, &frame, 0);
    end_row(&table);
    for (size_t i = 0; i < count && !buffer_failed(buffer); i++) {
        write_cells(&table, &frame, rows[i]);
        end_row(&table);
    }
    buffer_done(&table.json);
    return !table.has_no_form;
}
