/*
 * thread.h - threads of a program whose signals are for the thread that main() waits on, and waits
 * that a wrong clock does not make longer.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* As pthread_create(), but no signal goes to the thread other than for its own faults. */
int thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg);

/* So many milliseconds from now, for thread_wait_until(). */
struct timespec thread_time_in(int64_t wait_ms);

/* As pthread_cond_timedwait(), but for a condition of any attributes, whatever the time of day:
 * 0, or ETIMEDOUT after until. */
int thread_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock,
                      const struct timespec *until);

#endif
