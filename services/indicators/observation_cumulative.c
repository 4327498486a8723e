/* observation_cumulative.c - gathers the neighbours of a cumulative value and judges it. */
#include "cumulative.h"
#include "indicators.h"
#include "observation.h"

#include <string.h>

static bool is_replaced(const struct upsert *upsert, const char *name)
{
    for (size_t i = 0; upsert != NULL && i < upsert->count; i++) {
        if (upsert->pending[i].is_final && strcmp(upsert->pending[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Of a batch: final, of the same part and year, and a value that will be taken. */
static bool pending_counts(const struct pending *pending, const char *indicator, int decimals,
                           const struct observation_key *key)
{
    const size_t length = strlen(indicator);
    const double_message *value = pending->observation->value;
    int64_t scaled = 0;

    return pending->is_final && pending->key.cumulative &&
           strcmp(pending->key.part_year, key->part_year) == 0 &&
           strncmp(pending->name, indicator, length) == 0 && pending->name[length] == '/' &&
           value != NULL && decimal_from_double(value->value, decimals, &scaled) == DECIMAL_OK;
}

static struct figure *figure_make(struct arena *arena, const char *name,
                                  const observation_message *observation, int decimals)
{
    struct figure *figure = ARENA_NEW(arena, struct figure);

    if (period_parse(observation->period, &figure->period)) {
        figure->cumulative = true;
        figure->scaled = scaled_stored(observation->value, decimals);
        figure->status = (enum figure_status)observation->status;
        figure->published_date = observation->published_date;
        figure->name = name;
        figure->revision = observation->revision;
    }
    return figure;
}

/* The cumulative figures of the same part and year as they will be. */
static struct status gather(struct call *call, const char *indicator, int decimals,
                            const struct observation_key *key, const struct figure ***ret_figures,
                            size_t *ret_count)
{
    const struct upsert *upsert = call->context;
    const struct resource_scan scan = {
        .parent = indicator, .column = "cumulative", .text = key->part_year};
    struct resource_revision *rows = NULL;
    size_t row_count = 0;
    size_t count = 0;

    TRY(resource_all(call->tx, &observation_kind, &scan, &rows, &row_count));
    /* Of a batch those before this one: so each pair is judged once, in the order given. */
    const size_t pending_count = upsert != NULL ? upsert->current : 0;
    const struct figure **figures =
        arena_array(call->arena, row_count + pending_count, sizeof(struct figure *));
    for (size_t i = 0; i < row_count + pending_count; i++) {
        const struct pending *pending = i < row_count ? NULL : &upsert->pending[i - row_count];
        const observation_message *observation =
            pending != NULL ? pending->observation : rows[i].message;
        const char *name = pending != NULL ? pending->name : observation->name;
        const bool counts = pending != NULL ? pending_counts(pending, indicator, decimals, key)
                                            : !is_replaced(upsert, name);
        if (!counts) {
            continue;
        }
        figures[count++] = figure_make(call->arena, name, observation, decimals);
    }
    *ret_figures = figures;
    *ret_count = count;
    return STATUS_NONE;
}

struct status observation_check_cumulative(struct call *call, observation_message *observation,
                                           const struct observation_key *key, int64_t scaled)
{
    const char *indicator = resource_parent(call->arena, observation->name);
    const struct upsert *upsert = call->context;
    const int decimals = observation->decimals;
    const struct figure **others = NULL;
    const struct figure *neighbour = NULL;
    struct notes notes;
    size_t count = 0;

    if (upsert != NULL && upsert->count > 0 && !upsert->pending[upsert->current].is_final) {
        return STATUS_NONE; /* another value of the batch replaces it */
    }
    TRY(gather(call, indicator, decimals, key, &others, &count));
    struct figure *figure = figure_make(call->arena, observation->name, observation, decimals);
    figure->scaled = scaled;
    const enum cumulative_verdict verdict = cumulative_judge(figure, others, count, &neighbour);
    if (verdict == CUMULATIVE_RISES) {
        return STATUS_NONE;
    }
    const char *own = value_text(call->arena, scaled, decimals);
    const char *other = figure_text(call->arena, neighbour, decimals);
    const bool later = period_last_month(neighbour->period) > period_last_month(key->period);
    if (verdict == CUMULATIVE_FALLS) {
        call_metadata(call, "neighbour", neighbour->name);
        call_metadata(call, "neighbourValue", value_text(call->arena, neighbour->scaled, decimals));
        return PRECONDITION(call, "CUMULATIVE_VALUE_FALLS", NULL,
                            "a year to date does not fall: %s is %s %s", own,
                            later ? "more than the later" : "less than the earlier", other);
    }
    TRY(notes_init(&notes, call->arena, 1));
    TRY(notes_add(&notes, "value", "FALLS_BELOW_ESTIMATE",
                  arena_printf(call->arena, "%s is %s %s", own,
                               later ? "more than the later" : "less than the earlier", other)));
    observation->notes = notes.items;
    observation->n_notes = notes.count;
    return STATUS_NONE;
}
