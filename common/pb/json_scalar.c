/* json_scalar.c - the ranges of the scalar types, and what to say when a value is outside. */
#include "pb/json_scalar.h"

#include "base/text.h"
#include "pb/json_number.h"
#include "pb/wellknown.h"

#include <math.h>

/* An enum of more values than this is named without listing all of them. */
enum { ENUM_LISTED_MAX = 32 };

static struct status must_be(const char *message)
{
    return (struct status){
        .code = STATUS_INVALID_ARGUMENT, .reason = "INVALID_VALUE", .message = message};
}

struct status scalar_expected(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return must_be("must be an integer from -2147483648 to 2147483647");
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return must_be("must be an integer from 0 to 4294967295");
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return must_be("must be an integer from -9223372036854775808 to 9223372036854775807");
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return must_be("must be an integer from 0 to 18446744073709551615");
    case PROTOBUF_C_TYPE_FLOAT:
        return must_be("must be a number of the range of float, or \"NaN\", \"Infinity\" or "
                       "\"-Infinity\"");
    case PROTOBUF_C_TYPE_DOUBLE:
        return must_be("must be a number of the range of double, or \"NaN\", \"Infinity\" or "
                       "\"-Infinity\"");
    case PROTOBUF_C_TYPE_BOOL:
        return must_be("must be true or false");
    case PROTOBUF_C_TYPE_STRING:
        return must_be("must be a string");
    case PROTOBUF_C_TYPE_BYTES:
        return must_be("must be a string of base64");
    case PROTOBUF_C_TYPE_ENUM:
        return must_be("must be the name of an enum value");
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return must_be("must be an object");
}

/* "must be one of A, B, C". */
static struct status enum_expected(struct arena *arena, const ProtobufCEnumDescriptor *type)
{
    const unsigned count = type->n_values < ENUM_LISTED_MAX ? type->n_values : ENUM_LISTED_MAX;
    struct buffer text;

    buffer_init(&text, SIZE_MAX / 2);
    buffer_append_text(&text, "must be one of ");
    for (unsigned i = 0; i < count; i++) {
        buffer_append_text(&text, i > 0 ? ", " : "");
        buffer_append_text(&text, type->values[i].name);
    }
    buffer_append_text(&text, count < type->n_values ? " and so on" : "");
    const char *message = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return must_be(message);
}

static struct status integer_from_number(const ProtobufCFieldDescriptor *field, struct slice number,
                                         bool is_signed, bool is_wide, void *value)
{
    uint64_t bits = 0;
    int64_t integer = 0;
    const enum number_result result =
        is_signed ? number_to_int64(number, &integer) : number_to_uint64(number, &bits);

    if (result != NUMBER_OK) {
        return scalar_expected(field);
    }
    if (is_signed) {
        bits = (uint64_t)integer;
    }
    if (is_wide) {
        memcpy(value, &bits, sizeof(bits));
        return STATUS_NONE;
    }
    const bool fits = is_signed ? integer >= INT32_MIN && integer <= INT32_MAX : bits <= UINT32_MAX;
    if (!fits) {
        return scalar_expected(field);
    }
    const uint32_t narrow = (uint32_t)bits;
    memcpy(value, &narrow, sizeof(narrow));
    return STATUS_NONE;
}

static struct status real_from_number(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                      struct slice number, void *value)
{
    const enum number_result result = field->type == PROTOBUF_C_TYPE_FLOAT
                                          ? number_to_float(arena, number, value)
                                          : number_to_double(arena, number, value);

    switch (result) {
    case NUMBER_OK:
        return STATUS_NONE;
    case NUMBER_TOO_LONG:
        return must_be("has more digits than a double holds: at most 17");
    case NUMBER_TOO_SMALL:
        return must_be("is too near to 0 to be kept, and is not 0");
    case NUMBER_NOT_INTEGER:
    case NUMBER_TOO_LARGE:
        break;
    }
    return scalar_expected(field);
}

/* Only numbers that the enum has: any other would be stored without a meaning. */
static struct status enum_from_number(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                      struct slice number, void *value)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    int64_t wide = 0;

    if (number_to_int64(number, &wide) != NUMBER_OK || wide < INT32_MIN || wide > INT32_MAX ||
        protobuf_c_enum_descriptor_get_value(type, (int)wide) == NULL) {
        return enum_expected(arena, type);
    }
    const int32_t narrow = (int32_t)wide;
    memcpy(value, &narrow, sizeof(narrow));
    return STATUS_NONE;
}

struct status scalar_from_number(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                 struct slice number, void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return integer_from_number(field, number, true, false, value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return integer_from_number(field, number, false, false, value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return integer_from_number(field, number, true, true, value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return integer_from_number(field, number, false, true, value);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return real_from_number(arena, field, number, value);
    case PROTOBUF_C_TYPE_ENUM:
        return enum_from_number(arena, field, number, value);
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return scalar_expected(field);
}

static struct status enum_from_name(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                    struct slice name, void *value)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;

    for (unsigned i = 0; i < type->n_value_names; i++) {
        if (slice_is(name, type->values_by_name[i].name)) {
            const int32_t number = type->values[type->values_by_name[i].index].value;
            memcpy(value, &number, sizeof(number));
            return STATUS_NONE;
        }
    }
    return enum_expected(arena, type);
}

static struct status bytes_from_string(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                       struct slice text, void *value)
{
    ProtobufCBinaryData bytes;

    TRY(base64_parse(arena, text, &bytes));
    if (bytes.data == NULL) {
        return scalar_expected(field);
    }
    memcpy(value, &bytes, sizeof(bytes));
    return STATUS_NONE;
}

/* True for the three texts that are no JSON numbers. */
static bool real_from_word(const ProtobufCFieldDescriptor *field, struct slice text, void *value)
{
    const double real = slice_is(text, "NaN")         ? (double)NAN
                        : slice_is(text, "Infinity")  ? (double)INFINITY
                        : slice_is(text, "-Infinity") ? -(double)INFINITY
                                                      : 0;
    const float narrow = (float)real;

    if (real == 0) {
        return false;
    }
    if (field->type == PROTOBUF_C_TYPE_FLOAT) {
        memcpy(value, &narrow, sizeof(narrow));
    } else {
        memcpy(value, &real, sizeof(real));
    }
    return true;
}

struct status scalar_from_string(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                 struct slice text, void *value)
{
    const bool is_real =
        field->type == PROTOBUF_C_TYPE_FLOAT || field->type == PROTOBUF_C_TYPE_DOUBLE;

    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        return enum_from_name(arena, field, text, value);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return bytes_from_string(arena, field, text, value);
    }
    if (is_real && real_from_word(field, text, value)) {
        return STATUS_NONE;
    }
    if (!number_is_valid(text)) {
        return scalar_expected(field);
    }
    return scalar_from_number(arena, field, text, value);
}

static struct status string_from_text(struct arena *arena, struct slice text, void *value)
{
    if (!utf8_is_valid(text) || (text.length > 0 && memchr(text.data, '\0', text.length) != NULL)) {
        return must_be("must be UTF-8 without U+0000");
    }
    char *copy = arena_copy(arena, text);
    memcpy(value, &copy, sizeof(copy));
    return STATUS_NONE;
}

struct status scalar_from_text(struct arena *arena, const ProtobufCFieldDescriptor *field,
                               struct slice text, void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return string_from_text(arena, text, value);
    }
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        const protobuf_c_boolean is_true = slice_is(text, "true") ? 1 : 0;
        if (!is_true && !slice_is(text, "false")) {
            return scalar_expected(field);
        }
        memcpy(value, &is_true, sizeof(is_true));
        return STATUS_NONE;
    }
    if (field->type == PROTOBUF_C_TYPE_ENUM && number_is_valid(text)) {
        return enum_from_number(arena, field, text, value);
    }
    return scalar_from_string(arena, field, text, value);
}
