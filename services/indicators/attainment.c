/* attainment.c - whether a plan is met, by its comparator, and what is expected of the rest of the
 * year. */
#include "attainment.h"

#include "reasons.h"

static struct verdict verdict(enum attainment attainment)
{
    return (struct verdict){.attainment = attainment};
}

/* message NULL: what the reason's row says. */
static struct verdict verdict_because(enum attainment attainment, const struct reason *reason,
                                      const char *message)
{
    return (struct verdict){.attainment = attainment,
                            .reason = reason,
                            .message = message != NULL ? message : reason->english};
}

static struct ratio whole(decimal_wide number)
{
    return (struct ratio){.numerator = number, .denominator = 1};
}

static decimal_wide magnitude(decimal_wide number)
{
    return number < 0 ? -number : number;
}

/* value: C as an integer of the same scale as the plan's. */
static bool plan_is_met(const struct plan *plan, decimal_wide value)
{
    switch (plan->comparator) {
    case COMPARE_AT_LEAST:
    case COMPARE_DONE:
        return value >= plan->value;
    case COMPARE_MORE_THAN:
        return value > plan->value;
    case COMPARE_APPROXIMATELY:
        return magnitude(value - plan->value) * 100 * decimal_power(PERCENT_DECIMALS) <=
               magnitude(plan->value) * plan->tolerance_percent;
    }
    return false;
}

static bool plan_is_exceeded(const struct plan *plan, decimal_wide value)
{
    return (plan->comparator == COMPARE_AT_LEAST || plan->comparator == COMPARE_MORE_THAN) &&
           value > plan->value;
}

/* Whether the year met its plan by its end. Asked for an earlier month of a closed year, a plan
 * that was met later was not missed. */
static bool year_met_plan(const struct progress_question *question)
{
    struct total year;

    return series_year_to_date(question->series, question->year, YEAR_MONTHS, &year) &&
           plan_is_met(question->plan, year.scaled);
}

static struct verdict judge_level(const struct progress_question *question,
                                  const struct progress *progress)
{
    const struct plan *plan = question->plan;

    if (question->neutral) {
        return verdict_because(ATTAINMENT_NOT_JUDGED, REASON_NEUTRAL_DIRECTION, NULL);
    }
    if (plan == NULL) {
        return verdict_because(ATTAINMENT_NOT_JUDGED, REASON_NO_TARGET, NULL);
    }
    if (!quantity_is_known(&progress->year_to_date)) {
        return verdict_because(ATTAINMENT_UNKNOWN, REASON_MISSING_VALUE,
                               "there is no year to date for this period");
    }
    const decimal_wide value = progress->year_to_date.ratio.numerator;
    if (plan_is_met(plan, value)) {
        return verdict(plan_is_exceeded(plan, value) ? ATTAINMENT_EXCEEDED : ATTAINMENT_ACHIEVED);
    }
    if (plan->closed && !year_met_plan(question)) {
        return verdict(ATTAINMENT_MISSED);
    }
    const struct quantity *forecast = quantity_is_known(&progress->seasonal_forecast)
                                          ? &progress->seasonal_forecast
                                          : &progress->linear_forecast;
    if (!quantity_is_known(forecast)) {
        return verdict_because(ATTAINMENT_IN_PROGRESS, REASON_NO_FORECAST, NULL);
    }
    const struct ratio limit = {.numerator = (decimal_wide)plan->value * 95, .denominator = 100};
    if (ratio_compare(forecast->ratio, limit) < 0) {
        return verdict(ATTAINMENT_OFF_TRACK);
    }
    return verdict(ratio_compare(forecast->ratio, whole(plan->value)) < 0 ? ATTAINMENT_AT_RISK
                                                                          : ATTAINMENT_IN_PROGRESS);
}

/* Compares current with base * (1 + growth) * percent / 100: below, equal or above. */
static int compare_with_growth(decimal_wide current, decimal_wide base, int64_t growth_percent,
                               int percent)
{
    const decimal_wide hundred = 100 * (decimal_wide)decimal_power(PERCENT_DECIMALS);
    const decimal_wide left = current * hundred * 100;
    const decimal_wide right = base * (hundred + growth_percent) * percent;

    return left < right ? -1 : left > right;
}

static bool year_met_growth(const struct progress_question *question)
{
    struct total year;
    struct total base;

    return series_year_to_date(question->series, question->year, YEAR_MONTHS, &year) &&
           series_year_to_date(question->series, question->year - 1, YEAR_MONTHS, &base) &&
           base.scaled > 0 &&
           compare_with_growth(year.scaled, base.scaled, question->plan->growth_percent, 100) >= 0;
}

static struct verdict judge_growth(const struct progress_question *question,
                                   const struct progress *progress)
{
    const struct plan *plan = question->plan;

    if (question->neutral) {
        return verdict_because(ATTAINMENT_NOT_JUDGED, REASON_NEUTRAL_DIRECTION, NULL);
    }
    if (plan == NULL || !plan->has_growth) {
        return verdict_because(ATTAINMENT_NOT_JUDGED, REASON_NO_TARGET_GROWTH,
                               "no growth was promised for the year");
    }
    if (!quantity_is_known(&progress->growth_percent)) {
        return verdict_because(ATTAINMENT_UNKNOWN, progress->growth_percent.reason,
                               progress->growth_percent.message);
    }
    const decimal_wide current = progress->year_to_date.ratio.numerator;
    const decimal_wide base = progress->base_year_to_date.ratio.numerator;
    const int order = compare_with_growth(current, base, plan->growth_percent, 100);
    if (order >= 0) {
        return verdict(order > 0 ? ATTAINMENT_EXCEEDED : ATTAINMENT_ACHIEVED);
    }
    if (plan->closed && !year_met_growth(question)) {
        return verdict(ATTAINMENT_MISSED);
    }
    return verdict(compare_with_growth(current, base, plan->growth_percent, 95) < 0
                       ? ATTAINMENT_OFF_TRACK
                       : ATTAINMENT_AT_RISK);
}

void attainment_judge(const struct progress_question *question, struct progress *progress)
{
    progress->level = judge_level(question, progress);
    progress->growth = judge_growth(question, progress);
}
