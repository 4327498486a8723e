/* job.c - runs a job on one of libuv's threads, with an arena of its own. */
#include "job.h"

#include <sys/resource.h>

enum { JOB_MEMORY_BYTES = 64 << 20, JOB_NICENESS = 10 };

/* Lowers the priority of the thread that runs jobs, since a millisecond counts for the loops. On
 * Linux each thread has its own niceness. */
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
