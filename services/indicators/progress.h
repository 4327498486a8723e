/*
 * progress.h - how far a year has come: plan percent, growth, forecasts, attainment.
 *
 * Pure arithmetic over plain values: exact ratios, nothing rounded, no store and no messages.
 */
#ifndef INDICATORS_PROGRESS_H
#define INDICATORS_PROGRESS_H

#include "base/decimal.h"
#include "series.h"

enum { BASE_YEARS_MAX = 3, PROGRESS_FIGURES_MAX = 128, PERCENT_DECIMALS = DECIMALS_MAX };

/* Numbered as Target.Comparator. */
enum comparator {
    COMPARE_AT_LEAST = 1,
    COMPARE_MORE_THAN = 2,
    COMPARE_APPROXIMATELY = 3,
    COMPARE_DONE = 4,
};

/* Numbered as Progress.Attainment. */
enum attainment {
    ATTAINMENT_ACHIEVED = 1,
    ATTAINMENT_EXCEEDED = 2,
    ATTAINMENT_MISSED = 3,
    ATTAINMENT_OFF_TRACK = 4,
    ATTAINMENT_AT_RISK = 5,
    ATTAINMENT_IN_PROGRESS = 6,
    ATTAINMENT_UNKNOWN = 7,
    ATTAINMENT_NOT_JUDGED = 8,
};

/* What was promised for the year. Values are scaled as the figures are, percentages by
 * 10^PERCENT_DECIMALS. */
struct plan {
    enum comparator comparator;
    int64_t value;
    int64_t tolerance_percent;
    bool has_growth;
    int64_t growth_percent;
    bool has_baseline;
    int64_t baseline;
    bool closed;
};

struct progress_question {
    const struct series *series;
    int year;
    int month;
    const struct plan *plan; /* NULL: no target */
    bool neutral;            /* neither more nor less is better */
};

/* Unknown when reason is set: with a sentence, a literal. */
struct quantity {
    struct ratio ratio; /* of scaled values, or in percent */
    const struct reason *reason;
    const char *message;
};

/* An attainment; reason says why it is UNKNOWN, NOT_JUDGED or made without a forecast. */
struct verdict {
    enum attainment attainment;
    const struct reason *reason;
    const char *message;
};

struct progress {
    struct quantity year_to_date;
    struct period year_to_date_period;
    struct quantity base_year_to_date;
    struct quantity plan_percent;
    struct quantity growth_percent;
    struct quantity growth_on_plan_base_percent;
    struct quantity required_run_rate;
    struct quantity required_growth_percent;
    struct quantity linear_forecast;
    struct quantity seasonal_forecast;
    struct verdict level;
    struct verdict growth;
    bool complete;
    bool provisional;
    int missing[YEAR_MONTHS];
    size_t missing_count;
    const struct figure *figures[PROGRESS_FIGURES_MAX]; /* used, each once */
    size_t figure_count;
};

/* Cannot fail: what cannot be computed is unknown, with its reason. */
void progress_compute(const struct progress_question *question, struct progress *ret_progress);

static inline bool quantity_is_known(const struct quantity *quantity)
{
    return quantity->reason == NULL;
}

#endif
