/*
 * json_scalar.h - one value of a known type from its text; private to pb.
 *
 * Errors: INVALID_VALUE without a place, whose message says what the value must be;
 * REQUEST_TOO_COSTLY.
 */
#ifndef PB_JSON_SCALAR_H
#define PB_JSON_SCALAR_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>

/* What the field takes, without a value at hand: "must be a string" and so on. */
struct status scalar_expected(const ProtobufCFieldDescriptor *field);

/* From a number as JSON writes it. value is where protobuf-c keeps a value of the field. */
struct status scalar_from_number(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                 struct slice number, void *value);

/* From what stood between quotes: numbers too, names of enums, base64. Not for fields of type
 * string, and not for bool. */
struct status scalar_from_string(struct arena *arena, const ProtobufCFieldDescriptor *field,
                                 struct slice text, void *value);

/* From text that has no quotes of its own, as the key of a map or a value in a URL: as
 * scalar_from_string() and also strings (copied, checked to be UTF-8 without U+0000), true and
 * false, and numbers of enums. */
struct status scalar_from_text(struct arena *arena, const ProtobufCFieldDescriptor *field,
                               struct slice text, void *value);

#endif
