/* json_map.c - doubling lists; keys are sorted so that many of them cost no quadratic search. */
#include "pb/json_map.h"

#include "pb/map.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 4 };

void *json_list_add(struct json_list *list, struct arena *arena)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? 2 * list->capacity : FIRST_CAPACITY;
        void *items = arena_array(arena, capacity, list->item_bytes);
        if (list->count > 0) {
            memcpy(items, list->items, list->count * list->item_bytes);
        }
        list->items = items;
        list->capacity = capacity;
    }
    return (char *)list->items + list->count++ * list->item_bytes;
}

static int compare_keys(const void *a, const void *b)
{
    const struct json_key *left = a;
    const struct json_key *right = b;
    const int order = map_key_compare(left->entry, right->entry);

    return order != 0 ? order : left->at < right->at ? -1 : left->at > right->at ? 1 : 0;
}

const struct json_key *json_keys_twice(struct json_key *keys, size_t count)
{
    const struct json_key *twice = NULL;

    if (count < 2) {
        return NULL;
    }
    qsort(keys, count, sizeof(keys[0]), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (map_key_compare(keys[i - 1].entry, keys[i].entry) == 0 &&
            (twice == NULL || keys[i].at < twice->at)) {
            twice = &keys[i];
        }
    }
    return twice;
}
