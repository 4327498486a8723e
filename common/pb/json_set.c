/* json_set.c - one value of a URL into the field that its path names. */
#include "pb/json.h"

#include "base/text.h"
#include "pb/field.h"
#include "pb/json_reader.h"
#include "pb/json_scalar.h"
#include "pb/json_string.h"
#include "pb/message.h"
#include "pb/wellknown.h"

#include <assert.h>

enum { PATH_SHOWN_BYTES = 256 };

/* The error with the path, in lowerCamelCase, as its field and in front of its message. */
static struct status locate(struct arena *arena, struct slice path, struct status status)
{
    if (status.code != STATUS_INVALID_ARGUMENT) {
        return status;
    }
    if (path.length > PATH_SHOWN_BYTES || !utf8_is_valid(path) ||
        memchr(path.data, '\0', path.length) != NULL) {
        path = slice_from("(path)");
    }
    const char *copy = arena_copy(arena, path);
    char *field = arena_alloc(arena, path.length + 1);
    (void)json_name(copy, field);
    const char *message = arena_printf(arena, "%s: %s", field, status.message);
    status.field = field;
    status.message = message;
    return status;
}

static struct status refuse(const char *reason, const char *message)
{
    return (struct status){.code = STATUS_INVALID_ARGUMENT, .reason = reason, .message = message};
}

/* value is where a value of the field is kept. */
static struct status set_value(struct arena *arena, const ProtobufCFieldDescriptor *field,
                               struct slice text, void *value)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return scalar_from_text(arena, field, text, value);
    }
    const enum wellknown kind = wellknown_of(field->descriptor);
    if (kind == WELLKNOWN_NONE || kind == WELLKNOWN_ANY) {
        return refuse("INVALID_VALUE", "is an object and takes no text");
    }
    ProtobufCMessage *child = message_new(arena, field->descriptor);
    const ProtobufCFieldDescriptor *inner = child->descriptor->fields;
    TRY(kind == WELLKNOWN_WRAPPER ? scalar_from_text(arena, inner, text, field_member(child, inner))
                                  : wellknown_parse(arena, kind, text, child));
    *(ProtobufCMessage **)value = child;
    return STATUS_NONE;
}

static struct status append_value(struct arena *arena, ProtobufCMessage *message,
                                  const ProtobufCFieldDescriptor *field, struct slice text)
{
    const size_t size = field_value_bytes(field);
    const size_t count = *field_count(message, field);
    void **member = field_member(message, field);
    char *items = arena_array(arena, count + 1, size);

    if (count > 0) {
        memcpy(items, *member, count * size);
    }
    TRY(set_value(arena, field, text, items + count * size));
    *member = items;
    *field_count(message, field) = count + 1;
    return STATUS_NONE;
}

static struct status check_oneof(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field)
{
    if (field_is_oneof(field) && *field_case(message, field) != 0 &&
        *field_case(message, field) != field->id) {
        return refuse("DUPLICATE_FIELD", "another field of its oneof is set already");
    }
    return STATUS_NONE;
}

static void mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (field_is_oneof(field)) {
        *field_case(message, field) = field->id;
    } else if (field_flag(message, field) != NULL) {
        *field_flag(message, field) = 1;
    }
}

/* The message that a step within a path leads to, made when there is none yet. */
static struct status enter_child(struct arena *arena, ProtobufCMessage **message,
                                 const ProtobufCFieldDescriptor *field)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field_is_repeated(field) ||
        wellknown_of(field->descriptor) != WELLKNOWN_NONE) {
        return refuse("UNKNOWN_FIELD", "no path leads through a field that is no single message");
    }
    ProtobufCMessage **child = field_member(*message, field);
    TRY(check_oneof(*message, field));
    if (!message_has(*message, field)) {
        ProtobufCMessage *made = message_new(arena, field->descriptor);
        *child = made;
        mark(*message, field);
    }
    *message = *child;
    return STATUS_NONE;
}

static struct status set_field(struct arena *arena, ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, struct slice text)
{
    if (field_is_repeated(field)) {
        return message_field_is_map(message->descriptor, field)
                   ? refuse("INVALID_VALUE", "is an object and takes no text")
                   : append_value(arena, message, field, text);
    }
    TRY(check_oneof(message, field));
    TRY(set_value(arena, field, text, field_member(message, field)));
    mark(message, field);
    return STATUS_NONE;
}

struct status json_set_from_text(struct arena *arena, ProtobufCMessage *message, struct slice path,
                                 struct slice text)
{
    struct slice rest = path;

    for (;;) {
        const char *dot = rest.length > 0 ? memchr(rest.data, '.', rest.length) : NULL;
        const struct slice name = {.data = rest.data,
                                   .length = dot != NULL ? (size_t)(dot - rest.data) : rest.length};
        const ProtobufCFieldDescriptor *field = json_field(message->descriptor, name);
        if (field == NULL) {
            return locate(arena, path, refuse("UNKNOWN_FIELD", "there is no such field"));
        }
        if (dot == NULL) {
            return locate(arena, path, set_field(arena, message, field, text));
        }
        const struct status status = enter_child(arena, &message, field);
        if (status.code != STATUS_OK) {
            return locate(arena, path, status);
        }
        rest.data += name.length + 1;
        rest.length -= name.length + 1;
    }
}

struct status json_has_member(struct arena *arena, const ProtobufCMessageDescriptor *type,
                              struct slice text, const ProtobufCFieldDescriptor *field,
                              bool *ret_found)
{
    enum json_kind kind = JSON_OBJECT;
    struct json_reader reader;
    bool found = false;
    bool more = false;

    json_reader_init(&reader, arena, text);
    TRY(json_reader_kind(&reader, &kind));
    assert(kind == JSON_OBJECT);
    TRY(json_reader_enter(&reader));
    TRY(json_reader_next(&reader, '}', true, &more));
    while (more && !found) {
        struct slice name = {0};
        const char *at = NULL;

        TRY(json_reader_name(&reader, &name, &at));
        found = json_field(type, name) == field;
        TRY(json_reader_skip(&reader));
        TRY(json_reader_next(&reader, '}', false, &more));
    }
    *ret_found = found;
    return STATUS_NONE;
}
