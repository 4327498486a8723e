/*
 * json_map.h - lists that grow while a text is read, and keys that stand twice; private to pb.
 */
#ifndef PB_JSON_MAP_H
#define PB_JSON_MAP_H

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Starts as zeros and item_bytes. */
struct json_list {
    void *items;
    size_t count;
    size_t capacity;
    size_t item_bytes;
};

/* A zeroed item at the end. Moves the others. */
void *json_list_add(struct json_list *list, struct arena *arena);

/* A key of a map and where it was read. */
struct json_key {
    const ProtobufCMessage *entry;
    struct slice name;
    const char *at;
};

/* The first key in the text that stood before, NULL when all differ. Sorts the keys. */
const struct json_key *json_keys_twice(struct json_key *keys, size_t count);

#endif
