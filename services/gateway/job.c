/* job.c - one arena and one turn on a thread of libuv's for each job. */
#include "job.h"

#include <sys/resource.h>

enum { JOB_MEMORY_BYTES = 64 << 20, JOB_NICENESS = 10 };

/* Behind the loops, for whom a millisecond counts. Linux has a niceness for each thread. */
static void step_back(void)
{
    static _Thread_local bool is_behind;

    if (!is_behind) {
        is_behind = true;
        (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + JOB_NICENESS);
    }
}

static void on_work(uv_work_t *work)
{
    struct job *job = work->data;

    step_back();
    job->run(job);
}

static void on_work_done(uv_work_t *work, int error)
{
    struct job *job = work->data;
    struct arena *arena = job->arena;

    (void)error; /* nobody cancels jobs */
    job->on_done(job);
    arena_free(arena);
}

bool job_start(uv_loop_t *loop, struct job *job)
{
    job->work.data = job;
    job->arena = arena_new(JOB_MEMORY_BYTES);
    if (uv_queue_work(loop, &job->work, on_work, on_work_done) != 0) {
        arena_free(job->arena);
        return false;
    }
    return true;
}
