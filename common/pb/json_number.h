/*
 * json_number.h - numbers between text and binary, exactly; private to pb.
 */
#ifndef PB_JSON_NUMBER_H
#define PB_JSON_NUMBER_H

#include "base/arena.h"
#include "pb/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum number_result {
    NUMBER_OK,
    NUMBER_NOT_INTEGER,
    NUMBER_TOO_LARGE,
    NUMBER_TOO_SMALL, /* it would become 0 and is not */
    NUMBER_TOO_LONG,  /* it has more than NUMBER_DIGITS_MAX digits that count */
};

/* What tells any two doubles apart; more digits are lost. Zeros at the ends do not count. */
enum { NUMBER_DIGITS_MAX = 17 };

/* True when all of text is a number of RFC 8259. */
bool number_is_valid(struct slice text);

/* The integer that a valid number is, be it written 100, 1e2 or 100.0. */
enum number_result number_to_int64(struct slice text, int64_t *ret_value);
enum number_result number_to_uint64(struct slice text, uint64_t *ret_value);

/* The double or float nearest to a valid number; too large instead of infinite, too small instead
 * of 0, and for a double too long. */
enum number_result number_to_double(struct arena *arena, struct slice text, double *ret_value);
enum number_result number_to_float(struct arena *arena, struct slice text, float *ret_value);

enum { INTEGER_TEXT_BYTES = 24 };

/* Decimal digits without a NUL, at most INTEGER_TEXT_BYTES; returns how many. */
size_t uint64_text(uint64_t value, char *text);
size_t int64_text(int64_t value, char *text);

/* As json_number_text() of json.h for a finite float. */
size_t float_text(float value, char text[JSON_NUMBER_BYTES]);

#endif
