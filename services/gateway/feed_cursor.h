/*
 * feed_cursor.h - a place in the feed: of each service the last entry that was given.
 *
 * As opaque text: base64url of a check and the entries by service name. Services are known by name,
 * so that one may be added; it is read from its first entry.
 *
 * Errors: INVALID_ARGUMENT INVALID_CURSOR, field "since".
 */
#ifndef GATEWAY_FEED_CURSOR_H
#define GATEWAY_FEED_CURSOR_H

#include "base/arena.h"
#include "base/status.h"

#include <stdint.h>

struct feed_position {
    const char *service;
    uint64_t seq;  /* 0: none was given */
    uint64_t hash; /* the first 8 bytes of the entry's */
};

/* The cursor's text, in the arena; NULL when it is full. */
const char *feed_cursor_make(struct arena *arena, const struct feed_position *positions,
                             size_t count);

/* positions have their services set; seq and hash become those of the cursor, 0 for services that
 * it does not name. "" is the beginning. A service that is not among them is refused. */
struct status feed_cursor_read(struct arena *arena, const char *since,
                               struct feed_position *positions, size_t count);

#endif
