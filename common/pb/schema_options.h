/*
 * schema_options.h - annotations, which protobuf-c keeps only as unknown fields of
 * the options; for schema.c only.
 *
 * options may be NULL: then there are no annotations. Results are in arena, scratch is for what
 * is unpacked on the way. Errors: INTERNAL INVALID_SCHEMA, RESOURCE_EXHAUSTED.
 */
#ifndef PB_SCHEMA_OPTIONS_H
#define PB_SCHEMA_OPTIONS_H

#include "pb/schema.h"

/* google.api.field_behavior as bits of enum field_behavior. */
unsigned options_behavior(const ProtobufCMessage *options);

/* google.api.resource: its type and first pattern; NULL and NULL without it. */
struct status options_resource(struct arena *arena, struct arena *scratch,
                               const ProtobufCMessage *options, const char **ret_type,
                               const char **ret_pattern);

/* google.api.resource_reference: its type, else its child type; NULL without it. */
struct status options_reference(struct arena *arena, struct arena *scratch,
                                const ProtobufCMessage *options, const char **ret_type);

/* dongkhoi.type.v1.rules; NULL without them. */
struct status options_rules(struct arena *arena, struct arena *scratch,
                            const ProtobufCMessage *options, const struct schema_rules **ret_rules);

/* dongkhoi.type.v1.batching. */
enum schema_batching options_batching(const ProtobufCMessage *options);

/* google.api.http with its additional bindings. */
struct status options_routes(struct arena *arena, struct arena *scratch,
                             const ProtobufCMessage *options,
                             const struct schema_route **ret_routes, size_t *ret_count);

/* What schema_load() answers when its bytes are not as they must be. */
struct status schema_invalid(struct arena *arena, const char *problem, const char *name);

#endif
