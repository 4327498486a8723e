/*
 * clock_difference.h - clocks against each other: which one is wrong is told by the others. Pure.
 */
#ifndef GATEWAY_CLOCK_DIFFERENCE_H
#define GATEWAY_CLOCK_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

/* With fewer clocks nobody can say which one is wrong; a smaller difference is the network's. */
enum { CLOCKS_MIN = 3, CLOCKS_MAX = 16, CLOCK_DIFFERENCE_US = 2 * 1000 * 1000 };

/*
 * offsets_us: of each clock, its time less that of any one clock that all are compared with. By how
 * much the clock at index is ahead of the median (behind when negative); 0 for less than
 * CLOCK_DIFFERENCE_US, and for fewer than CLOCKS_MIN clocks.
 */
int64_t clock_difference_us(const int64_t *offsets_us, size_t count, size_t index);

#endif
