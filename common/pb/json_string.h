/*
 * json_string.h - text between quotes, and the names of members; private to pb.
 */
#ifndef PB_JSON_STRING_H
#define PB_JSON_STRING_H

#include "base/buffer.h"

#include <protobuf-c/protobuf-c.h>

/* As json_append_string() without the quotes. */
void append_escaped(struct buffer *buffer, struct slice text);

/* The field of this name, be it lowerCamelCase or the proto name; NULL when there is none. */
const ProtobufCFieldDescriptor *json_field(const ProtobufCMessageDescriptor *type,
                                           struct slice name);

#endif
