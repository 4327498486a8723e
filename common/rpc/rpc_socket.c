/*
 * rpc_socket.c - around faults of nng 1.5.2: nng_close() may never return after a peer died under
 * load, a message that is handed to a connection in the moment in which it closes is not freed, and
 * closing a connection in the middle of a message stops the thread that frees connections.
 */
#include "base/memory.h"
#include "base/thread.h"
#include "rpc/rpc_envelope.h"

#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* Shared by the thread that closes and the one that waits for it. Whichever is last frees it. */
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

    closing->socket = socket;
    pthread_mutex_init(&closing->lock, NULL);
    pthread_cond_init(&closing->changed, NULL);
    if (pthread_create(ret_thread, NULL, closing_run, closing) != 0) {
        closing_free(closing);
        return NULL;
    }
    return closing;
}

bool socket_close(nng_socket socket, unsigned bound_ms)
{
    pthread_t thread;
    struct closing *closing = closing_start(socket, &thread);
    int err = 0;

    if (closing == NULL) {
        return false;
    }
    const struct timespec until = thread_time_in(bound_ms);
    pthread_mutex_lock(&closing->lock);
    while (!closing->closed && err == 0) {
        err = thread_wait_until(&closing->changed, &closing->lock, &until);
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

/* Whether two addresses are one; of nng only those of TCP are asked for. */
static bool address_equals(const nng_sockaddr *of_nng, const struct sockaddr_storage *of_system)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)of_system;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)of_system;

    if (of_nng->s_family == NNG_AF_INET && of_system->ss_family == AF_INET) {
        return of_nng->s_in.sa_port == in->sin_port && of_nng->s_in.sa_addr == in->sin_addr.s_addr;
    }
    return of_nng->s_family == NNG_AF_INET6 && of_system->ss_family == AF_INET6 &&
           of_nng->s_in6.sa_port == in6->sin6_port &&
           memcmp(of_nng->s_in6.sa_addr, &in6->sin6_addr, sizeof(in6->sin6_addr)) == 0;
}

static bool is_socket_between(int fd, const nng_sockaddr *local, const nng_sockaddr *remote)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    if (getpeername(fd, (struct sockaddr *)&address, &size) != 0 ||
        !address_equals(remote, &address)) {
        return false;
    }
    size = sizeof(address);
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
           address_equals(local, &address);
}

/* The descriptor under a pipe, which nng does not tell; -1 when it has none. */
static int pipe_descriptor(nng_pipe pipe)
{
    nng_sockaddr local;
    nng_sockaddr remote;
    int found = -1;

    if (nng_pipe_get_addr(pipe, NNG_OPT_LOCADDR, &local) != 0 ||
        nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &remote) != 0) {
        return -1;
    }
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        return -1;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL && found < 0;
         entry = readdir(directory)) {
        const int fd = (int)strtol(entry->d_name, NULL, 10);

        if (is_socket_between(fd, &local, &remote)) {
            found = fd;
        }
    }
    (void)closedir(directory);
    return found;
}

bool pipe_end_input(nng_pipe pipe)
{
    const int fd = pipe_descriptor(pipe);
    const int least = 1; /* the system takes the least that it allows */
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (fd < 0) {
        return false;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
    /* Else the system goes on keeping what the peer does not read. */
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    return shutdown(fd, SHUT_RD) == 0;
}
