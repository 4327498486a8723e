/*
 * job.h - what would hold a loop for more than a moment runs beside it, on libuv's threads.
 */
#ifndef GATEWAY_JOB_H
#define GATEWAY_JOB_H

#include "base/arena.h"

#include <stdbool.h>
#include <uv.h>

/* Replies from this size on are read and rendered in jobs: about a millisecond's work. */
enum {
    JOB_LEAST_BYTES = 64 << 10,
    ANSWER_GROWTH = 3, /* of a message as text, with what it is made of */
};

/* The first member of what a job works on, which lives until on_done(). */
struct job {
    uv_work_t work;
    struct arena *arena; /* of the job; freed after on_done() */
    /* On another thread: touches only what nobody else does meanwhile. */
    void (*run)(struct job *job);
    /* On the loop's thread, once. */
    void (*on_done)(struct job *job);
};

/* Loop thread. False, and nothing is called: no thread can be had. */
bool job_start(uv_loop_t *loop, struct job *job);

#endif
