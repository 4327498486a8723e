/* clock_watch.c - compares the time of day with the time that has passed, which shows when it was
 * set, and with the journal, which shows when it is wrong. */
#include "store/clock_watch.h"

#include "base/clock.h"

#include <stddef.h>

void clock_watch_init(struct clock_watch *watch, const struct clock_watch_options *options)
{
    *watch = (struct clock_watch){.options = *options};
    if (watch->options.now_us == NULL) {
        watch->options.now_us = clock_now_us;
    }
    if (watch->options.boot_ms == NULL) {
        watch->options.boot_ms = clock_boot_ms;
    }
}

static void tell(const struct clock_watch *watch, enum clock_event event, int64_t by_us)
{
    if (watch->options.on_event != NULL) {
        watch->options.on_event(watch->options.arg, event, by_us);
    }
}

/* Tells of a clock that was set: the time of day has gone on by more or less than the time that
 * passed. */
static void look_for_step(struct clock_watch *watch, int64_t now_us)
{
    const int64_t boot_ms = watch->options.boot_ms();
    const int64_t step_us = now_us - watch->seen_us - (boot_ms - watch->seen_boot_ms) * 1000;

    if (watch->seen_us != 0 && (step_us >= CLOCK_STEP_US || step_us <= -CLOCK_STEP_US)) {
        tell(watch, CLOCK_WAS_SET, step_us);
    }
    watch->seen_us = now_us;
    watch->seen_boot_ms = boot_ms;
}

bool clock_watch_look(struct clock_watch *watch, int64_t now_us, int64_t behind_us)
{
    const bool is_behind = behind_us > CLOCK_BEHIND_US;

    look_for_step(watch, now_us);
    if (is_behind != watch->is_behind) {
        watch->is_behind = is_behind;
        tell(watch, is_behind ? CLOCK_IS_BEHIND : CLOCK_IS_NOT_BEHIND, behind_us);
    }
    return is_behind;
}
