/* pool.c - one locked list and the threads that take from it. */
#include "serve/pool.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>

struct pool {
    unsigned queue_max;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    struct pool_job *head;
    struct pool_job **tail;
    unsigned queued;
    bool closing;
    unsigned thread_count;
    pthread_t threads[];
};

/* The next job; NULL when the pool is closing and the queue is empty. */
static struct pool_job *pool_take(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->head == NULL && !pool->closing) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    struct pool_job *job = pool->head;
    if (job != NULL) {
        pool->head = job->next;
        if (pool->head == NULL) {
            pool->tail = &pool->head;
        }
        pool->queued--;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *pool_run(void *arg)
{
    struct pool *pool = arg;

    for (struct pool_job *job = pool_take(pool); job != NULL; job = pool_take(pool)) {
        job->run(job);
    }
    return NULL;
}

struct pool *pool_new(unsigned threads, unsigned queue_max)
{
    struct pool *pool = memory_zeroed(sizeof(*pool) + threads * sizeof(pool->threads[0]));

    pool->queue_max = queue_max;
    pool->tail = &pool->head;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    while (pool->thread_count < threads) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, pool_run, pool) != 0) {
            pool_free(pool);
            return NULL;
        }
        pool->thread_count++;
    }
    return pool;
}

bool pool_submit(struct pool *pool, struct pool_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    const bool taken = !pool->closing && pool->queued < pool->queue_max;
    if (taken) {
        *pool->tail = job;
        pool->tail = &job->next;
        pool->queued++;
        pthread_cond_signal(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

unsigned pool_queued(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    const unsigned queued = pool->queued;
    pthread_mutex_unlock(&pool->lock);
    return queued;
}

unsigned pool_queue_max(const struct pool *pool)
{
    return pool->queue_max;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
