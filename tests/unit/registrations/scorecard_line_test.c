/* scorecard_line_test.c - tests scorecard_line.c. */
#include "unit.h"

#include "base/clock.h"
#include "scorecard_line.h"

#include <math.h>

static const struct line_number unknown = {0};

static struct line_number number(double value)
{
    return (struct line_number){true, value};
}

static void a_commitment_is_judged_by_its_own_comparator(void **state)
{
    static const struct {
        enum line_comparator comparator;
        double value;
        double target;
        double tolerance;
        enum line_status open;
        enum line_status closed;
    } rows[] = {
        {LINE_AT_LEAST, 2, 2, 0, LINE_ACHIEVED, LINE_ACHIEVED},
        {LINE_AT_LEAST, 3, 2, 0, LINE_EXCEEDED, LINE_EXCEEDED},
        {LINE_AT_LEAST, 1.999999, 2, 0, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_MORE_THAN, 140, 140, 0, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_MORE_THAN, 140.000001, 140, 0, LINE_EXCEEDED, LINE_EXCEEDED},
        {LINE_APPROXIMATELY, 133, 140, 5, LINE_ACHIEVED, LINE_ACHIEVED},
        {LINE_APPROXIMATELY, 147, 140, 5, LINE_ACHIEVED, LINE_ACHIEVED},
        {LINE_APPROXIMATELY, 132.999999, 140, 5, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_APPROXIMATELY, 147.000001, 140, 5, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_APPROXIMATELY, 140, 140, 0, LINE_ACHIEVED, LINE_ACHIEVED},
        {LINE_APPROXIMATELY, 93.05, 140, 5, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_APPROXIMATELY, -133, -140, 5, LINE_ACHIEVED, LINE_ACHIEVED},
        {LINE_DONE, 1, 1, 0, LINE_ACHIEVED, LINE_ACHIEVED},
        {LINE_DONE, 0, 1, 0, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_AT_LEAST, 999999999999999, 999999999999999, 0, LINE_ACHIEVED, LINE_ACHIEVED},
        {LINE_AT_LEAST, 0.1, 999999999999999, 0, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_APPROXIMATELY, 999999999999999, 0.000001, 100, LINE_IN_PROGRESS, LINE_MISSED},
        {LINE_AT_LEAST, 0, 0, 0, LINE_ACHIEVED, LINE_ACHIEVED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line_question question = {
            .comparator = rows[i].comparator,
            .value = number(rows[i].value),
            .target = rows[i].target,
            .tolerance_percent = rows[i].tolerance,
        };
        assert_int_equal(line_judge(&question), rows[i].open);
        question.closed = true;
        assert_int_equal(line_judge(&question), rows[i].closed);
        question.neutral = true;
        assert_int_equal(line_judge(&question), LINE_NOT_JUDGED);
        question.neutral = false;
        question.value = unknown;
        assert_int_equal(line_judge(&question), LINE_UNKNOWN);
    }
}

static void what_is_not_reached_is_judged_by_the_forecast(void **state)
{
    static const struct {
        double forecast;
        enum line_status status;
    } rows[] = {
        {0, LINE_OFF_TRACK},      {94.99, LINE_OFF_TRACK}, {95, LINE_AT_RISK},
        {99.99, LINE_AT_RISK},    {100, LINE_IN_PROGRESS}, {250, LINE_IN_PROGRESS},
        {1e20, LINE_IN_PROGRESS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct line_question question = {.comparator = LINE_AT_LEAST,
                                               .value = number(10),
                                               .target = 100,
                                               .forecast = number(rows[i].forecast)};
        assert_int_equal(line_judge(&question), rows[i].status);
    }
}

static void what_is_no_decimal_is_not_judged(void **state)
{
    static const double values[] = {NAN, INFINITY, 1e300, 0.0000001};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const struct line_question question = {
            .comparator = LINE_AT_LEAST, .value = number(values[i]), .target = 1};
        assert_int_equal(line_judge(&question), LINE_UNKNOWN);
        assert_false(line_percent(&question).known);
        assert_false(line_linear_forecast(values[i], 2022, 19000).known);
    }
}

static void percent_is_rounded_half_up_once(void **state)
{
    static const struct {
        double value;
        double target;
        bool known;
        double percent;
    } rows[] = {
        {93.05, 140, true, 66.46}, {0, 2, true, 0},     {1, 3, true, 33.33},
        {2, 3, true, 66.67},       {1, 16, true, 6.25}, {0.00005, 1, true, 0.01},
        {-1, 3, true, -33.33},     {1, 0, false, 0},    {1, -1, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct line_question question = {.value = number(rows[i].value),
                                               .target = rows[i].target};
        const struct line_number percent = line_percent(&question);
        assert_int_equal(percent.known, rows[i].known);
        assert_true(percent.value == rows[i].percent);
    }
    assert_false(line_percent(&(struct line_question){.target = 1}).known);
}

static void a_count_is_expected_to_go_on_as_in_the_months_so_far(void **state)
{
    static const struct {
        const char *day;
        double value;
        bool known;
        double forecast;
    } rows[] = {
        {"2021-12-31", 1, false, 0},   {"2022-01-01", 1, true, 12}, {"2022-06-30", 1, true, 2},
        {"2022-07-01", 1, true, 1.71}, {"2022-12-01", 1, true, 1},  {"2026-01-01", 1, true, 1},
        {"2026-01-01", 0, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t day = 0;
        assert_true(date_parse(slice_from(rows[i].day), &day));
        const struct line_number forecast = line_linear_forecast(rows[i].value, 2022, day);
        assert_int_equal(forecast.known, rows[i].known);
        assert_true(forecast.value == rows[i].forecast);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commitment_is_judged_by_its_own_comparator),
        cmocka_unit_test(what_is_not_reached_is_judged_by_the_forecast),
        cmocka_unit_test(what_is_no_decimal_is_not_judged),
        cmocka_unit_test(percent_is_rounded_half_up_once),
        cmocka_unit_test(a_count_is_expected_to_go_on_as_in_the_months_so_far),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
