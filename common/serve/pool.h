/*
 * pool.h - a few threads that work off a bounded queue.
 */
#ifndef SERVE_POOL_H
#define SERVE_POOL_H

#include <stdbool.h>

struct pool;

/* Owned by whoever submits it; must live until run is called. */
struct pool_job {
    struct pool_job *next;
    void (*run)(struct pool_job *job); /* on a thread of the pool; owns the job */
};

/* NULL when threads are short. */
struct pool *pool_new(unsigned threads, unsigned queue_max);

/* False at once when the queue is full or the pool is closing: the job stays the caller's. */
bool pool_submit(struct pool *pool, struct pool_job *job);

/* Jobs that wait, and how many may. Any thread. */
unsigned pool_queued(struct pool *pool);
unsigned pool_queue_max(const struct pool *pool);

/* Runs what is queued, then ends the threads. pool may be NULL. */
void pool_free(struct pool *pool);

#endif
