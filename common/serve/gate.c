/*
 * gate.c - a lease under a lock, two lists of what waits for it, and a thread that waits for time.
 *
 * Every function does the same: take the lock, tell the lease what has happened, take out of the
 * lists what may leave now (settle), give the lock back, and send that (leave). So nothing is sent
 * under the lock, and whoever makes an answer free sends it himself. The thread does this when only
 * the passing of time can make something free.
 *
 * Invariant: whenever the lock is free, every parked answer shows a version that was not stable at
 * the last look at the clock.
 */
#include "serve/gate.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "serve/reasons.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Leases count CLOCK_BOOTTIME and the thread sleeps by CLOCK_MONOTONIC, which stands still during
 * suspend. So it sleeps no longer than this, and looks again. */
enum { LOOK_MS = 1000 };

struct gate {
    void (*send)(void *arg, struct parked *parked);
    void *arg;
    void (*on_waited)(void *arg); /* the thread's own; NULL once it was called */
    void *on_waited_arg;
    pthread_t thread;
    bool running; /* the thread is to be joined */

    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t wake;
    struct lease lease;
    struct parked *parked; /* by version */
    struct parked *last_parked;
    unsigned parked_count;
    struct watch *watches; /* by end_ms */
    struct watch **last_watch;
    unsigned watch_count;
    int64_t wake_ms; /* when the thread looks next; INT64_MAX: when it is told */
    bool draining;
    bool stopping;
};

/* What was taken out of the lists under the lock, to be sent without it. */
struct leaving {
    struct parked *answers;
    struct watch *watches;
    struct version published;
    bool draining;
};

static void on_step(void *arg, const char *step, const char *gateway, uint64_t seq)
{
    char text[24];

    (void)arg;
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)seq);
    log_event(LOG_DEBUG, "lease", "step", step, "gateway", gateway, "seq", text, NULL);
}

/* Under the lock. */
static void park(struct gate *gate, struct parked *parked)
{
    struct parked **at = &gate->parked;

    if (gate->last_parked != NULL && gate->last_parked->result.seq <= parked->result.seq) {
        at = &gate->last_parked->next;
    }
    while (*at != NULL && (*at)->result.seq <= parked->result.seq) {
        at = &(*at)->next;
    }
    parked->parked_ns = clock_elapsed_ns();
    parked->next = *at;
    *at = parked;
    gate->parked_count++;
    if (parked->next == NULL) {
        gate->last_parked = parked;
    }
}

/* Under the lock. */
static struct parked *take_answers(struct gate *gate)
{
    struct parked *first = NULL;
    struct parked **last = &first;

    while (gate->parked != NULL &&
           lease_may_leave(&gate->lease, gate->parked->answer, gate->parked->result.seq)) {
        *last = gate->parked;
        last = &gate->parked->next;
        gate->parked = gate->parked->next;
        gate->parked_count--;
    }
    *last = NULL;
    if (gate->parked == NULL) {
        gate->last_parked = NULL;
    }
    return first;
}

static bool watch_has_ended(const struct gate *gate, const struct watch *watch, int64_t now_ms)
{
    const struct version published = gate->lease.published;

    return watch->replaced || gate->draining || now_ms >= watch->end_ms ||
           watch->known.seq != published.seq || watch->known.hash != published.hash;
}

/* Under the lock. */
static struct watch *take_watches(struct gate *gate, int64_t now_ms)
{
    struct watch *first = NULL;
    struct watch **last = &first;

    gate->last_watch = &gate->watches;
    while (*gate->last_watch != NULL) {
        struct watch *watch = *gate->last_watch;
        if (watch_has_ended(gate, watch, now_ms)) {
            *gate->last_watch = watch->next;
            *last = watch;
            last = &watch->next;
            gate->watch_count--;
        } else {
            gate->last_watch = &watch->next;
        }
    }
    *last = NULL;
    return first;
}

static int64_t next_ms(const struct gate *gate, int64_t now_ms)
{
    int64_t next = INT64_MAX;

    if (gate->parked != NULL || gate->lease.waiting) {
        next = lease_next_ms(&gate->lease, now_ms);
    }
    if (gate->watches != NULL && gate->watches->end_ms < next) {
        next = gate->watches->end_ms;
    }
    return next;
}

/* Under the lock: what may leave now, and when the thread has to look again. */
static struct leaving settle(struct gate *gate, int64_t now_ms)
{
    lease_advance(&gate->lease, now_ms);
    const struct leaving leaving = {
        .answers = take_answers(gate),
        .watches = take_watches(gate, now_ms),
        .published = gate->lease.published,
        .draining = gate->draining,
    };
    if (next_ms(gate, now_ms) < gate->wake_ms) {
        (void)pthread_cond_signal(&gate->wake);
    }
    return leaving;
}

/* Without the lock. */
static void leave(struct gate *gate, struct leaving leaving)
{
    const struct status shutting_down = status_of(REASON_SHUTTING_DOWN, NULL);

    /* Watches first: gateways that hear of a version early free the answers that wait for them. */
    while (leaving.watches != NULL) {
        struct watch *watch = leaving.watches;
        leaving.watches = watch->next; /* on_end ends the call that the watch lives in */
        watch->on_end(watch, leaving.draining ? shutting_down : STATUS_NONE, leaving.published);
    }
    while (leaving.answers != NULL) {
        struct parked *parked = leaving.answers;
        leaving.answers = parked->next;
        gate->send(gate->arg, parked);
    }
}

/* Under the lock. */
static void wait_until(struct gate *gate, int64_t wake_ms, int64_t now_ms)
{
    const int64_t wait_ms = wake_ms - now_ms < LOOK_MS ? wake_ms - now_ms : LOOK_MS;

    gate->wake_ms = wake_ms;
    if (wake_ms == INT64_MAX) {
        (void)pthread_cond_wait(&gate->wake, &gate->lock);
    } else if (wait_ms > 0) {
        const struct timespec until = thread_time_in(wait_ms);
        (void)thread_wait_until(&gate->wake, &gate->lock, &until);
    }
    gate->wake_ms = 0; /* it looks now */
}

/* Without the lock. */
static void tell_waited(struct gate *gate)
{
    void (*on_waited)(void *arg) = gate->on_waited;

    gate->on_waited = NULL;
    on_waited(gate->on_waited_arg);
}

static void *gate_run(void *arg)
{
    struct gate *gate = arg;

    (void)pthread_mutex_lock(&gate->lock);
    while (!gate->stopping) {
        const struct leaving leaving = settle(gate, clock_boot_ms());
        const bool waited = gate->on_waited != NULL && !gate->lease.waiting;
        if (leaving.answers != NULL || leaving.watches != NULL || waited) {
            (void)pthread_mutex_unlock(&gate->lock);
            leave(gate, leaving);
            if (waited) {
                tell_waited(gate);
            }
            (void)pthread_mutex_lock(&gate->lock);
            continue;
        }
        const int64_t now_ms = clock_boot_ms();
        wait_until(gate, next_ms(gate, now_ms), now_ms);
    }
    (void)pthread_mutex_unlock(&gate->lock);
    return NULL;
}

struct status gate_new(const struct gate_options *options, struct gate **ret_gate)
{
    struct gate *gate = memory_zeroed(sizeof(*gate));

    const struct lease_options lease_options = {
        .published = options->published,
        .lease_ms = options->lease_ms,
        .longest_ms = options->longest_ms,
        .now_ms = clock_boot_ms(),
        .on_step = log_writes(LOG_DEBUG) ? on_step : NULL,
    };
    lease_init(&gate->lease, &lease_options);
    gate->send = options->send;
    gate->arg = options->arg;
    if (gate->lease.waiting) {
        gate->on_waited = options->on_waited;
        gate->on_waited_arg = options->on_waited_arg;
    }
    gate->last_watch = &gate->watches;
    (void)pthread_mutex_init(&gate->lock, NULL);
    (void)pthread_cond_init(&gate->wake, NULL);
    if (pthread_create(&gate->thread, NULL, gate_run, gate) != 0) {
        (void)pthread_cond_destroy(&gate->wake);
        (void)pthread_mutex_destroy(&gate->lock);
        free(gate);
        return status_out_of_memory();
    }
    gate->running = true;
    *ret_gate = gate;
    return STATUS_NONE;
}

void gate_stop(struct gate *gate)
{
    if (!gate->running) {
        return;
    }
    (void)pthread_mutex_lock(&gate->lock);
    gate->stopping = true;
    (void)pthread_cond_signal(&gate->wake);
    (void)pthread_mutex_unlock(&gate->lock);
    (void)pthread_join(gate->thread, NULL);
    gate->running = false;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL) {
        return;
    }
    gate_stop(gate);
    assert(gate->parked == NULL && gate->watches == NULL);
    (void)pthread_cond_destroy(&gate->wake);
    (void)pthread_mutex_destroy(&gate->lock);
    free(gate);
}

void gate_publish(void *arg, struct version version)
{
    struct gate *gate = arg;

    (void)pthread_mutex_lock(&gate->lock);
    /* The time is taken under the lock, so that it never goes back for the lease. */
    const int64_t now_ms = clock_boot_ms();
    lease_publish(&gate->lease, version, now_ms);
    const struct leaving leaving = settle(gate, now_ms);
    (void)pthread_mutex_unlock(&gate->lock);
    leave(gate, leaving);
}

void gate_answer(struct gate *gate, struct parked *parked)
{
    (void)pthread_mutex_lock(&gate->lock);
    const int64_t now_ms = clock_boot_ms();
    lease_advance(&gate->lease, now_ms);
    const bool leaves = lease_may_leave(&gate->lease, parked->answer, parked->result.seq);
    if (!leaves) {
        park(gate, parked);
        if (next_ms(gate, now_ms) < gate->wake_ms) {
            (void)pthread_cond_signal(&gate->wake);
        }
    }
    (void)pthread_mutex_unlock(&gate->lock);
    if (leaves) {
        gate->send(gate->arg, parked);
    }
}

struct lease_grant gate_renew(struct gate *gate, const char *gateway, struct version known)
{
    (void)pthread_mutex_lock(&gate->lock);
    const int64_t now_ms = clock_boot_ms();
    struct lease_grant grant = lease_renew(&gate->lease, gateway, known, now_ms);
    const struct leaving leaving = settle(gate, now_ms);
    (void)pthread_mutex_unlock(&gate->lock);
    leave(gate, leaving);
    return grant;
}

/* Under the lock. */
static void hold(struct gate *gate, struct watch *watch, int64_t now_ms)
{
    for (struct watch *earlier = gate->watches; earlier != NULL; earlier = earlier->next) {
        earlier->replaced = earlier->replaced || strcmp(earlier->gateway, watch->gateway) == 0;
    }
    watch->replaced = false;
    watch->end_ms = now_ms + GATE_WATCH_MS;
    watch->next = NULL;
    *gate->last_watch = watch;
    gate->last_watch = &watch->next;
    gate->watch_count++;
}

void gate_watch(struct gate *gate, struct watch *watch, bool has_room)
{
    const struct status too_many = status_of(REASON_TOO_MANY_WAITING, NULL);

    (void)pthread_mutex_lock(&gate->lock);
    const int64_t now_ms = clock_boot_ms();
    lease_gateway_knows(&gate->lease, watch->gateway, watch->known, now_ms);
    const bool held = has_room && gate->watch_count < GATE_WATCHES_MAX;
    if (held) {
        hold(gate, watch, now_ms);
    }
    const struct leaving leaving = settle(gate, now_ms);
    (void)pthread_mutex_unlock(&gate->lock);
    if (!held) {
        watch->on_end(watch, too_many, leaving.published);
    }
    leave(gate, leaving);
}

void gate_drain(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->draining = true;
    const struct leaving leaving = settle(gate, clock_boot_ms());
    (void)pthread_mutex_unlock(&gate->lock);
    leave(gate, leaving);
}

struct gate_load gate_load(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    struct gate_load load = {.parked = gate->parked_count, .watches = gate->watch_count};
    const int64_t now_ms = clock_boot_ms();
    for (size_t i = 0; i < LEASE_HOLDERS_MAX; i++) {
        const struct lease_holder *holder = &gate->lease.holders[i];
        load.leases += holder->gateway[0] != '\0' && holder->until_ms >= now_ms;
    }
    (void)pthread_mutex_unlock(&gate->lock);
    return load;
}

struct version gate_stable(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    lease_advance(&gate->lease, clock_boot_ms());
    const struct version stable = lease_stable(&gate->lease);
    (void)pthread_mutex_unlock(&gate->lock);
    return stable;
}
