/*
 * api.h - the whole API as data: the generated services and the FileDescriptorSet behind them.
 */
#ifndef PROTO_API_H
#define PROTO_API_H

#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Every service that the gateway serves. */
extern const ProtobufCServiceDescriptor *const api_services[];
extern const size_t api_service_count;

/* The FileDescriptorSet with imports and comments. */
struct slice api_descriptor_set(void);

#endif
