/* progress_get.c - GetProgress: from the store through the arithmetic into the answer. */
#include "indicators.h"
#include "observed.h"
#include "target.h"

enum { PERCENT_OUTPUT_DECIMALS = 2, PROGRESS_NOTES_MAX = 32 };

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
        TRY(notes_add(notes, "targetValue", "NO_TARGET", "the year has no target"));
        return notes_add(notes, "targetGrowthPercent", "NO_TARGET", "the year has no target");
    }
    answer->target = target->name;
    answer->comparator = target->comparator;
    answer->target_value = target->value;
    answer->target_growth_percent = target->growth_percent;
    answer->target_state =
        (Dongkhoi__Indicators__V1__Target__State)(closed ? STATE_CLOSED : STATE_OPEN);
    if (target->growth_percent == NULL) {
        return notes_add(notes, "targetGrowthPercent", "NO_TARGET_GROWTH",
                         "the target promised no growth");
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
        if (answer->year_to_date_period == NULL) {
            return status_out_of_memory();
        }
        if (!progress->complete) {
            TRY(notes_add(
                notes, "yearToDate", "EARLIER_PERIOD",
                arena_printf(arena, "the latest value is of %s", answer->year_to_date_period)));
        }
    }
    answer->missing_periods = arena_array(arena, progress->missing_count, sizeof(char *));
    if (answer->missing_periods == NULL) {
        return status_out_of_memory();
    }
    for (size_t i = 0; i < progress->missing_count; i++) {
        char *month = (char *)month_text(arena, year, progress->missing[i]);
        if (month == NULL) {
            return status_out_of_memory();
        }
        answer->missing_periods[answer->n_missing_periods++] = month;
    }
    return STATUS_NONE;
}

static struct status write_inputs(struct arena *arena, const struct progress *progress,
                                  const target_message *target, int decimals,
                                  progress_message *answer)
{
    input_message **inputs =
        arena_array(arena, progress->figure_count + 1, sizeof(input_message *));
    size_t count = 0;

    if (inputs == NULL) {
        return status_out_of_memory();
    }
    if (target != NULL) {
        inputs[count++] = input_make(arena, target->name, target->revision, target->value);
    }
    for (size_t i = 0; i < progress->figure_count; i++) {
        inputs[count++] = figure_input(arena, progress->figures[i], decimals);
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i] == NULL) {
            return status_out_of_memory();
        }
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
    answer->period = (char *)month_text(arena, question->year, question->month);
    if (answer->period == NULL) {
        return status_out_of_memory();
    }
    TRY(write_target(target, question->plan != NULL && question->plan->closed, &notes, answer));
    TRY(write_quantities(progress, decimals, &notes, answer));
    TRY(write_coverage(arena, progress, question->year, &notes, answer));
    TRY(write_verdict(&notes, "levelStatus", &progress->level, &answer->level_status));
    TRY(write_verdict(&notes, "growthStatus", &progress->growth, &answer->growth_status));
    TRY(write_inputs(arena, progress, target, decimals, answer));
    answer->notes = notes.items;
    answer->n_notes = notes.count;
    return STATUS_NONE;
}

struct status progress_get(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__GetProgressRequest *get = request;
    const indicator_message *indicator = NULL;
    target_message *target = NULL;
    struct series *series = NULL;
    struct progress progress;
    struct period period;
    struct plan plan;

    TRY(call_check_required(call, "period", get->period));
    if (!period_parse(get->period, &period)) {
        return INVALID(call, "INVALID_PERIOD", "period",
                       "period must be YYYY-MM or YYYY of the years %d to %d: \"%s\"", YEAR_MIN,
                       YEAR_MAX, get->period);
    }
    TRY(computed_read_begin(call, get, get->name, get->published_by, &indicator));
    const struct observed_query query = {
        .indicator = indicator,
        .dimension = "",
        .first_year = period.year - BASE_YEARS_MAX,
        .last_year = period.year,
        .published_by = get->published_by,
    };
    TRY(observed_series(call, &query, &series));
    TRY(target_find(call, indicator->name, period.year, &target));
    if (target != NULL) {
        plan = plan_of(target, indicator->decimals, get->published_by);
    }
    const struct progress_question question = {
        .series = series,
        .year = period.year,
        .month = period_last_month(period),
        .plan = target != NULL ? &plan : NULL,
        .neutral = (int)indicator->direction == DIRECTION_NEUTRAL,
    };
    progress_compute(&question, &progress);
    return write_answer(call, indicator, target, &question, &progress, response);
}
