/*
 * contributions.h - what each part contributed to the growth of the whole over a year.
 *
 * Pure arithmetic over plain values: exact ratios, nothing rounded, no store and no messages.
 */
#ifndef INDICATORS_CONTRIBUTIONS_H
#define INDICATORS_CONTRIBUTIONS_H

#include "progress.h"

/* One part: its figures go in, the rest comes out. */
struct part {
    const char *code;
    const struct series *series;
    struct quantity current;
    struct quantity previous;
    struct quantity contribution; /* percentage points */
    struct total current_total;   /* what current and previous were made of; no figures: unknown */
    struct total previous_total;
};

struct contributions {
    struct part *parts;
    size_t part_count;
    struct period period;
    struct period previous_period;
    bool cumulative; /* compared are years to date, else periods alone */
    /* The whole: observed, or the sum of its parts when it is not. */
    struct part whole;
    bool whole_is_sum;
    struct quantity growth_percent;
    struct quantity residual; /* percentage points */
    bool complete;            /* there are parts, and each has both values */
};

/*
 * Fills parts[] and ret_contributions for this period against the same one of the year before.
 * Months are compared alone when the period has any such figure, else as years to date; a year
 * always as the year to date of December. Cannot fail: unknown quantities have reasons.
 */
void contributions_compute(const struct series *whole, struct part *parts, size_t part_count,
                           struct period period, struct contributions *ret_contributions);

#endif
