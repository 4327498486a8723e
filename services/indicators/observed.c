/* observed.c - reads the observations of a query and picks of each one the revision that counts, by
 * record time and published date. */
#include "observed.h"

#include "indicators.h"
#include "observation_key.h"
#include "observation_time.h"
#include "reasons.h"

#include <stdlib.h>
#include <string.h>

/* Rows of all scans of one query, one after the other. */
struct rows {
    const struct resource_revision *items;
    size_t count;
};

static struct status scan_one(struct call *call, const struct observed_query *query,
                              const char *column, const char *text, struct rows *ret_rows)
{
    const struct resource_scan scan = {
        .parent = query->indicator->name,
        .column = column,
        .text = text,
        .all_revisions = query->published_by[0] != '\0',
    };

    return resource_all_shared(call->tx, &observation_kind, &scan, &ret_rows->items,
                               &ret_rows->count);
}

static bool is_live(const struct tx *tx, const struct resource_revision *row)
{
    return row->to_seq == 0 || (tx->as_of_seq != 0 && row->to_seq > tx->as_of_seq);
}

/* Which of two revisions counts more: the one published later, or on the same day the one recorded
 * later. */
static bool is_later(const observation_message *a, const observation_message *b)
{
    char day_a[DATE_TEXT_BYTES];
    char day_b[DATE_TEXT_BYTES];

    observation_published_day(a, day_a);
    observation_published_day(b, day_b);
    const int order = strcmp(day_a, day_b);
    return order != 0 ? order > 0 : a->revision > b->revision;
}

/* Of the rows of one name, the revision that counts; NULL when there is none, or when the
 * observation was withdrawn. */
static const observation_message *pick(const struct tx *tx, const struct observed_query *query,
                                       const struct resource_revision *rows, size_t count)
{
    const observation_message *live = NULL;
    const observation_message *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (is_live(tx, &rows[i])) {
            live = rows[i].message;
        }
    }
    if (live == NULL || query->published_by[0] == '\0') {
        return live;
    }
    for (size_t i = 0; i < count; i++) {
        const observation_message *observation = rows[i].message;
        if (strcmp(observation->uid, live->uid) == 0 &&
            is_published(observation->published_date, observation->update_time,
                         query->published_by) &&
            (best == NULL || is_later(observation, best))) {
            best = observation;
        }
    }
    return best;
}

static bool fill(const struct observed_query *query, const observation_message *observation,
                 struct observed *ret_observed)
{
    struct observed observed = {.code = ""};
    const bool whole = query->dimension[0] == '\0';

    if (observation->n_breakdown != (whole ? 0 : 1)) {
        return false;
    }
    if (!whole) {
        if (strcmp(observation->breakdown[0]->key, query->dimension) != 0) {
            return false;
        }
        observed.code = observation->breakdown[0]->value;
    }
    if (!period_parse(observation->period, &observed.figure.period) ||
        observed.figure.period.year > query->last_year) {
        return false;
    }
    observed.figure.cumulative = (int)observation->basis == BASIS_YEAR_TO_DATE;
    observed.figure.scaled = scaled_stored(observation->value, query->indicator->decimals);
    observed.figure.status = (enum figure_status)observation->status;
    observed.figure.published_date = observation->published_date;
    observed.figure.name = observation->name;
    observed.figure.revision = observation->revision;
    *ret_observed = observed;
    return true;
}

static const char *row_name(const struct resource_revision *row)
{
    return ((const observation_message *)row->message)->name;
}

static struct status take(struct call *call, const struct observed_query *query,
                          const struct rows *rows, struct observed **observed, size_t *count)
{
    struct observed *more = arena_array(call->arena, *count + rows->count, sizeof(*more));

    if (*count > 0) {
        memcpy(more, *observed, *count * sizeof(*more));
    }
    for (size_t i = 0; i < rows->count;) {
        size_t end = i + 1;
        while (end < rows->count &&
               strcmp(row_name(&rows->items[i]), row_name(&rows->items[end])) == 0) {
            end++;
        }
        const observation_message *picked = pick(call->tx, query, &rows->items[i], end - i);
        if (picked != NULL && fill(query, picked, &more[*count])) {
            (*count)++;
        }
        i = end;
    }
    *observed = more;
    return STATUS_NONE;
}

static struct status take_year(struct call *call, const struct observed_query *query, int year,
                               struct observed **observed, size_t *count)
{
    struct rows rows = {0};

    TRY(scan_one(call, query, "series_year",
                 observation_series_year(call->arena, year, WINDOW_STATISTICAL, query->dimension),
                 &rows));
    return take(call, query, &rows, observed, count);
}

struct status observed_load(struct call *call, const struct observed_query *query,
                            struct observed **ret_observed, size_t *ret_count)
{
    const bool stock = (int)query->indicator->kind == KIND_STOCK;
    struct observed *observed = NULL;
    struct rows rows = {0};
    size_t count = 0;

    if (stock && query->dimension[0] != '\0') {
        /* Parts of a STOCK may have their latest levels in different years, so all years are read.
         */
        TRY(scan_one(call, query, "series",
                     observation_series(call->arena, WINDOW_STATISTICAL, query->dimension), &rows));
        TRY(take(call, query, &rows, &observed, &count));
    } else {
        for (int year = query->first_year; year <= query->last_year; year++) {
            TRY(take_year(call, query, year, &observed, &count));
        }
        /* A level holds until the next one, so the last before the first year is needed as well. */
        const size_t within = count;
        for (int year = query->first_year - 1; stock && year >= YEAR_MIN && count == within;
             year--) {
            TRY(take_year(call, query, year, &observed, &count));
        }
    }
    *ret_observed = observed;
    *ret_count = count;
    return STATUS_NONE;
}

struct status observed_series(struct call *call, const struct observed_query *query,
                              struct series **ret_series)
{
    struct series *series = series_new(call->arena, (int)query->indicator->kind == KIND_STOCK);
    struct observed *observed = NULL;
    size_t count = 0;

    TRY(observed_load(call, query, &observed, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(series_add(call->arena, series, &observed[i].figure));
    }
    *ret_series = series;
    return STATUS_NONE;
}

static int code_order(const void *a, const void *b)
{
    const struct observed *left = a;
    const struct observed *right = b;

    return strcmp(left->code, right->code);
}

struct status observed_parts(struct call *call, const struct observed_query *query,
                             struct part **ret_parts, size_t *ret_count)
{
    const bool stock = (int)query->indicator->kind == KIND_STOCK;
    struct observed *observed = NULL;
    struct series *series = NULL;
    size_t count = 0;
    size_t part_count = 0;

    TRY(observed_load(call, query, &observed, &count));
    struct part *parts = arena_array(call->arena, count, sizeof(*parts));
    if (count > 0) {
        qsort(observed, count, sizeof(*observed), code_order);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(observed[i].code, observed[i - 1].code) != 0) {
            series = series_new(call->arena, stock);
            parts[part_count].code = observed[i].code;
            parts[part_count++].series = series;
        }
        TRY(series_add(call->arena, series, &observed[i].figure));
    }
    *ret_parts = parts;
    *ret_count = part_count;
    return STATUS_NONE;
}

struct status computed_read_begin(struct call *call, const void *request, const char *name,
                                  const indicator_message **ret_indicator)
{
    const void *found = NULL;

    if (!resource_name_matches(indicator_kind.pattern, name)) {
        return REFUSE(call, REASON_INVALID_NAME, "name", "name must be of the form %s: \"%s\"",
                      indicator_kind.pattern, name);
    }
    TRY(standard_as_of(call, request));
    TRY(resource_get_shared(call->tx, &indicator_kind, name, &found));
    *ret_indicator = found;
    return STATUS_NONE;
}

input_message *input_make(struct arena *arena, const char *name, int32_t revision,
                          const double_message *value)
{
    input_message *input = ARENA_NEW(arena, input_message);

    dongkhoi__indicators__v1__input__init(input);
    input->name = (char *)name;
    input->revision = revision;
    input->value = (double_message *)value;
    return input;
}

input_message *figure_input(struct arena *arena, const struct figure *figure, int decimals)
{
    const double_message *value = double_wrap(arena, decimal_to_double(figure->scaled, decimals));

    return value != NULL ? input_make(arena, figure->name, figure->revision, value) : NULL;
}
