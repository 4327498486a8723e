/*
 * workdays.h - working days: Monday to Friday less a list of holidays.
 *
 * Days count from 1970-01-01, as in base/clock.h.
 */
#ifndef NIGHTECONOMY_WORKDAYS_H
#define NIGHTECONOMY_WORKDAYS_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOLIDAYS_MAX = 10000 };

/* {0} is a calendar without holidays. */
struct workdays {
    const int32_t *holidays; /* sorted, each once, none of them on a weekend */
    size_t holiday_count;
};

/*
 * Reads "YYYY-MM-DD" lines; "#" begins a comment, and what has no date is passed over. False when
 * a line is none of that; ret_line is then its number, from 1. The list lives in the arena.
 */
bool workdays_parse(struct arena *arena, struct slice text, struct workdays *ret_workdays,
                    unsigned *ret_line);

bool workday_is(const struct workdays *workdays, int32_t day);

/* How many working days there are from first to last, both included; 0 when last is earlier. */
int64_t workdays_between(const struct workdays *workdays, int32_t first, int32_t last);

/* The working day of this offset, where 0 is the first working day on or after start; negative
 * offsets lie before it. False outside of the years 0001 to 9999. */
bool workday_at(const struct workdays *workdays, int32_t start, int64_t offset, int32_t *ret_day);

#endif
