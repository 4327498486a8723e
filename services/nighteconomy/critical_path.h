/*
 * critical_path.h - the critical path method over activities with links and lags.
 *
 * Offsets are in working days from day 0: a start is the day itself, a finish the day after the
 * last one. What depends on an unknown duration is unknown.
 */
#ifndef NIGHTECONOMY_CRITICAL_PATH_H
#define NIGHTECONOMY_CRITICAL_PATH_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum link_type {
    LINK_FS, /* start >= the other's finish + lag */
    LINK_SS, /* start >= the other's start + lag */
    LINK_FF, /* finish >= the other's finish + lag */
};

struct link {
    size_t from; /* index of the activity that is waited for */
    enum link_type type;
    int64_t lag;
};

struct offset {
    bool known;
    int64_t days;
};

struct activity {
    struct offset duration;
    const struct link *links; /* to those that it waits for */
    size_t link_count;
    /* Results; slack is late_start less early_start. */
    struct offset early_start;
    struct offset early_finish;
    struct offset late_start;
    struct offset late_finish;
    struct offset slack;
};

enum critical_path_result {
    CRITICAL_PATH_OK,
    CRITICAL_PATH_CYCLE,
};

/* An order in which every activity comes after those that it waits for. On CRITICAL_PATH_CYCLE it
 * is the members of a cycle instead: each waits for the next, the last for the first. */
enum critical_path_result critical_path_order(struct arena *arena,
                                              const struct activity *activities, size_t count,
                                              size_t **ret_order, size_t *ret_count);

/* Fills the results of all activities. imposed: the finish that is asked for, else the earliest one
 * is. ret_finish: the earliest finish of all, unknown when one is. */
enum critical_path_result critical_path_compute(struct arena *arena, struct activity *activities,
                                                size_t count, struct offset imposed,
                                                struct offset *ret_finish);

#endif
