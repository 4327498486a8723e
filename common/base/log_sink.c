/*
 * log_sink.c - two buffers: one is filled under the lock while the thread writes the other.
 *
 *     EMPTY --first line--> GATHERING --10 ms, a warning, half full--> written --> EMPTY
 *
 * Whoever logs copies a line under the lock and goes on; only the sink's own thread ever waits for
 * standard error. When both buffers are full, because nobody reads, lines are dropped and counted.
 */
#include "base/log_sink.h"

#include "base/log_line.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 512 << 10,
    /* This much of a buffer is left to warnings and errors: they are told when all else is dropped.
     */
    RESERVE_BYTES = 64 << 10,
    GATHER_MS = 10,
    FULL_WAIT_MS = 1000,
};

static struct {
    atomic_bool is_running;
    pthread_t thread;
    bool is_pipe;         /* standard error */
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t wake;
    pthread_cond_t ended;
    char *filling;
    char *writing; /* the thread's own while it writes */
    size_t length; /* of what is in filling */
    unsigned long dropped;
    unsigned long told;
    bool is_urgent;
    bool is_stopping;
    bool is_ended;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Waits when standard error takes nothing. A failure is not told: there is no other place to tell
 * it. */
static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(STDERR_FILENO, bytes, length);

        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            struct pollfd full = {.fd = STDERR_FILENO, .events = POLLOUT};

            (void)poll(&full, 1, FULL_WAIT_MS);
        } else if (written < 0 && errno != EINTR) {
            return;
        }
    }
}

/* Writes whole lines. To a pipe not more at a time than the system writes in one piece (PIPE_BUF),
 * so that lines of programs which share it are never mixed. */
static void write_lines(const char *bytes, size_t length)
{
    while (length > 0) {
        size_t piece = length;

        if (sink.is_pipe && length > LOG_LINE_MAX_BYTES) {
            const char *end = memrchr(bytes, '\n', LOG_LINE_MAX_BYTES);
            piece = end != NULL ? (size_t)(end + 1 - bytes) : LOG_LINE_MAX_BYTES;
        }
        write_all(bytes, piece);
        bytes += piece;
        length -= piece;
    }
}

/* Under the lock, which is given up while it waits: for more lines, so that one write takes many.
 */
static void wait_for_company(void)
{
    const struct timespec until = thread_time_in(GATHER_MS);
    int err = 0;

    while (err == 0 && !sink.is_urgent && !sink.is_stopping && sink.length < BUFFER_BYTES / 2) {
        err = thread_wait_until(&sink.wake, &sink.lock, &until);
    }
}

static void tell_dropped(unsigned long count)
{
    struct log_line line;

    log_line_begin(&line, LOG_WARNING, "log_lines_dropped");
    log_line_number(&line, "count", (int64_t)count);
    log_line_end(&line);
}

/* Under the lock, which is given up while it writes: swaps the buffers, then writes the full one.
 */
static void write_filled(void)
{
    char *filled = sink.filling;
    const size_t length = sink.length;
    const unsigned long lost = sink.dropped - sink.told;

    sink.filling = sink.writing;
    sink.writing = filled;
    sink.length = 0;
    sink.told = sink.dropped;
    sink.is_urgent = false;
    (void)pthread_mutex_unlock(&sink.lock);
    write_lines(filled, length);
    if (lost > 0) {
        tell_dropped(lost);
    }
    (void)pthread_mutex_lock(&sink.lock);
}

static void *sink_main(void *arg)
{
    (void)arg;
    (void)pthread_mutex_lock(&sink.lock);
    for (;;) {
        while (sink.length == 0 && !sink.is_stopping) {
            (void)pthread_cond_wait(&sink.wake, &sink.lock);
        }
        if (sink.length == 0) {
            break;
        }
        wait_for_company();
        write_filled();
    }
    sink.is_ended = true;
    (void)pthread_cond_signal(&sink.ended);
    (void)pthread_mutex_unlock(&sink.lock);
    return NULL;
}

static bool set_up(void)
{
    struct stat standard_error;

    if (sink.filling == NULL) {
        (void)pthread_cond_init(&sink.wake, NULL);
        (void)pthread_cond_init(&sink.ended, NULL);
        sink.filling = malloc(BUFFER_BYTES);
        sink.writing = malloc(BUFFER_BYTES);
    }
    sink.is_pipe =
        fstat(STDERR_FILENO, &standard_error) == 0 && S_ISFIFO(standard_error.st_mode) != 0;
    sink.length = 0;
    sink.is_stopping = sink.is_ended = sink.is_urgent = false;
    return sink.filling != NULL && sink.writing != NULL;
}

void log_sink_start(void)
{
    if (set_up() && thread_start(&sink.thread, sink_main, NULL) == 0) {
        atomic_store(&sink.is_running, true);
    }
}

void log_sink_write(const char *line, size_t length, enum log_level level)
{
    const bool is_important = level >= LOG_WARNING;
    const size_t limit = is_important ? BUFFER_BYTES : BUFFER_BYTES - RESERVE_BYTES;

    if (!atomic_load_explicit(&sink.is_running, memory_order_acquire)) {
        write_all(line, length);
        return;
    }
    (void)pthread_mutex_lock(&sink.lock);
    const size_t before = sink.length;
    if (before + length <= limit) {
        memcpy(sink.filling + before, line, length);
        sink.length += length;
    } else {
        sink.dropped++;
    }
    const bool is_half = before < BUFFER_BYTES / 2 && sink.length >= BUFFER_BYTES / 2;
    const bool must_wake = before == 0 || is_half || (is_important && !sink.is_urgent);
    sink.is_urgent = sink.is_urgent || is_important;
    (void)pthread_mutex_unlock(&sink.lock);
    if (must_wake) {
        (void)pthread_cond_signal(&sink.wake);
    }
}

void log_sink_stop(unsigned bound_ms)
{
    int err = 0;

    if (!atomic_load(&sink.is_running)) {
        return;
    }
    const struct timespec until = thread_time_in(bound_ms);
    (void)pthread_mutex_lock(&sink.lock);
    sink.is_stopping = true;
    (void)pthread_cond_signal(&sink.wake);
    while (err == 0 && !sink.is_ended) {
        err = thread_wait_until(&sink.ended, &sink.lock, &until);
    }
    const bool is_ended = sink.is_ended;
    (void)pthread_mutex_unlock(&sink.lock);
    if (!is_ended) {
        return; /* it is stuck in a write, and ends with the program */
    }
    (void)pthread_join(sink.thread, NULL);
    /* The buffers are not freed: a thread that hangs somewhere may still write a line. */
    atomic_store(&sink.is_running, false);
}

unsigned long log_sink_dropped(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    const unsigned long dropped = sink.dropped;
    (void)pthread_mutex_unlock(&sink.lock);
    return dropped;
}
