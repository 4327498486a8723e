/*
 * page_token.h - where a page ended, as opaque text: base64url of a small structure.
 *
 * Its check covers the request (kind, parent, filter, order, time) and the store's id, so a token
 * is of use for the request that it came from and for no other.
 *
 * Errors: INVALID_ARGUMENT INVALID_PAGE_TOKEN, field "pageToken".
 */
#ifndef STORE_PAGE_TOKEN_H
#define STORE_PAGE_TOKEN_H

#include "base/buffer.h"
#include "store/table.h"

enum { PAGE_KEYS_MAX = 5, PAGE_DEFAULT = 50, PAGE_MAX = 1000, PAGE_MAX_BYTES = 4 << 20 };

/* Where to go on: behind the row with these values of the keys. */
struct page_position {
    uint64_t as_of_seq; /* the pages of one list show one state; 0: the current one */
    size_t key_count;
    struct column_value keys[PAGE_KEYS_MAX];
};

/* The request that a token belongs to; parts may be NULL. */
struct page_request {
    const char *parts[6];
};

/* INVALID_PAGE_SIZE, field "pageSize", when asked is negative. */
struct status page_size_check(struct arena *arena, int32_t asked, size_t *ret_size);

/* The bytes of a position; a failed buffer tells of missing memory. */
void page_position_write(struct buffer *out, const struct page_position *position);

/* Reads what was written, with key_count keys. False: it is none. */
bool page_position_read(struct arena *arena, struct slice bytes, size_t key_count,
                        struct page_position *ret_position);

/* The token of a written position. */
struct status page_token_make(struct tx *tx, const struct page_request *request,
                              struct slice position, const char **ret_token);

/* ret_position: all zero for an empty token. It must have key_count keys. */
struct status page_token_read(struct tx *tx, const struct page_request *request, const char *token,
                              size_t key_count, struct page_position *ret_position);

#endif
