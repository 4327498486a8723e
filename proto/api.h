/*
 * api.h - the API as data: the generated services and the FileDescriptorSets behind them.
 */
#ifndef PROTO_API_H
#define PROTO_API_H

#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Every service that the gateway serves. */
extern const ProtobufCServiceDescriptor *const api_services[];
extern const size_t api_service_count;

/* The FileDescriptorSet of all of them, with imports and comments. */
struct slice api_descriptor_set(void);

/* Of one service each, with imports and without comments. Each is in a library of its own, so that
 * a program carries only what it names. */
struct slice clusters_descriptor_set(void);
struct slice indicators_descriptor_set(void);
struct slice nighteconomy_descriptor_set(void);
struct slice registrations_descriptor_set(void);

#endif
