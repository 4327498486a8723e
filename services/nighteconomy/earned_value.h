/*
 * earned_value.h - earned value from weights, counted progress and due dates; exact inside.
 */
#ifndef NIGHTECONOMY_EARNED_VALUE_H
#define NIGHTECONOMY_EARNED_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIGHT_DECIMALS = 4, PROGRESS_DECIMALS = 4, INDEX_DECIMALS = 4 };

/* One milestone. Weight and progress are integers of 10^-4. */
struct earner {
    bool weight_known;
    int64_t weight;
    bool progress_known;
    int64_t progress; /* that counts: 0 without accepted evidence */
    bool due_known;
    int32_t due_day;
};

/* A value that is known or not. */
struct earned {
    bool known;
    double value;
};

struct earned_value {
    struct earned total; /* unknown when a weight is, and then all are; also of no milestones */
    struct earned ev;    /* unknown when a progress of some weight is */
    struct earned pv;    /* unknown when a due date of some weight is */
    struct earned sv;
    struct earned spi; /* unknown when nothing was due */
};

struct earned_value earned_value_compute(const struct earner *earners, size_t count,
                                         int32_t status_day);

#endif
