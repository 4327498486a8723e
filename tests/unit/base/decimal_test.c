/* decimal_test.c - tests decimal.c. */
#include "unit.h"

#include "base/decimal.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 magnitude;

#define WIDE_MAX ((decimal_wide)(~(magnitude)0 >> 1))
#define WIDE_MIN (-WIDE_MAX - 1)

static struct ratio ratio(decimal_wide numerator, decimal_wide denominator)
{
    return (struct ratio){.numerator = numerator, .denominator = denominator};
}

static void assert_scaled(double value, int decimals, int64_t wanted)
{
    int64_t scaled = -1;

    assert_int_equal(decimal_from_double(value, decimals, &scaled), DECIMAL_OK);
    assert_int_equal(scaled, wanted);
    assert_true(decimal_to_double(scaled, decimals) == value);
}

static void doubles_stand_for_their_shortest_text(void **state)
{
    (void)state;
    assert_scaled(0, 6, 0);
    assert_scaled(0.1, 1, 1);
    assert_scaled(0.3, 6, 300000);
    assert_scaled(95.3, 2, 9530);
    assert_scaled(-66.46, 2, -6646);
    assert_scaled(27204, 0, 27204);
    assert_scaled(1e14, 0, 100000000000000);
    assert_scaled(0.000001, 6, 1);
    assert_scaled(99999999.999999, 6, 99999999999999);
    assert_scaled(999999999999999.0, 0, DECIMAL_MAX_SCALED);
    assert_scaled(-999999999999999.0, 0, -DECIMAL_MAX_SCALED);
    assert_scaled(999999999.999999, 6, DECIMAL_MAX_SCALED);
    assert_scaled(1.005, 3, 1005);
    assert_scaled(4503599627370.5, 1, 45035996273705);
}

static void minus_zero_is_zero(void **state)
{
    int64_t scaled = -1;

    (void)state;
    assert_int_equal(decimal_from_double(-0.0, 2, &scaled), DECIMAL_OK);
    assert_int_equal(scaled, 0);
    assert_false(signbit(decimal_to_double(0, 2)));
}

static void assert_refused(double value, int decimals, enum decimal_result wanted)
{
    int64_t scaled = 42;

    assert_int_equal(decimal_from_double(value, decimals, &scaled), wanted);
    assert_int_equal(scaled, 42);
}

static void what_is_no_decimal_of_that_size_is_refused(void **state)
{
    (void)state;
    assert_refused((double)NAN, 2, DECIMAL_NOT_FINITE);
    assert_refused((double)INFINITY, 2, DECIMAL_NOT_FINITE);
    assert_refused((double)-INFINITY, 2, DECIMAL_NOT_FINITE);
    assert_refused(1e15, 0, DECIMAL_TOO_LARGE);
    assert_refused(1e9, 6, DECIMAL_TOO_LARGE);
    assert_refused(-1e300, 0, DECIMAL_TOO_LARGE);
    assert_refused(1.7976931348623157e308, 6, DECIMAL_TOO_LARGE);
    assert_refused(9007199254740993.0, 0, DECIMAL_TOO_LARGE);
    assert_refused(0.1, 0, DECIMAL_TOO_PRECISE);
    assert_refused(1.234, 2, DECIMAL_TOO_PRECISE);
    assert_refused(0.1 + 0.2, 6, DECIMAL_TOO_PRECISE);
    assert_refused(0.0000001, 6, DECIMAL_TOO_PRECISE);
    assert_refused(5e-324, 6, DECIMAL_TOO_PRECISE);
    assert_refused(999999999999999.5, 0, DECIMAL_TOO_PRECISE);
}

static void every_decimal_up_to_the_limit_is_read_back(void **state)
{
    uint64_t seed = 88172645463325252;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        const int decimals = (int)(seed % (DECIMALS_MAX + 1));
        const int64_t wanted =
            (int64_t)(seed % (uint64_t)(2 * DECIMAL_MAX_SCALED + 1)) - DECIMAL_MAX_SCALED;
        int64_t scaled = 0;
        assert_int_equal(
            decimal_from_double(decimal_to_double(wanted, decimals), decimals, &scaled),
            DECIMAL_OK);
        assert_int_equal(scaled, wanted);
    }
}

static void large_sums_become_the_nearest_double(void **state)
{
    (void)state;
    assert_true(decimal_to_double(INT64_MAX, 0) == 9223372036854775807.0);
    assert_true(decimal_to_double(INT64_MIN, 0) == -9223372036854775808.0);
    /* Dividing the rounded integer would round a second time. */
    assert_true(decimal_to_double(9007199254740993, 1) == 900719925474099.3);
    assert_true(decimal_to_double(INT64_MAX, 6) == strtod("9223372036854.775807", NULL));
}

static void assert_rounds(struct ratio value, int decimals, double wanted)
{
    double rounded = 0;

    assert_true(ratio_round(value, decimals, &rounded));
    if (rounded != wanted) {
        fail_msg("%.17g, wanted %.17g", rounded, wanted);
    }
}

static void halves_are_rounded_away_from_zero(void **state)
{
    (void)state;
    assert_rounds(ratio(5, 10), 0, 1);
    assert_rounds(ratio(-5, 10), 0, -1);
    assert_rounds(ratio(5, -10), 0, -1);
    assert_rounds(ratio(-5, -10), 0, 1);
    assert_rounds(ratio(15, 10), 0, 2);
    assert_rounds(ratio(25, 10), 0, 3);
    assert_rounds(ratio(-25, 10), 0, -3);
    assert_rounds(ratio(1005, 1000), 2, 1.01);
    assert_rounds(ratio(-1005, 1000), 2, -1.01);
    assert_rounds(ratio(1004999999, 1000000000), 2, 1.0);
    assert_rounds(ratio(-1004999999, 1000000000), 2, -1.0);
    assert_rounds(ratio(49, 100), 0, 0);
    assert_rounds(ratio(1, 3), 2, 0.33);
    assert_rounds(ratio(2, 3), 2, 0.67);
    assert_rounds(ratio(-2, 3), 6, -0.666667);
    assert_rounds(ratio(9995, 1000), 2, 10);
    assert_rounds(ratio(0, -7), 2, 0);
}

static void the_percentages_of_2022_come_out(void **state)
{
    struct ratio growth;

    (void)state;
    assert_rounds(ratio(36501 * 100, 38300), 2, 95.30);
    assert_true(ratio_divide(ratio(36501, 1), ratio(32402, 1), &growth));
    assert_true(ratio_subtract(growth, ratio(1, 1), &growth));
    assert_true(ratio_multiply(growth, ratio(100, 1), &growth));
    assert_rounds(growth, 2, 12.65);
    assert_rounds(ratio(630 * 100, 1500), 2, 42);
    assert_rounds(ratio(1500 - 630, 6), 1, 145);
}

static void what_is_rounded_to_zero_has_no_sign(void **state)
{
    double rounded = 1;

    (void)state;
    assert_true(ratio_round(ratio(-1, 1000), 2, &rounded));
    assert_true(rounded == 0);
    assert_false(signbit(rounded));
}

static void rounding_has_128_bits_and_ends_at_63(void **state)
{
    double rounded = 42;

    (void)state;
    assert_rounds(ratio(INT64_MAX, 1), 0, 9223372036854775807.0);
    assert_rounds(ratio(WIDE_MAX, WIDE_MAX), 6, 1);
    assert_rounds(ratio(WIDE_MIN, WIDE_MIN), 6, 1);
    assert_rounds(ratio(WIDE_MIN, WIDE_MAX), 6, -1);
    assert_rounds(ratio(WIDE_MAX - 1, WIDE_MAX), 6, 1);
    assert_rounds(ratio(1, WIDE_MAX), 6, 0);
    assert_rounds(ratio(WIDE_MAX / 3, WIDE_MAX), 6, 0.333333);
    assert_false(ratio_round(ratio((decimal_wide)INT64_MAX + 1, 1), 0, &rounded));
    assert_false(ratio_round(ratio((decimal_wide)INT64_MAX * 2 + 1, 2), 0, &rounded));
    assert_false(ratio_round(ratio(INT64_MAX, 1), 1, &rounded));
    assert_false(ratio_round(ratio(INT64_MAX / 10 + 1, 1), 1, &rounded));
    assert_false(ratio_round(ratio(WIDE_MIN, 1), 0, &rounded));
    assert_false(ratio_round(ratio(1, 0), 0, &rounded));
    assert_true(rounded == 42);
}

static void assert_ratio(struct ratio value, decimal_wide numerator, decimal_wide denominator)
{
    assert_true(value.numerator == numerator && value.denominator == denominator);
}

static void products_are_in_lowest_terms(void **state)
{
    struct ratio result;

    (void)state;
    assert_true(ratio_multiply(ratio(6, 4), ratio(-10, 9), &result));
    assert_ratio(result, -5, 3);
    assert_true(ratio_multiply(ratio(0, -4), ratio(10, 9), &result));
    assert_ratio(result, 0, 1);
    assert_true(ratio_divide(ratio(-1, 2), ratio(-3, 4), &result));
    assert_ratio(result, 2, 3);
    /* The plain product needs 250 bits. */
    assert_true(ratio_multiply(ratio(WIDE_MAX, 7), ratio(14, WIDE_MAX), &result));
    assert_ratio(result, 2, 1);
    assert_true(ratio_divide(ratio(WIDE_MIN, 4), ratio(WIDE_MIN, 8), &result));
    assert_ratio(result, 2, 1);
}

static void differences_are_in_lowest_terms(void **state)
{
    struct ratio result;

    (void)state;
    assert_true(ratio_subtract(ratio(1, 2), ratio(1, 3), &result));
    assert_ratio(result, 1, 6);
    assert_true(ratio_subtract(ratio(1, 6), ratio(2, 3), &result));
    assert_ratio(result, -1, 2);
    assert_true(ratio_subtract(ratio(3, -7), ratio(-6, 14), &result));
    assert_ratio(result, 0, 1);
    assert_true(ratio_subtract(ratio(1, WIDE_MAX), ratio(1, WIDE_MAX), &result));
    assert_ratio(result, 0, 1);
    assert_true(ratio_subtract(ratio(WIDE_MAX, 2), ratio(WIDE_MAX, 2), &result));
    assert_ratio(result, 0, 1);
}

static void what_128_bits_cannot_hold_is_refused(void **state)
{
    struct ratio result = ratio(42, 43);

    (void)state;
    assert_false(ratio_multiply(ratio(WIDE_MAX, 1), ratio(2, 1), &result));
    assert_false(ratio_multiply(ratio(1, WIDE_MAX), ratio(1, 2), &result));
    assert_false(ratio_multiply(ratio(WIDE_MIN, 1), ratio(1, 1), &result));
    assert_false(ratio_divide(ratio(WIDE_MAX, 1), ratio(1, 2), &result));
    assert_false(ratio_subtract(ratio(WIDE_MAX, 1), ratio(-1, 1), &result));
    assert_false(ratio_subtract(ratio(1, WIDE_MAX), ratio(1, WIDE_MAX - 1), &result));
    assert_false(ratio_subtract(ratio(WIDE_MIN, 1), ratio(1, 1), &result));
    assert_ratio(result, 42, 43);
}

static void division_by_zero_is_refused(void **state)
{
    struct ratio result = ratio(42, 43);

    (void)state;
    assert_false(ratio_divide(ratio(1, 2), ratio(0, 3), &result));
    assert_false(ratio_divide(ratio(0, 2), ratio(0, 3), &result));
    assert_false(ratio_divide(ratio(1, 2), ratio(1, 0), &result));
    assert_false(ratio_divide(ratio(1, 0), ratio(1, 2), &result));
    assert_false(ratio_multiply(ratio(1, 0), ratio(1, 2), &result));
    assert_false(ratio_subtract(ratio(1, 2), ratio(1, 0), &result));
    assert_ratio(result, 42, 43);
}

static void comparison_is_exact_at_any_size(void **state)
{
    (void)state;
    assert_int_equal(ratio_compare(ratio(1, 2), ratio(2, 4)), 0);
    assert_int_equal(ratio_compare(ratio(1, 2), ratio(-1, -2)), 0);
    assert_int_equal(ratio_compare(ratio(-1, 2), ratio(1, -2)), 0);
    assert_int_equal(ratio_compare(ratio(-1, 2), ratio(1, 2)), -1);
    assert_int_equal(ratio_compare(ratio(-1, 2), ratio(-1, 3)), -1);
    assert_int_equal(ratio_compare(ratio(1, 2), ratio(1, 3)), 1);
    assert_int_equal(ratio_compare(ratio(0, -5), ratio(0, 7)), 0);
    assert_int_equal(ratio_compare(ratio(0, 5), ratio(-1, 7)), 1);
    assert_int_equal(ratio_compare(ratio(0, 5), ratio(1, 7)), -1);
    assert_int_equal(
        ratio_compare(ratio(WIDE_MAX, WIDE_MAX - 1), ratio(WIDE_MAX - 1, WIDE_MAX - 2)), -1);
    assert_int_equal(
        ratio_compare(ratio(WIDE_MAX - 1, WIDE_MAX), ratio(WIDE_MAX - 2, WIDE_MAX - 1)), 1);
    assert_int_equal(ratio_compare(ratio(WIDE_MIN, WIDE_MAX), ratio(-1, 1)), -1);
    assert_int_equal(ratio_compare(ratio(WIDE_MIN, WIDE_MIN), ratio(1, 1)), 0);
    assert_int_equal(ratio_compare(ratio(2, 1), ratio(5, 2)), -1);
    assert_int_equal(ratio_compare(ratio(5, 2), ratio(2, 1)), 1);
}

static void small_ratios_compare_as_cross_products_do(void **state)
{
    (void)state;
    for (int a = -6; a <= 6; a++) {
        for (int b = 1; b <= 6; b++) {
            for (int c = -6; c <= 6; c++) {
                for (int d = 1; d <= 6; d++) {
                    const int wanted = (a * d > c * b) - (a * d < c * b);
                    struct ratio difference;
                    assert_int_equal(ratio_compare(ratio(a, b), ratio(c, d)), wanted);
                    assert_int_equal(ratio_compare(ratio(-a, -b), ratio(c, d)), wanted);
                    assert_true(ratio_subtract(ratio(a, b), ratio(c, d), &difference));
                    assert_int_equal(ratio_compare(difference, ratio(0, 1)), wanted);
                    assert_true(difference.numerator * b * d ==
                                (a * d - c * b) * difference.denominator);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_stand_for_their_shortest_text),
        cmocka_unit_test(minus_zero_is_zero),
        cmocka_unit_test(what_is_no_decimal_of_that_size_is_refused),
        cmocka_unit_test(every_decimal_up_to_the_limit_is_read_back),
        cmocka_unit_test(large_sums_become_the_nearest_double),
        cmocka_unit_test(halves_are_rounded_away_from_zero),
        cmocka_unit_test(the_percentages_of_2022_come_out),
        cmocka_unit_test(what_is_rounded_to_zero_has_no_sign),
        cmocka_unit_test(rounding_has_128_bits_and_ends_at_63),
        cmocka_unit_test(products_are_in_lowest_terms),
        cmocka_unit_test(differences_are_in_lowest_terms),
        cmocka_unit_test(what_128_bits_cannot_hold_is_refused),
        cmocka_unit_test(division_by_zero_is_refused),
        cmocka_unit_test(comparison_is_exact_at_any_size),
        cmocka_unit_test(small_ratios_compare_as_cross_products_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
