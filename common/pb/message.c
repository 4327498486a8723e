/* message.c - walks over messages by their descriptors. */
#include "pb/message.h"

#include "base/text.h"
#include "pb/field.h"
#include "pb/json.h"

#include <assert.h>
#include <string.h>

size_t field_value_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
    default:
        return 4;
    }
}

size_t field_values(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                    char **ret_values)
{
    void *member = field_member(message, field);

    if (field_is_repeated(field)) {
        *ret_values = *(char **)member;
        return *field_count(message, field);
    }
    *ret_values = member;
    return field_is_oneof(field) && *field_case(message, field) != field->id ? 0 : 1;
}

void *message_new(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);

    protobuf_c_message_init(type, message);
    return message;
}

static int name_compare(struct slice name, const char *other)
{
    const int order = strncmp(name.data, other, name.length);

    return order != 0 ? order : other[name.length] != '\0' ? -1 : 0;
}

const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *type,
                                              struct slice name)
{
    unsigned low = 0;
    unsigned high = type->n_fields;

    if (name.length == 0 || memchr(name.data, '\0', name.length) != NULL) {
        return NULL;
    }
    while (low < high) {
        const unsigned middle = low + (high - low) / 2;
        const ProtobufCFieldDescriptor *field = &type->fields[type->fields_sorted_by_name[middle]];
        const int order = name_compare(name, field->name);
        if (order == 0) {
            return field;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static bool is_zero(const void *value, size_t size)
{
    static const char zeros[sizeof(ProtobufCBinaryData)];

    return memcmp(value, zeros, size) == 0;
}

static bool scalar_is_zero(const ProtobufCFieldDescriptor *field, const void *value)
{
    const char *text = NULL;

    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *)value;
        return text == NULL || *text == '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len == 0;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)value == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)value == 0;
    default:
        return is_zero(value, field_value_bytes(field));
    }
}

bool message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    char *value = NULL;
    const size_t count = field_values(message, field, &value);
    const protobuf_c_boolean *flag = field_flag(message, field);

    if (field_is_repeated(field) || count == 0) {
        return count > 0;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(void **)(void *)value != NULL;
    }
    if (field_is_oneof(field)) {
        return true;
    }
    if (flag != NULL) {
        return *flag != 0;
    }
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL) {
        const void *text = *(void **)(void *)value;
        return text != NULL && text != field->default_value;
    }
    return field->label == PROTOBUF_C_LABEL_REQUIRED || !scalar_is_zero(field, value);
}

void message_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    void *member = field_member(message, field);
    protobuf_c_boolean *flag = field_flag(message, field);

    if (field_is_repeated(field)) {
        *field_count(message, field) = 0;
        *(void **)member = NULL;
        return;
    }
    if (field_is_oneof(field)) {
        if (*field_case(message, field) == field->id) {
            *field_case(message, field) = 0;
            memset(member, 0, field_value_bytes(field));
        }
        return;
    }
    if (flag != NULL) {
        *flag = 0;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(const char **)member = field->default_value;
    } else if (field->default_value != NULL) {
        memcpy(member, field->default_value, field_value_bytes(field));
    } else {
        memset(member, 0, field_value_bytes(field));
    }
}

void message_copy_field(ProtobufCMessage *to, const ProtobufCMessage *from,
                        const ProtobufCFieldDescriptor *field)
{
    assert(to->descriptor == from->descriptor);
    if (field_is_repeated(field)) {
        *field_count(to, field) = *field_count(from, field);
        *(void **)field_member(to, field) = *(void **)field_member(from, field);
        return;
    }
    if (field_is_oneof(field)) {
        if (*field_case(from, field) != field->id) {
            message_clear(to, field);
            return;
        }
        *field_case(to, field) = field->id;
    } else if (field_flag(to, field) != NULL) {
        *field_flag(to, field) = *field_flag(from, field);
    }
    memmove(field_member(to, field), field_member(from, field), field_value_bytes(field));
}

/* Replaces what the value points to by a copy. */
static void value_clone(struct arena *arena, const ProtobufCFieldDescriptor *field, void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        char **text = value;
        if (*text != NULL && *text != protobuf_c_empty_string && *text != field->default_value) {
            *text = arena_strdup(arena, *text);
        }
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData *bytes = value;
        const struct slice slice = {.data = (const char *)bytes->data, .length = bytes->len};
        bytes->data = bytes->len > 0 ? (uint8_t *)arena_copy(arena, slice) : NULL;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage **child = value;
        if (*child != NULL) {
            *child = message_clone(arena, *child);
        }
    }
}

static void field_clone(struct arena *arena, ProtobufCMessage *copy,
                        const ProtobufCFieldDescriptor *field)
{
    const size_t size = field_value_bytes(field);
    char *values = NULL;
    const size_t count = field_values(copy, field, &values);

    if (field_is_repeated(field)) {
        char *array = count > 0 ? arena_array(arena, count, size) : NULL;
        if (count > 0) {
            memcpy(array, values, count * size);
        }
        *(char **)field_member(copy, field) = array;
        values = array;
    }
    for (size_t i = 0; i < count; i++) {
        value_clone(arena, field, values + i * size);
    }
}

void *message_clone(struct arena *arena, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    ProtobufCMessage *copy = arena_alloc(arena, type->sizeof_message);

    memcpy(copy, message, type->sizeof_message);
    copy->n_unknown_fields = 0;
    copy->unknown_fields = NULL;
    for (unsigned i = 0; i < type->n_fields; i++) {
        field_clone(arena, copy, &type->fields[i]);
    }
    return copy;
}

/* The singular field of this name and type; NULL when there is none. */
static const ProtobufCFieldDescriptor *find_singular(const ProtobufCMessage *message,
                                                     const char *name, ProtobufCType type)
{
    const ProtobufCFieldDescriptor *field = message_field(message->descriptor, slice_from(name));

    return field != NULL && field->type == type && !field_is_repeated(field) ? field : NULL;
}

/* Marks a oneof member or a proto2 field as set. */
static void field_mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (field_is_oneof(field)) {
        *field_case(message, field) = field->id;
    } else if (field_flag(message, field) != NULL) {
        *field_flag(message, field) = 1;
    }
}

const char *message_string(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = find_singular(message, name, PROTOBUF_C_TYPE_STRING);
    char *value = NULL;

    if (field == NULL || field_values(message, field, &value) == 0) {
        return "";
    }
    const char *text = *(char **)(void *)value;
    return text != NULL ? text : "";
}

bool message_set_string(ProtobufCMessage *message, const char *name, const char *text)
{
    const ProtobufCFieldDescriptor *field = find_singular(message, name, PROTOBUF_C_TYPE_STRING);

    /* protobuf-c takes the default's own address for unset. */
    static const char empty[] = "";

    if (field == NULL) {
        return false;
    }
    field_mark(message, field);
    *(const char **)field_member(message, field) =
        field_is_oneof(field) && text == field->default_value ? empty : text;
    return true;
}

void *message_child(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = find_singular(message, name, PROTOBUF_C_TYPE_MESSAGE);
    char *value = NULL;

    if (field == NULL || field_values(message, field, &value) == 0) {
        return NULL;
    }
    return *(void **)(void *)value;
}

bool message_set_child(ProtobufCMessage *message, const char *name, void *child)
{
    const ProtobufCFieldDescriptor *field = find_singular(message, name, PROTOBUF_C_TYPE_MESSAGE);

    if (field == NULL) {
        return false;
    }
    if (child == NULL) {
        message_clear(message, field);
        return true;
    }
    assert(((const ProtobufCMessage *)child)->descriptor == field->descriptor);
    field_mark(message, field);
    *(void **)field_member(message, field) = child;
    return true;
}

enum integer_kind { INTEGER_NONE, INTEGER_32, INTEGER_64 };

static enum integer_kind integer_kind(const ProtobufCFieldDescriptor *field)
{
    if (field == NULL || field_is_repeated(field)) {
        return INTEGER_NONE;
    }
    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL:
        return INTEGER_32;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return INTEGER_64;
    default:
        return INTEGER_NONE;
    }
}

int64_t message_int(const ProtobufCMessage *message, const char *name, int64_t fallback)
{
    const ProtobufCFieldDescriptor *field = message_field(message->descriptor, slice_from(name));
    const enum integer_kind kind = integer_kind(field);
    char *value = NULL;
    int32_t narrow = 0;
    int64_t wide = 0;

    if (kind == INTEGER_NONE) {
        return fallback;
    }
    if (field_values(message, field, &value) == 0) {
        return 0;
    }
    if (kind == INTEGER_64) {
        memcpy(&wide, value, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, value, sizeof(narrow));
    return narrow;
}

bool message_set_int(ProtobufCMessage *message, const char *name, int64_t value)
{
    const ProtobufCFieldDescriptor *field = message_field(message->descriptor, slice_from(name));
    const enum integer_kind kind = integer_kind(field);
    const int32_t narrow = (int32_t)value;

    if (kind == INTEGER_NONE || (kind == INTEGER_32 && narrow != value)) {
        return false;
    }
    field_mark(message, field);
    if (kind == INTEGER_64) {
        memcpy(field_member(message, field), &value, sizeof(value));
    } else {
        memcpy(field_member(message, field), &narrow, sizeof(narrow));
    }
    return true;
}

static const ProtobufCFieldDescriptor *find_list(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = message_field(message->descriptor, slice_from(name));

    return field != NULL && field_is_repeated(field) && field->type == PROTOBUF_C_TYPE_MESSAGE
               ? field
               : NULL;
}

ProtobufCMessage **message_list(const ProtobufCMessage *message, const char *name,
                                size_t *ret_count)
{
    const ProtobufCFieldDescriptor *field = find_list(message, name);

    if (field == NULL) {
        *ret_count = 0;
        return NULL;
    }
    *ret_count = *field_count(message, field);
    return *(ProtobufCMessage ***)field_member(message, field);
}

bool message_set_list(ProtobufCMessage *message, const char *name, ProtobufCMessage **items,
                      size_t count)
{
    const ProtobufCFieldDescriptor *field = find_list(message, name);

    if (field == NULL) {
        return false;
    }
    *field_count(message, field) = count;
    *(ProtobufCMessage ***)field_member(message, field) = items;
    return true;
}

struct status message_pack(struct arena *arena, const ProtobufCMessage *message,
                           struct slice *ret_bytes)
{
    const size_t length = protobuf_c_message_get_packed_size(message);

    /* What several parts of a message share is written as often. */
    if (!arena_has_room(arena, length)) {
        return status_out_of_memory();
    }
    uint8_t *bytes = arena_alloc(arena, length);
    (void)protobuf_c_message_pack(message, bytes);
    *ret_bytes = (struct slice){.data = (const char *)bytes, .length = length};
    return STATUS_NONE;
}

/* True when entry is the CamelCase of name and "Entry", as protoc makes it. */
static bool is_entry_name(const char *entry, const char *name)
{
    bool upper = true;

    for (; *name != '\0'; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        const char c = upper && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        if (*entry++ != c) {
            return false;
        }
        upper = false;
    }
    return strcmp(entry, "Entry") == 0;
}

bool message_field_is_map(const ProtobufCMessageDescriptor *type,
                          const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;

    if (!field_is_repeated(field) || field->type != PROTOBUF_C_TYPE_MESSAGE ||
        entry->n_fields != 2) {
        return false;
    }
    const size_t length = strlen(type->name);
    return entry->fields[0].id == 1 && strcmp(entry->fields[0].name, "key") == 0 &&
           entry->fields[1].id == 2 && strcmp(entry->fields[1].name, "value") == 0 &&
           strncmp(entry->name, type->name, length) == 0 && entry->name[length] == '.' &&
           is_entry_name(entry->name + length + 1, field->name);
}

/* A carriage return is part of a line end, or else a control as others. */
static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (c < ' ' && c != '\t' && c != '\n' && (c != '\r' || text[1] != '\n')) {
            return true;
        }
    }
    return false;
}

static struct status text_check(struct arena *arena, const char *text)
{
    return has_control(text) ? status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_VALUE", NULL,
                                           "a text has a control character (below U+0020)")
                             : STATUS_NONE;
}

/* Puts the field in front of the path of a refusal. */
static struct status field_below(struct arena *arena, struct status status,
                                 const ProtobufCFieldDescriptor *field, size_t index)
{
    if (status.code != STATUS_INVALID_ARGUMENT) {
        return status;
    }
    char *name = arena_alloc(arena, strlen(field->name) + 1);
    const char *place = name;
    (void)json_name(field->name, name);
    if (field_is_repeated(field)) {
        place = arena_printf(arena, "%s[%zu]", name, index);
    }
    return status_below(arena, status, place);
}

static struct status field_to_nfc(struct arena *arena, const ProtobufCMessage *message,
                                  const ProtobufCFieldDescriptor *field)
{
    char *values = NULL;
    const size_t count = field_values(message, field, &values);

    for (size_t i = 0; i < count; i++) {
        void **value = (void **)(void *)values + i;
        if (*value == NULL) {
            continue;
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            TRY(field_below(arena, message_to_nfc(arena, *value), field, i));
            continue;
        }
        const char *text = NULL;
        TRY(field_below(arena, text_check(arena, *value), field, i));
        TRY(text_to_nfc(arena, *value, &text));
        if (text != *value) {
            *(const char **)value = text;
        }
    }
    return STATUS_NONE;
}

struct status message_to_nfc(struct arena *arena, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
            TRY(field_to_nfc(arena, message, field));
        }
    }
    return STATUS_NONE;
}
