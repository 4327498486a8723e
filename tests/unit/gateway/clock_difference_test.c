/* clock_difference_test.c - the clock that differs is told from those that it differs from. */
#include "unit.h"

#include "clock_difference.h"

static const int64_t SECOND_US = 1000000;

static void the_median_says_which_clock_is_wrong(void **state)
{
    const int64_t offsets_us[4] = {7 * SECOND_US, 7 * SECOND_US + 900, 7 * SECOND_US - 1200,
                                   86407 * SECOND_US};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(clock_difference_us(offsets_us, 4, i), 0);
    }
    assert_int_equal(clock_difference_us(offsets_us, 4, 3), 86400 * SECOND_US);
}

static void one_that_is_behind_differs_by_less_than_nothing(void **state)
{
    const int64_t offsets_us[5] = {-90 * SECOND_US, 0, 0, 0, 1};

    (void)state;
    assert_int_equal(clock_difference_us(offsets_us, 5, 0), -90 * SECOND_US);
    assert_int_equal(clock_difference_us(offsets_us, 5, 4), 0);
}

static void two_clocks_say_nothing_of_each_other(void **state)
{
    const int64_t offsets_us[2] = {0, 86400 * SECOND_US};

    (void)state;
    assert_int_equal(clock_difference_us(offsets_us, 2, 1), 0);
    assert_int_equal(clock_difference_us(offsets_us, 1, 0), 0);
}

static void what_the_network_may_make_is_no_difference(void **state)
{
    const int64_t offsets_us[3] = {0, 0, CLOCK_DIFFERENCE_US - 1};
    const int64_t more_us[3] = {0, 0, CLOCK_DIFFERENCE_US};

    (void)state;
    assert_int_equal(clock_difference_us(offsets_us, 3, 2), 0);
    assert_int_equal(clock_difference_us(more_us, 3, 2), CLOCK_DIFFERENCE_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_says_which_clock_is_wrong),
        cmocka_unit_test(one_that_is_behind_differs_by_less_than_nothing),
        cmocka_unit_test(two_clocks_say_nothing_of_each_other),
        cmocka_unit_test(what_the_network_may_make_is_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
