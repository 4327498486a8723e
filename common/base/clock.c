/* clock.c - the proleptic Gregorian calendar on days since 1970, and the system's clocks. */
#include "base/clock.h"

#include <time.h>

#define SECOND_US INT64_C(1000000)
#define DAY_SECONDS INT64_C(86400)
#define DAY_US (DAY_SECONDS * SECOND_US)

/* Asia/Ho_Chi_Minh. */
#define LOCAL_OFFSET_US (INT64_C(7) * 3600 * SECOND_US)

/* 0001-01-01 and 9999-12-31 as days since 1970. */
enum { DAY_FIRST = -719162, DAY_LAST = 2932896 };

enum { MONTH_YEAR_FIRST = 1900, MONTH_YEAR_LAST = 2200 };

int64_t clock_now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_boot_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_elapsed_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t floor_rest(int64_t a, int64_t b)
{
    return a % b + (a % b < 0 ? b : 0);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* The year is taken to begin on 1 March, so that the leap day is its last day and needs no special
 * case. */
static int32_t day_of(int year, int month, int day)
{
    const int y = month > 2 ? year : year - 1;
    const int m = month > 2 ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static void date_of_day(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
    const int since = day + 719468;
    const int era = since / 146097;
    const int of_era = since % 146097;
    const int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int of_year = of_era - (year * 365 + year / 4 - year / 100);
    const int m = (of_year * 5 + 2) / 153;

    *ret_month = m < 10 ? m + 3 : m - 9;
    *ret_year = era * 400 + year + (*ret_month <= 2 ? 1 : 0);
    *ret_day = of_year - (m * 153 + 2) / 5 + 1;
}

/* Takes count digits off the front of text. */
static bool take_digits(struct slice *text, size_t count, int *ret_value)
{
    int value = 0;

    if (text->length < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char c = text->data[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    text->data += count;
    text->length -= count;
    *ret_value = value;
    return true;
}

static bool take_date(struct slice *text, int32_t *ret_day)
{
    int year = 0;
    int month = 0;
    int day = 0;

    if (!take_digits(text, 4, &year) || !slice_take(text, '-') || !take_digits(text, 2, &month) ||
        !slice_take(text, '-') || !take_digits(text, 2, &day)) {
        return false;
    }
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *ret_day = day_of(year, month, day);
    return true;
}

/* A leap second (:60) has no time of its own since 1970 and is refused. */
static bool take_time_of_day(struct slice *text, int64_t *ret_us)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    int64_t fraction_us = 0;

    if (!take_digits(text, 2, &hour) || !slice_take(text, ':') || !take_digits(text, 2, &minute) ||
        !slice_take(text, ':') || !take_digits(text, 2, &second)) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    if (slice_take(text, '.')) {
        int64_t unit_us = SECOND_US / 10;
        int digits = 0;
        int digit = 0;
        while (take_digits(text, 1, &digit)) {
            fraction_us += digit * unit_us;
            unit_us /= 10;
            digits++;
        }
        if (digits < 1 || digits > 9) {
            return false;
        }
    }
    *ret_us = ((hour * 60 + minute) * 60 + second) * SECOND_US + fraction_us;
    return true;
}

static bool take_offset(struct slice *text, int64_t *ret_us)
{
    int hour = 0;
    int minute = 0;

    if (slice_take(text, 'Z') || slice_take(text, 'z')) {
        *ret_us = 0;
        return true;
    }
    const bool west = slice_take(text, '-');
    if (!west && !slice_take(text, '+')) {
        return false;
    }
    if (!take_digits(text, 2, &hour) || !slice_take(text, ':') || !take_digits(text, 2, &minute) ||
        hour > 23 || minute > 59) {
        return false;
    }
    const int64_t offset_us = (hour * 60 + minute) * 60 * SECOND_US;
    *ret_us = west ? -offset_us : offset_us;
    return true;
}

bool time_parse(struct slice text, int64_t *ret_time_us)
{
    int32_t day = 0;
    int64_t of_day_us = 0;
    int64_t offset_us = 0;

    if (!take_date(&text, &day) || !(slice_take(&text, 'T') || slice_take(&text, 't')) ||
        !take_time_of_day(&text, &of_day_us) || !take_offset(&text, &offset_us) ||
        text.length != 0) {
        return false;
    }
    const int64_t time_us = day * DAY_US + of_day_us - offset_us;
    if (time_us < DAY_FIRST * DAY_US || time_us >= (DAY_LAST + 1) * DAY_US) {
        return false;
    }
    *ret_time_us = time_us;
    return true;
}

/* Writes the last count digits of value; returns where they end. */
static char *put_digits(char *text, int count, int value)
{
    for (int i = count - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return text + count;
}

static char *put_char(char *text, char c)
{
    *text = c;
    return text + 1;
}

void time_format(int64_t time_us, char text[TIME_TEXT_BYTES])
{
    const int64_t day = floor_divide(time_us, DAY_US);
    const int64_t of_day_us = floor_rest(time_us, DAY_US);
    const int seconds = (int)(of_day_us / SECOND_US);
    const int fraction_us = (int)(of_day_us % SECOND_US);

    date_format((int32_t)(day < DAY_FIRST ? DAY_FIRST : day > DAY_LAST ? DAY_LAST : day), text);
    char *end = put_char(text + DATE_TEXT_BYTES - 1, 'T');
    end = put_char(put_digits(end, 2, seconds / 3600), ':');
    end = put_char(put_digits(end, 2, seconds / 60 % 60), ':');
    end = put_digits(end, 2, seconds % 60);
    if (fraction_us % 1000 != 0) {
        end = put_digits(put_char(end, '.'), 6, fraction_us);
    } else if (fraction_us != 0) {
        end = put_digits(put_char(end, '.'), 3, fraction_us / 1000);
    }
    *put_char(end, 'Z') = '\0';
}

bool date_parse(struct slice text, int32_t *ret_day)
{
    int32_t day = 0;

    if (!take_date(&text, &day) || text.length != 0) {
        return false;
    }
    *ret_day = day;
    return true;
}

void date_format(int32_t day, char text[DATE_TEXT_BYTES])
{
    int year = 0;
    int month = 0;
    int of_month = 0;

    if (day < DAY_FIRST) {
        day = DAY_FIRST;
    } else if (day > DAY_LAST) {
        day = DAY_LAST;
    }
    date_of_day(day, &year, &month, &of_month);
    char *end = put_char(put_digits(text, 4, year), '-');
    end = put_char(put_digits(end, 2, month), '-');
    *put_digits(end, 2, of_month) = '\0';
}

int32_t date_of_time(int64_t time_us)
{
    return (int32_t)(floor_divide(time_us, DAY_US) +
                     (floor_rest(time_us, DAY_US) + LOCAL_OFFSET_US) / DAY_US);
}

bool month_parse(struct slice text, int *ret_year, int *ret_month)
{
    int year = 0;
    int month = 0;

    if (!take_digits(&text, 4, &year) || !slice_take(&text, '-') ||
        !take_digits(&text, 2, &month) || text.length != 0) {
        return false;
    }
    if (year < MONTH_YEAR_FIRST || year > MONTH_YEAR_LAST || month < 1 || month > 12) {
        return false;
    }
    *ret_year = year;
    *ret_month = month;
    return true;
}
