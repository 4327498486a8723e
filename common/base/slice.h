/*
 * slice.h - bytes by pointer and length, owned by somebody else; never NUL-terminated by promise.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data;
    size_t length;
};

/* For printf: "%.*s", SLICE_ARGS(slice). */
#define SLICE_ARGS(slice) (int)(slice).length, (slice).data

/* A literal, or any string that outlives the slice. */
static inline struct slice slice_from(const char *text)
{
    return (struct slice){.data = text, .length = strlen(text)};
}

static inline bool slice_equals(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool slice_is(struct slice slice, const char *text)
{
    return slice_equals(slice, slice_from(text));
}

/* Takes the character off the front; false when another one stands there. */
static inline bool slice_take(struct slice *slice, char wanted)
{
    if (slice->length == 0 || slice->data[0] != wanted) {
        return false;
    }
    slice->data++;
    slice->length--;
    return true;
}

#endif
