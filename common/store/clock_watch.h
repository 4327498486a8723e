/*
 * clock_watch.h - whether the clock that entries are dated by can be right.
 *
 *     RIGHT --more than CLOCK_BEHIND_US behind the journal--> BEHIND --not any more--> RIGHT
 *
 * While it is behind, the clock is wrong or the last entries are, and which of both only an
 * operator can say: no entry is dated until then. One thread at a time uses a struct clock_watch.
 */
#ifndef STORE_CLOCK_WATCH_H
#define STORE_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* A clock that is further behind the journal than that is wrong, or the journal is. A step of at
 * least the other is told of. */
enum { CLOCK_BEHIND_US = 60 * 1000 * 1000, CLOCK_STEP_US = 1000 * 1000 };

enum clock_event {
    CLOCK_IS_BEHIND, /* by so much: no entry is dated from now on */
    CLOCK_IS_NOT_BEHIND,
    CLOCK_WAS_SET, /* ahead by so much, or back when it is negative */
};

struct clock_watch_options {
    int64_t (*now_us)(void);  /* NULL: clock_now_us() */
    int64_t (*boot_ms)(void); /* NULL: clock_boot_ms() */
    /* Must not block. May be NULL. */
    void (*on_event)(void *arg, enum clock_event event, int64_t by_us);
    void *arg;
};

struct clock_watch {
    struct clock_watch_options options;
    int64_t seen_us; /* at the last look; 0: there was none */
    int64_t seen_boot_ms;
    bool is_behind;
};

void clock_watch_init(struct clock_watch *watch, const struct clock_watch_options *options);

/* behind_us: by how much the clock is behind the journal. True while it is too much. */
bool clock_watch_look(struct clock_watch *watch, int64_t now_us, int64_t behind_us);

#endif
