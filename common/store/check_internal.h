/*
 * check_internal.h - the parts of a check, each in a snapshot that the caller began.
 */
#ifndef STORE_CHECK_INTERNAL_H
#define STORE_CHECK_INTERNAL_H

#include "store/correction.h"
#include "store/db.h"
#include "store/resource.h"

enum { CHECK_BATCH = 1000 };

/* Entries of a kind, and the text of the query that compares them. */
struct check_span {
    const struct resource_kind *kind;
    const char *text; /* check_entries_text() */
    uint64_t after_seq;
    uint64_t to_seq;
};
const char *check_entries_text(struct arena *arena, const struct resource_kind *kind,
                               const struct corrections *corrections);

/* The entries in (after_seq, to_seq] have their rows. */
struct status check_entries(struct db *db, struct arena *arena, const struct check_span *span);

/* A walk over the rows of one kind. */
struct check_rows {
    const struct resource_kind *kind;
    const struct corrections *corrections;
    const char *text;     /* of the query */
    bool with_columns;    /* the table has the columns of this program */
    struct arena *bodies; /* emptied after each row */
    char *name;           /* of the last row that was checked */
    int64_t revision;
    uint64_t rows;
};

struct status check_rows_start(struct arena *arena, const struct resource_kind *kind,
                               const struct corrections *corrections, bool with_columns,
                               struct check_rows *ret_walk);
/* At most CHECK_BATCH rows; ret_end: there are no more. */
struct status check_rows_next(struct db *db, struct arena *arena, struct check_rows *walk,
                              bool *ret_end);
void check_rows_done(struct check_rows *walk);

#endif
