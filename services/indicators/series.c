/* series.c - years of twelve months, each with a figure of its own and one from January. */
#include "series.h"

#include <string.h>

struct series_year {
    const struct figure *months[YEAR_MONTHS + 1];     /* 1 to 12 */
    const struct figure *cumulative[YEAR_MONTHS + 1]; /* 1 to 12 */
    const struct figure *outranked[YEAR_FIGURES_MAX - 1];
    size_t outranked_count;
};

struct series *series_new(struct arena *arena, bool stock)
{
    struct series *series = ARENA_NEW(arena, struct series);

    series->stock = stock;
    return series;
}

static const struct series_year *year_of(const struct series *series, int year)
{
    if (year < YEAR_MIN || year > YEAR_MAX) {
        return NULL;
    }
    return series->years[year - YEAR_MIN];
}

/* True when a is to be used rather than b. */
static bool figure_outranks(const struct figure *a, const struct figure *b)
{
    if (a->status != b->status) {
        return a->status > b->status;
    }
    const int order = strcmp(a->published_date, b->published_date);
    if (order != 0) {
        return order > 0;
    }
    return a->period.month > b->period.month;
}

struct status series_add(struct arena *arena, struct series *series, const struct figure *figure)
{
    struct series_year **year = &series->years[figure->period.year - YEAR_MIN];

    if (*year == NULL) {
        *year = ARENA_NEW(arena, struct series_year);
    }
    const int month = period_last_month(figure->period);
    const bool cumulative = !series->stock && (figure->cumulative || figure->period.month == 0);
    const struct figure **slot = cumulative ? &(*year)->cumulative[month] : &(*year)->months[month];
    const bool first = *slot == NULL || figure_outranks(figure, *slot);
    const struct figure *other = first ? *slot : figure;
    if (first) {
        *slot = figure;
    }
    if (other != NULL && (*year)->outranked_count < YEAR_FIGURES_MAX - 1) {
        (*year)->outranked[(*year)->outranked_count++] = other;
    }
    return STATUS_NONE;
}

const struct figure *series_month(const struct series *series, int year, int month)
{
    const struct series_year *figures = year_of(series, year);

    return figures != NULL ? figures->months[month] : NULL;
}

static void total_add(struct total *total, const struct figure *figure)
{
    total->scaled += figure->scaled;
    total->figures[total->figure_count++] = figure;
}

static bool latest_level(const struct series *series, int year, int month, struct total *ret_total)
{
    for (int y = year; y >= YEAR_MIN; y--) {
        const struct series_year *figures = year_of(series, y);
        for (int m = y == year ? month : YEAR_MONTHS; figures != NULL && m > 0; m--) {
            if (figures->months[m] != NULL) {
                struct total total = {.period = {.year = y, .month = m}};
                total_add(&total, figures->months[m]);
                *ret_total = total;
                return true;
            }
        }
    }
    return false;
}

bool series_year_to_date(const struct series *series, int year, int month, struct total *ret_total)
{
    if (series->stock) {
        return latest_level(series, year, month, ret_total);
    }
    const struct series_year *figures = year_of(series, year);
    if (figures == NULL) {
        return false;
    }
    /* From month back to the latest cumulative figure: all months after it must be there. */
    struct total total = {.period = {.year = year, .month = month}};
    for (int m = month; m > 0; m--) {
        if (figures->cumulative[m] != NULL) {
            total_add(&total, figures->cumulative[m]);
            break;
        }
        if (figures->months[m] == NULL) {
            return false;
        }
        total_add(&total, figures->months[m]);
    }
    *ret_total = total;
    return true;
}

bool series_contradictions(const struct series *series, int year,
                           struct contradictions *ret_contradictions)
{
    const struct series_year *figures = year_of(series, year);
    struct contradictions found = {0};
    int month = 1;

    if (figures == NULL) {
        return false;
    }
    const struct figure *used =
        series->stock ? figures->months[YEAR_MONTHS] : figures->cumulative[YEAR_MONTHS];
    if (used == NULL) {
        return false;
    }
    for (size_t i = 0; i < figures->outranked_count; i++) {
        if (figures->outranked[i]->scaled != used->scaled) {
            found.figures[found.figure_count++] = figures->outranked[i];
        }
    }
    for (; !series->stock && month <= YEAR_MONTHS && figures->months[month] != NULL; month++) {
        found.sum += figures->months[month]->scaled;
    }
    found.sum_differs = month > YEAR_MONTHS && found.sum != used->scaled;
    *ret_contradictions = found;
    return found.figure_count > 0 || found.sum_differs;
}

size_t series_missing(const struct series *series, int year, int month, int ret_months[YEAR_MONTHS])
{
    const struct series_year *figures = year_of(series, year);
    int first = month;
    size_t count = 0;

    while (figures != NULL && first > 0 && figures->cumulative[first] == NULL &&
           !(series->stock && figures->months[first] != NULL)) {
        first--;
    }
    for (int m = figures != NULL ? first + 1 : 1; m <= month; m++) {
        if (figures == NULL || figures->months[m] == NULL) {
            ret_months[count++] = m;
        }
    }
    return count;
}
