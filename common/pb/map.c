/* map.c - keys are sorted to be compared, so that many entries cost no quadratic search. */
#include "pb/map.h"

#include "pb/field.h"

#include <stdlib.h>
#include <string.h>

/* An entry and where it stands. */
struct place {
    const ProtobufCMessage *entry;
    size_t index;
};

int map_key_compare(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    const ProtobufCFieldDescriptor *key = &a->descriptor->fields[0];
    const void *left = field_member(a, key);
    const void *right = field_member(b, key);

    if (key->type == PROTOBUF_C_TYPE_STRING) {
        return strcmp(*(const char *const *)left, *(const char *const *)right);
    }
    return memcmp(left, right, field_value_bytes(key));
}

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    const int order = map_key_compare(left->entry, right->entry);

    return order != 0 ? order : left->index < right->index ? -1 : 1;
}

/* Most maps come sorted and need no memory. */
static bool is_ascending(ProtobufCMessage *const *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (map_key_compare(entries[i - 1], entries[i]) >= 0) {
            return false;
        }
    }
    return true;
}

struct status map_keep_last(struct arena *arena, ProtobufCMessage **entries, size_t *count)
{
    size_t left = 0;

    if (is_ascending(entries, *count)) {
        return STATUS_NONE;
    }
    struct place *places = arena_array(arena, *count, sizeof(places[0]));
    for (size_t i = 0; i < *count; i++) {
        places[i] = (struct place){.entry = entries[i], .index = i};
    }
    qsort(places, *count, sizeof(places[0]), compare_places);
    for (size_t i = 1; i < *count; i++) {
        if (map_key_compare(places[i - 1].entry, places[i].entry) == 0) {
            entries[places[i - 1].index] = NULL;
        }
    }
    for (size_t i = 0; i < *count; i++) {
        if (entries[i] != NULL) {
            entries[left++] = entries[i];
        }
    }
    *count = left;
    return STATUS_NONE;
}
