/*
 * decimal.h - exact decimal arithmetic: a quotient of integers that is rounded once, on output.
 *
 * A value with d decimals is the integer value * 10^d. Sums are sums of int64_t; everything with
 * a division is a struct ratio of 128-bit integers.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

enum { DECIMALS_MAX = 6 };

/* No stored value is larger: with it every double in [-max, max] names exactly one decimal. */
#define DECIMAL_MAX_SCALED INT64_C(999999999999999)

__extension__ typedef __int128 decimal_wide;

/* Numerator over denominator; the denominator of a valid ratio is not 0. */
struct ratio {
    decimal_wide numerator;
    decimal_wide denominator;
};

enum decimal_result {
    DECIMAL_OK,
    DECIMAL_NOT_FINITE,
    DECIMAL_TOO_LARGE,   /* past DECIMAL_MAX_SCALED */
    DECIMAL_TOO_PRECISE, /* has more decimals than asked for */
};

/* The decimal that the double stands for (its shortest text) as an integer of 10^-decimals. */
enum decimal_result decimal_from_double(double value, int decimals, int64_t *ret_scaled);

/* The double nearest to scaled * 10^-decimals. */
double decimal_to_double(int64_t scaled, int decimals);

/* 10^exponent for 0 to 18. */
int64_t decimal_power(int exponent);

/* Products and sums of ratios; false when 128 bits are not enough (after reduction). */
bool ratio_multiply(struct ratio a, struct ratio b, struct ratio *ret_product);
bool ratio_divide(struct ratio a, struct ratio b,
                  struct ratio *ret_quotient); /* false also for b = 0 */
bool ratio_subtract(struct ratio a, struct ratio b, struct ratio *ret_difference);

/* -1, 0 or 1 as a is less than, equal to or greater than b. Exact. */
int ratio_compare(struct ratio a, struct ratio b);

/* Rounded half away from zero to this many decimals, as the double nearest to it; false when the
 * rounded integer does not fit 63 bits. */
bool ratio_round(struct ratio ratio, int decimals, double *ret_value);

#endif
