/* scorecard_line.c - the status of a commitment, by its comparator, or by its forecast while the
 * year goes on. */
#include "scorecard_line.h"

#include "base/clock.h"

enum { LINE_DECIMALS = 6, PERCENT_OUTPUT_DECIMALS = 2, YEAR_MONTHS = 12 };

/* The decimal that the double stands for, times 10^LINE_DECIMALS. */
static bool wide_of(double value, decimal_wide *ret_wide)
{
    for (int decimals = 0; decimals <= LINE_DECIMALS; decimals++) {
        int64_t scaled = 0;
        const enum decimal_result result = decimal_from_double(value, decimals, &scaled);
        if (result == DECIMAL_OK) {
            *ret_wide = (decimal_wide)scaled * decimal_power(LINE_DECIMALS - decimals);
            return true;
        }
        if (result != DECIMAL_TOO_PRECISE) {
            return false;
        }
    }
    return false;
}

static decimal_wide magnitude(decimal_wide number)
{
    return number < 0 ? -number : number;
}

static bool is_met(const struct line_question *question, decimal_wide value, decimal_wide target)
{
    decimal_wide tolerance = 0;

    switch (question->comparator) {
    case LINE_AT_LEAST:
    case LINE_DONE:
        return value >= target;
    case LINE_MORE_THAN:
        return value > target;
    case LINE_APPROXIMATELY:
        return wide_of(question->tolerance_percent, &tolerance) &&
               magnitude(value - target) * 100 * decimal_power(LINE_DECIMALS) <=
                   magnitude(target) * tolerance;
    }
    return false;
}

/* The status of what is not met yet, in a year that is not closed: by its forecast. */
static enum line_status judge_rest(const struct line_question *question, decimal_wide target)
{
    decimal_wide forecast = 0;

    if (!question->forecast.known || !wide_of(question->forecast.value, &forecast)) {
        return LINE_IN_PROGRESS;
    }
    if (forecast * 100 < target * 95) {
        return LINE_OFF_TRACK;
    }
    return forecast < target ? LINE_AT_RISK : LINE_IN_PROGRESS;
}

enum line_status line_judge(const struct line_question *question)
{
    decimal_wide value = 0;
    decimal_wide target = 0;

    if (question->neutral) {
        return LINE_NOT_JUDGED;
    }
    if (!question->value.known || !wide_of(question->value.value, &value) ||
        !wide_of(question->target, &target)) {
        return LINE_UNKNOWN;
    }
    if (is_met(question, value, target)) {
        const bool more =
            question->comparator == LINE_AT_LEAST || question->comparator == LINE_MORE_THAN;
        return more && value > target ? LINE_EXCEEDED : LINE_ACHIEVED;
    }
    return question->closed ? LINE_MISSED : judge_rest(question, target);
}

struct line_number line_percent(const struct line_question *question)
{
    struct line_number percent = {0};
    decimal_wide value = 0;
    decimal_wide target = 0;

    if (question->value.known && wide_of(question->value.value, &value) &&
        wide_of(question->target, &target) && target > 0) {
        const struct ratio ratio = {.numerator = value * 100, .denominator = target};
        percent.known = ratio_round(ratio, PERCENT_OUTPUT_DECIMALS, &percent.value);
    }
    return percent;
}

struct line_number line_linear_forecast(double value, int year, int32_t day)
{
    char text[DATE_TEXT_BYTES];
    int day_year = 0;
    int month = 0;

    date_format(day, text);
    if (!month_parse((struct slice){text, MONTH_TEXT_BYTES - 1}, &day_year, &month) ||
        day_year < year) {
        return (struct line_number){0};
    }
    if (day_year > year) {
        month = YEAR_MONTHS;
    }
    struct line_number forecast = {0};
    decimal_wide wide = 0;
    if (wide_of(value, &wide)) {
        const struct ratio ratio = {.numerator = wide * YEAR_MONTHS,
                                    .denominator =
                                        (decimal_wide)month * decimal_power(LINE_DECIMALS)};
        forecast.known = ratio_round(ratio, PERCENT_OUTPUT_DECIMALS, &forecast.value);
    }
    return forecast;
}
