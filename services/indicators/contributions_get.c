/* contributions_get.c - GetContributions: from the store through the arithmetic into the answer. */
#include "indicators.h"
#include "observation_key.h"
#include "observed.h"
#include "reasons.h"

enum { CONTRIBUTION_OUTPUT_DECIMALS = 4, PART_NOTES_MAX = 3, WHOLE_NOTES_MAX = 8 };

typedef Dongkhoi__Indicators__V1__Contributions__Part part_message;

static const char *period_text(struct arena *arena, struct period period)
{
    char text[PERIOD_TEXT_BYTES];

    period_format(period, text);
    return arena_strdup(arena, text);
}

static struct status write_part(struct notes *notes, const struct part *part, size_t index,
                                int decimals, part_message **ret_part)
{
    part_message *message = ARENA_NEW(notes->arena, part_message);
    const char *previous = arena_printf(notes->arena, "parts[%zu].previous", index);
    const char *current = arena_printf(notes->arena, "parts[%zu].current", index);
    const char *share = arena_printf(notes->arena, "parts[%zu].contribution", index);

    dongkhoi__indicators__v1__contributions__part__init(message);
    message->code = (char *)part->code;
    TRY(quantity_write(notes, previous, &part->previous, decimals, decimals, &message->previous));
    TRY(quantity_write(notes, current, &part->current, decimals, decimals, &message->current));
    TRY(quantity_write(notes, share, &part->contribution, 0, CONTRIBUTION_OUTPUT_DECIMALS,
                       &message->contribution));
    *ret_part = message;
    return STATUS_NONE;
}

static struct status write_whole(struct notes *notes, const struct contributions *all, int decimals,
                                 bool is_known, contributions_message *answer)
{
    TRY(quantity_write(notes, "current", &all->whole.current, decimals, decimals,
                       &answer->current));
    TRY(quantity_write(notes, "previous", &all->whole.previous, decimals, decimals,
                       &answer->previous));
    TRY(quantity_write(notes, "growthPercent", &all->growth_percent, 0,
                       CONTRIBUTION_OUTPUT_DECIMALS, &answer->growth_percent));
    TRY(quantity_write(notes, "residual", &all->residual, 0, CONTRIBUTION_OUTPUT_DECIMALS,
                       &answer->residual));
    if (all->whole_is_sum) {
        TRY(notes_say(notes, "growthPercent", REASON_WHOLE_IS_SUM_OF_PARTS));
    }
    if (all->part_count == 0) {
        TRY(is_known ? notes_say(notes, "parts", REASON_NO_PARTS)
                     : notes_say(notes, "parts", REASON_UNKNOWN_DIMENSION));
    }
    return STATUS_NONE;
}

static struct status add_inputs(struct arena *arena, const struct total *total, int decimals,
                                contributions_message *answer)
{
    for (size_t i = 0; i < total->figure_count; i++) {
        input_message *input = figure_input(arena, total->figures[i], decimals);
        answer->inputs[answer->n_inputs++] = input;
        if (total->figures[i]->status != FIGURE_OFFICIAL) {
            answer->provisional = true;
        }
    }
    return STATUS_NONE;
}

/* Of a STOCK the same figure may count in both periods: then it is one input. */
static struct status add_part_inputs(struct arena *arena, const struct part *part, int decimals,
                                     contributions_message *answer)
{
    const bool same = part->current_total.figure_count > 0 &&
                      part->previous_total.figure_count > 0 &&
                      part->current_total.figures[0] == part->previous_total.figures[0];

    TRY(add_inputs(arena, &part->current_total, decimals, answer));
    return same ? STATUS_NONE : add_inputs(arena, &part->previous_total, decimals, answer);
}

static size_t figures_of(const struct part *part)
{
    return part->current_total.figure_count + part->previous_total.figure_count;
}

static struct status write_inputs(struct arena *arena, const struct contributions *all,
                                  int decimals, contributions_message *answer)
{
    size_t capacity = figures_of(&all->whole);

    for (size_t i = 0; i < all->part_count; i++) {
        capacity += figures_of(&all->parts[i]);
    }
    answer->inputs = arena_array(arena, capacity, sizeof(input_message *));
    TRY(add_part_inputs(arena, &all->whole, decimals, answer));
    for (size_t i = 0; i < all->part_count; i++) {
        TRY(add_part_inputs(arena, &all->parts[i], decimals, answer));
    }
    return STATUS_NONE;
}

static struct status write_answer(struct call *call, const indicator_message *indicator,
                                  const struct contributions *all, bool is_known,
                                  contributions_message *answer)
{
    struct arena *arena = call->arena;
    struct notes notes;

    TRY(notes_init(&notes, arena, all->part_count * PART_NOTES_MAX + WHOLE_NOTES_MAX));
    answer->name = indicator->name;
    answer->period = (char *)period_text(arena, all->period);
    answer->previous_period = (char *)period_text(arena, all->previous_period);
    answer->basis =
        (Dongkhoi__Indicators__V1__Observation__Basis)(all->cumulative ? BASIS_YEAR_TO_DATE
                                                                       : BASIS_PERIOD);
    answer->complete = all->complete;
    answer->parts = arena_array(arena, all->part_count, sizeof(part_message *));
    TRY(write_whole(&notes, all, indicator->decimals, is_known, answer));
    for (size_t i = 0; i < all->part_count; i++) {
        TRY(write_part(&notes, &all->parts[i], i, indicator->decimals, &answer->parts[i]));
        answer->n_parts++;
    }
    TRY(write_inputs(arena, all, indicator->decimals, answer));
    answer->notes = notes.items;
    answer->n_notes = notes.count;
    return STATUS_NONE;
}

/* Whether any observation, of any year and window, is of the dimension. */
static struct status dimension_find(struct call *call, const char *indicator, const char *dimension,
                                    bool *ret_known)
{
    static const int windows[] = {WINDOW_STATISTICAL, WINDOW_ADMINISTRATIVE};
    bool known = false;

    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]) && !known; i++) {
        const struct resource_scan scan = {
            .parent = indicator,
            .column = "series",
            .text = observation_series(call->arena, windows[i], dimension),
        };
        struct resource_revision *rows = NULL;
        size_t count = 0;

        TRY(resource_all(call->tx, &observation_kind, &scan, &rows, &count));
        known = count > 0;
    }
    *ret_known = known;
    return STATUS_NONE;
}

struct status contributions_get(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__GetContributionsRequest *get = request;
    contributions_message *answer = response;
    const indicator_message *indicator = NULL;
    struct contributions all;
    struct series *whole = NULL;
    struct part *parts = NULL;
    struct period period;
    size_t count = 0;
    bool is_known = true;

    if (!period_parse(get->period, &period)) {
        return REFUSE(call, REASON_INVALID_PERIOD, "period",
                      "period must be YYYY-MM or YYYY of the years %d to %d: \"%s\"", YEAR_MIN,
                      YEAR_MAX, get->period);
    }
    TRY(computed_read_begin(call, get, get->name, &indicator));
    struct observed_query query = {
        .indicator = indicator,
        .dimension = "",
        .first_year = period.year - 1,
        .last_year = period.year,
        .published_by = get->published_by,
    };
    TRY(observed_series(call, &query, &whole));
    query.dimension = get->dimension;
    TRY(observed_parts(call, &query, &parts, &count));
    if (count == 0) {
        TRY(dimension_find(call, indicator->name, get->dimension, &is_known));
    }
    contributions_compute(whole, parts, count, period, &all);
    answer->dimension = get->dimension;
    return write_answer(call, indicator, &all, is_known, answer);
}
