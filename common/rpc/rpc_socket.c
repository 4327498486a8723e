/* rpc_socket.c - what nng does not do well: close in time, and free what it could not send. */
#include "rpc/rpc_envelope.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>

void message_lost(const nng_msg *msg)
{
    __lsan_ignore_object(msg);
}
#else
void message_lost(const nng_msg *msg)
{
    (void)msg;
}
#endif

/* Shared by the closing thread and the one that waits; the last to leave frees it. */
struct closing {
    nng_socket socket;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    bool closed;
    bool abandoned;
};

static void closing_free(struct closing *closing)
{
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
}

static void *closing_run(void *arg)
{
    struct closing *closing = arg;

    nng_close(closing->socket);
    pthread_mutex_lock(&closing->lock);
    closing->closed = true;
    const bool abandoned = closing->abandoned;
    pthread_cond_signal(&closing->changed);
    pthread_mutex_unlock(&closing->lock);
    if (abandoned) {
        closing_free(closing);
    }
    return NULL;
}

static struct closing *closing_start(nng_socket socket, pthread_t *ret_thread)
{
    struct closing *closing = memory_zeroed(sizeof(*closing));
    pthread_condattr_t attributes;

    closing->socket = socket;
    pthread_mutex_init(&closing->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&closing->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(ret_thread, NULL, closing_run, closing) != 0) {
        closing_free(closing);
        return NULL;
    }
    return closing;
}

bool socket_close(nng_socket socket, unsigned bound_ms)
{
    pthread_t thread;
    struct timespec until = {0};
    struct closing *closing = closing_start(socket, &thread);
    int err = 0;

    if (closing == NULL) {
        return false;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += bound_ms / 1000;
    until.tv_nsec += (long)(bound_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&closing->lock);
    while (!closing->closed && err == 0) {
        err = pthread_cond_timedwait(&closing->changed, &closing->lock, &until);
    }
    const bool closed = closing->closed;
    closing->abandoned = !closed;
    pthread_mutex_unlock(&closing->lock);
    if (closed) {
        pthread_join(thread, NULL);
        closing_free(closing);
    } else {
        pthread_detach(thread);
    }
    return closed;
}
