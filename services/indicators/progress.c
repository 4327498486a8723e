/* progress.c - the definitions of plan percent, growth, run rate and forecasts, one by one. */
#include "progress.h"

#include "attainment.h"
#include "reasons.h"

#include <string.h>

/* What the quantities are made of, each known or not. */
struct parts {
    const struct progress_question *question;
    bool has_current;
    struct total current; /* C(y, m) */
    bool has_base;
    struct total base; /* C(y-1, m) */
    bool has_base_year;
    struct total base_year; /* A(y-1) */
};

static struct quantity known(decimal_wide numerator, decimal_wide denominator)
{
    return (struct quantity){.ratio = {.numerator = numerator, .denominator = denominator}};
}

/* message NULL: what the reason's row says. */
static struct quantity unknown(const struct reason *reason, const char *message)
{
    return (struct quantity){.ratio = {.denominator = 1},
                             .reason = reason,
                             .message = message != NULL ? message : reason->english};
}

static struct quantity no_current(void)
{
    return unknown(REASON_MISSING_VALUE, "there is no year to date for this period");
}

static struct quantity no_target(void)
{
    return unknown(REASON_NO_TARGET, NULL);
}

static struct quantity not_positive(const char *message)
{
    return unknown(REASON_DIVISOR_NOT_POSITIVE, message);
}

static struct quantity year_to_date(const struct parts *parts)
{
    if (parts->has_current) {
        return known(parts->current.scaled, 1);
    }
    if (parts->question->series->stock) {
        return unknown(REASON_MISSING_VALUE, "there is no value at or before the period");
    }
    return unknown(REASON_MISSING_PERIODS, NULL);
}

static struct quantity plan_percent(const struct parts *parts)
{
    const struct plan *plan = parts->question->plan;

    if (plan == NULL) {
        return no_target();
    }
    if (!parts->has_current) {
        return no_current();
    }
    if (plan->value <= 0) {
        return not_positive("the target is not above zero");
    }
    return known((decimal_wide)parts->current.scaled * 100, plan->value);
}

static struct quantity growth_percent(const struct parts *parts)
{
    if (!parts->has_current) {
        return no_current();
    }
    if (!parts->has_base) {
        return unknown(REASON_MISSING_BASE, "the same months of the year before are not known");
    }
    if (parts->current.figures[0] == parts->base.figures[0]) {
        return unknown(REASON_SAME_OBSERVATION, NULL);
    }
    if (parts->base.scaled <= 0) {
        return not_positive("the value of the year before is not above zero");
    }
    return known(((decimal_wide)parts->current.scaled - parts->base.scaled) * 100,
                 parts->base.scaled);
}

static struct quantity growth_on_plan_base_percent(const struct parts *parts)
{
    const struct plan *plan = parts->question->plan;

    if (plan == NULL) {
        return no_target();
    }
    if (!plan->has_baseline) {
        return unknown(REASON_NO_BASELINE, NULL);
    }
    if (parts->question->month != YEAR_MONTHS) {
        return unknown(REASON_BASELINE_IS_ANNUAL, NULL);
    }
    if (!parts->has_current) {
        return no_current();
    }
    if (plan->baseline <= 0) {
        return not_positive("the base that the target assumed is not above zero");
    }
    return known(((decimal_wide)parts->current.scaled - plan->baseline) * 100, plan->baseline);
}

static struct quantity required_run_rate(const struct parts *parts)
{
    const struct progress_question *question = parts->question;

    if (question->plan == NULL) {
        return no_target();
    }
    if (question->month == YEAR_MONTHS) {
        return unknown(REASON_NO_MONTHS_REMAIN, NULL);
    }
    if (!parts->has_current) {
        return no_current();
    }
    return known((decimal_wide)question->plan->value - parts->current.scaled,
                 YEAR_MONTHS - question->month);
}

static struct quantity required_growth_percent(const struct parts *parts)
{
    const struct progress_question *question = parts->question;

    if (question->plan == NULL) {
        return no_target();
    }
    if (question->series->stock) {
        return unknown(REASON_NOT_FOR_STOCK, NULL);
    }
    if (question->month == YEAR_MONTHS) {
        return unknown(REASON_NO_MONTHS_REMAIN, NULL);
    }
    if (!parts->has_current) {
        return no_current();
    }
    if (!parts->has_base || !parts->has_base_year) {
        return unknown(REASON_MISSING_BASE,
                       "the remaining months of the year before are not known");
    }
    const decimal_wide rest = (decimal_wide)parts->base_year.scaled - parts->base.scaled;
    if (rest <= 0) {
        return not_positive("the remaining months of the year before are not above zero");
    }
    const decimal_wide required = (decimal_wide)question->plan->value - parts->current.scaled;
    return known((required - rest) * 100, rest);
}

static struct quantity linear_forecast(const struct parts *parts)
{
    const int month = parts->question->month;

    if (parts->question->series->stock && month != YEAR_MONTHS) {
        return unknown(REASON_NOT_FOR_STOCK,
                       "a level does not grow with the months that have passed");
    }
    if (!parts->has_current) {
        return no_current();
    }
    return known((decimal_wide)parts->current.scaled * YEAR_MONTHS, month);
}

static void use(struct progress *progress, const struct total *total)
{
    for (size_t i = 0; i < total->figure_count; i++) {
        bool is_new = progress->figure_count < PROGRESS_FIGURES_MAX;
        for (size_t j = 0; j < progress->figure_count && is_new; j++) {
            is_new = progress->figures[j] != total->figures[i];
        }
        if (is_new) {
            progress->figures[progress->figure_count++] = total->figures[i];
            if (total->figures[i]->status != FIGURE_OFFICIAL) {
                progress->provisional = true;
            }
        }
    }
}

static struct quantity seasonal_forecast(const struct parts *parts, struct progress *progress)
{
    const struct progress_question *question = parts->question;
    decimal_wide months = 0;
    decimal_wide years = 0;
    int count = 0;

    if (question->series->stock) {
        return unknown(REASON_NOT_FOR_STOCK, NULL);
    }
    if (!parts->has_current) {
        return no_current();
    }
    for (int back = 1; back <= BASE_YEARS_MAX; back++) {
        struct total part;
        struct total whole;
        const int year = question->year - back;
        if (series_year_to_date(question->series, year, question->month, &part) &&
            series_year_to_date(question->series, year, YEAR_MONTHS, &whole)) {
            months += part.scaled;
            years += whole.scaled;
            count++;
            use(progress, &part);
            use(progress, &whole);
        }
    }
    if (count == 0) {
        return unknown(REASON_MISSING_BASE_YEARS, NULL);
    }
    if (months <= 0 || years <= 0) {
        return not_positive("the years before are not above zero");
    }
    return known(parts->current.scaled * years, months);
}

void progress_compute(const struct progress_question *question, struct progress *ret_progress)
{
    const struct series *series = question->series;
    struct progress *progress = ret_progress;
    struct parts parts = {.question = question};

    memset(progress, 0, sizeof(*progress));
    parts.has_current =
        series_year_to_date(series, question->year, question->month, &parts.current);
    parts.has_base = series_year_to_date(series, question->year - 1, question->month, &parts.base);
    parts.has_base_year =
        series_year_to_date(series, question->year - 1, YEAR_MONTHS, &parts.base_year);
    progress->missing_count =
        series_missing(series, question->year, question->month, progress->missing);

    progress->year_to_date = year_to_date(&parts);
    if (parts.has_current) {
        progress->year_to_date_period = parts.current.period;
        progress->complete = parts.current.period.year == question->year &&
                             parts.current.period.month == question->month;
        use(progress, &parts.current);
    }
    progress->base_year_to_date =
        parts.has_base
            ? known(parts.base.scaled, 1)
            : unknown(REASON_MISSING_BASE, "the same months of the year before are not known");
    if (parts.has_base) {
        use(progress, &parts.base);
    }
    progress->plan_percent = plan_percent(&parts);
    progress->growth_percent = growth_percent(&parts);
    progress->growth_on_plan_base_percent = growth_on_plan_base_percent(&parts);
    progress->required_run_rate = required_run_rate(&parts);
    progress->required_growth_percent = required_growth_percent(&parts);
    if (quantity_is_known(&progress->required_growth_percent)) {
        use(progress, &parts.base_year);
    }
    progress->linear_forecast = linear_forecast(&parts);
    progress->seasonal_forecast = seasonal_forecast(&parts, progress);
    attainment_judge(question, progress);
}
