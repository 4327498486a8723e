/* period.c - "2022-09" and "2022" as numbers and back. */
#include "period.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

bool year_parse(const char *text, int *ret_year)
{
    int year = 0;

    if (strlen(text) != 4) {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return false;
        }
        year = year * 10 + (*c - '0');
    }
    if (year < YEAR_MIN || year > YEAR_MAX) {
        return false;
    }
    *ret_year = year;
    return true;
}

bool period_parse(const char *text, struct period *ret_period)
{
    struct period period = {0};

    if (!year_parse(text, &period.year) &&
        !month_parse(slice_from(text), &period.year, &period.month)) {
        return false;
    }
    *ret_period = period;
    return true;
}

void period_format(struct period period, char text[PERIOD_TEXT_BYTES])
{
    /* The remainders change nothing: they show the compiler that the text fits. */
    const unsigned year = (unsigned)period.year % 10000;
    const unsigned month = (unsigned)period.month % 100;

    if (month == 0) {
        (void)snprintf(text, PERIOD_TEXT_BYTES, "%04u", year);
    } else {
        (void)snprintf(text, PERIOD_TEXT_BYTES, "%04u-%02u", year, month);
    }
}

int period_last_month(struct period period)
{
    return period.month == 0 ? YEAR_MONTHS : period.month;
}
