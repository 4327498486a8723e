/*
 * rpc_server.c - a server's life: opened, drained, closed.
 *
 *     SERVING --drain--> DRAINING: calls are refused with SHUTTING_DOWN, answers say so
 *     --close: quiet for LINGER_MS, or nothing under way--> CLOSING: nng is entered no more
 *     --no thread is inside of nng, socket closed, every context stopped--> freed
 *
 * Each step has to be over before the next begins, since nng destroys contexts with their socket.
 */
#include "rpc/rpc_server_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <stdlib.h>

enum {
    /* How long it must have been quiet before the end: then nng has written the last answer, and
     * callers have read in it that they should send no more. */
    LINGER_MS = 100,
    /* A close that takes longer hangs, which it may after a peer died under load. */
    CLOSE_MAX_MS = 1000,
    POLL_MS = 2,
};

static void on_pipe_coming(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_server *server = arg;

    (void)event;
    connections_add(&server->connections, pipe);
}

/* A connection has ended, and nng may have lost the answer that was being handed to it. */
static void on_pipe_removed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_server *server = arg;
    const int id = nng_pipe_id(pipe);

    (void)event;
    connections_remove(&server->connections, pipe);
    for (unsigned i = 0; i < server->call_count; i++) {
        struct server_parcel *parcel = &server->parcels[i];
        if (atomic_load(&parcel->sent_pipe) == id) {
            message_lost(atomic_load(&parcel->sent));
        }
    }
}

static void server_free(struct rpc_server *server)
{
    for (unsigned i = 0; server->parcels != NULL && i < server->call_count; i++) {
        nng_aio_free(server->parcels[i].aio);
    }
    for (unsigned i = 0; server->calls != NULL && i < server->call_count; i++) {
        arena_free(server->calls[i].arena);
    }
    free(server->parcels);
    free(server->calls);
    connections_close(&server->connections);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static bool server_make_calls(struct rpc_server *server)
{
    server->parcels = memory_zeroed(server->call_count * sizeof(*server->parcels));
    server->calls = memory_zeroed(server->call_count * sizeof(*server->calls));
    for (unsigned i = server->call_count; i > 0; i--) {
        struct server_parcel *parcel = &server->parcels[i - 1];
        struct rpc_call *call = &server->calls[i - 1];
        parcel->server = server;
        call->server = server;
        call->arena = arena_new(RPC_CALL_ARENA_BYTES);
        call->next_free = server->free_calls;
        server->free_calls = call;
        if (nng_aio_alloc(&parcel->aio, on_server_aio, parcel) != 0 ||
            nng_ctx_open(&parcel->ctx, server->socket) != 0) {
            return false;
        }
    }
    return true;
}

static struct status server_listen(struct rpc_server *server, const char *address,
                                   struct arena *arena)
{
    (void)nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ, MESSAGE_LIMIT_BYTES);
    (void)nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_PRE, on_pipe_coming, server);
    (void)nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, on_pipe_removed, server);
    int err = nng_listener_create(&server->listener, server->socket, address);
    if (err == 0) {
        err = nng_listener_start(server->listener, 0);
    }
    if (err == 0) {
        return STATUS_NONE;
    }
    const bool in_use = err == NNG_EADDRINUSE;
    return status_make(arena, in_use ? REASON_ADDRESS_IN_USE : REASON_CANNOT_LISTEN, NULL,
                       "cannot listen on %s: %s", address, nng_strerror(err));
}

struct status rpc_server_open(const struct rpc_server_options *options, struct arena *arena,
                              struct rpc_server **ret_server)
{
    struct rpc_server *server = memory_zeroed(sizeof(*server));
    struct status status = status_out_of_memory();

    pthread_mutex_init(&server->lock, NULL);
    server->on_call = options->on_call;
    server->on_calls_end = options->on_calls_end;
    server->arg = options->arg;
    server->call_count = options->calls > 0 ? options->calls : RPC_CALLS_DEFAULT;
    if (!connections_open(&server->connections, options, server->call_count)) {
        pthread_mutex_destroy(&server->lock);
        free(server);
        return status;
    }
    if (nng_rep0_open(&server->socket) != 0) {
        server_free(server);
        return status;
    }
    if (server_make_calls(server)) {
        status = server_listen(server, options->address, arena);
    }
    if (status.code != STATUS_OK) {
        nng_close(server->socket);
        server_free(server);
        return status;
    }
    atomic_store(&server->receiving, server->call_count);
    for (unsigned i = 0; i < server->call_count; i++) {
        parcel_receive(&server->parcels[i]);
    }
    *ret_server = server;
    return STATUS_NONE;
}

uint16_t rpc_server_port(const struct rpc_server *server)
{
    int port = 0;

    if (nng_listener_get_int(server->listener, NNG_OPT_TCP_BOUND_PORT, &port) != 0) {
        return 0;
    }
    return (uint16_t)port;
}

void rpc_server_drain(struct rpc_server *server)
{
    atomic_store(&server->draining, true);
}

unsigned rpc_server_busy(const struct rpc_server *server)
{
    return atomic_load(&server->busy);
}

struct rpc_server_load rpc_server_load(struct rpc_server *server)
{
    return connections_load(&server->connections);
}

/* Waits until the counter is 0; false after the deadline. */
static bool counter_wait(const atomic_uint *counter, int64_t deadline_boot_ms)
{
    while (atomic_load(counter) > 0) {
        if (clock_boot_ms() >= deadline_boot_ms) {
            return false;
        }
        nng_msleep(POLL_MS);
    }
    return true;
}

/* Waits until no call came and none was under way for LINGER_MS; false after the deadline. */
static bool quiet_wait(const struct rpc_server *server, int64_t deadline_boot_ms)
{
    int64_t quiet_since = clock_boot_ms();
    unsigned long seen = atomic_load(&server->taken);

    for (int64_t now = quiet_since; now - quiet_since < LINGER_MS; now = clock_boot_ms()) {
        if (now >= deadline_boot_ms) {
            return false;
        }
        nng_msleep(POLL_MS);
        const unsigned long taken = atomic_load(&server->taken);
        if (taken != seen || atomic_load(&server->busy) > 0) {
            seen = taken;
            quiet_since = clock_boot_ms();
        }
    }
    return true;
}

static unsigned left_ms(int64_t deadline_boot_ms)
{
    const int64_t left = deadline_boot_ms - clock_boot_ms();

    return left > 0 ? (unsigned)left : 0;
}

bool rpc_server_close(struct rpc_server *server, unsigned bound_ms)
{
    const int64_t deadline_boot_ms = clock_boot_ms() + bound_ms;

    if (server == NULL) {
        return true;
    }
    rpc_server_drain(server);
    /* Some callers never stop asking, so that it never becomes quiet. After three quarters of the
     * time it is enough that nothing is under way. */
    const bool is_quiet = quiet_wait(server, deadline_boot_ms - bound_ms / 4) ||
                          counter_wait(&server->busy, deadline_boot_ms);
    connections_stop(&server->connections);
    if (!is_quiet) {
        return false;
    }
    atomic_store(&server->closing, true);
    if (!counter_wait(&server->entered, deadline_boot_ms)) {
        return false;
    }
    unsigned close_ms = left_ms(deadline_boot_ms);
    if (close_ms > CLOSE_MAX_MS) {
        close_ms = CLOSE_MAX_MS;
    }
    if (!socket_close(server->socket, close_ms) ||
        !counter_wait(&server->receiving, deadline_boot_ms)) {
        return false;
    }
    server_free(server);
    return true;
}
