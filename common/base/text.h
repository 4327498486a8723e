/*
 * text.h - UTF-8: valid or not, and in the one form that is stored (NFC); a hash of it.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* FNV-1a of the text, on top of a hash so far: for small tables. Who chooses keys can make them
 * collide. */
#define TEXT_HASH_START UINT64_C(14695981039346656037)
uint64_t text_hash(uint64_t hash, const char *text);

/* RFC 3629: no surrogates, nothing overlong, nothing past U+10FFFF; U+0000 is valid UTF-8. */
bool utf8_is_valid(struct slice text);

/* Bytes of the code point that text begins with, 1 to 4; 0 when it begins with none (RFC 3629). */
size_t utf8_code_point_bytes(struct slice text);

/*
 * The NFC form (Unicode, UAX 15) of valid UTF-8, NUL-terminated: the same pointer when it is in
 * NFC already, else a copy in the arena.
 */
struct status text_to_nfc(struct arena *arena, const char *text, const char **ret_text);

/* For telling names apart: NFC text in small letters, without blanks at the ends, one blank where
 * there are several, and without what cannot be seen (Unicode category Cf). RESOURCE_EXHAUSTED. */
struct status text_fold(struct arena *arena, const char *text, const char **ret_text);

#endif
