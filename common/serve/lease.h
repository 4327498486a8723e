/*
 * lease.h - who may still answer with an older version: leases of gateways, and what they know.
 *
 * A state machine with no clock, lock or thread of its own: now_ms is clock_boot_ms(), never less
 * than before, and whoever owns it makes each function one step under one lock.
 */
#ifndef SERVE_LEASE_H
#define SERVE_LEASE_H

#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LEASE_MAX_MS = 10000,
    LEASE_GATEWAY_MAX_BYTES = 32,
    /* Gateways that can hold a lease at a time; more are told the version without one. */
    LEASE_HOLDERS_MAX = 32,
    /* Copies of the table that can be waited for at a time; past them no lease is granted. */
    LEASE_COPIES_MAX = 128,
    /* Published versions that are remembered, to see that a gateway speaks of this history. */
    LEASE_RECENT_MAX = 1024,
};

/* A gateway in the table. */
struct lease_holder {
    char gateway[LEASE_GATEWAY_MAX_BYTES + 1]; /* "": free */
    int64_t until_ms;                          /* the lease lasts while now <= until */
    uint64_t known_seq;                        /* it said that it has put this version to use */
    uint64_t slow_seq; /* that version waited until its lease ran out; 0: none did */
};

/* The table as it was when versions were published: all behind the copy before, to last_seq. */
struct lease_copy {
    uint64_t last_seq;
    int64_t until_ms[LEASE_HOLDERS_MAX]; /* 0: held no lease */
};

/* What happened, for a trace: step is a name of the model, gateway may be "". Under the owner's
 * lock. */
typedef void (*lease_on_step)(void *arg, const char *step, const char *gateway, uint64_t seq);

struct lease_options {
    struct version published;
    uint32_t lease_ms;   /* 0: none is granted */
    uint32_t longest_ms; /* that any process before granted; 0: none did */
    int64_t now_ms;
    lease_on_step on_step; /* may be NULL */
    void *arg;
};

struct lease {
    struct lease_options options;
    int64_t wait_until_ms; /* of the wait after the start */
    bool waiting;
    struct version published;
    uint64_t stable_seq; /* nothing older than it can be shown, once the wait is over */
    struct lease_holder holders[LEASE_HOLDERS_MAX];
    bool table_changed; /* since the newest copy */
    struct lease_copy copies[LEASE_COPIES_MAX];
    size_t first_copy;
    size_t copy_count;
    struct version recent[LEASE_RECENT_MAX];
    size_t first_recent;
    size_t recent_count;
};

/* What the margin adds at the owner: 10 % for clocks of different rates, 20 ms for their grain. */
int64_t lease_margin_ms(uint32_t lease_ms);

void lease_init(struct lease *lease, const struct lease_options *options);

/* The version was committed. Does nothing when it is the published one. */
void lease_publish(struct lease *lease, struct version version, int64_t now_ms);

/* The answer to a renewal; lease_ms 0: none was granted. */
struct lease_grant {
    struct version version;
    uint32_t lease_ms;
};
struct lease_grant lease_renew(struct lease *lease, const char *gateway, struct version known,
                               int64_t now_ms);

/* The gateway has put a version to use. One that is not of this history counts for nothing. */
void lease_gateway_knows(struct lease *lease, const char *gateway, struct version known,
                         int64_t now_ms);

/* Lets time pass: leases run out, the wait ends. */
void lease_advance(struct lease *lease, int64_t now_ms);

/* Whether an answer that shows the version may leave now. */
enum lease_answer { LEASE_READ, LEASE_WRITE };
bool lease_may_leave(const struct lease *lease, enum lease_answer answer, uint64_t seq);

/* When lease_advance() may next let something leave, if nobody says anything; INT64_MAX: never. */
int64_t lease_next_ms(const struct lease *lease, int64_t now_ms);

/* The newest version that is stable; {0, 0} while there is none. */
struct version lease_stable(const struct lease *lease);

#endif
