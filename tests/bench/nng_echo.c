/*
 * nng_echo.c - nng's request and reply with nothing around them: what a call costs at the least.
 *
 * Contexts and callbacks on nng's threads, as the programs use them:
 *     serve  RECEIVING -> SENDING -> RECEIVING
 *     ask    SENDING -> RECEIVING -> SENDING
 */
#include "histogram.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CALLS_MAX = 1024, SERVED_AT_ONCE = 64 };

struct call {
    nng_ctx ctx;
    nng_aio *aio;
    bool sending;
    uint64_t sent_ns;
};

static size_t message_bytes; /* of the messages that this process sends; constant after start */
static atomic_uint_fast64_t measure_ns;
static atomic_bool over;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the field below */
static struct histogram latency;

static void die(const char *what, int err)
{
    (void)fprintf(stderr, "nng_echo: %s: %s\n", what, nng_strerror(err));
    _exit(EXIT_FAILURE);
}

static void must(int err, const char *what)
{
    if (err != 0) {
        die(what, err);
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void send_message(struct call *call)
{
    nng_msg *message = NULL;

    must(nng_msg_alloc(&message, message_bytes), "allocating");
    memset(nng_msg_body(message), 'x', message_bytes);
    nng_aio_set_msg(call->aio, message);
    call->sending = true;
    nng_ctx_send(call->ctx, call->aio);
}

static void on_served(void *arg)
{
    struct call *call = arg;

    must(nng_aio_result(call->aio), "serving");
    if (!call->sending) {
        nng_msg_free(nng_aio_get_msg(call->aio));
        send_message(call);
    } else {
        call->sending = false;
        nng_ctx_recv(call->ctx, call->aio);
    }
}

static void note_answer(const struct call *call)
{
    const uint64_t now = now_ns();

    if (call->sent_ns >= atomic_load(&measure_ns) && !atomic_load(&over)) {
        pthread_mutex_lock(&lock);
        histogram_add(&latency, now - call->sent_ns);
        pthread_mutex_unlock(&lock);
    }
}

static void on_asked(void *arg)
{
    struct call *call = arg;
    const int err = nng_aio_result(call->aio);

    if (atomic_load(&over)) {
        return;
    }
    must(err, "asking");
    if (call->sending) {
        call->sending = false;
        nng_ctx_recv(call->ctx, call->aio);
        return;
    }
    nng_msg_free(nng_aio_get_msg(call->aio));
    note_answer(call);
    call->sent_ns = now_ns();
    send_message(call);
}

static void calls_open(nng_socket socket, struct call *calls, size_t count,
                       void (*callback)(void *))
{
    for (size_t i = 0; i < count; i++) {
        must(nng_ctx_open(&calls[i].ctx, socket), "opening a context");
        must(nng_aio_alloc(&calls[i].aio, callback, &calls[i]), "opening an operation");
        nng_aio_set_timeout(calls[i].aio, NNG_DURATION_INFINITE);
    }
}

static void serve(const char *address)
{
    static struct call calls[SERVED_AT_ONCE];
    nng_socket socket;

    must(nng_rep0_open(&socket), "opening");
    calls_open(socket, calls, SERVED_AT_ONCE, on_served);
    must(nng_listen(socket, address, NULL, 0), "listening");
    for (size_t i = 0; i < SERVED_AT_ONCE; i++) {
        nng_ctx_recv(calls[i].ctx, calls[i].aio);
    }
    for (;;) {
        (void)pause();
    }
}

static void sleep_seconds(double seconds)
{
    const struct timespec length = {(time_t)seconds,
                                    (long)((seconds - (double)(time_t)seconds) * 1e9)};

    (void)nanosleep(&length, NULL);
}

static void ask(const char *address, size_t in_flight, double seconds)
{
    static struct call calls[CALLS_MAX];
    nng_socket socket;

    must(nng_req0_open(&socket), "opening");
    must(nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE), "setting up");
    must(nng_dial(socket, address, NULL, 0), "dialling");
    calls_open(socket, calls, in_flight, on_asked);
    /* The first quarter is to warm up. */
    const uint64_t start = now_ns() + (uint64_t)(seconds / 4 * 1e9);
    atomic_store(&measure_ns, start);
    for (size_t i = 0; i < in_flight; i++) {
        calls[i].sent_ns = now_ns();
        send_message(&calls[i]);
    }
    sleep_seconds(seconds * 5 / 4);
    atomic_store(&over, true);
    pthread_mutex_lock(&lock);
    printf("{\"in_flight\": %zu, \"message_bytes\": %zu, \"per_second\": %.1f, \"answered\": %llu, "
           "\"latency_us\": ",
           in_flight, message_bytes, (double)latency.total / ((double)(now_ns() - start) / 1e9),
           (unsigned long long)latency.total);
    histogram_print(&latency, stdout);
    printf("}\n");
    (void)fflush(stdout);
    /* nng's close may hang, and there is nothing to save. */
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    const bool asks = argc == 6 && strcmp(argv[1], "ask") == 0;

    if (!asks && (argc != 4 || strcmp(argv[1], "serve") != 0)) {
        (void)fputs("usage: bench_nng_echo serve ADDRESS REPLY_BYTES\n"
                    "       bench_nng_echo ask ADDRESS REQUEST_BYTES IN_FLIGHT SECONDS\n",
                    stderr);
        return 2;
    }
    message_bytes = strtoul(argv[3], NULL, 10);
    if (!asks) {
        serve(argv[2]);
    }
    const size_t in_flight = strtoul(argv[4], NULL, 10);
    if (in_flight == 0 || in_flight > CALLS_MAX) {
        (void)fputs("bench_nng_echo: 1 to 1024 may be in flight\n", stderr);
        return 2;
    }
    ask(argv[2], in_flight, strtod(argv[5], NULL));
}
