/*
 * correction.h - entries of a journal that were dated by a wrong clock, and what is read instead.
 *
 * A correction is an entry itself, of the kind CLOCK_CORRECTED: the entries from_seq to to_seq are
 * read as if they had been recorded offset_us later (earlier, when it is negative). The entries
 * stay as they were written, and so do the bodies in them; the tables of resources have the
 * corrected times. Only the entry behind a correction may have an earlier recorded time than the
 * one before. Corrected times increase strictly, as recorded ones do otherwise.
 */
#ifndef STORE_CORRECTION_H
#define STORE_CORRECTION_H

#include "base/arena.h"
#include "base/status.h"
#include "store/db.h"

#include <stdbool.h>
#include <stdint.h>

#define CORRECTION_KIND "CLOCK_CORRECTED"

enum { CORRECTIONS_MAX = 64 };

struct correction {
    uint64_t seq; /* of the entry that says it */
    uint64_t from_seq;
    uint64_t to_seq;
    int64_t offset_us;
};

/* All of a journal, by seq. */
struct corrections {
    struct correction items[CORRECTIONS_MAX];
    size_t count;
};

/* As the body of an entry, readable: "from=3 to=9 offset_us=-86400000000". */
const char *correction_write(struct arena *arena, const struct correction *correction);
/* False when the body of the entry seq is none, or speaks of entries that were not there. */
bool correction_parse(struct slice body, uint64_t seq, struct correction *ret_correction);

/* DATA_LOSS JOURNAL_BROKEN for an entry that cannot be read, or too many of them. */
struct status corrections_read(struct db *db, struct arena *arena,
                               struct corrections *ret_corrections);

/* What is to be added to the recorded time of this entry, by the corrections behind after_seq. */
int64_t corrections_shift_us(const struct corrections *corrections, uint64_t seq,
                             uint64_t after_seq);

/* The same as an expression of SQL: the corrected time of the journal's row with this alias. In the
 * arena; NULL when it is full. */
const char *corrections_sql(struct arena *arena, const struct corrections *corrections,
                            const char *alias);

#endif
