/* contributions_test.c - tests contributions.c and cumulative.c. */
#include "unit.h"

#include "contributions.h"
#include "cumulative.h"
#include "figures.h"

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

static void assert_quantity(const struct quantity *quantity, double expected)
{
    double value = 0;

    assert_null(quantity->reason);
    assert_true(ratio_round(quantity->ratio, 4, &value));
    if (value != expected) {
        fail_msg("%.17g is not %.17g", value, expected);
    }
}

static struct part part_of(bool stock, const char *first, const char *second)
{
    const char *texts[] = {first, second, NULL};

    return (struct part){.code = first, .series = series_from(arena, stock, texts)};
}

static const struct period june = {.year = 2022, .month = 6};
static const struct period year = {.year = 2022};

static void check_vector_v2(void **state)
{
    struct part parts[] = {
        part_of(false, "2021-06 400", "2022-06 460"),
        part_of(false, "2021-06 600", "2022-06 630"),
        part_of(false, "2021-06 300", "2022-06 285"),
    };
    struct contributions all;

    (void)state;
    contributions_compute(series_new(arena, false), parts, 3, june, &all);
    assert_quantity(&all.growth_percent, 5.7692);
    assert_quantity(&parts[0].contribution, 4.6154);
    assert_quantity(&parts[1].contribution, 2.3077);
    assert_quantity(&parts[2].contribution, -1.1538);
    assert_quantity(&all.residual, 0);
    assert_true(all.whole_is_sum);
    assert_true(all.complete);
    assert_false(all.cumulative);
}

static void what_the_parts_do_not_explain_is_the_residual(void **state)
{
    struct part parts[] = {
        part_of(false, "2021 400", "2022 460"),
        part_of(false, "2021 600", "2022 630"),
    };
    const char *whole[] = {"2021 1300", "2022 1375", NULL};
    struct contributions all;

    (void)state;
    contributions_compute(series_from(arena, false, whole), parts, 2, year, &all);
    assert_quantity(&all.growth_percent, 5.7692);
    assert_quantity(&all.residual, -1.1538);
    assert_false(all.whole_is_sum);
    assert_true(all.cumulative);
}

static void a_part_without_a_base_is_not_taken_as_zero(void **state)
{
    struct part parts[] = {
        part_of(false, "2021-06 400", "2022-06 460"),
        part_of(false, "2022-06 630", "2022-05 1"),
    };
    const char *whole[] = {"2021-06 1000", "2022-06 1090", NULL};
    struct contributions all;

    (void)state;
    contributions_compute(series_from(arena, false, whole), parts, 2, june, &all);
    assert_quantity(&parts[0].contribution, 6);
    assert_string_equal(parts[1].contribution.reason->name, "MISSING_BASE");
    assert_string_equal(parts[1].previous.reason->name, "MISSING_VALUE");
    assert_quantity(&all.residual, 3);
    assert_false(all.complete);

    contributions_compute(series_new(arena, false), parts, 2, june, &all);
    assert_string_equal(all.growth_percent.reason->name, "MISSING_VALUE");
    assert_string_equal(all.residual.reason->name, "MISSING_VALUE");
    assert_string_equal(parts[0].contribution.reason->name, "MISSING_BASE");
    assert_false(all.whole_is_sum);
}

static void months_are_compared_as_years_to_date_when_that_is_all_there_is(void **state)
{
    struct part parts[] = {part_of(false, "2021-06-ytd 400", "2022-06-ytd 440")};
    struct contributions all;

    (void)state;
    contributions_compute(series_new(arena, false), parts, 1, june, &all);
    assert_true(all.cumulative);
    assert_quantity(&all.growth_percent, 10);
}

static void levels_that_stand_for_both_ends_give_no_growth(void **state)
{
    struct part parts[] = {part_of(true, "2020-11 29", "2020-10 1"),
                           part_of(true, "2020-11 4", "2022-01 8")};
    const char *whole[] = {"2020-11 33", NULL};
    struct contributions all;

    (void)state;
    contributions_compute(series_from(arena, true, whole), parts, 2, june, &all);
    assert_string_equal(all.growth_percent.reason->name, "SAME_OBSERVATION");
    assert_string_equal(parts[0].contribution.reason->name, "SAME_OBSERVATION");
    assert_quantity(&parts[1].contribution, 12.1212);
}

static void no_parts_are_not_complete(void **state)
{
    struct contributions all;

    (void)state;
    contributions_compute(series_new(arena, false), NULL, 0, june, &all);
    assert_false(all.complete);
    assert_string_equal(all.growth_percent.reason->name, "MISSING_VALUE");
}

static void a_cumulative_value_is_held_against_all_of_its_year(void **state)
{
    static const char *const texts[] = {"2022-03-ytd 30 O", "2022-06-ytd 60 P", "2022-09-ytd 90 E",
                                        "2021-12-ytd 999 O"};
    const struct figure *others[4];
    const struct {
        const char *text;
        enum cumulative_verdict verdict;
        const char *neighbour;
    } cases[] = {
        {"2022-07-ytd 60 E", CUMULATIVE_RISES, NULL},
        {"2022-07-ytd 90 E", CUMULATIVE_RISES, NULL},
        {"2022-07-ytd 59 E", CUMULATIVE_FALLS, "2022-06-ytd"},
        {"2022-07-ytd 59 P", CUMULATIVE_FALLS, "2022-06-ytd"},
        {"2022-07-ytd 59 O", CUMULATIVE_FALLS_BELOW_ESTIMATE, "2022-06-ytd"},
        {"2022-07-ytd 29 O", CUMULATIVE_FALLS, "2022-03-ytd"},
        {"2022-07-ytd 91 E", CUMULATIVE_FALLS, "2022-09-ytd"},
        {"2022-07-ytd 91 P", CUMULATIVE_FALLS_BELOW_ESTIMATE, "2022-09-ytd"},
        {"2022-06-ytd 29 E", CUMULATIVE_FALLS, "2022-03-ytd"},
        {"2022-06-ytd 31 E", CUMULATIVE_RISES, NULL},
        {"2022 89 P", CUMULATIVE_FALLS_BELOW_ESTIMATE, "2022-09-ytd"},
        {"2022 89 E", CUMULATIVE_FALLS, "2022-09-ytd"},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        others[i] = figure_from(arena, texts[i]);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct figure *neighbour = NULL;
        assert_int_equal(cumulative_judge(figure_from(arena, cases[i].text), others, 4, &neighbour),
                         cases[i].verdict);
        if (cases[i].neighbour == NULL) {
            assert_null(neighbour);
        } else {
            assert_string_equal(neighbour->name, cases[i].neighbour);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_vector_v2),
        cmocka_unit_test(what_the_parts_do_not_explain_is_the_residual),
        cmocka_unit_test(a_part_without_a_base_is_not_taken_as_zero),
        cmocka_unit_test(months_are_compared_as_years_to_date_when_that_is_all_there_is),
        cmocka_unit_test(levels_that_stand_for_both_ends_give_no_growth),
        cmocka_unit_test(no_parts_are_not_complete),
        cmocka_unit_test(a_cumulative_value_is_held_against_all_of_its_year),
    };

    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
