/*
 * wire.h - fields as they stand on protobuf's wire, for the files of pb/ only.
 */
#ifndef PB_WIRE_H
#define PB_WIRE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 };

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;     /* but for WIRE_LENGTH */
    struct slice bytes; /* for WIRE_LENGTH: what the length counts */
};

/* Takes a varint of at most ten bytes and 64 bits off the front. */
bool wire_take_varint(struct slice *rest, uint64_t *ret_value);

/* Takes a number of 4 or 8 bytes, the lowest first. */
bool wire_take_fixed(struct slice *rest, size_t size, uint64_t *ret_value);

/* Takes one field; returns NULL, or a literal that says what is wrong. */
const char *wire_take_field(struct slice *rest, struct wire_field *ret_field);

#endif
