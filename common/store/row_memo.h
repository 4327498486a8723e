/*
 * row_memo.h - rows that a thread's reads decoded, kept while the store's version stays.
 *
 * Several computed reads are made of the same few rows, and a version lives long: most of what
 * such a read costs is to find and decode them again. One thread at a time uses a memo.
 */
#ifndef STORE_ROW_MEMO_H
#define STORE_ROW_MEMO_H

#include "store/resource.h"

struct row_memo;

struct row_memo *row_memo_new(void);
/* memo may be NULL. */
void row_memo_free(struct row_memo *memo);

/* Before the reads of a snapshot: forgets what is of another version, and all when it is full. */
void row_memo_begin(struct row_memo *memo, struct version version);

/* The rows of an equal scan of kind; false when they are not there. */
bool row_memo_find(const struct row_memo *memo, const struct resource_kind *kind,
                   const struct resource_scan *scan, struct resource_revision **ret_rows,
                   size_t *ret_count);

/* Where rows that will be added are to be made; NULL: there is no room. */
struct arena *row_memo_arena(struct row_memo *memo);

/* Rows of that arena; a copy of the scan is kept with them. False: there is no room. */
bool row_memo_add(struct row_memo *memo, const struct resource_kind *kind,
                  const struct resource_scan *scan, struct resource_revision *rows, size_t count);

/* There was no room: nothing is added until the next row_memo_begin(), which makes some. */
void row_memo_fill(struct row_memo *memo);

#endif
