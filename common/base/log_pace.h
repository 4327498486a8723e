/*
 * log_pace.h - at most one line in a while of an event that peers can cause as often as they like.
 */
#ifndef BASE_LOG_PACE_H
#define BASE_LOG_PACE_H

#include <stdatomic.h>
#include <stdbool.h>

/* All zero at first. */
struct log_pace {
    atomic_llong next_ms;
    atomic_ulong left_out;
};

/*
 * True when a line may be written now: ret_left_out is how many events were left out since the last
 * one. False: the event is counted, and no other line may be written for period_ms after the last.
 * Any thread.
 */
bool log_pace_take(struct log_pace *pace, unsigned period_ms, unsigned long *ret_left_out);

#endif
