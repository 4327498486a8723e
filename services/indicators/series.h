/*
 * series.h - the figures of one indicator over the years, and the year to date made of them.
 *
 * A series is of one window and one breakdown: what is in it may be added up. A month that is
 * missing is missing, never zero. No store here: figures are plain values.
 */
#ifndef INDICATORS_SERIES_H
#define INDICATORS_SERIES_H

#include "base/arena.h"
#include "base/status.h"
#include "period.h"

#include <stdbool.h>
#include <stdint.h>

/* Rising; numbered as Observation.Status. */
enum figure_status {
    FIGURE_UNSPECIFIED = 0,
    FIGURE_ESTIMATED = 1,
    FIGURE_PRELIMINARY = 2,
    FIGURE_OFFICIAL = 3,
};

/* One observation in one of its revisions. */
struct figure {
    struct period period;
    bool cumulative; /* from January; else of the period alone */
    int64_t scaled;  /* value * 10^decimals of the indicator */
    enum figure_status status;
    const char *published_date; /* "" when unknown */
    const char *name;           /* of the observation */
    int32_t revision;
};

/* That may stand for one December: 2022-12 from January, 2022 from January, 2022 alone. */
enum { YEAR_FIGURES_MAX = 3 };

struct series_year;

struct series {
    bool stock; /* levels: the latest counts, nothing is added up */
    struct series_year *years[YEAR_MAX - YEAR_MIN + 1];
};

/* In the arena; NULL when it is full. */
struct series *series_new(struct arena *arena, bool stock);

/*
 * figure must outlive the series. A yearly figure stands for the year to date of December (of a
 * STOCK for its level). Where two stand for the same, the higher status counts, then the later
 * publication, then the monthly one.
 */
struct status series_add(struct arena *arena, struct series *series, const struct figure *figure);

/* A value made of one or more figures. */
struct total {
    int64_t scaled;
    struct period period; /* what it is of: for a STOCK perhaps an earlier month */
    const struct figure *figures[YEAR_MONTHS];
    size_t figure_count;
};

/*
 * C(year, month). FLOW: the cumulative figure, else the latest earlier one and the months after
 * it, else the sum of all months. STOCK: the latest level at or before the month. False when
 * there is none.
 */
bool series_year_to_date(const struct series *series, int year, int month, struct total *ret_total);

/* What else is said of a whole year than the figure that its December counts. */
struct contradictions {
    const struct figure *figures[YEAR_FIGURES_MAX - 1]; /* of other values */
    size_t figure_count;
    bool sum_differs; /* all twelve months are there, and their sum is another */
    int64_t sum;
};

/* False when there is nothing else, or December has no such figure. */
bool series_contradictions(const struct series *series, int year,
                           struct contradictions *ret_contradictions);

/* The figure of the month alone; NULL when it is missing. */
const struct figure *series_month(const struct series *series, int year, int month);

/*
 * The months of the year up to month that the year to date lacks, ascending. FLOW: those without
 * which it cannot be made. STOCK: those after the latest level.
 */
size_t series_missing(const struct series *series, int year, int month,
                      int ret_months[YEAR_MONTHS]);

#endif
