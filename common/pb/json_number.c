/* json_number.c - digits are counted before they are multiplied, and shortest means tried. */
#include "pb/json_number.h"

#include "pb/json.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 wide_digits;

/* A number taken apart: digits * 10^exponent, without leading and trailing zeros. Past DIGITS_MAX
 * only the count of the digits is known. */
struct decimal_parts {
    bool is_negative;
    wide_digits digits;
    int64_t count;
    int64_t exponent;
};

enum {
    DIGITS_MAX = 20,   /* of UINT64_MAX */
    DIGITS_EXACT = 15, /* any integer of so many digits is a double */
    POWER_EXACT = 22,
    SHORT_DECIMALS_MAX = 9,
    NUMBER_STACK_BYTES = 64,
};

/* Far past every exponent that matters and every text that fits into memory. */
#define EXPONENT_CLAMP (INT64_C(1) << 48)

/* 10^0 to 10^22 are the powers of ten that a double holds exactly. */
static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(struct slice text, size_t at)
{
    size_t count = 0;

    while (at + count < text.length && is_digit(text.data[at + count])) {
        count++;
    }
    return count;
}

static bool has_char(struct slice text, size_t at, char wanted)
{
    return at < text.length && text.data[at] == wanted;
}

bool number_is_valid(struct slice text)
{
    size_t at = has_char(text, 0, '-') ? 1 : 0;
    size_t count = count_digits(text, at);

    if (count == 0 || (count > 1 && text.data[at] == '0')) {
        return false;
    }
    at += count;
    if (has_char(text, at, '.')) {
        count = count_digits(text, at + 1);
        if (count == 0) {
            return false;
        }
        at += 1 + count;
    }
    if (has_char(text, at, 'e') || has_char(text, at, 'E')) {
        at += has_char(text, at + 1, '+') || has_char(text, at + 1, '-') ? 2 : 1;
        count = count_digits(text, at);
        if (count == 0) {
            return false;
        }
        at += count;
    }
    return at == text.length;
}

static int64_t exponent_of(const char *at, const char *end)
{
    const bool is_negative = at < end && *at == '-';
    int64_t exponent = 0;

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    for (; at < end && exponent < EXPONENT_CLAMP; at++) {
        exponent = exponent * 10 + (*at - '0');
    }
    return is_negative ? -exponent : exponent;
}

/* Zeros are held back until a digit follows, so that trailing ones only move the exponent. */
static struct decimal_parts take_apart(struct slice text)
{
    struct decimal_parts parts = {.is_negative = has_char(text, 0, '-')};
    const char *end = text.data + text.length;
    const char *at = text.data + (parts.is_negative ? 1 : 0);
    int64_t zeros = 0;
    int64_t after_point = 0;
    bool is_after_point = false;

    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            is_after_point = true;
            continue;
        }
        after_point += is_after_point ? 1 : 0;
        if (*at == '0') {
            zeros += parts.count > 0 ? 1 : 0;
            continue;
        }
        parts.count += zeros + 1;
        if (parts.count <= DIGITS_MAX) {
            for (; zeros > 0; zeros--) {
                parts.digits *= 10;
            }
            parts.digits = parts.digits * 10 + (unsigned)(*at - '0');
        }
        zeros = 0;
    }
    parts.exponent = zeros - after_point + (at < end ? exponent_of(at + 1, end) : 0);
    return parts;
}

static enum number_result magnitude_of(const struct decimal_parts *parts, uint64_t *ret_magnitude)
{
    if (parts->count == 0) {
        *ret_magnitude = 0;
        return NUMBER_OK;
    }
    if (parts->exponent < 0) {
        return NUMBER_NOT_INTEGER;
    }
    if (parts->count + parts->exponent > DIGITS_MAX) {
        return NUMBER_TOO_LARGE;
    }
    wide_digits magnitude = parts->digits;
    for (int64_t i = 0; i < parts->exponent; i++) {
        magnitude *= 10;
    }
    if (magnitude > UINT64_MAX) {
        return NUMBER_TOO_LARGE;
    }
    *ret_magnitude = (uint64_t)magnitude;
    return NUMBER_OK;
}

enum number_result number_to_uint64(struct slice text, uint64_t *ret_value)
{
    const struct decimal_parts parts = take_apart(text);
    uint64_t magnitude = 0;
    const enum number_result result = magnitude_of(&parts, &magnitude);

    if (result != NUMBER_OK) {
        return result;
    }
    if (parts.is_negative && magnitude > 0) {
        return NUMBER_TOO_LARGE;
    }
    *ret_value = magnitude;
    return NUMBER_OK;
}

enum number_result number_to_int64(struct slice text, int64_t *ret_value)
{
    const struct decimal_parts parts = take_apart(text);
    uint64_t magnitude = 0;
    const enum number_result result = magnitude_of(&parts, &magnitude);

    if (result != NUMBER_OK) {
        return result;
    }
    if (magnitude > (uint64_t)INT64_MAX + (parts.is_negative ? 1 : 0)) {
        return NUMBER_TOO_LARGE;
    }
    *ret_value = parts.is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return NUMBER_OK;
}

/* strtod() wants a NUL behind the number; stack serves for all but the longest. */
static const char *terminated(struct arena *arena, struct slice text,
                              char stack[NUMBER_STACK_BYTES])
{
    if (text.length >= NUMBER_STACK_BYTES) {
        return arena_copy(arena, text);
    }
    memcpy(stack, text.data, text.length);
    stack[text.length] = '\0';
    return stack;
}

enum number_result number_to_double(struct arena *arena, struct slice text, double *ret_value)
{
    const struct decimal_parts parts = take_apart(text);

    if (parts.count > NUMBER_DIGITS_MAX) {
        return NUMBER_TOO_LONG;
    }
    /* Both operands are exact, so the one rounding is right. */
    if (parts.count <= DIGITS_EXACT && parts.exponent >= -POWER_EXACT &&
        parts.exponent <= POWER_EXACT) {
        const double digits = (double)(uint64_t)parts.digits;
        const double value = parts.exponent < 0 ? digits / exact_powers[-parts.exponent]
                                                : digits * exact_powers[parts.exponent];
        *ret_value = parts.is_negative ? -value : value;
        return NUMBER_OK;
    }
    char stack[NUMBER_STACK_BYTES];
    const char *copy = terminated(arena, text, stack);
    const double value = strtod(copy, NULL);
    if (!isfinite(value)) {
        return NUMBER_TOO_LARGE;
    }
    if (value == 0 && parts.count > 0) {
        return NUMBER_TOO_SMALL;
    }
    *ret_value = value;
    return NUMBER_OK;
}

/* Not by way of double: two roundings may end on another float. */
enum number_result number_to_float(struct arena *arena, struct slice text, float *ret_value)
{
    char stack[NUMBER_STACK_BYTES];
    const char *copy = terminated(arena, text, stack);

    const float value = strtof(copy, NULL);
    if (!isfinite(value)) {
        return NUMBER_TOO_LARGE;
    }
    if (value == 0 && take_apart(text).count > 0) {
        return NUMBER_TOO_SMALL;
    }
    *ret_value = value;
    return NUMBER_OK;
}

size_t uint64_text(uint64_t value, char *text)
{
    char digits[INTEGER_TEXT_BYTES];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    memcpy(text, digits + at, sizeof(digits) - at);
    return sizeof(digits) - at;
}

size_t int64_text(int64_t value, char *text)
{
    if (value >= 0) {
        return uint64_text((uint64_t)value, text);
    }
    text[0] = '-';
    return 1 + uint64_text(0 - (uint64_t)value, text + 1);
}

/* An integer of 10^-decimals, written with its point; no trailing zeros are in it. */
static size_t put_fixed(int64_t scaled, unsigned decimals, char text[JSON_NUMBER_BYTES])
{
    char digits[INTEGER_TEXT_BYTES];
    const size_t count = uint64_text((uint64_t)(scaled < 0 ? -scaled : scaled), digits);
    size_t length = 0;

    if (scaled < 0) {
        text[length++] = '-';
    }
    if (decimals == 0) {
        memcpy(text + length, digits, count);
        return length + count;
    }
    const size_t whole = count > decimals ? count - decimals : 0;
    memcpy(text + length, digits, whole);
    length += whole;
    if (whole == 0) {
        text[length++] = '0';
    }
    text[length++] = '.';
    for (size_t i = count - whole; i < decimals; i++) {
        text[length++] = '0';
    }
    memcpy(text + length, digits + whole, count - whole);
    return length + count - whole;
}

/* The usual values have few decimals and need no search. 0 when this is none of them. */
static size_t put_short(double value, char text[JSON_NUMBER_BYTES])
{
    for (unsigned decimals = 0; decimals <= SHORT_DECIMALS_MAX; decimals++) {
        const double scaled = rint(value * exact_powers[decimals]);
        if (fabs(scaled) >= exact_powers[DIGITS_EXACT]) {
            return 0;
        }
        if (scaled / exact_powers[decimals] == value) {
            return put_fixed((int64_t)scaled, decimals, text);
        }
    }
    return 0;
}

/* "1e-07" becomes "1e-7". Returns the length. */
static size_t trim_exponent(char *text)
{
    size_t length = strlen(text);
    char *exponent = strchr(text, 'e');

    if (exponent != NULL && exponent[2] == '0') {
        memmove(exponent + 2, exponent + 3, length - (size_t)(exponent + 3 - text) + 1);
        length--;
    }
    return length;
}

/* Compilers cannot see that at most 17 digits are at most 24 bytes, so there is room for all that
 * they can think of. */
static void put_digits(double value, int digits, char text[JSON_NUMBER_BYTES])
{
    char longer[2 * JSON_NUMBER_BYTES] = {0};

    (void)snprintf(longer, sizeof(longer), "%.*g", digits, value);
    memcpy(text, longer, JSON_NUMBER_BYTES - 1);
    text[JSON_NUMBER_BYTES - 1] = '\0';
}

/*
 * Below a power of two the doubles are twice as dense, so the nearest 16 digits may read back as
 * another double while the next ones above do not.
 */
static bool put_next_above(double value, char text[JSON_NUMBER_BYTES])
{
    char nearest[JSON_NUMBER_BYTES];
    int exponent = 0;

    if (frexp(fabs(value), &exponent) != 0.5) {
        return false;
    }
    (void)snprintf(nearest, sizeof(nearest), "%.15e", fabs(value));
    uint64_t digits = (uint64_t)(nearest[0] - '0');
    for (const char *c = nearest + 2; *c != 'e'; c++) {
        digits = digits * 10 + (uint64_t)(*c - '0');
    }
    digits++;
    char longer[2 * JSON_NUMBER_BYTES];
    const int length = snprintf(longer, sizeof(longer), "%s%" PRIu64 ".%015" PRIu64 "%s",
                                value < 0 ? "-" : "", digits / UINT64_C(1000000000000000),
                                digits % UINT64_C(1000000000000000), strchr(nearest, 'e'));
    if (length < 0 || length >= JSON_NUMBER_BYTES || strtod(longer, NULL) != value) {
        return false;
    }
    memcpy(text, longer, (size_t)length + 1);
    return true;
}

size_t json_number_text(double value, char text[JSON_NUMBER_BYTES])
{
    size_t length = 0;

    if (value == 0) {
        length = signbit(value) ? 1 : 0;
        text[0] = '-';
        text[length++] = '0';
    } else {
        length = put_short(value, text);
    }
    if (length > 0) {
        text[length] = '\0';
        return length;
    }
    /* Subnormals have fewer digits than DBL_DIG. */
    for (int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG; digits < DBL_DECIMAL_DIG; digits++) {
        put_digits(value, digits, text);
        if (strtod(text, NULL) == value) {
            return trim_exponent(text);
        }
    }
    if (!put_next_above(value, text)) {
        put_digits(value, DBL_DECIMAL_DIG, text);
    }
    return trim_exponent(text);
}

size_t float_text(float value, char text[JSON_NUMBER_BYTES])
{
    if (value == 0) {
        return json_number_text((double)value, text);
    }
    for (int digits = fabsf(value) < FLT_MIN ? 1 : FLT_DIG; digits < FLT_DECIMAL_DIG; digits++) {
        put_digits((double)value, digits, text);
        if (strtof(text, NULL) == value) {
            return trim_exponent(text);
        }
    }
    put_digits((double)value, FLT_DECIMAL_DIG, text);
    return trim_exponent(text);
}
