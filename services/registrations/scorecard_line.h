/*
 * scorecard_line.h - how one commitment stands: pure arithmetic over plain values.
 */
#ifndef REGISTRATIONS_SCORECARD_LINE_H
#define REGISTRATIONS_SCORECARD_LINE_H

#include "base/decimal.h"

#include <stdbool.h>

/* Numbered as ScorecardLine.Comparator. */
enum line_comparator {
    LINE_AT_LEAST = 1,
    LINE_MORE_THAN = 2,
    LINE_APPROXIMATELY = 3,
    LINE_DONE = 4,
};

/* Numbered as ScorecardLine.Status. */
enum line_status {
    LINE_ACHIEVED = 1,
    LINE_EXCEEDED = 2,
    LINE_MISSED = 3,
    LINE_OFF_TRACK = 4,
    LINE_AT_RISK = 5,
    LINE_IN_PROGRESS = 6,
    LINE_UNKNOWN = 7,
    LINE_NOT_JUDGED = 8,
};

/* A number that may be unknown. */
struct line_number {
    bool known;
    double value;
};

struct line_question {
    enum line_comparator comparator;
    struct line_number value; /* C */
    double target;            /* T */
    double tolerance_percent; /* of APPROXIMATELY */
    struct line_number forecast;
    bool closed;  /* the year, or the movement, is closed */
    bool neutral; /* neither more nor less is better */
};

/*
 * The decimals that the doubles stand for are compared exactly. Values have at most 15 digits, 6
 * of them decimals; what does not is UNKNOWN.
 */
enum line_status line_judge(const struct line_question *question);

/* C / T in percent with two decimals, half up; unknown without C and for T <= 0. */
struct line_number line_percent(const struct line_question *question);

/* C * 12 / m for the months that had begun by the day (days since 1970) of this year; C after it;
 * unknown before it. */
struct line_number line_linear_forecast(double value, int year, int32_t day);

#endif
