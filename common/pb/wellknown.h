/*
 * wellknown.h - the types that have a JSON form of their own, and their texts; private to pb.
 */
#ifndef PB_WELLKNOWN_H
#define PB_WELLKNOWN_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

enum wellknown {
    WELLKNOWN_NONE,
    WELLKNOWN_WRAPPER, /* of one field "value" */
    WELLKNOWN_TIMESTAMP,
    WELLKNOWN_DURATION,
    WELLKNOWN_FIELD_MASK,
    WELLKNOWN_ANY,
};

enum wellknown wellknown_of(const ProtobufCMessageDescriptor *type);

enum { WELLKNOWN_TEXT_BYTES = 40 };

/* RFC 3339 in UTC, or seconds with an "s", with 0, 3, 6 or 9 decimals and no NUL. Returns the
 * length; 0 when it is out of the range of the type. */
size_t timestamp_text(int64_t seconds, int32_t nanos, char text[WELLKNOWN_TEXT_BYTES]);
size_t duration_text(int64_t seconds, int32_t nanos, char text[WELLKNOWN_TEXT_BYTES]);

/* False when text is none, or out of range. */
bool timestamp_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos);
bool duration_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos);

/* The texts of Timestamp, Duration and FieldMask into their message. INVALID_VALUE without a
 * place. */
struct status wellknown_parse(struct arena *arena, enum wellknown kind, struct slice text,
                              ProtobufCMessage *message);

/* "display_name" and "target.value" as "displayName,target.value". False when that could not be
 * read back as the same paths: one has other characters than those of names, or an upper-case
 * letter or a "_" that is not in front of a lower-case one. */
[[nodiscard]] bool mask_append(struct buffer *buffer, char *const *paths, size_t count);

void base64_append(struct buffer *buffer, const uint8_t *bytes, size_t length);

/* Either alphabet, padded or not; data NULL when text is no base64. */
struct status base64_parse(struct arena *arena, struct slice text, ProtobufCBinaryData *ret_bytes);

#endif
