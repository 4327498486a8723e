/* decimal.c - decimals as integers, quotients as reduced pairs of 128-bit integers. */
#include "base/decimal.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 magnitude;

#define WIDE_MAX ((magnitude)(~(magnitude)0 >> 1))

enum { FEW_DECIMALS = 6 };
#define FEW_DIGITS_MAX 1e15

/* Doubles hold every integer up to this one. */
#define DOUBLE_EXACT_MAX (INT64_C(1) << 53)

int64_t decimal_power(int exponent)
{
    int64_t power = 1;

    assert(exponent >= 0 && exponent <= 18);
    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

/*
 * The quick way for values with few decimals, which nearly all are: a decimal of at most 15 digits
 * is the only one of that length which its double stands for, so it need not be searched by
 * printing.
 */
static bool few_digits(double value, int64_t *ret_digits, int *ret_exponent)
{
    double power = 1;

    for (int decimals = 0; decimals <= FEW_DECIMALS; decimals++, power *= 10) {
        const double scaled = nearbyint(value * power);
        if (scaled >= FEW_DIGITS_MAX) {
            return false;
        }
        if (scaled / power == value) {
            *ret_digits = (int64_t)scaled;
            *ret_exponent = -decimals;
            return true;
        }
    }
    return false;
}

/* value = digits * 10^exponent, by the shortest text with 15 to 17 digits that reads back. */
static void text_digits(double value, int64_t *ret_digits, int *ret_exponent)
{
    char text[40];
    int precision = 14;

    do {
        (void)snprintf(text, sizeof(text), "%.*e", precision, value);
    } while (strtod(text, NULL) != value && ++precision <= 16);
    int64_t digits = 0;
    const char *c = text;
    for (; *c != 'e'; c++) {
        if (*c >= '0' && *c <= '9') {
            digits = digits * 10 + (*c - '0');
        }
    }
    *ret_digits = digits;
    *ret_exponent = (int)strtol(c + 1, NULL, 10) - (precision <= 16 ? precision : 16);
}

static void double_digits(double value, int64_t *ret_digits, int *ret_exponent)
{
    if (!few_digits(value, ret_digits, ret_exponent)) {
        text_digits(value, ret_digits, ret_exponent);
    }
    while (*ret_digits != 0 && *ret_digits % 10 == 0) {
        *ret_digits /= 10;
        (*ret_exponent)++;
    }
}

enum decimal_result decimal_from_double(double value, int decimals, int64_t *ret_scaled)
{
    int64_t digits = 0;
    int exponent = 0;

    assert(decimals >= 0 && decimals <= DECIMALS_MAX);
    if (!isfinite(value)) {
        return DECIMAL_NOT_FINITE;
    }
    double_digits(fabs(value), &digits, &exponent);
    if (digits == 0) {
        *ret_scaled = 0;
        return DECIMAL_OK;
    }
    if (fabs(value) >= (double)(DECIMAL_MAX_SCALED + 1) / (double)decimal_power(decimals)) {
        return DECIMAL_TOO_LARGE;
    }
    exponent += decimals;
    if (exponent < 0) {
        return DECIMAL_TOO_PRECISE;
    }
    const int64_t scaled = digits * decimal_power(exponent);
    *ret_scaled = value < 0 ? -scaled : scaled;
    return DECIMAL_OK;
}

double decimal_to_double(int64_t scaled, int decimals)
{
    char text[40];

    /* Both operands are exact doubles, so the division rounds once and gives the nearest double. */
    if (scaled >= -DOUBLE_EXACT_MAX && scaled <= DOUBLE_EXACT_MAX) {
        return (double)scaled / (double)decimal_power(decimals);
    }
    (void)snprintf(text, sizeof(text), "%" PRId64 "e-%d", scaled, decimals);
    return strtod(text, NULL);
}

static magnitude magnitude_of(decimal_wide value)
{
    return value < 0 ? ~(magnitude)value + 1 : (magnitude)value;
}

static magnitude gcd(magnitude a, magnitude b)
{
    while (b != 0) {
        const magnitude rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Reduces to lowest terms with a denominator above 0, so that later products overflow as late as
 * possible. False when the result does not fit. */
static bool ratio_reduce(struct ratio ratio, struct ratio *ret_ratio)
{
    magnitude numerator = magnitude_of(ratio.numerator);
    magnitude denominator = magnitude_of(ratio.denominator);
    const bool negative = (ratio.numerator < 0) != (ratio.denominator < 0);

    if (denominator == 0) {
        return false;
    }
    const magnitude divisor = gcd(numerator, denominator);
    numerator /= divisor;
    denominator /= divisor;
    if (numerator > WIDE_MAX || denominator > WIDE_MAX) {
        return false;
    }
    ret_ratio->numerator = negative ? -(decimal_wide)numerator : (decimal_wide)numerator;
    ret_ratio->denominator = (decimal_wide)denominator;
    return true;
}

bool ratio_multiply(struct ratio a, struct ratio b, struct ratio *ret_product)
{
    struct ratio product;

    if (!ratio_reduce(a, &a) || !ratio_reduce(b, &b)) {
        return false;
    }
    /* Each numerator is reduced against the other's denominator before they are multiplied: the
     * product is then in lowest terms, and does not overflow on the way. */
    struct ratio left = {.numerator = a.numerator, .denominator = b.denominator};
    struct ratio right = {.numerator = b.numerator, .denominator = a.denominator};
    if (!ratio_reduce(left, &left) || !ratio_reduce(right, &right) ||
        __builtin_mul_overflow(left.numerator, right.numerator, &product.numerator) ||
        __builtin_mul_overflow(left.denominator, right.denominator, &product.denominator)) {
        return false;
    }
    *ret_product = product;
    return true;
}

bool ratio_divide(struct ratio a, struct ratio b, struct ratio *ret_quotient)
{
    if (b.numerator == 0 || b.denominator == 0) {
        return false;
    }
    const struct ratio inverse = {.numerator = b.denominator, .denominator = b.numerator};
    return ratio_multiply(a, inverse, ret_quotient);
}

bool ratio_subtract(struct ratio a, struct ratio b, struct ratio *ret_difference)
{
    decimal_wide left = 0;
    decimal_wide right = 0;
    struct ratio difference;

    if (!ratio_reduce(a, &a) || !ratio_reduce(b, &b)) {
        return false;
    }
    const decimal_wide shared =
        (decimal_wide)gcd((magnitude)a.denominator, (magnitude)b.denominator);
    if (__builtin_mul_overflow(a.numerator, b.denominator / shared, &left) ||
        __builtin_mul_overflow(b.numerator, a.denominator / shared, &right) ||
        __builtin_sub_overflow(left, right, &difference.numerator)) {
        return false;
    }
    /* Only factors of shared can be left to cancel. */
    const decimal_wide common =
        (decimal_wide)gcd(magnitude_of(difference.numerator), (magnitude)shared);
    difference.numerator /= common;
    if (__builtin_mul_overflow(a.denominator / shared, b.denominator / common,
                               &difference.denominator)) {
        return false;
    }
    *ret_difference = difference;
    return true;
}

/* Compares n1/d1 with n2/d2 by their whole parts, then the reciprocals of what is left (continued
 * fractions). Nothing is multiplied, so nothing can overflow. */
static int magnitude_compare(magnitude n1, magnitude d1, magnitude n2, magnitude d2)
{
    int order = 1;

    for (;;) {
        const magnitude q1 = n1 / d1;
        const magnitude q2 = n2 / d2;
        const magnitude r1 = n1 % d1;
        const magnitude r2 = n2 % d2;
        if (q1 != q2) {
            return q1 > q2 ? order : -order;
        }
        if (r1 == 0 || r2 == 0) {
            return r1 == r2 ? 0 : r1 != 0 ? order : -order;
        }
        n1 = d1;
        d1 = r1;
        n2 = d2;
        d2 = r2;
        order = -order;
    }
}

static int ratio_sign(struct ratio ratio)
{
    if (ratio.numerator == 0) {
        return 0;
    }
    return (ratio.numerator < 0) == (ratio.denominator < 0) ? 1 : -1;
}

int ratio_compare(struct ratio a, struct ratio b)
{
    const int sign_a = ratio_sign(a);
    const int sign_b = ratio_sign(b);

    assert(a.denominator != 0 && b.denominator != 0);
    if (sign_a != sign_b) {
        return sign_a > sign_b ? 1 : -1;
    }
    return sign_a * magnitude_compare(magnitude_of(a.numerator), magnitude_of(a.denominator),
                                      magnitude_of(b.numerator), magnitude_of(b.denominator));
}

/* The next decimal digit of rest / divisor; adds rather than multiplies, for rest * 10 may need
 * more than 128 bits. */
static int64_t take_digit(magnitude *rest, magnitude divisor)
{
    const magnitude step = *rest;
    magnitude sum = 0;
    int64_t digit = 0;

    for (int i = 0; i < 10; i++) {
        sum += step;
        if (sum >= divisor) {
            sum -= divisor;
            digit++;
        }
    }
    *rest = sum;
    return digit;
}

bool ratio_round(struct ratio ratio, int decimals, double *ret_value)
{
    const magnitude divisor = magnitude_of(ratio.denominator);

    assert(decimals >= 0 && decimals <= 18);
    if (divisor == 0) {
        return false;
    }
    const magnitude whole = magnitude_of(ratio.numerator) / divisor;
    magnitude rest = magnitude_of(ratio.numerator) % divisor;
    if (whole > INT64_MAX) {
        return false;
    }
    int64_t scaled = (int64_t)whole;
    for (int i = 0; i < decimals; i++) {
        if (__builtin_mul_overflow(scaled, INT64_C(10), &scaled) ||
            __builtin_add_overflow(scaled, take_digit(&rest, divisor), &scaled)) {
            return false;
        }
    }
    if (rest >= divisor - rest && __builtin_add_overflow(scaled, INT64_C(1), &scaled)) {
        return false;
    }
    *ret_value = decimal_to_double(ratio_sign(ratio) < 0 ? -scaled : scaled, decimals);
    return true;
}
