/* workdays.c - counts whole weeks at once; holidays by binary search. */
#include "workdays.h"

#include "base/clock.h"

#include <stdlib.h>

enum { DAY_FIRST = -719162, DAY_LAST = 2932896 }; /* 0001-01-01 and 9999-12-31 */

static int compare_days(const void *a, const void *b)
{
    const int32_t left = *(const int32_t *)a;
    const int32_t right = *(const int32_t *)b;

    return left < right ? -1 : left > right;
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static int weekday_of(int32_t day)
{
    const int rest = (int)(((int64_t)day + 3) % 7);

    return rest < 0 ? rest + 7 : rest;
}

/* Takes the next line off the front, without its end, its comment and the space around it. */
static struct slice take_line(struct slice *rest)
{
    const char *end = memchr(rest->data, '\n', rest->length);
    struct slice line = {.data = rest->data,
                         .length = end != NULL ? (size_t)(end - rest->data) : rest->length};
    const size_t taken = line.length + (end != NULL ? 1 : 0);

    rest->data += taken;
    rest->length -= taken;
    const char *comment = memchr(line.data, '#', line.length);
    if (comment != NULL) {
        line.length = (size_t)(comment - line.data);
    }
    while (line.length > 0 && strchr(" \t\r", line.data[line.length - 1]) != NULL) {
        line.length--;
    }
    while (line.length > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
        line.data++;
        line.length--;
    }
    return line;
}

/* Sorts, and drops what is there twice or on a weekend. */
static size_t days_tidy(int32_t *days, size_t count)
{
    size_t kept = 0;

    qsort(days, count, sizeof(*days), compare_days);
    for (size_t i = 0; i < count; i++) {
        if (weekday_of(days[i]) < 5 && (kept == 0 || days[kept - 1] != days[i])) {
            days[kept++] = days[i];
        }
    }
    return kept;
}

bool workdays_parse(struct arena *arena, struct slice text, struct workdays *ret_workdays,
                    unsigned *ret_line)
{
    int32_t *days = arena_array(arena, HOLIDAYS_MAX, sizeof(*days));
    size_t count = 0;
    unsigned number = 0;

    *ret_line = 0;
    while (text.length > 0) {
        const struct slice line = take_line(&text);
        int32_t day = 0;
        number++;
        if (line.length == 0) {
            continue;
        }
        if (count == HOLIDAYS_MAX || !date_parse(line, &day)) {
            *ret_line = number;
            return false;
        }
        days[count++] = day;
    }
    *ret_workdays = (struct workdays){.holidays = days, .holiday_count = days_tidy(days, count)};
    return true;
}

/* Holidays up to and with day. */
static size_t holidays_until(const struct workdays *workdays, int64_t day)
{
    size_t low = 0;
    size_t high = workdays->holiday_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (workdays->holidays[middle] <= day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Working days up to and with day, less those before Monday 1969-12-29; may be negative. */
static int64_t workdays_until(const struct workdays *workdays, int64_t day)
{
    const int64_t days = day + 4; /* from that Monday on, with day itself */
    int64_t weeks = days / 7;
    int64_t rest = days % 7;

    if (rest < 0) {
        rest += 7;
        weeks--;
    }
    return weeks * 5 + (rest < 5 ? rest : 5) - (int64_t)holidays_until(workdays, day);
}

int64_t workdays_between(const struct workdays *workdays, int32_t first, int32_t last)
{
    return last < first
               ? 0
               : workdays_until(workdays, last) - workdays_until(workdays, (int64_t)first - 1);
}

bool workday_is(const struct workdays *workdays, int32_t day)
{
    return workdays_between(workdays, day, day) == 1;
}

bool workday_at(const struct workdays *workdays, int32_t start, int64_t offset, int32_t *ret_day)
{
    const int64_t wanted = workdays_until(workdays, (int64_t)start - 1) + 1 + offset;
    int32_t low = DAY_FIRST;
    int32_t high = DAY_LAST;

    if (workdays_until(workdays, (int64_t)DAY_FIRST - 1) >= wanted ||
        workdays_until(workdays, DAY_LAST) < wanted) {
        return false;
    }
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (workdays_until(workdays, middle) >= wanted) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *ret_day = low;
    return true;
}
