/* decode.c - one pass over the wire into the arena; a repeated field is counted when it is met. */
#include "pb/decode.h"

#include "base/text.h"
#include "pb/field.h"
#include "pb/json.h"
#include "pb/map.h"
#include "pb/message.h"
#include "pb/wire.h"

/* A map in which a key may stand twice. Whether one does is known only when the whole input is
 * read, since a later part of its message may bring more entries. */
struct wide_map {
    struct wide_map *next;
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field;
};

struct decoder {
    struct arena *arena;
    struct wide_map *maps; /* each once, when it gets its second entry */
    size_t unknown;        /* fields skipped so far */
    size_t elements;       /* of repeated fields, so far */
};

static struct status decode_message(struct decoder *decoder, ProtobufCMessage *message,
                                    struct slice bytes, unsigned depth);

static void *allocator_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void allocator_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

ProtobufCAllocator arena_allocator(struct arena *arena)
{
    return (ProtobufCAllocator){
        .alloc = allocator_alloc,
        .free = allocator_free,
        .allocator_data = arena,
    };
}

static struct status malformed(struct decoder *decoder, const char *problem)
{
    return status_make(decoder->arena, STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE", NULL,
                       "malformed message: %s", problem);
}

/* "displayName", with "[3]" behind it when it is repeated. */
static const char *path_part(struct arena *arena, const ProtobufCFieldDescriptor *field,
                             size_t index)
{
    char *name = arena_alloc(arena, strlen(field->name) + 1);

    (void)json_name(field->name, name);
    return field_is_repeated(field) ? arena_printf(arena, "%s[%zu]", name, index) : name;
}

static enum wire_type wire_type_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    default:
        return WIRE_VARINT;
    }
}

/* A number of the wire becomes a number of C; too many bits are cut, as everywhere in protobuf. */
static void store_scalar(const ProtobufCFieldDescriptor *field, uint64_t raw, void *to)
{
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        *(protobuf_c_boolean *)to = raw != 0;
        return;
    }
    if (field->type == PROTOBUF_C_TYPE_SINT32) {
        raw &= UINT32_MAX;
    }
    if (field->type == PROTOBUF_C_TYPE_SINT32 || field->type == PROTOBUF_C_TYPE_SINT64) {
        raw = (raw >> 1) ^ (~(raw & 1) + 1);
    }
    if (field_value_bytes(field) == sizeof(uint64_t)) {
        memcpy(to, &raw, sizeof(raw));
    } else {
        const uint32_t narrow = (uint32_t)raw;
        memcpy(to, &narrow, sizeof(narrow));
    }
}

static struct status decode_string(struct decoder *decoder, struct slice bytes, char **to)
{
    /* protobuf-c packs a oneof's string not at all when it is protobuf_c_empty_string. */
    static char empty[] = "";

    if (bytes.length == 0) {
        *to = empty;
        return STATUS_NONE;
    }
    if (memchr(bytes.data, '\0', bytes.length) != NULL) {
        return malformed(decoder, "a string has U+0000");
    }
    if (!utf8_is_valid(bytes)) {
        return malformed(decoder, "a string is not UTF-8");
    }
    *to = arena_copy(decoder->arena, bytes);
    return STATUS_NONE;
}

static void decode_bytes(struct decoder *decoder, struct slice bytes, ProtobufCBinaryData *to)
{
    *to = (ProtobufCBinaryData){.len = bytes.length, .data = NULL};
    if (bytes.length > 0) {
        to->data = (uint8_t *)arena_copy(decoder->arena, bytes);
    }
}

/* A second part of the same message is merged into the first. */
static struct status decode_child(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                                  struct slice bytes, ProtobufCMessage **to, unsigned depth)
{
    if (depth >= DECODE_DEPTH_MAX) {
        return malformed(decoder, "messages are nested too deep");
    }
    if (*to == NULL) {
        *to = message_new(decoder->arena, field->descriptor);
    }
    return decode_message(decoder, *to, bytes, depth + 1);
}

/* An entry without a value has the empty one. */
static void complete_entry(struct decoder *decoder, ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *value = &entry->descriptor->fields[1];

    if (value->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage **child = field_member(entry, value);
        if (*child == NULL) {
            *child = message_new(decoder->arena, value->descriptor);
        }
    }
}

static void add_wide_map(struct decoder *decoder, ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    struct wide_map *map = ARENA_NEW(decoder->arena, struct wide_map);

    *map = (struct wide_map){.next = decoder->maps, .message = message, .field = field};
    decoder->maps = map;
}

/* In protobuf the last entry of a key wins. */
static struct status settle_maps(struct decoder *decoder)
{
    for (struct wide_map *map = decoder->maps; map != NULL; map = map->next) {
        ProtobufCMessage **entries = *(ProtobufCMessage ***)field_member(map->message, map->field);
        TRY(map_keep_last(decoder->arena, entries, field_count(map->message, map->field)));
    }
    return STATUS_NONE;
}

static struct status decode_value(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                                  const struct wire_field *wire, void *to, unsigned depth)
{
    if (wire->type != wire_type_of(field)) {
        return malformed(decoder, "the wire type is not the field's");
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return decode_string(decoder, wire->bytes, to);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        decode_bytes(decoder, wire->bytes, to);
        return STATUS_NONE;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return decode_child(decoder, field, wire->bytes, to, depth);
    }
    store_scalar(field, wire->value, to);
    return STATUS_NONE;
}

static struct status decode_singular(struct decoder *decoder, ProtobufCMessage *message,
                                     const ProtobufCFieldDescriptor *field,
                                     const struct wire_field *wire, unsigned depth)
{
    void *to = field_member(message, field);

    if (field_is_oneof(field) && *field_case(message, field) != field->id) {
        *field_case(message, field) = field->id;
        memset(to, 0, field_value_bytes(field));
    }
    if (field_flag(message, field) != NULL) {
        *field_flag(message, field) = 1;
    }
    return decode_value(decoder, field, wire, to, depth);
}

static bool is_packed(const ProtobufCFieldDescriptor *field, const struct wire_field *wire)
{
    return wire->type == WIRE_LENGTH && wire_type_of(field) != WIRE_LENGTH;
}

/* How many values one field of the wire has, at most, for a repeated field. */
static size_t count_values(const ProtobufCFieldDescriptor *field, const struct wire_field *wire)
{
    size_t ends = 0;

    if (!is_packed(field, wire)) {
        return 1;
    }
    if (wire_type_of(field) == WIRE_FIXED64) {
        return wire->bytes.length / 8;
    }
    if (wire_type_of(field) == WIRE_FIXED32) {
        return wire->bytes.length / 4;
    }
    for (size_t i = 0; i < wire->bytes.length; i++) {
        ends += (unsigned char)wire->bytes.data[i] < 0x80 ? 1 : 0;
    }
    return ends;
}

/* Values of the same field in the rest of the message; what is malformed is found later. */
static size_t count_rest(const ProtobufCFieldDescriptor *field, struct slice rest)
{
    struct wire_field wire;
    size_t count = 0;

    while (rest.length > 0 && wire_take_field(&rest, &wire) == NULL) {
        if (wire.number == field->id) {
            count += count_values(field, &wire);
        }
    }
    return count;
}

/* Stands before the elements of every array that is made here. */
struct array_head {
    _Alignas(max_align_t) size_t capacity;
};

/* Room for added elements, and at once for those in the rest. */
static struct status array_grow(struct decoder *decoder, ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field, size_t added,
                                struct slice rest)
{
    const size_t size = field_value_bytes(field);
    const size_t count = *field_count(message, field);
    char **array = field_member(message, field);
    struct array_head *head = *array != NULL ? (struct array_head *)(void *)*array - 1 : NULL;
    const size_t capacity = head != NULL ? head->capacity : 0;

    decoder->elements += added;
    if (decoder->elements > DECODE_ELEMENTS_MAX) {
        return status_out_of_memory();
    }
    if (added <= capacity - count) {
        return STATUS_NONE;
    }
    const size_t wanted = count + added + count_rest(field, rest);
    if (wanted > DECODE_ELEMENTS_MAX) {
        return status_out_of_memory();
    }
    if (!arena_has_room(decoder->arena, sizeof(*head) + wanted * size)) {
        return status_out_of_memory();
    }
    head = arena_alloc(decoder->arena, sizeof(*head) + wanted * size);
    head->capacity = wanted;
    if (count > 0) {
        memcpy(head + 1, *array, count * size);
    }
    *array = (char *)(head + 1);
    return STATUS_NONE;
}

static struct status decode_packed(struct decoder *decoder, ProtobufCMessage *message,
                                   const ProtobufCFieldDescriptor *field, struct slice bytes)
{
    const enum wire_type type = wire_type_of(field);
    const size_t size = field_value_bytes(field);
    char *array = *(char **)field_member(message, field);
    size_t *count = field_count(message, field);

    while (bytes.length > 0) {
        uint64_t raw = 0;
        const bool taken = type == WIRE_VARINT
                               ? wire_take_varint(&bytes, &raw)
                               : wire_take_fixed(&bytes, type == WIRE_FIXED64 ? 8 : 4, &raw);
        if (!taken) {
            return malformed(decoder, "a packed number has no end");
        }
        store_scalar(field, raw, array + *count * size);
        ++*count;
    }
    return STATUS_NONE;
}

static struct status decode_repeated(struct decoder *decoder, ProtobufCMessage *message,
                                     const ProtobufCFieldDescriptor *field,
                                     const struct wire_field *wire, struct slice rest,
                                     unsigned depth)
{
    size_t *count = field_count(message, field);

    TRY(array_grow(decoder, message, field, count_values(field, wire), rest));
    if (is_packed(field, wire)) {
        return decode_packed(decoder, message, field, wire->bytes);
    }
    char *array = *(char **)field_member(message, field);
    char *to = array + *count * field_value_bytes(field);
    TRY(decode_value(decoder, field, wire, to, depth));
    if (message_field_is_map(message->descriptor, field)) {
        complete_entry(decoder, *(ProtobufCMessage **)(void *)to);
        if (*count == 1) {
            add_wide_map(decoder, message, field);
        }
    }
    ++*count;
    return STATUS_NONE;
}

static struct status decode_field(struct decoder *decoder, ProtobufCMessage *message,
                                  const ProtobufCFieldDescriptor *field,
                                  const struct wire_field *wire, struct slice rest, unsigned depth)
{
    const struct status status = field_is_repeated(field)
                                     ? decode_repeated(decoder, message, field, wire, rest, depth)
                                     : decode_singular(decoder, message, field, wire, depth);

    if (status.code != STATUS_INVALID_ARGUMENT) {
        return status;
    }
    const size_t index = field_is_repeated(field) ? *field_count(message, field) : 0;
    return status_below(decoder->arena, status, path_part(decoder->arena, field, index));
}

/* Fields mostly come in the order of their numbers, each after or once more the last one. */
static const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type,
                                                  const ProtobufCFieldDescriptor *last,
                                                  uint32_t number)
{
    const ProtobufCFieldDescriptor *next = last != NULL ? last + 1 : type->fields;

    if (type->n_fields == 0) {
        return NULL; /* nor has it an array of them to point into */
    }
    if (last != NULL && last->id == number) {
        return last;
    }
    if (next < type->fields + type->n_fields && next->id == number) {
        return next;
    }
    return protobuf_c_message_descriptor_get_field(type, number);
}

static struct status decode_message(struct decoder *decoder, ProtobufCMessage *message,
                                    struct slice bytes, unsigned depth)
{
    const ProtobufCFieldDescriptor *last = NULL;

    while (bytes.length > 0) {
        struct wire_field wire;
        /* What is read may be many times as large as the bytes that it is read from. */
        TRY(status_within(decoder->arena, STATUS_NONE));
        const char *problem = wire_take_field(&bytes, &wire);
        if (problem != NULL) {
            return malformed(decoder, problem);
        }
        const ProtobufCFieldDescriptor *field = field_find(message->descriptor, last, wire.number);
        if (field != NULL) {
            last = field;
            TRY(decode_field(decoder, message, field, &wire, bytes, depth));
        } else if (++decoder->unknown > DECODE_UNKNOWN_MAX) {
            return malformed(decoder, "it has too many unknown fields");
        }
    }
    return STATUS_NONE;
}

struct status message_decode(struct arena *arena, const ProtobufCMessageDescriptor *type,
                             struct slice bytes, void **ret_message)
{
    struct decoder decoder = {.arena = arena};
    ProtobufCMessage *message = message_new(arena, type);

    TRY(decode_message(&decoder, message, bytes, 0));
    TRY(settle_maps(&decoder));
    TRY(status_within(arena, STATUS_NONE));
    *ret_message = message;
    return STATUS_NONE;
}
