/*
 * thread.h - threads of a program whose signals are for the thread that main() waits on.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* As pthread_create(), but no signal goes to the thread other than for its own faults. */
int thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg);

#endif
