/* log_pace.c - the time of the next line, which one thread of many moves on. */
#include "base/log_pace.h"

#include "base/clock.h"

bool log_pace_take(struct log_pace *pace, unsigned period_ms, unsigned long *ret_left_out)
{
    const long long now_ms = clock_elapsed_ns() / 1000000;
    long long next_ms = atomic_load(&pace->next_ms);

    if ((next_ms == 0 || now_ms >= next_ms) &&
        atomic_compare_exchange_strong(&pace->next_ms, &next_ms, now_ms + period_ms)) {
        *ret_left_out = atomic_exchange(&pace->left_out, 0);
        return true;
    }
    atomic_fetch_add(&pace->left_out, 1);
    return false;
}
