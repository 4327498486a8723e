/* progress_get.c - GetProgress: from the store through the arithmetic into the answer. */
#include "base/clock.h"
#include "indicators.h"
#include "observed.h"
#include "pb/message.h"
#include "reasons.h"
#include "target.h"

#include <string.h>

enum { PERCENT_OUTPUT_DECIMALS = 2, PROGRESS_NOTES_MAX = 32, BATCH_NAMES_MAX = 100 };

static const char *month_text(struct arena *arena, int year, int month)
{
    char text[PERIOD_TEXT_BYTES];

    period_format((struct period){.year = year, .month = month}, text);
    return arena_strdup(arena, text);
}

static struct status write_quantities(const struct progress *progress, int decimals,
                                      struct notes *notes, progress_message *answer)
{
    const struct {
        const char *field;
        const struct quantity *quantity;
        bool is_percent;
        double_message **ret_value;
    } fields[] = {
        {"yearToDate", &progress->year_to_date, false, &answer->year_to_date},
        {"baseYearToDate", &progress->base_year_to_date, false, &answer->base_year_to_date},
        {"planPercent", &progress->plan_percent, true, &answer->plan_percent},
        {"growthPercent", &progress->growth_percent, true, &answer->growth_percent},
        {"growthOnPlanBasePercent", &progress->growth_on_plan_base_percent, true,
         &answer->growth_on_plan_base_percent},
        {"requiredRunRate", &progress->required_run_rate, false, &answer->required_run_rate},
        {"requiredGrowthPercent", &progress->required_growth_percent, true,
         &answer->required_growth_percent},
        {"linearForecast", &progress->linear_forecast, false, &answer->linear_forecast},
        {"seasonalForecast", &progress->seasonal_forecast, false, &answer->seasonal_forecast},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        TRY(quantity_write(
            notes, fields[i].field, fields[i].quantity, fields[i].is_percent ? 0 : decimals,
            fields[i].is_percent ? PERCENT_OUTPUT_DECIMALS : decimals, fields[i].ret_value));
    }
    return STATUS_NONE;
}

static struct status write_verdict(struct notes *notes, const char *field,
                                   const struct verdict *verdict,
                                   Dongkhoi__Indicators__V1__Progress__Attainment *ret_attainment)
{
    *ret_attainment = (Dongkhoi__Indicators__V1__Progress__Attainment)verdict->attainment;
    return verdict->reason != NULL ? notes_add(notes, field, verdict->reason, verdict->message)
                                   : STATUS_NONE;
}

static struct status write_target(const target_message *target, bool closed, struct notes *notes,
                                  progress_message *answer)
{
    if (target == NULL) {
        TRY(notes_say(notes, "targetValue", REASON_NO_TARGET));
        return notes_say(notes, "targetGrowthPercent", REASON_NO_TARGET);
    }
    answer->target = target->name;
    answer->comparator = target->comparator;
    answer->target_value = target->value;
    answer->target_growth_percent = target->growth_percent;
    answer->target_state =
        (Dongkhoi__Indicators__V1__Target__State)(closed ? STATE_CLOSED : STATE_OPEN);
    if (target->growth_percent == NULL) {
        return notes_say(notes, "targetGrowthPercent", REASON_NO_TARGET_GROWTH);
    }
    return STATUS_NONE;
}

/* Which period the value is of, and what is lacking. */
static struct status write_coverage(struct arena *arena, const struct progress *progress, int year,
                                    struct notes *notes, progress_message *answer)
{
    const struct period of = progress->year_to_date_period;

    answer->provisional = progress->provisional;
    answer->complete = progress->complete;
    if (quantity_is_known(&progress->year_to_date)) {
        answer->year_to_date_period = (char *)month_text(arena, of.year, of.month);
        if (!progress->complete) {
            TRY(notes_add(
                notes, "yearToDate", REASON_EARLIER_PERIOD,
                arena_printf(arena, "the latest value is of %s", answer->year_to_date_period)));
        }
    }
    answer->missing_periods = arena_array(arena, progress->missing_count, sizeof(char *));
    for (size_t i = 0; i < progress->missing_count; i++) {
        char *month = (char *)month_text(arena, year, progress->missing[i]);
        answer->missing_periods[answer->n_missing_periods++] = month;
    }
    return STATUS_NONE;
}

/* Notes values of the same December that differ from the one that is used. */
static struct status note_contradictions(struct notes *notes, const struct series *series,
                                         const struct period *of, int decimals)
{
    struct contradictions others;
    const char *text = "other values are given of the same";

    if (of->month != YEAR_MONTHS || !series_contradictions(series, of->year, &others)) {
        return STATUS_NONE;
    }
    for (size_t i = 0; i < others.figure_count; i++) {
        text = arena_printf(notes->arena, "%s%s %s", text, i == 0 ? ":" : ",",
                            figure_text(notes->arena, others.figures[i], decimals));
    }
    if (others.sum_differs) {
        text = arena_printf(notes->arena, "%s%s %s as the sum of the twelve months", text,
                            others.figure_count == 0 ? ":" : ",",
                            value_text(notes->arena, others.sum, decimals));
    }
    return notes_add(notes, "yearToDate", REASON_CONTRADICTING_VALUES, text);
}

static struct status write_inputs(struct arena *arena, const struct progress *progress,
                                  const target_message *target, int decimals,
                                  progress_message *answer)
{
    input_message **inputs =
        arena_array(arena, progress->figure_count + 1, sizeof(input_message *));
    size_t count = 0;

    if (target != NULL) {
        inputs[count++] = input_make(arena, target->name, target->revision, target->value);
    }
    for (size_t i = 0; i < progress->figure_count; i++) {
        inputs[count++] = figure_input(arena, progress->figures[i], decimals);
    }
    for (size_t i = 0; i < count; i++) {
    }
    answer->inputs = inputs;
    answer->n_inputs = count;
    return STATUS_NONE;
}

static struct status write_answer(struct call *call, const indicator_message *indicator,
                                  const target_message *target,
                                  const struct progress_question *question,
                                  const struct progress *progress, progress_message *answer)
{
    struct arena *arena = call->arena;
    const int decimals = indicator->decimals;
    struct notes notes;

    TRY(notes_init(&notes, arena, PROGRESS_NOTES_MAX));
    answer->name = indicator->name;
    answer->display_name = indicator->display_name;
    answer->unit = indicator->unit;
    answer->direction = indicator->direction;
    answer->period = (char *)month_text(arena, question->year, question->month);
    TRY(write_target(target, question->plan != NULL && question->plan->closed, &notes, answer));
    TRY(write_quantities(progress, decimals, &notes, answer));
    TRY(write_coverage(arena, progress, question->year, &notes, answer));
    if (quantity_is_known(&progress->year_to_date)) {
        TRY(note_contradictions(&notes, question->series, &progress->year_to_date_period,
                                decimals));
    }
    TRY(write_verdict(&notes, "levelStatus", &progress->level, &answer->level_status));
    TRY(write_verdict(&notes, "growthStatus", &progress->growth, &answer->growth_status));
    TRY(write_inputs(arena, progress, target, decimals, answer));
    answer->notes = notes.items;
    answer->n_notes = notes.count;
    return STATUS_NONE;
}

/* The last month that a STOCK can have a level of, as of the day that the answer looks from. */
static int stock_last_month(const struct call *call, const char *published_by, struct period period)
{
    const int64_t time_us = call->tx->is_as_of ? call->tx->as_of_time_us : call->now_us;
    const int last = period_last_month(period);
    char day[DATE_TEXT_BYTES];
    int year = 0;
    int month = 0;

    date_format(date_of_time(time_us), day);
    const char *text = published_by[0] != '\0' ? published_by : day;
    if (!month_parse((struct slice){text, MONTH_TEXT_BYTES - 1}, &year, &month) ||
        year > period.year) {
        return last;
    }
    return year < period.year ? 1 : month < last ? month : last;
}

static int latest_month(const struct series *series, int year, int last_month)
{
    struct total total;

    for (int month = last_month; month >= 1; month--) {
        if (series_year_to_date(series, year, month, &total)) {
            return month;
        }
    }
    return last_month;
}

struct asked {
    struct period period;
    bool latest;
    const char *published_by;
};

static struct status progress_fill(struct call *call, const indicator_message *indicator,
                                   const struct asked *asked, progress_message *answer)
{
    const struct observed_query query = {
        .indicator = indicator,
        .dimension = "",
        .first_year = asked->period.year - BASE_YEARS_MAX,
        .last_year = asked->period.year,
        .published_by = asked->published_by,
    };
    const target_message *target = NULL;
    struct series *series = NULL;
    struct progress progress;
    struct plan plan;
    int month = period_last_month(asked->period);

    TRY(observed_series(call, &query, &series));
    TRY(target_find(call, indicator->name, asked->period.year, &target));
    if (target != NULL) {
        plan = plan_of(target, indicator->decimals, asked->published_by);
    }
    if (asked->latest) {
        month = series->stock ? stock_last_month(call, asked->published_by, asked->period)
                              : latest_month(series, asked->period.year, month);
    }
    const struct progress_question question = {
        .series = series,
        .year = asked->period.year,
        .month = month,
        .plan = target != NULL ? &plan : NULL,
        .neutral = (int)indicator->direction == DIRECTION_NEUTRAL,
    };
    progress_compute(&question, &progress);
    return write_answer(call, indicator, target, &question, &progress, answer);
}

static struct status period_check(struct call *call, const char *text, struct period *ret_period)
{
    if (!period_parse(text, ret_period)) {
        return REFUSE(call, REASON_INVALID_PERIOD, "period",
                      "period must be YYYY-MM or YYYY of the years %d to %d: \"%s\"", YEAR_MIN,
                      YEAR_MAX, text);
    }
    return STATUS_NONE;
}

struct status progress_get(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__GetProgressRequest *get = request;
    const indicator_message *indicator = NULL;
    struct asked asked = {.published_by = get->published_by};

    TRY(period_check(call, get->period, &asked.period));
    TRY(computed_read_begin(call, get, get->name, &indicator));
    return progress_fill(call, indicator, &asked, response);
}

static struct status names_check(struct call *call, char *const *names, size_t count)
{
    if (count == 0 || count > BATCH_NAMES_MAX) {
        return REFUSE(call, count == 0 ? REASON_FIELD_REQUIRED : REASON_TOO_MANY_NAMES, "names",
                      "names must be 1 to %d, not %zu", BATCH_NAMES_MAX, count);
    }
    for (size_t i = 0; i < count; i++) {
        const char *field = arena_printf(call->arena, "names[%zu]", i);
        if (!resource_name_matches(indicator_kind.pattern, names[i])) {
            return REFUSE(call, REASON_INVALID_NAME, field, "%s must be of the form %s: \"%s\"",
                          field, indicator_kind.pattern, names[i]);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(names[i], names[j]) == 0) {
                return REFUSE(call, REASON_DUPLICATE_NAME, field, "%s is there twice: \"%s\"",
                              field, names[i]);
            }
        }
    }
    return STATUS_NONE;
}

struct status progress_batch_get(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__BatchGetProgressRequest *get = request;
    Dongkhoi__Indicators__V1__BatchGetProgressResponse *answer = response;
    struct asked asked = {.latest = get->latest, .published_by = get->published_by};

    TRY(period_check(call, get->period, &asked.period));
    TRY(names_check(call, get->names, get->n_names));
    TRY(standard_as_of(call, request));
    answer->progresses = arena_array(call->arena, get->n_names, sizeof(*answer->progresses));
    answer->not_found = arena_array(call->arena, get->n_names, sizeof(*answer->not_found));
    for (size_t i = 0; i < get->n_names; i++) {
        const void *indicator = NULL;
        TRY(resource_find_shared(call->tx, &indicator_kind, get->names[i], &indicator));
        if (indicator == NULL) {
            answer->not_found[answer->n_not_found++] = get->names[i];
            continue;
        }
        progress_message *progress =
            message_new(call->arena, &dongkhoi__indicators__v1__progress__descriptor);
        answer->progresses[answer->n_progresses++] = progress;
        TRY(progress_fill(call, indicator, &asked, progress));
    }
    return STATUS_NONE;
}
