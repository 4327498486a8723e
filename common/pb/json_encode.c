/* json_encode.c - messages as JSON text, written field by field into one buffer. */
#include "pb/json.h"

#include "pb/decode.h"
#include "pb/field.h"
#include "pb/json_any.h"
#include "pb/json_number.h"
#include "pb/message.h"
#include "pb/wellknown.h"

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <math.h>

enum { INDENT_SPACES = 2, ANY_MEMORY_BYTES = 32 << 20 };

struct encoder {
    struct buffer *buffer;
    bool is_pretty;
    bool has_no_form; /* something of the message has no JSON form */
    unsigned depth;
};

static void encode_message(struct encoder *encoder, const ProtobufCMessage *message);

static void append_name(struct buffer *buffer, const char *proto_name)
{
    char *to = buffer_reserve(buffer, strlen(proto_name) + 4);

    if (to != NULL) {
        to[0] = '"';
        const size_t length = json_name(proto_name, to + 1);
        to[length + 1] = '"';
        to[length + 2] = ':';
        buffer_grow(buffer, length + 3);
    }
}

/* Something of the message has no JSON form. The buffer is made to fail, too, so that nobody sends
 * what was written so far. */
static void fail_form(struct encoder *encoder)
{
    encoder->has_no_form = true;
    buffer_fail(encoder->buffer);
}

static void append_quoted(struct buffer *buffer, const char *text, size_t length)
{
    buffer_append_char(buffer, '"');
    buffer_append(buffer, text, length);
    buffer_append_char(buffer, '"');
}

static void new_line(struct encoder *encoder)
{
    static const char spaces[] = "                                                                ";

    if (encoder->is_pretty) {
        buffer_append_char(encoder->buffer, '\n');
        for (size_t left = (size_t)encoder->depth * INDENT_SPACES; left > 0;) {
            const size_t count = left < sizeof(spaces) - 1 ? left : sizeof(spaces) - 1;
            buffer_append(encoder->buffer, spaces, count);
            left -= count;
        }
    }
}

static void begin_group(struct encoder *encoder, char c)
{
    buffer_append_char(encoder->buffer, c);
    encoder->depth++;
}

static void end_group(struct encoder *encoder, char c, bool is_empty)
{
    encoder->depth--;
    if (!is_empty) {
        new_line(encoder);
    }
    buffer_append_char(encoder->buffer, c);
}

/* Before each member or element. */
static void separate(struct encoder *encoder, bool *is_first)
{
    if (!*is_first) {
        buffer_append_char(encoder->buffer, ',');
    }
    *is_first = false;
    new_line(encoder);
}

static void begin_member(struct encoder *encoder, const char *proto_name, bool *is_first)
{
    separate(encoder, is_first);
    append_name(encoder->buffer, proto_name);
    if (encoder->is_pretty) {
        buffer_append_char(encoder->buffer, ' ');
    }
}

static void append_integer(struct buffer *buffer, uint64_t magnitude, bool is_signed,
                           bool is_quoted)
{
    char text[INTEGER_TEXT_BYTES + 2];
    size_t length = 0;

    if (is_quoted) {
        text[length++] = '"';
    }
    length += is_signed ? int64_text((int64_t)magnitude, text + length)
                        : uint64_text(magnitude, text + length);
    if (is_quoted) {
        text[length++] = '"';
    }
    buffer_append(buffer, text, length);
}

static void append_real(struct buffer *buffer, double value, bool is_float)
{
    char text[JSON_NUMBER_BYTES];

    if (isfinite(value)) {
        buffer_append(buffer, text,
                      is_float ? float_text((float)value, text) : json_number_text(value, text));
    } else {
        buffer_append_text(buffer, isnan(value) ? "\"NaN\""
                                   : value > 0  ? "\"Infinity\""
                                                : "\"-Infinity\"");
    }
}

/* A number that the enum does not know (from a newer writer) stays a number. */
static void append_enum(struct buffer *buffer, const ProtobufCEnumDescriptor *type, int32_t number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);

    if (value == NULL) {
        append_integer(buffer, (uint64_t)(int64_t)number, true, false);
    } else {
        append_quoted(buffer, value->name, strlen(value->name));
    }
}

static void encode_child(struct encoder *encoder, const ProtobufCMessageDescriptor *type,
                         const ProtobufCMessage *child)
{
    if (child != NULL) {
        encode_message(encoder, child);
    } else {
        buffer_append_text(encoder->buffer, wellknown_of(type) == WELLKNOWN_NONE ? "{}" : "null");
    }
}

/* Appends one value. The key of a map is always in quotes. */
static void encode_value(struct encoder *encoder, const ProtobufCFieldDescriptor *field,
                         const void *value, bool is_key)
{
    struct buffer *buffer = encoder->buffer;
    const ProtobufCBinaryData *bytes = value;
    const char *text = NULL;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        append_integer(buffer, (uint64_t)(int64_t) * (const int32_t *)value, true, is_key);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        append_integer(buffer, *(const uint32_t *)value, false, is_key);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        append_integer(buffer, *(const uint64_t *)value, true, true);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        append_integer(buffer, *(const uint64_t *)value, false, true);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        append_real(buffer, (double)*(const float *)value, true);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        append_real(buffer, *(const double *)value, false);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        text = *(const protobuf_c_boolean *)value ? "true" : "false";
        if (is_key) {
            append_quoted(buffer, text, strlen(text));
        } else {
            buffer_append_text(buffer, text);
        }
        break;
    case PROTOBUF_C_TYPE_ENUM:
        append_enum(buffer, field->descriptor, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *)value;
        json_append_string(buffer, slice_from(text != NULL ? text : ""));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        buffer_append_char(buffer, '"');
        base64_append(buffer, bytes->data, bytes->len);
        buffer_append_char(buffer, '"');
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        encode_child(encoder, field->descriptor, *(const ProtobufCMessage *const *)value);
        break;
    }
}

static void encode_map(struct encoder *encoder, ProtobufCMessage **entries, size_t count)
{
    bool is_first = true;

    begin_group(encoder, '{');
    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;
        separate(encoder, &is_first);
        encode_value(encoder, &fields[0], field_member(entries[i], &fields[0]), true);
        buffer_append_text(encoder->buffer, encoder->is_pretty ? ": " : ":");
        encode_value(encoder, &fields[1], field_member(entries[i], &fields[1]), false);
    }
    end_group(encoder, '}', is_first);
}

static void encode_array(struct encoder *encoder, const ProtobufCFieldDescriptor *field,
                         const char *values, size_t count)
{
    const size_t size = field_value_bytes(field);
    bool is_first = true;

    begin_group(encoder, '[');
    for (size_t i = 0; i < count; i++) {
        separate(encoder, &is_first);
        encode_value(encoder, field, values + i * size, false);
    }
    end_group(encoder, ']', is_first);
}

static bool is_wrapper(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           wellknown_of(field->descriptor) == WELLKNOWN_WRAPPER;
}

/* All of a repeated field, or the one value. */
static void encode_whole(struct encoder *encoder, const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    char *values = NULL;

    if (!field_is_repeated(field)) {
        encode_value(encoder, field, field_member(message, field), false);
        return;
    }
    const size_t count = field_values(message, field, &values);
    if (message_field_is_map(message->descriptor, field)) {
        encode_map(encoder, (ProtobufCMessage **)(void *)values, count);
    } else {
        encode_array(encoder, field, values, count);
    }
}

static void encode_field(struct encoder *encoder, const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field, bool *is_first)
{
    const bool has_presence = field_is_oneof(field) || field->type == PROTOBUF_C_TYPE_MESSAGE ||
                              field_flag(message, field) != NULL;

    if (field_is_repeated(field) || !has_presence || message_has(message, field)) {
        begin_member(encoder, field->name, is_first);
        encode_whole(encoder, message, field);
    } else if (is_wrapper(field) && !field_is_oneof(field)) {
        begin_member(encoder, field->name, is_first);
        buffer_append_text(encoder->buffer, "null");
    }
}

static void encode_fields(struct encoder *encoder, const ProtobufCMessage *message, bool *is_first)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    for (unsigned i = 0; i < type->n_fields; i++) {
        encode_field(encoder, message, &type->fields[i], is_first);
    }
}

/* Shows an Any as its type does. When the type is not registered, or the bytes are not of it, its
 * bytes are shown instead. */
static void encode_any(struct encoder *encoder, const Google__Protobuf__Any *any)
{
    const struct slice url = slice_from(any->type_url != NULL ? any->type_url : "");
    const struct slice bytes = {.data = (const char *)any->value.data, .length = any->value.len};
    /* An Any in an Any is only bytes to the decoder: its depth is bounded here. */
    const ProtobufCMessageDescriptor *type = encoder->depth < JSON_DEPTH_MAX ? any_type(url) : NULL;
    struct arena *arena = type != NULL ? arena_new(ANY_MEMORY_BYTES) : NULL;
    void *inner = NULL;
    bool is_first = true;

    if (arena != NULL && message_decode(arena, type, bytes, &inner).code != STATUS_OK) {
        inner = NULL;
    }
    begin_group(encoder, '{');
    if (url.length == 0 && bytes.length == 0) {
        end_group(encoder, '}', is_first);
        return;
    }
    begin_member(encoder, "@type", &is_first);
    json_append_string(encoder->buffer, url);
    if (inner != NULL && wellknown_of(type) == WELLKNOWN_NONE) {
        encode_fields(encoder, inner, &is_first);
    } else {
        begin_member(encoder, "value", &is_first);
        if (inner != NULL) {
            encode_message(encoder, inner);
        } else {
            buffer_append_char(encoder->buffer, '"');
            base64_append(encoder->buffer, any->value.data, any->value.len);
            buffer_append_char(encoder->buffer, '"');
        }
    }
    end_group(encoder, '}', is_first);
    arena_free(arena);
}

/* The text of a time or a duration; of length 0 when it is out of its range. */
static void encode_text(struct encoder *encoder, const char *text, size_t length)
{
    if (length > 0) {
        append_quoted(encoder->buffer, text, length);
    } else {
        fail_form(encoder);
    }
}

static void encode_mask(struct encoder *encoder, const Google__Protobuf__FieldMask *mask)
{
    buffer_append_char(encoder->buffer, '"');
    if (!mask_append(encoder->buffer, mask->paths, mask->n_paths)) {
        fail_form(encoder);
    }
    buffer_append_char(encoder->buffer, '"');
}

static void encode_message(struct encoder *encoder, const ProtobufCMessage *message)
{
    const Google__Protobuf__Timestamp *time = (const Google__Protobuf__Timestamp *)message;
    const Google__Protobuf__Duration *duration = (const Google__Protobuf__Duration *)message;
    const ProtobufCFieldDescriptor *value = message->descriptor->fields;
    char text[WELLKNOWN_TEXT_BYTES];
    bool is_first = true;

    switch (wellknown_of(message->descriptor)) {
    case WELLKNOWN_NONE:
        begin_group(encoder, '{');
        encode_fields(encoder, message, &is_first);
        end_group(encoder, '}', is_first);
        break;
    case WELLKNOWN_WRAPPER:
        encode_value(encoder, value, field_member(message, value), false);
        break;
    case WELLKNOWN_TIMESTAMP:
        encode_text(encoder, text, timestamp_text(time->seconds, time->nanos, text));
        break;
    case WELLKNOWN_DURATION:
        encode_text(encoder, text, duration_text(duration->seconds, duration->nanos, text));
        break;
    case WELLKNOWN_FIELD_MASK:
        encode_mask(encoder, (const Google__Protobuf__FieldMask *)message);
        break;
    case WELLKNOWN_ANY:
        encode_any(encoder, (const Google__Protobuf__Any *)message);
        break;
    }
}

bool json_encode(struct buffer *buffer, const ProtobufCMessage *message)
{
    struct encoder encoder = {.buffer = buffer};

    encode_message(&encoder, message);
    return !encoder.has_no_form;
}

bool json_encode_field(struct buffer *buffer, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field)
{
    struct encoder encoder = {.buffer = buffer};

    encode_whole(&encoder, message, field);
    return !encoder.has_no_form;
}

bool json_encode_pretty(struct buffer *buffer, const ProtobufCMessage *message)
{
    struct encoder encoder = {.buffer = buffer, .is_pretty = true};

    encode_message(&encoder, message);
    return !encoder.has_no_form;
}
