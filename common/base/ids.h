/*
 * ids.h - identifiers of resources.
 */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { UUID_TEXT_BYTES = 37, ID_MAX_BYTES = 63 };

/* A UUIDv7 (RFC 9562, 5.7) of this time as lower-case text. Any thread. */
void uuid_make(int64_t time_us, char text[UUID_TEXT_BYTES]);

/* True for [a-z0-9-]{1,63}. */
bool id_is_valid(struct slice id);

#endif
