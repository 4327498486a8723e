/* clock_difference.c - how far a clock is from the median of all. */
#include "clock_difference.h"

#include <assert.h>

/* Of an even number the lower of the middle two, so that the median is a clock that exists. */
static int64_t median(const int64_t *offsets_us, size_t count)
{
    int64_t sorted_us[CLOCKS_MAX];

    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && sorted_us[at - 1] > offsets_us[i]; at--) {
            sorted_us[at] = sorted_us[at - 1];
        }
        sorted_us[at] = offsets_us[i];
    }
    return sorted_us[(count - 1) / 2];
}

int64_t clock_difference_us(const int64_t *offsets_us, size_t count, size_t index)
{
    assert(count <= CLOCKS_MAX && index < count);
    if (count < CLOCKS_MIN) {
        return 0;
    }
    const int64_t difference_us = offsets_us[index] - median(offsets_us, count);

    return difference_us >= CLOCK_DIFFERENCE_US || difference_us <= -CLOCK_DIFFERENCE_US
               ? difference_us
               : 0;
}
