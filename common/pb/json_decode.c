/* json_decode.c - JSON text straight into messages: the field's type says how a value is read. */
#include "pb/json.h"

#include "pb/field.h"
#include "pb/json_any.h"
#include "pb/json_map.h"
#include "pb/json_reader.h"
#include "pb/json_scalar.h"
#include "pb/json_string.h"
#include "pb/message.h"
#include "pb/wellknown.h"

#include <google/protobuf/any.pb-c.h>

enum { SEEN_WORDS = 4, SEEN_WORD_BITS = 64 };

/* Which fields of a message were read already: a bit for each. */
struct seen {
    uint64_t few[SEEN_WORDS];
    uint64_t *words;
};

static struct status read_message(struct json_reader *reader, ProtobufCMessage *message);

static void seen_init(struct seen *seen, struct arena *arena, unsigned fields)
{
    *seen = (struct seen){.words = seen->few};
    if (fields > SEEN_WORDS * SEEN_WORD_BITS) {
        seen->words = arena_array(arena, fields / SEEN_WORD_BITS + 1, sizeof(seen->words[0]));
    }
}

/* False when it was added before. */
static bool seen_add(struct seen *seen, size_t index)
{
    uint64_t *word = &seen->words[index / SEEN_WORD_BITS];
    const uint64_t bit = UINT64_C(1) << index % SEEN_WORD_BITS;
    const bool is_new = (*word & bit) == 0;

    *word |= bit;
    return is_new;
}

static struct status fail_expected(struct json_reader *reader,
                                   const ProtobufCFieldDescriptor *field)
{
    const struct slice none = {.data = "", .length = 0};
    int32_t unused = 0;

    /* The names of an enum's values are in its own refusal. */
    return json_reader_locate(reader, reader->at,
                              field->type == PROTOBUF_C_TYPE_ENUM
                                  ? scalar_from_string(reader->arena, field, none, &unused)
                                  : scalar_expected(field));
}

static struct status read_bool(struct json_reader *reader, void *value)
{
    bool is_true = false;

    TRY(json_reader_bool(reader, &is_true));
    *(protobuf_c_boolean *)value = is_true ? 1 : 0;
    return STATUS_NONE;
}

static struct status read_scalar(struct json_reader *reader, enum json_kind kind,
                                 const ProtobufCFieldDescriptor *field, void *value)
{
    const char *at = reader->at;
    struct slice text;

    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BOOL) {
        if (field->type == PROTOBUF_C_TYPE_STRING && kind == JSON_STRING) {
            return json_reader_string_copy(reader, value);
        }
        if (field->type == PROTOBUF_C_TYPE_BOOL && kind == JSON_BOOL) {
            return read_bool(reader, value);
        }
        return fail_expected(reader, field);
    }
    if (kind == JSON_NUMBER) {
        TRY(json_reader_number(reader, &text));
        return json_reader_locate(reader, at,
                                  scalar_from_number(reader->arena, field, text, value));
    }
    if (kind == JSON_STRING) {
        TRY(json_reader_string(reader, &text));
        return json_reader_locate(reader, at,
                                  scalar_from_string(reader->arena, field, text, value));
    }
    return fail_expected(reader, field);
}

/* One value of the field's type; null is none. */
static struct status read_value(struct json_reader *reader, const ProtobufCFieldDescriptor *field,
                                void *value)
{
    enum json_kind kind;

    /* What is read may be many times as large as its text. */
    TRY(status_within(reader->arena, STATUS_NONE));
    TRY(json_reader_kind(reader, &kind));
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return read_scalar(reader, kind, field, value);
    }
    ProtobufCMessage *message = message_new(reader->arena, field->descriptor);
    TRY(read_message(reader, message));
    *(ProtobufCMessage **)value = message;
    return STATUS_NONE;
}

static struct status expect_kind(struct json_reader *reader, enum json_kind wanted,
                                 const char *message)
{
    enum json_kind kind;

    TRY(json_reader_kind(reader, &kind));
    return kind == wanted ? STATUS_NONE
                          : json_reader_fail(reader, reader->at, "INVALID_VALUE", "%s", message);
}

static struct status read_array(struct json_reader *reader, ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field)
{
    struct json_step step = {.up = reader->step};
    struct json_list list = {.item_bytes = field_value_bytes(field)};
    bool more = false;

    TRY(expect_kind(reader, JSON_ARRAY, "must be an array"));
    TRY(json_reader_enter(reader));
    reader->step = &step;
    for (;; step.index++) {
        TRY(json_reader_next(reader, ']', step.index == 0, &more));
        if (!more) {
            break;
        }
        void *item = json_list_add(&list, reader->arena);
        TRY(read_value(reader, field, item));
    }
    reader->step = step.up;
    *field_count(message, field) = list.count;
    *(void **)field_member(message, field) = list.items;
    return STATUS_NONE;
}

/* One member of a map; the reader's step is at its key. */
static struct status read_entry(struct json_reader *reader, ProtobufCMessage *entry,
                                struct slice key, const char *key_at)
{
    const ProtobufCFieldDescriptor *fields = entry->descriptor->fields;

    TRY(json_reader_locate(
        reader, key_at,
        scalar_from_text(reader->arena, &fields[0], key, field_member(entry, &fields[0]))));
    return read_value(reader, &fields[1], field_member(entry, &fields[1]));
}

static struct status read_map(struct json_reader *reader, ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field)
{
    struct json_step step = {.up = reader->step};
    struct json_list entries = {.item_bytes = sizeof(ProtobufCMessage *)};
    struct json_list keys = {.item_bytes = sizeof(struct json_key)};
    bool more = false;

    TRY(expect_kind(reader, JSON_OBJECT, "must be an object"));
    TRY(json_reader_enter(reader));
    for (;;) {
        const char *at = NULL;
        TRY(json_reader_next(reader, '}', entries.count == 0, &more));
        if (!more) {
            break;
        }
        TRY(json_reader_name(reader, &step.name, &at));
        reader->step = &step;
        ProtobufCMessage **entry = json_list_add(&entries, reader->arena);
        struct json_key *key = json_list_add(&keys, reader->arena);
        TRY(status_within(reader->arena, STATUS_NONE));
        *entry = message_new(reader->arena, field->descriptor);
        *key = (struct json_key){.entry = *entry, .name = step.name, .at = at};
        TRY(read_entry(reader, *entry, step.name, at));
        reader->step = step.up;
    }
    const struct json_key *twice = json_keys_twice(keys.items, keys.count);
    if (twice != NULL) {
        step.name = twice->name;
        reader->step = &step;
        return json_reader_fail(reader, twice->at, "DUPLICATE_FIELD", "the key stands twice");
    }
    *field_count(message, field) = entries.count;
    *(void **)field_member(message, field) = entries.items;
    return STATUS_NONE;
}

/* Another member of the field's oneof was read before. */
static struct status fail_oneof(struct json_reader *reader, const char *at,
                                const ProtobufCMessage *message, uint32_t other)
{
    const char *set = protobuf_c_message_descriptor_get_field(message->descriptor, other)->name;
    char *name = arena_alloc(reader->arena, strlen(set) + 1);

    (void)json_name(set, name);
    return json_reader_fail(reader, at, "DUPLICATE_FIELD",
                            "only one of its oneof may be set, and %s is set already", name);
}

static struct status read_singular(struct json_reader *reader, const char *name_at,
                                   ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (!field_is_oneof(field)) {
        TRY(read_value(reader, field, field_member(message, field)));
        if (field_flag(message, field) != NULL) {
            *field_flag(message, field) = 1;
        }
        return STATUS_NONE;
    }
    const uint32_t other = *field_case(message, field);
    if (other != 0) {
        return fail_oneof(reader, name_at, message, other);
    }
    TRY(read_value(reader, field, field_member(message, field)));
    *field_case(message, field) = field->id;
    return STATUS_NONE;
}

/* The value of a member; null leaves the field unset. */
static struct status read_field(struct json_reader *reader, const char *name_at,
                                ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    enum json_kind kind;

    TRY(json_reader_kind(reader, &kind));
    if (kind == JSON_NULL) {
        return json_reader_null(reader);
    }
    if (!field_is_repeated(field)) {
        return read_singular(reader, name_at, message, field);
    }
    return message_field_is_map(message->descriptor, field) ? read_map(reader, message, field)
                                                            : read_array(reader, message, field);
}

/* One member of an object whose name was taken. */
static struct status read_member(struct json_reader *reader, struct slice name, const char *at,
                                 ProtobufCMessage *message, struct seen *seen)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const ProtobufCFieldDescriptor *field = json_field(type, name);
    struct json_step step = {.up = reader->step, .name = name};

    reader->step = &step;
    if (field == NULL) {
        return json_reader_fail(reader, at, "UNKNOWN_FIELD", "%s has no such field", type->name);
    }
    step.proto_name = field->name;
    if (!seen_add(seen, (size_t)(field - type->fields))) {
        return json_reader_fail(reader, at, "DUPLICATE_FIELD", "the field stands twice");
    }
    TRY(read_field(reader, at, message, field));
    reader->step = step.up;
    return STATUS_NONE;
}

/* An object's members; those named skip (NULL: none) were read before. */
static struct status read_members(struct json_reader *reader, ProtobufCMessage *message,
                                  const char *skip)
{
    struct seen seen;
    bool more = false;

    seen_init(&seen, reader->arena, message->descriptor->n_fields);
    TRY(json_reader_enter(reader));
    for (bool is_first = true;; is_first = false) {
        struct slice name;
        const char *at = NULL;
        TRY(json_reader_next(reader, '}', is_first, &more));
        if (!more) {
            return STATUS_NONE;
        }
        TRY(json_reader_name(reader, &name, &at));
        if (skip != NULL && slice_is(name, skip)) {
            TRY(json_reader_skip(reader));
        } else {
            TRY(read_member(reader, name, at, message, &seen));
        }
    }
}

/* Looks through the object in front of the reader for its "@type", and takes the object. */
static struct status find_any_type(struct json_reader *reader, char **ret_url, const char **ret_at,
                                   bool *ret_empty)
{
    struct json_step step = {.up = reader->step, .name = slice_from("@type")};
    bool more = false;

    *ret_url = NULL;
    TRY(json_reader_enter(reader));
    for (*ret_empty = true;; *ret_empty = false) {
        struct slice name;
        const char *at = NULL;
        TRY(json_reader_next(reader, '}', *ret_empty, &more));
        if (!more) {
            return STATUS_NONE;
        }
        TRY(json_reader_name(reader, &name, &at));
        if (!slice_is(name, "@type")) {
            TRY(json_reader_skip(reader));
            continue;
        }
        reader->step = &step;
        if (*ret_url != NULL) {
            return json_reader_fail(reader, at, "DUPLICATE_FIELD", "the field stands twice");
        }
        TRY(expect_kind(reader, JSON_STRING, "must be a string"));
        *ret_at = reader->at;
        TRY(json_reader_string_copy(reader, ret_url));
        reader->step = step.up;
    }
}

/* {"@type": ..., "value": ...}, of a type with a JSON form of its own. */
static struct status read_any_value(struct json_reader *reader, ProtobufCMessage *inner)
{
    struct json_step step = {.up = reader->step};
    bool more = false;
    bool has_value = false;
    const char *start = reader->at;

    TRY(json_reader_enter(reader));
    for (bool is_first = true;; is_first = false) {
        const char *at = NULL;
        TRY(json_reader_next(reader, '}', is_first, &more));
        if (!more) {
            break;
        }
        TRY(json_reader_name(reader, &step.name, &at));
        if (slice_is(step.name, "@type")) {
            TRY(json_reader_skip(reader));
            continue;
        }
        reader->step = &step;
        if (!slice_is(step.name, "value")) {
            return json_reader_fail(reader, at, "UNKNOWN_FIELD",
                                    "only @type and value stand in an Any of this type");
        }
        if (has_value) {
            return json_reader_fail(reader, at, "DUPLICATE_FIELD", "the field stands twice");
        }
        TRY(read_message(reader, inner));
        has_value = true;
        reader->step = step.up;
    }
    return has_value ? STATUS_NONE
                     : json_reader_fail(reader, start, "INVALID_VALUE", "the value is missing");
}

static struct status read_any(struct json_reader *reader, Google__Protobuf__Any *any)
{
    const struct json_step step = {.up = reader->step, .name = slice_from("@type")};
    char *url = NULL;
    const char *url_at = NULL;
    bool is_empty = false;

    TRY(expect_kind(reader, JSON_OBJECT, "must be an object"));
    const char *start = reader->at;
    TRY(find_any_type(reader, &url, &url_at, &is_empty));
    if (is_empty) {
        return STATUS_NONE;
    }
    if (url == NULL) {
        return json_reader_fail(reader, start, "INVALID_VALUE", "the member @type is missing");
    }
    const ProtobufCMessageDescriptor *type = any_type(slice_from(url));
    if (type == NULL) {
        reader->step = &step;
        return json_reader_fail(reader, url_at, "INVALID_VALUE", "names no type that is known");
    }
    ProtobufCMessage *inner = message_new(reader->arena, type);
    reader->at = start;
    TRY(wellknown_of(type) == WELLKNOWN_NONE ? read_members(reader, inner, "@type")
                                             : read_any_value(reader, inner));
    struct slice bytes;
    TRY(message_pack(reader->arena, inner, &bytes));
    any->type_url = url;
    any->value =
        (ProtobufCBinaryData){.len = bytes.length, .data = (uint8_t *)(uintptr_t)bytes.data};
    return STATUS_NONE;
}

static struct status read_message(struct json_reader *reader, ProtobufCMessage *message)
{
    const enum wellknown kind = wellknown_of(message->descriptor);
    const ProtobufCFieldDescriptor *value = message->descriptor->fields;
    struct slice text;

    switch (kind) {
    case WELLKNOWN_NONE:
        TRY(expect_kind(reader, JSON_OBJECT, "must be an object"));
        return read_members(reader, message, NULL);
    case WELLKNOWN_WRAPPER:
        return read_value(reader, value, field_member(message, value));
    case WELLKNOWN_ANY:
        return read_any(reader, (Google__Protobuf__Any *)message);
    case WELLKNOWN_TIMESTAMP:
    case WELLKNOWN_DURATION:
    case WELLKNOWN_FIELD_MASK:
        break;
    }
    TRY(expect_kind(reader, JSON_STRING, "must be a string"));
    const char *at = reader->at;
    TRY(json_reader_string(reader, &text));
    return json_reader_locate(reader, at, wellknown_parse(reader->arena, kind, text, message));
}

struct status json_decode(struct arena *arena, const ProtobufCMessageDescriptor *type,
                          struct slice text, void **ret_message)
{
    struct json_reader reader;
    ProtobufCMessage *message = message_new(arena, type);

    json_reader_init(&reader, arena, text);
    TRY(status_within(arena, read_message(&reader, message)));
    TRY(json_reader_end(&reader));
    *ret_message = message;
    return STATUS_NONE;
}
