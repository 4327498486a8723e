/*
 * fieldmask.h - which fields of a resource an update changes (AIP-134, AIP-161).
 *
 * Errors: INVALID_ARGUMENT INVALID_FIELD_MASK, naming the path.
 */
#ifndef PB_FIELDMASK_H
#define PB_FIELDMASK_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>

/* Each path must lead to a field of the type: through singular messages, or ending at a map,
 * repeated field or scalar. Paths are proto names or lowerCamelCase. "*" alone means all. */
struct status fieldmask_check(struct arena *arena, const ProtobufCMessageDescriptor *type,
                              char *const *paths, size_t count);

/* The names of the fields that are present in message, of its own and not of the messages within:
 * the default mask of an update. */
struct status fieldmask_from_present(struct arena *arena, const ProtobufCMessage *message,
                                     char ***ret_paths, size_t *ret_count);

/* Fields of to named by the (checked) paths become those of from; a field that is unset in from
 * is cleared in to. Shares memory with from. */
struct status fieldmask_merge(struct arena *arena, ProtobufCMessage *to,
                              const ProtobufCMessage *from, char *const *paths, size_t count);

#endif
