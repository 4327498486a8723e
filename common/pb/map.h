/*
 * map.h - the entries of a map field, which protobuf-c keeps as a list; private to pb.
 */
#ifndef PB_MAP_H
#define PB_MAP_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Below, at or above 0 as the key of a is to that of b: an order for sorting, not that of numbers.
 * Both are entries of the same field. */
int map_key_compare(const ProtobufCMessage *a, const ProtobufCMessage *b);

/* Of entries with the same key only the last stays, where it stands; *count becomes how many are
 * left. */
struct status map_keep_last(struct arena *arena, ProtobufCMessage **entries, size_t *count);

#endif
