/* progress_test.c - tests progress.c and attainment.c. */
#include "unit.h"

#include "figures.h"
#include "progress.h"

static struct arena *arena;

static int arena_setup(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return arena == NULL;
}

static int arena_teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct progress progress_of(const struct series *series, int month, const struct plan *plan)
{
    const struct progress_question question = {
        .series = series, .year = 2022, .month = month, .plan = plan};
    struct progress progress;

    progress_compute(&question, &progress);
    return progress;
}

static void assert_quantity(const struct quantity *quantity, int decimals, double expected)
{
    double value = 0;

    assert_null(quantity->reason);
    assert_true(ratio_round(quantity->ratio, decimals, &value));
    if (value != expected) {
        fail_msg("%.17g is not %.17g", value, expected);
    }
}

static void assert_reason(const struct quantity *quantity, const char *reason)
{
    assert_non_null(quantity->reason);
    assert_non_null(quantity->message);
    assert_string_equal(quantity->reason->name, reason);
}

static const char *const vector_one[] = {
    "2021-01 90",  "2021-02 70",  "2021-03 100", "2021-04 95",  "2021-05 100",
    "2021-06 105", "2021-07 100", "2021-08 110", "2021-09 105", "2021-10 110",
    "2021-11 120", "2021-12 135", "2022-01 100", "2022-02 80",  "2022-03 115",
    "2022-04 105", "2022-05 112", "2022-06 118", NULL,
};

static void check_vector_v1(void **state)
{
    const struct plan plan = {.comparator = COMPARE_AT_LEAST, .value = 1500};
    const struct progress progress = progress_of(series_from(arena, false, vector_one), 6, &plan);

    (void)state;
    assert_quantity(&progress.year_to_date, 0, 630);
    assert_quantity(&progress.plan_percent, 2, 42);
    assert_quantity(&progress.growth_percent, 2, 12.5);
    assert_quantity(&progress.required_run_rate, 1, 145);
    assert_quantity(&progress.required_growth_percent, 2, 27.94);
    assert_quantity(&progress.linear_forecast, 0, 1260);
    assert_quantity(&progress.seasonal_forecast, 0, 1395);
    assert_int_equal(progress.level.attainment, ATTAINMENT_OFF_TRACK);
    assert_int_equal(progress.growth.attainment, ATTAINMENT_NOT_JUDGED);
    assert_true(progress.complete);
    assert_true(progress.provisional);
    assert_int_equal(progress.missing_count, 0);
    assert_int_equal(progress.figure_count, 18);
}

static void the_forecast_decides_between_risk_and_progress(void **state)
{
    struct plan plan = {.comparator = COMPARE_AT_LEAST};
    const struct series *series = series_from(arena, false, vector_one);
    /* The seasonal forecast is exactly 1395, the linear one 1260. */
    const struct {
        int64_t target;
        enum attainment attainment;
    } cases[] = {
        {1395, ATTAINMENT_IN_PROGRESS}, {1396, ATTAINMENT_AT_RISK},    {1468, ATTAINMENT_AT_RISK},
        {1469, ATTAINMENT_OFF_TRACK},   {631, ATTAINMENT_IN_PROGRESS}, {630, ATTAINMENT_ACHIEVED},
        {629, ATTAINMENT_EXCEEDED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        plan.value = cases[i].target;
        assert_int_equal(progress_of(series, 6, &plan).level.attainment, cases[i].attainment);
    }
}

static void the_linear_forecast_serves_without_base_years(void **state)
{
    const struct plan plan = {.comparator = COMPARE_AT_LEAST, .value = 1200};
    const char *texts[] = {"2022-06-ytd 630 O", NULL};
    const struct progress progress = progress_of(series_from(arena, false, texts), 6, &plan);

    (void)state;
    assert_reason(&progress.seasonal_forecast, "MISSING_BASE_YEARS");
    assert_reason(&progress.growth_percent, "MISSING_BASE");
    assert_reason(&progress.base_year_to_date, "MISSING_BASE");
    assert_reason(&progress.required_growth_percent, "MISSING_BASE");
    assert_int_equal(progress.level.attainment, ATTAINMENT_IN_PROGRESS);
    assert_false(progress.provisional);
}

static void the_seasonal_share_comes_from_up_to_three_years(void **state)
{
    const char *texts[] = {"2022-06-ytd 50", "2021-06-ytd 40", "2021 100",
                           "2020-06-ytd 60", "2019-06-ytd 50", "2019 100",
                           "2018-06-ytd 1",  "2018 100",       NULL};
    const struct progress progress = progress_of(series_from(arena, false, texts), 6, NULL);

    (void)state;
    /* 2020 has no whole year, 2018 is four years back: 50 / (90 / 200). */
    assert_quantity(&progress.seasonal_forecast, 2, 111.11);
}

static void each_comparator_tests_what_it_says(void **state)
{
    const struct {
        enum comparator comparator;
        int64_t value;
        enum attainment attainment;
    } cases[] = {
        {COMPARE_AT_LEAST, 140, ATTAINMENT_ACHIEVED},
        {COMPARE_AT_LEAST, 141, ATTAINMENT_EXCEEDED},
        {COMPARE_AT_LEAST, 139, ATTAINMENT_MISSED},
        {COMPARE_MORE_THAN, 140, ATTAINMENT_MISSED},
        {COMPARE_MORE_THAN, 141, ATTAINMENT_EXCEEDED},
        {COMPARE_APPROXIMATELY, 133, ATTAINMENT_ACHIEVED},
        {COMPARE_APPROXIMATELY, 147, ATTAINMENT_ACHIEVED},
        {COMPARE_APPROXIMATELY, 132, ATTAINMENT_MISSED},
        {COMPARE_APPROXIMATELY, 148, ATTAINMENT_MISSED},
        {COMPARE_DONE, 140, ATTAINMENT_ACHIEVED},
        {COMPARE_DONE, 999, ATTAINMENT_ACHIEVED},
        {COMPARE_DONE, 139, ATTAINMENT_MISSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct plan plan = {.comparator = cases[i].comparator,
                                  .value = 140,
                                  .tolerance_percent = 5000000, /* 5 % */
                                  .closed = true};
        struct figure *figure = figure_from(arena, "2022 0");
        struct series *series = series_new(arena, false);
        figure->scaled = cases[i].value;
        assert_ok(series_add(arena, series, figure));
        assert_int_equal(progress_of(series, 12, &plan).level.attainment, cases[i].attainment);
    }
}

static void only_a_closed_year_is_missed(void **state)
{
    struct plan plan = {.comparator = COMPARE_AT_LEAST,
                        .value = 38300,
                        .has_growth = true,
                        .growth_percent = 20000000};
    const char *texts[] = {"2022 36501 P", "2021 32402 P", NULL};
    const struct series *series = series_from(arena, false, texts);

    (void)state;
    struct progress progress = progress_of(series, 12, &plan);
    assert_int_equal(progress.level.attainment, ATTAINMENT_AT_RISK);
    assert_int_equal(progress.growth.attainment, ATTAINMENT_OFF_TRACK);
    plan.closed = true;
    progress = progress_of(series, 12, &plan);
    assert_int_equal(progress.level.attainment, ATTAINMENT_MISSED);
    assert_int_equal(progress.growth.attainment, ATTAINMENT_MISSED);
}

static void a_closed_year_that_met_its_plan_did_not_miss_it_in_june(void **state)
{
    const struct plan plan = {.comparator = COMPARE_AT_LEAST, .value = 100, .closed = true};
    const char *texts[] = {"2022-06-ytd 50", "2022 120", NULL};
    const char *half[] = {"2022-06-ytd 50", NULL};

    (void)state;
    assert_int_equal(progress_of(series_from(arena, false, texts), 6, &plan).level.attainment,
                     ATTAINMENT_IN_PROGRESS);
    assert_int_equal(progress_of(series_from(arena, false, half), 6, &plan).level.attainment,
                     ATTAINMENT_MISSED);
}

static void level_and_growth_are_judged_apart(void **state)
{
    const struct plan plan = {.comparator = COMPARE_AT_LEAST,
                              .value = 3830000,
                              .has_growth = true,
                              .growth_percent = 8200000,
                              .has_baseline = true,
                              .baseline = 3539700,
                              .closed = true};
    const char *texts[] = {"2022 3650100 P", "2021 3240200 P", NULL};
    const struct progress progress = progress_of(series_from(arena, false, texts), 12, &plan);

    (void)state;
    assert_quantity(&progress.plan_percent, 2, 95.30);
    assert_quantity(&progress.growth_percent, 2, 12.65);
    assert_quantity(&progress.growth_on_plan_base_percent, 2, 3.12);
    assert_int_equal(progress.level.attainment, ATTAINMENT_MISSED);
    assert_int_equal(progress.growth.attainment, ATTAINMENT_EXCEEDED);
    assert_reason(&progress.required_run_rate, "NO_MONTHS_REMAIN");
    assert_reason(&progress.required_growth_percent, "NO_MONTHS_REMAIN");
}

static void growth_is_held_against_the_same_months_of_the_year_before(void **state)
{
    const struct plan plan = {.comparator = COMPARE_AT_LEAST,
                              .value = 1000,
                              .has_growth = true,
                              .growth_percent = 10000000};
    const struct {
        const char *text;
        enum attainment attainment;
    } cases[] = {
        {"2022-06-ytd 111", ATTAINMENT_EXCEEDED},  {"2022-06-ytd 110", ATTAINMENT_ACHIEVED},
        {"2022-06-ytd 109", ATTAINMENT_AT_RISK},   {"2022-06-ytd 105", ATTAINMENT_AT_RISK},
        {"2022-06-ytd 104", ATTAINMENT_OFF_TRACK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *texts[] = {"2021-06-ytd 100", cases[i].text, NULL};
        assert_int_equal(progress_of(series_from(arena, false, texts), 6, &plan).growth.attainment,
                         cases[i].attainment);
    }
}

static void the_plan_base_is_annual(void **state)
{
    const struct plan plan = {
        .comparator = COMPARE_AT_LEAST, .value = 100, .has_baseline = true, .baseline = 90};
    const struct plan bare = {.comparator = COMPARE_AT_LEAST, .value = 100};
    const char *texts[] = {"2022-06-ytd 50", "2022 99", NULL};
    const struct series *series = series_from(arena, false, texts);
    struct progress progress = progress_of(series, 6, &plan);

    (void)state;
    assert_reason(&progress.growth_on_plan_base_percent, "BASELINE_IS_ANNUAL");
    progress = progress_of(series, 12, &plan);
    assert_quantity(&progress.growth_on_plan_base_percent, 2, 10);
    progress = progress_of(series, 12, &bare);
    assert_reason(&progress.growth_on_plan_base_percent, "NO_BASELINE");
}

static void a_stock_that_did_not_move_has_no_growth(void **state)
{
    const struct plan plan = {.comparator = COMPARE_MORE_THAN, .value = 14000};
    const char *texts[] = {"2021-11 9305 P", NULL};
    const struct progress progress = progress_of(series_from(arena, true, texts), 12, &plan);

    (void)state;
    assert_quantity(&progress.plan_percent, 2, 66.46);
    assert_reason(&progress.growth_percent, "SAME_OBSERVATION");
    assert_int_equal(progress.year_to_date_period.year, 2021);
    assert_int_equal(progress.year_to_date_period.month, 11);
    assert_false(progress.complete);
    assert_int_equal(progress.missing_count, 12);
    assert_reason(&progress.seasonal_forecast, "NOT_FOR_STOCK");
    assert_int_equal(progress.level.attainment, ATTAINMENT_OFF_TRACK);
    assert_int_equal(progress.figure_count, 1);
}

static void a_stock_in_the_middle_of_the_year_has_no_forecast(void **state)
{
    const struct plan plan = {.comparator = COMPARE_MORE_THAN, .value = 14000};
    const char *texts[] = {"2022-06 9305 O", "2021-06 9000 O", NULL};
    const struct progress progress = progress_of(series_from(arena, true, texts), 6, &plan);

    (void)state;
    assert_reason(&progress.linear_forecast, "NOT_FOR_STOCK");
    assert_reason(&progress.required_growth_percent, "NOT_FOR_STOCK");
    assert_quantity(&progress.growth_percent, 2, 3.39);
    assert_quantity(&progress.required_run_rate, 2, 782.5);
    assert_int_equal(progress.level.attainment, ATTAINMENT_IN_PROGRESS);
    assert_string_equal(progress.level.reason->name, "NO_FORECAST");
    assert_true(progress.complete);
    assert_false(progress.provisional);
}

static void without_values_everything_is_unknown_with_a_reason(void **state)
{
    const struct plan plan = {
        .comparator = COMPARE_AT_LEAST, .value = 1860, .has_growth = true, .growth_percent = 1};
    const char *texts[] = {"2021 1788", NULL};
    const struct progress progress = progress_of(series_from(arena, false, texts), 12, &plan);

    (void)state;
    assert_reason(&progress.year_to_date, "MISSING_PERIODS");
    assert_reason(&progress.plan_percent, "MISSING_VALUE");
    assert_reason(&progress.growth_percent, "MISSING_VALUE");
    assert_reason(&progress.linear_forecast, "MISSING_VALUE");
    assert_reason(&progress.seasonal_forecast, "MISSING_VALUE");
    assert_int_equal(progress.level.attainment, ATTAINMENT_UNKNOWN);
    assert_int_equal(progress.growth.attainment, ATTAINMENT_UNKNOWN);
    assert_int_equal(progress.missing_count, 12);
    assert_false(progress.complete);
}

static void without_a_target_nothing_is_judged(void **state)
{
    const struct progress progress = progress_of(series_from(arena, false, vector_one), 6, NULL);

    (void)state;
    assert_quantity(&progress.growth_percent, 2, 12.5);
    assert_reason(&progress.plan_percent, "NO_TARGET");
    assert_reason(&progress.required_run_rate, "NO_TARGET");
    assert_int_equal(progress.level.attainment, ATTAINMENT_NOT_JUDGED);
    assert_int_equal(progress.growth.attainment, ATTAINMENT_NOT_JUDGED);
}

static void neutral_indicators_are_not_judged(void **state)
{
    const struct plan plan = {.comparator = COMPARE_AT_LEAST, .value = 80000, .closed = true};
    const char *texts[] = {"2022 57000 P", NULL};
    const struct progress_question question = {.series = series_from(arena, false, texts),
                                               .year = 2022,
                                               .month = 12,
                                               .plan = &plan,
                                               .neutral = true};
    struct progress progress;

    (void)state;
    progress_compute(&question, &progress);
    assert_quantity(&progress.plan_percent, 2, 71.25);
    assert_int_equal(progress.level.attainment, ATTAINMENT_NOT_JUDGED);
    assert_int_equal(progress.growth.attainment, ATTAINMENT_NOT_JUDGED);
}

static void a_divisor_that_is_not_positive_gives_no_number(void **state)
{
    const struct plan plan = {
        .comparator = COMPARE_AT_LEAST, .value = 0, .has_baseline = true, .baseline = -1};
    const char *texts[] = {"2022-06-ytd 5", "2021-06-ytd 0", "2021 0", "2022 7", NULL};
    struct progress progress = progress_of(series_from(arena, false, texts), 6, &plan);

    (void)state;
    assert_reason(&progress.plan_percent, "DIVISOR_NOT_POSITIVE");
    assert_reason(&progress.growth_percent, "DIVISOR_NOT_POSITIVE");
    assert_reason(&progress.required_growth_percent, "DIVISOR_NOT_POSITIVE");
    assert_reason(&progress.seasonal_forecast, "DIVISOR_NOT_POSITIVE");
    progress = progress_of(series_from(arena, false, texts), 12, &plan);
    assert_reason(&progress.growth_on_plan_base_percent, "DIVISOR_NOT_POSITIVE");
}

static void the_largest_values_do_not_overflow(void **state)
{
    const struct plan plan = {.comparator = COMPARE_APPROXIMATELY,
                              .value = DECIMAL_MAX_SCALED,
                              .tolerance_percent = 100000000,
                              .has_growth = true,
                              .growth_percent = DECIMAL_MAX_SCALED,
                              .has_baseline = true,
                              .baseline = 1};
    struct series *series = series_new(arena, false);

    (void)state;
    for (int year = 2019; year <= 2022; year++) {
        for (int month = 1; month <= 12; month++) {
            struct figure *figure = figure_from(arena, "2022-01 999999999999999");
            figure->period = (struct period){.year = year, .month = month};
            assert_ok(series_add(arena, series, figure));
        }
    }
    const struct progress progress = progress_of(series, 11, &plan);
    assert_quantity(&progress.growth_percent, 2, 0);
    assert_quantity(&progress.seasonal_forecast, 0, 11999999999999988.0);
    assert_int_equal(progress.figure_count, 47);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_vector_v1),
        cmocka_unit_test(the_forecast_decides_between_risk_and_progress),
        cmocka_unit_test(the_linear_forecast_serves_without_base_years),
        cmocka_unit_test(the_seasonal_share_comes_from_up_to_three_years),
        cmocka_unit_test(each_comparator_tests_what_it_says),
        cmocka_unit_test(only_a_closed_year_is_missed),
        cmocka_unit_test(a_closed_year_that_met_its_plan_did_not_miss_it_in_june),
        cmocka_unit_test(level_and_growth_are_judged_apart),
        cmocka_unit_test(growth_is_held_against_the_same_months_of_the_year_before),
        cmocka_unit_test(the_plan_base_is_annual),
        cmocka_unit_test(a_stock_that_did_not_move_has_no_growth),
        cmocka_unit_test(a_stock_in_the_middle_of_the_year_has_no_forecast),
        cmocka_unit_test(without_values_everything_is_unknown_with_a_reason),
        cmocka_unit_test(without_a_target_nothing_is_judged),
        cmocka_unit_test(neutral_indicators_are_not_judged),
        cmocka_unit_test(a_divisor_that_is_not_positive_gives_no_number),
        cmocka_unit_test(the_largest_values_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
