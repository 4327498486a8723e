/* contributions.c - (x(t) - x(t-1)) / X(t-1) of each part, and the residual. */
#include "contributions.h"

#include "reasons.h"

#include <string.h>

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

static struct quantity unknown_as(const struct quantity *other)
{
    return unknown(other->reason, other->message);
}

static bool is_cumulative(const struct series *whole, const struct part *parts, size_t part_count,
                          struct period period)
{
    if (whole->stock) {
        return false;
    }
    if (period.month == 0) {
        return true;
    }
    bool monthly = series_month(whole, period.year, period.month) != NULL;
    for (size_t i = 0; i < part_count && !monthly; i++) {
        monthly = series_month(parts[i].series, period.year, period.month) != NULL;
    }
    return !monthly;
}

static struct quantity value_at(const struct series *series, struct period period, bool cumulative,
                                struct total *ret_total)
{
    const int month = period_last_month(period);

    if (cumulative || series->stock) {
        if (series_year_to_date(series, period.year, month, ret_total)) {
            return known(ret_total->scaled, 1);
        }
    } else {
        const struct figure *figure = series_month(series, period.year, month);
        if (figure != NULL) {
            *ret_total =
                (struct total){.scaled = figure->scaled, .period = period, .figure_count = 1};
            ret_total->figures[0] = figure;
            return known(figure->scaled, 1);
        }
    }
    return unknown(REASON_MISSING_VALUE, NULL);
}

/* What a part has grown by. Unknown when one of the two values is missing, or both are the same
 * observation. */
static struct quantity difference(const struct part *part)
{
    if (!quantity_is_known(&part->current)) {
        return unknown_as(&part->current);
    }
    if (!quantity_is_known(&part->previous)) {
        return unknown(REASON_MISSING_BASE, NULL);
    }
    if (part->current_total.figure_count > 0 &&
        part->current_total.figures[0] == part->previous_total.figures[0]) {
        return unknown(REASON_SAME_OBSERVATION, NULL);
    }
    return known(part->current.ratio.numerator - part->previous.ratio.numerator, 1);
}

static void fill_values(struct part *part, const struct contributions *all)
{
    part->current = value_at(part->series, all->period, all->cumulative, &part->current_total);
    part->previous =
        value_at(part->series, all->previous_period, all->cumulative, &part->previous_total);
}

static struct quantity sum(const struct contributions *all, bool current)
{
    decimal_wide total = 0;

    for (size_t i = 0; i < all->part_count; i++) {
        const struct part *part = &all->parts[i];
        total += current ? part->current.ratio.numerator : part->previous.ratio.numerator;
    }
    return known(total, 1);
}

static struct quantity share(const struct quantity *change, const struct quantity *previous)
{
    if (!quantity_is_known(change)) {
        return unknown_as(change);
    }
    if (!quantity_is_known(previous)) {
        return unknown(REASON_MISSING_BASE, "the whole of the period before is not known");
    }
    if (previous->ratio.numerator <= 0) {
        return unknown(REASON_DIVISOR_NOT_POSITIVE,
                       "the whole of the period before is not above zero");
    }
    return known(change->ratio.numerator * 100, previous->ratio.numerator);
}

void contributions_compute(const struct series *whole, struct part *parts, size_t part_count,
                           struct period period, struct contributions *ret_contributions)
{
    struct contributions *all = ret_contributions;

    memset(all, 0, sizeof(*all));
    all->parts = parts;
    all->part_count = part_count;
    all->period = period;
    all->previous_period = (struct period){.year = period.year - 1, .month = period.month};
    all->cumulative = is_cumulative(whole, parts, part_count, period);
    all->whole.series = whole;
    fill_values(&all->whole, all);
    all->complete = part_count > 0;
    for (size_t i = 0; i < part_count; i++) {
        fill_values(&parts[i], all);
        const struct quantity change = difference(&parts[i]);
        all->complete = all->complete && quantity_is_known(&change);
    }
    const bool whole_is_known =
        quantity_is_known(&all->whole.current) && quantity_is_known(&all->whole.previous);
    if (!whole_is_known && all->complete) {
        /* The whole of both periods is summed from the parts: a sum is never compared with an
         * observed whole, which may be rounded differently. */
        all->whole_is_sum = true;
        all->whole.current = sum(all, true);
        all->whole.previous = sum(all, false);
        all->whole.current_total = (struct total){0};
        all->whole.previous_total = (struct total){0};
    }
    const struct quantity change = difference(&all->whole);
    all->growth_percent = share(&change, &all->whole.previous);
    decimal_wide rest = change.ratio.numerator;
    for (size_t i = 0; i < part_count; i++) {
        const struct quantity part_change = difference(&parts[i]);
        parts[i].contribution = share(&part_change, &all->whole.previous);
        rest -= part_change.ratio.numerator; /* 0 when unknown */
    }
    all->residual = quantity_is_known(&all->growth_percent)
                        ? known(rest * 100, all->whole.previous.ratio.numerator)
                        : unknown_as(&all->growth_percent);
}
