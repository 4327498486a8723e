/* wire.c - the few forms of protobuf's wire; groups are none of them. */
#include "pb/wire.h"

enum { VARINT_MAX_BYTES = 10, FIELD_NUMBER_MAX = (1 << 29) - 1 };

bool wire_take_varint(struct slice *rest, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < rest->length && i < VARINT_MAX_BYTES; i++) {
        const unsigned char byte = (unsigned char)rest->data[i];
        /* The tenth byte has room for one bit. */
        if (i == VARINT_MAX_BYTES - 1 && byte > 1) {
            return false;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            rest->data += i + 1;
            rest->length -= i + 1;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool wire_take_fixed(struct slice *rest, size_t size, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (rest->length < size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)(unsigned char)rest->data[i] << (8 * i);
    }
    rest->data += size;
    rest->length -= size;
    *ret_value = value;
    return true;
}

static const char *take_value(struct slice *rest, struct wire_field *field)
{
    uint64_t length = 0;

    switch (field->type) {
    case WIRE_VARINT:
        return wire_take_varint(rest, &field->value) ? NULL : "a varint has no end in 64 bits";
    case WIRE_FIXED64:
        return wire_take_fixed(rest, 8, &field->value) ? NULL : "it ends within a number";
    case WIRE_FIXED32:
        return wire_take_fixed(rest, 4, &field->value) ? NULL : "it ends within a number";
    case WIRE_LENGTH:
        if (!wire_take_varint(rest, &length)) {
            return "a length has no end in 64 bits";
        }
        if (length > rest->length) {
            return "a length goes past the end";
        }
        field->bytes = (struct slice){.data = rest->data, .length = (size_t)length};
        rest->data += length;
        rest->length -= (size_t)length;
        return NULL;
    default:
        return "a wire type is a group's or none";
    }
}

const char *wire_take_field(struct slice *rest, struct wire_field *ret_field)
{
    struct wire_field field = {.number = 0};
    uint64_t tag = 0;

    if (!wire_take_varint(rest, &tag)) {
        return "a tag has no end in 64 bits";
    }
    if (tag >> 3 < 1 || tag >> 3 > FIELD_NUMBER_MAX) {
        return "a field number is out of range";
    }
    field.number = (uint32_t)(tag >> 3);
    field.type = (enum wire_type)(tag & 7);
    const char *problem = take_value(rest, &field);
    if (problem == NULL) {
        *ret_field = field;
    }
    return problem;
}
