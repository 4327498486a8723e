/* series_test.c - tests period.c and series.c. */
#include "unit.h"

#include "figures.h"

static struct arena *arena;

static int arena_setup(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena == NULL;
}

static int arena_teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void periods_that_do_not_exist_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",     "2022-13", "2022-00", "2022-1",  "22-01",    "2022-01-01", "1899",
        "2201", "20222",   "202",     "2022-",   "2022 ",    "-022",       "2022-1a",
        "2o22", "+022",    "1899-12", "2201-01", "2022-012", " 2022",      "2022/01",
    };
    struct period period = {.year = 7};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(period_parse(wrong[i], &period));
    }
    assert_int_equal(period.year, 7);
}

static void periods_are_read_and_written(void **state)
{
    static const char *const right[] = {"1900", "2200", "2022-01", "2022-12", "1900-01", "2200-12"};
    char text[PERIOD_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        struct period period;
        assert_true(period_parse(right[i], &period));
        period_format(period, text);
        assert_string_equal(text, right[i]);
    }
}

static void assert_year_to_date(bool stock, const char *const *texts, int month, int64_t expected)
{
    struct total total;

    assert_true(series_year_to_date(series_from(arena, stock, texts), 2022, month, &total));
    assert_int_equal(total.scaled, expected);
    int64_t sum = 0;
    for (size_t i = 0; i < total.figure_count; i++) {
        sum += total.figures[i]->scaled;
    }
    assert_int_equal(sum, expected);
}

static void the_cumulative_figure_goes_before_the_sum(void **state)
{
    (void)state;
    assert_year_to_date(false, (const char *[]){"2022-01 10", "2022-02 20", "2022-02-ytd 31", NULL},
                        2, 31);
}

static void months_after_the_latest_cumulative_figure_are_added(void **state)
{
    const char *texts[] = {"2022-01 10",     "2022-02-ytd 31", "2022-03 5",
                           "2022-04-ytd 40", "2022-05 6",      NULL};

    (void)state;
    assert_year_to_date(false, texts, 5, 46);
    assert_year_to_date(false, texts, 3, 36);
    assert_year_to_date(false, texts, 1, 10);
}

static void an_earlier_cumulative_figure_serves_when_months_fill_the_gap(void **state)
{
    const char *texts[] = {"2022-02-ytd 30", "2022-03 5", "2022-04 5", "2022-06-ytd 80", NULL};
    struct total total;

    (void)state;
    assert_year_to_date(false, texts, 4, 40);
    assert_false(series_year_to_date(series_from(arena, false, texts), 2022, 5, &total));
}

static void a_missing_month_is_not_zero(void **state)
{
    const char *texts[] = {"2022-01 10", "2022-03 30", "2021-02 1", NULL};
    struct series *series = series_from(arena, false, texts);
    struct total total;
    int months[YEAR_MONTHS];

    (void)state;
    assert_false(series_year_to_date(series, 2022, 3, &total));
    assert_int_equal(series_missing(series, 2022, 4, months), 2);
    assert_int_equal(months[0], 2);
    assert_int_equal(months[1], 4);
    assert_int_equal(series_missing(series, 2022, 1, months), 0);
    assert_int_equal(series_missing(series, 2020, 12, months), 12);
}

static void months_before_a_cumulative_figure_are_not_missing(void **state)
{
    const char *texts[] = {"2022-02-ytd 232", "2022-04 7", NULL};
    int months[YEAR_MONTHS];

    (void)state;
    assert_int_equal(series_missing(series_from(arena, false, texts), 2022, 4, months), 1);
    assert_int_equal(months[0], 3);
}

static void a_yearly_figure_is_the_year_to_date_of_december(void **state)
{
    const char *texts[] = {"2022-11-ytd 90", "2022 100", NULL};
    struct total total;

    (void)state;
    assert_year_to_date(false, texts, 12, 100);
    assert_year_to_date(false, texts, 11, 90);
    assert_false(series_year_to_date(series_from(arena, false, texts), 2022, 10, &total));
}

static void of_two_figures_for_one_place_the_better_one_counts(void **state)
{
    (void)state;
    assert_year_to_date(false, (const char *[]){"2022 100 P", "2022-12-ytd 90 E", NULL}, 12, 100);
    assert_year_to_date(false, (const char *[]){"2022-12-ytd 90 E", "2022 100 P", NULL}, 12, 100);
    assert_year_to_date(
        false, (const char *[]){"2022-12-ytd 90 P 2023-01-01", "2022 100 P 2023-02-01", NULL}, 12,
        100);
    assert_year_to_date(
        false, (const char *[]){"2022 100 P 2023-01-01", "2022-12-ytd 90 P 2023-01-01", NULL}, 12,
        90);
}

static void the_latest_level_of_a_stock_counts_also_from_years_before(void **state)
{
    const char *texts[] = {"2012-11 93", "2021-02 95", "2022-09 100", NULL};
    struct series *series = series_from(arena, true, texts);
    struct total total;
    int months[YEAR_MONTHS];

    (void)state;
    assert_true(series_year_to_date(series, 2022, 12, &total));
    assert_int_equal(total.scaled, 100);
    assert_int_equal(total.period.month, 9);
    assert_true(series_year_to_date(series, 2022, 8, &total));
    assert_int_equal(total.scaled, 95);
    assert_int_equal(total.period.year, 2021);
    assert_true(series_year_to_date(series, 2021, 1, &total));
    assert_int_equal(total.scaled, 93);
    assert_false(series_year_to_date(series, 2012, 10, &total));
    assert_int_equal(series_missing(series, 2022, 11, months), 2);
    assert_int_equal(months[0], 10);
    assert_int_equal(series_missing(series, 2022, 9, months), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_that_do_not_exist_are_refused),
        cmocka_unit_test(periods_are_read_and_written),
        cmocka_unit_test(the_cumulative_figure_goes_before_the_sum),
        cmocka_unit_test(months_after_the_latest_cumulative_figure_are_added),
        cmocka_unit_test(an_earlier_cumulative_figure_serves_when_months_fill_the_gap),
        cmocka_unit_test(a_missing_month_is_not_zero),
        cmocka_unit_test(months_before_a_cumulative_figure_are_not_missing),
        cmocka_unit_test(a_yearly_figure_is_the_year_to_date_of_december),
        cmocka_unit_test(of_two_figures_for_one_place_the_better_one_counts),
        cmocka_unit_test(the_latest_level_of_a_stock_counts_also_from_years_before),
    };

    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
