/*
 * json_string.h - the names of members; private to pb.
 */
#ifndef PB_JSON_STRING_H
#define PB_JSON_STRING_H

#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>

/* The field of this name, be it lowerCamelCase or the proto name; NULL when there is none. */
const ProtobufCFieldDescriptor *json_field(const ProtobufCMessageDescriptor *type,
                                           struct slice name);

#endif
