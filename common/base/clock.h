/*
 * clock.h - time of day, elapsed time, and the dates of Asia/Ho_Chi_Minh (UTC+7, no summer time).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Microseconds since 1970, as the clock is set: it may go back and be wrong. Any thread. */
int64_t clock_now_us(void);

/* Milliseconds that go on during suspend (CLOCK_BOOTTIME); for deadlines and leases. */
int64_t clock_boot_ms(void);

/* Nanoseconds from some start, which never go back (CLOCK_MONOTONIC); for what took how long. */
int64_t clock_elapsed_ns(void);

enum { TIME_TEXT_BYTES = 32, DATE_TEXT_BYTES = 11, MONTH_TEXT_BYTES = 8 };

/* RFC 3339 in UTC with 0, 3 or 6 decimals: "2022-03-25T00:00:00Z". */
void time_format(int64_t time_us, char text[TIME_TEXT_BYTES]);

/* Reads RFC 3339 with any offset and up to nine decimals (cut to microseconds); false when it is
 * none or outside of years 0001 to 9999. */
bool time_parse(struct slice text, int64_t *ret_time_us);

/* Days since 1970-01-01 of a calendar date "YYYY-MM-DD"; false when there is no such day. */
bool date_parse(struct slice text, int32_t *ret_day);
void date_format(int32_t day, char text[DATE_TEXT_BYTES]);

/* The day in Asia/Ho_Chi_Minh at this time. */
int32_t date_of_time(int64_t time_us);

/* "YYYY-MM", years 1900 to 2200; false for anything else, such as "2022-13". */
bool month_parse(struct slice text, int *ret_year, int *ret_month);

#endif
