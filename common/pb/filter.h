/*
 * filter.h - AIP-160 filters over messages.
 *
 *   filter     = sequence of terms joined by AND, OR, NOT, "-" and parentheses;
 *                OR binds tighter than AND; terms side by side are joined by AND
 *   comparison = field.path (= != < <= > >= :) value
 * ":" is "has": field:* is presence, repeated:value an element, map:key a key, map.key:value.
 * Strings compare exactly, with "*" at the start or end of an = or : value as wildcard; times and
 * dates in their order; enums by name; DoubleValue as numbers (unset matches only != and
 * NOT), as is what a path through an unset message or a missing key leads to. A value for a
 * string that looks like a number must be in quotes, a number or bool must not. Both sides are
 * NFC.
 *
 * Errors: INVALID_ARGUMENT INVALID_FILTER, with the position in bytes, from 1, and what was
 * expected; field "filter".
 */
#ifndef PB_FILTER_H
#define PB_FILTER_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

enum { FILTER_TEXT_MAX_BYTES = 4096, FILTER_TERMS_MAX = 64, FILTER_DEPTH_MAX = 16 };

struct filter;

/* Parses and checks every field and literal against the type. An empty text matches all and
 * gives a valid filter. */
struct status filter_parse(struct arena *arena, const ProtobufCMessageDescriptor *type,
                           const char *text, const struct filter **ret_filter);

bool filter_matches(const struct filter *filter, const ProtobufCMessage *message);

/*
 * True when the filter cannot match unless the field of this path (proto names, "district")
 * equals a text; that text then is in ret_value. So a list can use an index. For enums the text
 * is the value's name.
 */
bool filter_requires(const struct filter *filter, const char *path, const char **ret_value);
/* The same of a signed integer or bool. */
bool filter_requires_number(const struct filter *filter, const char *path, int64_t *ret_value);

/* "a, b.c desc": the order of a list (AIP-132). Errors: INVALID_ORDER_BY, field "orderBy".
 * Paths in the result are proto names; whether they can be ordered by is the caller's to say. */
struct order_key {
    const char *path;
    bool descending;
};
enum { ORDER_KEYS_MAX = 4 };
struct status order_parse(struct arena *arena, const ProtobufCMessageDescriptor *type,
                          const char *text, struct order_key *keys, size_t *ret_count);

#endif
