/*
 * json_any.h - the types that may stand in a google.protobuf.Any; private to pb.
 */
#ifndef PB_JSON_ANY_H
#define PB_JSON_ANY_H

#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>

/* The registered type that a URL names by what follows its last "/"; NULL when there is none. */
const ProtobufCMessageDescriptor *any_type(struct slice url);

#endif
