/* rpc_server.c - a server's life: opened, drained, closed. */
#include "rpc/rpc_server_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <stdlib.h>

enum {
    /* Without a call, until the end: nng has written the last answer, and callers have read in it
     * that they should send no more. */
    LINGER_MS = 100,
    /* A close that takes longer hangs, which it may after a peer died under load. */
    CLOSE_MAX_MS = 1000,
    POLL_MS = 2,
};

/* A connection has ended; answers to it may be lost. */
static void on_pipe_removed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_server *server = arg;
    const int id = nng_pipe_id(pipe);

    (void)event;
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
    (void)nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, on_pipe_removed, server);
    int err = nng_listener_create(&server->listener, server->socket, address);
    if (err == 0) {
        err = nng_listener_start(server->listener, 0);
    }
    if (err == 0) {
        return STATUS_NONE;
    }
    const bool in_use = err == NNG_EADDRINUSE;
    return status_make(arena, STATUS_UNAVAILABLE, in_use ? "ADDRESS_IN_USE" : "CANNOT_LISTEN", NULL,
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
    /* Callers that never stop asking are cut off when their calls are answered. */
    if (!quiet_wait(server, deadline_boot_ms - bound_ms / 4) &&
        !counter_wait(&server->busy, deadline_boot_ms)) {
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
