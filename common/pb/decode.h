/*
 * decode.h - bytes from outside become a message, within bounds.
 *
 * Errors: INVALID_ARGUMENT MALFORMED_MESSAGE (with the field's path and why),
 *         RESOURCE_EXHAUSTED REQUEST_TOO_COSTLY (the arena is exhausted).
 */
#ifndef PB_DECODE_H
#define PB_DECODE_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>

enum {
    DECODE_DEPTH_MAX = 32,    /* messages within messages */
    DECODE_UNKNOWN_MAX = 256, /* unknown fields in all; they are skipped, not kept */
    DECODE_ELEMENTS_MAX = 1 << 20,
};

/*
 * Reads all of bytes, of a proto3 type. Strings are checked to be UTF-8 without U+0000 (C strings
 * end there). A message that comes twice is merged, numbers are taken packed or not; groups and
 * wire types that are not the field's are malformed. Of map entries with the same key the last
 * stays.
 */
struct status message_decode(struct arena *arena, const ProtobufCMessageDescriptor *type,
                             struct slice bytes, void **ret_message);

/* An allocator of protobuf-c over the arena: alloc bumps, free does nothing. The result is valid
 * as long as the arena. */
ProtobufCAllocator arena_allocator(struct arena *arena);

#endif
