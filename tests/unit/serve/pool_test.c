/* pool_test.c - tests pool.c. */
#include "unit.h"

#include "serve/pool.h"

#include <pthread.h>
#include <stdatomic.h>

enum { JOBS = 1000 };

struct gate {
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    bool open;
    int waiting;
};

struct task {
    struct pool_job job;
    struct gate *gate; /* to wait at; NULL: none */
    atomic_int *ran;
};

static void on_task(struct pool_job *job)
{
    struct task *task = (struct task *)job;

    if (task->gate != NULL) {
        pthread_mutex_lock(&task->gate->lock);
        task->gate->waiting++;
        pthread_cond_broadcast(&task->gate->changed);
        while (!task->gate->open) {
            pthread_cond_wait(&task->gate->changed, &task->gate->lock);
        }
        pthread_mutex_unlock(&task->gate->lock);
    }
    atomic_fetch_add(task->ran, 1);
}

static void every_job_runs_once_before_the_pool_ends(void **state)
{
    static struct task tasks[JOBS];
    struct pool *pool = pool_new(4, JOBS);
    atomic_int ran = 0;

    (void)state;
    for (int i = 0; i < JOBS; i++) {
        tasks[i] = (struct task){.job.run = on_task, .ran = &ran};
        assert_true(pool_submit(pool, &tasks[i].job));
    }
    pool_free(pool);
    assert_int_equal(ran, JOBS);
}

static void a_full_queue_refuses_at_once(void **state)
{
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct pool *pool = pool_new(1, 2);
    struct task tasks[4];
    atomic_int ran = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        tasks[i] = (struct task){.job.run = on_task, .gate = &gate, .ran = &ran};
    }
    assert_true(pool_submit(pool, &tasks[0].job));
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting == 0) {
        pthread_cond_wait(&gate.changed, &gate.lock);
    }
    pthread_mutex_unlock(&gate.lock);
    assert_true(pool_submit(pool, &tasks[1].job));
    assert_true(pool_submit(pool, &tasks[2].job));
    assert_false(pool_submit(pool, &tasks[3].job));
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
    pool_free(pool);
    assert_int_equal(ran, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once_before_the_pool_ends),
        cmocka_unit_test(a_full_queue_refuses_at_once),
    };

    pool_free(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
