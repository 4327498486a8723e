/*
 * inquiry.c - a list for each kind of question, and the thread that answers all of a list at once.
 */
#include "serve/inquiry.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "serve/connection_marks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct inquiry_queue {
    struct inquiry *head;
    struct inquiry **tail;
    unsigned count; /* with those that are being answered */
};

struct inquiries {
    struct inquiries_options options;
    pthread_t thread;
    bool is_running;
    int64_t next_metrics_ns; /* the thread's: when they may be made again */
    pthread_mutex_t lock;    /* guards the fields below */
    pthread_cond_t changed;
    bool is_stopping;
    struct inquiry_queue queues[INQUIRY_KINDS];
};

static const struct {
    unsigned mark;
    unsigned per_connection;
    unsigned max;
} limits[INQUIRY_KINDS] = {
    [INQUIRY_HEALTH] = {MARK_HEALTH, INQUIRY_HEALTH_PER_CONNECTION, INQUIRY_HEALTH_MAX},
    [INQUIRY_METRICS] = {MARK_METRICS, INQUIRY_METRICS_PER_CONNECTION, INQUIRY_METRICS_MAX},
};

static void queue_clear(struct inquiry_queue *queue)
{
    queue->head = NULL;
    queue->tail = &queue->head;
}

/* Under the lock, which it gives up meanwhile. */
static void answer_all(struct inquiries *inquiries, enum inquiry_kind kind)
{
    struct inquiry *first = inquiries->queues[kind].head;

    queue_clear(&inquiries->queues[kind]);
    pthread_mutex_unlock(&inquiries->lock);
    inquiries->options.answer_all[kind](inquiries->options.arg, first);
    if (kind == INQUIRY_METRICS) {
        inquiries->next_metrics_ns =
            clock_elapsed_ns() + (int64_t)INQUIRY_METRICS_PAUSE_MS * 1000000;
    }
    pthread_mutex_lock(&inquiries->lock);
}

/* Under the lock. The last questions are answered without a pause. */
static bool metrics_are_due(const struct inquiries *inquiries)
{
    return inquiries->queues[INQUIRY_METRICS].head != NULL &&
           (inquiries->is_stopping || clock_elapsed_ns() >= inquiries->next_metrics_ns);
}

/* Under the lock: until there may be something to do. */
static void wait_for_work(struct inquiries *inquiries)
{
    const struct timespec until = {
        .tv_sec = inquiries->next_metrics_ns / 1000000000,
        .tv_nsec = inquiries->next_metrics_ns % 1000000000,
    };

    if (inquiries->queues[INQUIRY_METRICS].head != NULL) {
        (void)thread_wait_until(&inquiries->changed, &inquiries->lock, &until);
    } else {
        (void)pthread_cond_wait(&inquiries->changed, &inquiries->lock);
    }
}

static void *inquiries_run(void *arg)
{
    struct inquiries *inquiries = arg;

    pthread_mutex_lock(&inquiries->lock);
    for (;;) {
        const bool has_health = inquiries->queues[INQUIRY_HEALTH].head != NULL;
        if (has_health) {
            answer_all(inquiries, INQUIRY_HEALTH);
        }
        const bool has_metrics = metrics_are_due(inquiries);
        if (has_metrics) {
            answer_all(inquiries, INQUIRY_METRICS);
        }
        if (has_health || has_metrics) {
            continue;
        }
        if (inquiries->is_stopping) {
            break;
        }
        wait_for_work(inquiries);
    }
    pthread_mutex_unlock(&inquiries->lock);
    return NULL;
}

struct inquiries *inquiries_new(const struct inquiries_options *options)
{
    struct inquiries *inquiries = memory_zeroed(sizeof(*inquiries));

    inquiries->options = *options;
    for (enum inquiry_kind kind = INQUIRY_HEALTH; kind < INQUIRY_KINDS; kind++) {
        queue_clear(&inquiries->queues[kind]);
    }
    pthread_mutex_init(&inquiries->lock, NULL);
    pthread_cond_init(&inquiries->changed, NULL);
    inquiries->is_running = pthread_create(&inquiries->thread, NULL, inquiries_run, inquiries) == 0;
    if (!inquiries->is_running) {
        inquiries_free(inquiries);
        return NULL;
    }
    return inquiries;
}

/* Under the lock. */
static bool has_place(const struct inquiries *inquiries, enum inquiry_kind kind, uint64_t own)
{
    return !inquiries->is_stopping && own < limits[kind].per_connection &&
           (own == 0 || inquiries->queues[kind].count < limits[kind].max);
}

struct status inquiries_ask(struct inquiries *inquiries, enum inquiry_kind kind,
                            struct rpc_call *rpc)
{
    static const struct status full = {.code = STATUS_RESOURCE_EXHAUSTED,
                                       .reason = REASON_QUEUE_FULL,
                                       .message = "too many requests are waiting"};
    struct inquiry *inquiry = ARENA_NEW(rpc_call_arena(rpc), struct inquiry);
    _Atomic uint64_t *own = &rpc_call_marks(rpc)[limits[kind].mark];
    struct inquiry_queue *queue = &inquiries->queues[kind];

    inquiry->rpc = rpc;
    pthread_mutex_lock(&inquiries->lock);
    const bool is_taken = has_place(inquiries, kind, atomic_load(own));
    if (is_taken) {
        atomic_fetch_add(own, 1);
        queue->count++;
        *queue->tail = inquiry;
        queue->tail = &inquiry->next;
        pthread_cond_signal(&inquiries->changed);
    }
    pthread_mutex_unlock(&inquiries->lock);
    return is_taken ? STATUS_NONE : full;
}

void inquiry_end(struct inquiries *inquiries, enum inquiry_kind kind, const struct inquiry *inquiry)
{
    pthread_mutex_lock(&inquiries->lock);
    atomic_fetch_sub(&rpc_call_marks(inquiry->rpc)[limits[kind].mark], 1);
    inquiries->queues[kind].count--;
    pthread_mutex_unlock(&inquiries->lock);
}

void inquiries_stop(struct inquiries *inquiries)
{
    if (!inquiries->is_running) {
        return;
    }
    pthread_mutex_lock(&inquiries->lock);
    inquiries->is_stopping = true;
    pthread_cond_signal(&inquiries->changed);
    pthread_mutex_unlock(&inquiries->lock);
    pthread_join(inquiries->thread, NULL);
    inquiries->is_running = false;
}

void inquiries_free(struct inquiries *inquiries)
{
    if (inquiries == NULL) {
        return;
    }
    inquiries_stop(inquiries);
    pthread_cond_destroy(&inquiries->changed);
    pthread_mutex_destroy(&inquiries->lock);
    free(inquiries);
}
