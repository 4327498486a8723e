/*
 * period.h - the months and years that values are of.
 */
#ifndef INDICATORS_PERIOD_H
#define INDICATORS_PERIOD_H

#include <stdbool.h>

enum {
    YEAR_MIN = 1900,
    YEAR_MAX = 2200,
    YEAR_MONTHS = 12,
    PERIOD_TEXT_BYTES = 8,
};

struct period {
    int year;
    int month; /* 1 to 12; 0: the whole year */
};

/* "YYYY-MM" or "YYYY", years YEAR_MIN to YEAR_MAX; false for anything else, such as "2022-13". */
bool period_parse(const char *text, struct period *ret_period);

void period_format(struct period period, char text[PERIOD_TEXT_BYTES]);

/* "YYYY", as the id of a target; false for anything else. */
bool year_parse(const char *text, int *ret_year);

/* The month that the period ends with. */
int period_last_month(struct period period);

#endif
