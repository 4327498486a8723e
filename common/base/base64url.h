/*
 * base64url.h - bytes as text that may stand in a URL (RFC 4648, 5), without padding.
 */
#ifndef BASE_BASE64URL_H
#define BASE_BASE64URL_H

#include "base/arena.h"

#include <stdbool.h>

/* In the arena, NUL-terminated; NULL when it is full. */
char *base64url_encode(struct arena *arena, struct slice bytes);

/* False when text is not what base64url_encode() makes of some bytes. */
bool base64url_decode(struct arena *arena, struct slice text, struct slice *ret_bytes);

#endif
