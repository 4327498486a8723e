/*
 * correct_clock.h - what an operator does after a service wrote with a wrong clock: a correction
 * (store/correction.h) of a store that no service works with.
 */
#ifndef STORE_CORRECT_CLOCK_H
#define STORE_CORRECT_CLOCK_H

#include "store/correction.h"
#include "store/store.h"

/* What is to be corrected, and between which offsets that is possible. */
struct clock_correction {
    uint64_t from_seq; /* 0: the first entry that is ahead of the clock */
    uint64_t to_seq;   /* 0: the last entry */
    int64_t least_us;  /* set: the least and the greatest offset with which the entries stay in */
    int64_t most_us;   /*      their order, and not ahead of the clock */
    int64_t from_us;   /* set: the times of the two entries */
    int64_t to_us;
};

/* Completes the correction. FAILED_PRECONDITION NOTHING_TO_CORRECT when there is no such entry. */
struct status clock_correction_look(struct store *store, struct arena *arena,
                                    struct clock_correction *correction);

/*
 * Appends the correction and gives all that is read its new times, in one transaction; the store is
 * to be opened anew afterwards. Waits for the commit. INVALID_ARGUMENT OFFSET_OUT_OF_RANGE;
 * FAILED_PRECONDITION TOO_MANY_CORRECTIONS, or CLOCK_BEHIND_JOURNAL when the last entry would still
 * be ahead of the clock.
 */
struct status clock_correction_write(struct store *store, struct arena *arena,
                                     const struct clock_correction *correction, int64_t offset_us);

#endif
