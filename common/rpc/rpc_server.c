/*
 * rpc_server.c - a fixed set of calls, each a small state machine:
 *
 *     RECEIVING --request--> HANDLING --answer--> REPLYING --sent--> RECEIVING
 *     any --socket closed--> STOPPED
 *
 * Each call owns one nng context, one aio and one arena, so calls share nothing and need no lock.
 */
#include "rpc/rpc_server.h"

#include "base/clock.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_envelope.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    /* What a call that names no time gets, and the most that any gets. */
    DEADLINE_DEFAULT_MS = 10 * 1000,
    DEADLINE_MAX_MS = 60 * 60 * 1000,
    /* A peer that does not read its answers is given up. */
    SEND_TIMEOUT_MS = 30 * 1000,
    /* Without a call, until the end: nng has written the last answer, and callers have read in it
     * that they should send no more. */
    LINGER_MS = 100,
    /* A close that takes longer hangs, which it may after a peer died under load. */
    CLOSE_MAX_MS = 1000,
    POLL_MS = 2,
    MESSAGE_HEADER_BYTES = 1024,
};

enum call_state { CALL_RECEIVING, CALL_HANDLING, CALL_REPLYING, CALL_STOPPED };

struct rpc_call {
    struct rpc_server *server;
    nng_ctx ctx;
    nng_aio *aio;
    struct arena *arena;
    nng_msg *request;
    enum call_state state;
    struct rpc_call_info info;
    void *context;
    /* The last answer and its connection; nng's, only for message_lost(). */
    _Atomic(const nng_msg *) sent;
    atomic_int sent_pipe;
};

struct rpc_server {
    nng_socket socket;
    nng_listener listener;
    void (*on_call)(void *arg, struct rpc_call *call);
    void *arg;
    struct rpc_call *calls;
    unsigned call_count;
    atomic_uint busy;
    atomic_uint receiving; /* calls that nng holds; 0 once all are stopped */
    atomic_uint entered;   /* calls that are giving themselves to nng right now */
    atomic_bool closing;
    atomic_bool draining;
    atomic_ulong taken; /* calls so far */
};

const struct rpc_call_info *rpc_call_info(const struct rpc_call *call)
{
    return &call->info;
}

struct arena *rpc_call_arena(struct rpc_call *call)
{
    return call->arena;
}

void rpc_call_set_context(struct rpc_call *call, void *context)
{
    call->context = context;
}

void *rpc_call_context(const struct rpc_call *call)
{
    return call->context;
}

bool rpc_call_expired(const struct rpc_call *call)
{
    return clock_boot_ms() >= call->info.deadline_boot_ms;
}

/* nng destroys a context that is being entered while its socket closes: false when it is closing,
 * else nng_leave() follows. */
static bool nng_enter(struct rpc_server *server)
{
    atomic_fetch_add(&server->entered, 1);
    if (!atomic_load(&server->closing)) {
        return true;
    }
    atomic_fetch_sub(&server->entered, 1);
    return false;
}

static void nng_leave(struct rpc_server *server)
{
    atomic_fetch_sub(&server->entered, 1);
}

static void call_stop(struct rpc_call *call)
{
    struct rpc_server *server = call->server;

    call->state = CALL_STOPPED;
    atomic_fetch_sub(&server->receiving, 1);
}

static void call_receive(struct rpc_call *call)
{
    struct rpc_server *server = call->server;

    if (!nng_enter(server)) {
        call_stop(call);
        return;
    }
    call->state = CALL_RECEIVING;
    nng_aio_set_timeout(call->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(call->ctx, call->aio);
    nng_leave(server);
}

static struct status call_read(struct rpc_call *call)
{
    const struct slice bytes = {.data = nng_msg_body(call->request),
                                .length = nng_msg_len(call->request)};
    struct slice payload = {0};
    void *unpacked = NULL;

    TRY(envelope_unpack(call->arena, &dongkhoi__rpc__v1__request__descriptor, bytes, &unpacked,
                        &payload));
    const Dongkhoi__Rpc__V1__Request *header = unpacked;
    uint32_t timeout_ms = header->timeout_ms > 0 ? header->timeout_ms : DEADLINE_DEFAULT_MS;
    if (timeout_ms > DEADLINE_MAX_MS) {
        timeout_ms = DEADLINE_MAX_MS;
    }
    call->info = (struct rpc_call_info){
        .method = header->method,
        .caller = header->caller[0] != '\0' ? header->caller : "anonymous",
        .idempotency_key = header->idempotency_key,
        .traceparent = header->traceparent,
        .if_match = header->if_match,
        .mask_is_implied = header->update_mask_implied != 0,
        .deadline_boot_ms = clock_boot_ms() + timeout_ms,
        .payload = payload,
    };
    return STATUS_NONE;
}

static void call_refuse(struct rpc_call *call, struct status status)
{
    rpc_call_answer(call, &(struct rpc_result){.status = status});
}

static void call_take(struct rpc_call *call)
{
    struct rpc_server *server = call->server;

    call->request = nng_aio_get_msg(call->aio);
    nng_aio_set_msg(call->aio, NULL);
    call->state = CALL_HANDLING;
    atomic_fetch_add(&server->taken, 1);
    atomic_fetch_add(&server->busy, 1);
    if (atomic_load(&server->draining)) {
        call_refuse(call, (struct status){STATUS_UNAVAILABLE, "SHUTTING_DOWN",
                                          "the service is shutting down; nothing was done", NULL});
        return;
    }
    const struct status status = call_read(call);
    if (status.code != STATUS_OK) {
        call_refuse(call, status);
        return;
    }
    server->on_call(server->arg, call);
}

/* The answer is sent, or nobody wants it any more. */
static void call_reset(struct rpc_call *call)
{
    arena_reset(call->arena);
    call->info = (struct rpc_call_info){0};
    call->context = NULL;
    atomic_fetch_sub(&call->server->busy, 1);
}

static void on_server_aio(void *arg)
{
    struct rpc_call *call = arg;
    const int err = nng_aio_result(call->aio);
    const bool closed = err == NNG_ECLOSED || err == NNG_ECANCELED;

    switch (call->state) {
    case CALL_RECEIVING:
        if (err == 0) {
            call_take(call);
            return;
        }
        break;
    case CALL_REPLYING:
        if (err != 0) {
            nng_msg_free(nng_aio_get_msg(call->aio));
            nng_aio_set_msg(call->aio, NULL);
        }
        call_reset(call);
        break;
    case CALL_HANDLING:
    case CALL_STOPPED:
        return;
    }
    if (closed) {
        call_stop(call);
    } else {
        call_receive(call);
    }
}

/* The status on the wire; spare, with its reason alone, when the arena is full. */
static Google__Rpc__Status *result_status(struct rpc_call *call, const struct rpc_result *result,
                                          struct spare_status *spare)
{
    Google__Rpc__Status *wire = (Google__Rpc__Status *)result->status_detail;

    if (wire == NULL) {
        wire = status_to_wire(call->arena, result->status, result->metadata);
    }
    return wire != NULL ? wire : status_to_spare(result->status, spare);
}

/* The service's own version first, then those of its peers; what is past the limit is left out. */
static size_t versions_fill(const struct rpc_result *result,
                            Dongkhoi__Rpc__V1__Version versions[RPC_VERSIONS_MAX],
                            Dongkhoi__Rpc__V1__Version *pointers[RPC_VERSIONS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i <= result->peer_version_count && count < RPC_VERSIONS_MAX; i++) {
        const struct rpc_version own = {result->service, result->seq, result->hash};
        const struct rpc_version *version = i == 0 ? &own : &result->peer_versions[i - 1];
        if (version->service == NULL) {
            continue;
        }
        dongkhoi__rpc__v1__version__init(&versions[count]);
        versions[count].service = (char *)version->service;
        versions[count].seq = version->seq;
        versions[count].hash = version->hash;
        pointers[count] = &versions[count];
        count++;
    }
    return count;
}

static int result_pack(struct rpc_call *call, const struct rpc_result *result, nng_msg **ret_msg)
{
    Dongkhoi__Rpc__V1__Reply reply = DONGKHOI__RPC__V1__REPLY__INIT;
    Dongkhoi__Rpc__V1__Version versions[RPC_VERSIONS_MAX];
    Dongkhoi__Rpc__V1__Version *pointers[RPC_VERSIONS_MAX];
    struct spare_status spare;
    const bool ok = result->status.code == STATUS_OK;
    const struct slice payload = ok ? result->payload : (struct slice){"", 0};

    if (!ok) {
        reply.status = result_status(call, result, &spare);
    }
    reply.replayed = result->replayed;
    reply.draining = atomic_load(&call->server->draining);
    reply.n_versions = versions_fill(result, versions, pointers);
    reply.versions = pointers;
    return envelope_pack(&reply.base, ok ? result->message : NULL, payload, ret_msg);
}

static const struct rpc_result too_large = {
    .status = {STATUS_RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE",
               "the answer is larger than one message may be: ask for less", NULL},
};

void rpc_call_answer(struct rpc_call *call, const struct rpc_result *result)
{
    nng_msg *msg = NULL;
    const int pipe = nng_pipe_id(nng_msg_get_pipe(call->request));
    int err = result_pack(call, result, &msg);

    if (err != 0) {
        err = result_pack(call, &too_large, &msg);
    }
    nng_msg_free(call->request);
    call->request = NULL;
    if (err != 0) { /* no memory even for that: the caller's deadline ends the call */
        call_reset(call);
        call_receive(call);
        return;
    }
    struct rpc_server *server = call->server;
    if (!nng_enter(server)) {
        nng_msg_free(msg);
        call_reset(call);
        call_stop(call);
        return;
    }
    call->state = CALL_REPLYING;
    atomic_store(&call->sent, msg);
    atomic_store(&call->sent_pipe, pipe);
    nng_aio_set_msg(call->aio, msg);
    nng_aio_set_timeout(call->aio, SEND_TIMEOUT_MS);
    nng_ctx_send(call->ctx, call->aio);
    nng_leave(server);
}

/* A connection has ended; answers to it may be lost. */
static void on_pipe_removed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_server *server = arg;
    const int id = nng_pipe_id(pipe);

    (void)event;
    for (unsigned i = 0; i < server->call_count; i++) {
        struct rpc_call *call = &server->calls[i];
        if (atomic_load(&call->sent_pipe) == id) {
            message_lost(atomic_load(&call->sent));
        }
    }
}

static void server_free(struct rpc_server *server)
{
    for (unsigned i = 0; server->calls != NULL && i < server->call_count; i++) {
        nng_aio_free(server->calls[i].aio);
        arena_free(server->calls[i].arena);
    }
    free(server->calls);
    free(server);
}

static bool server_make_calls(struct rpc_server *server)
{
    server->calls = calloc(server->call_count, sizeof(*server->calls));
    if (server->calls == NULL) {
        return false;
    }
    for (unsigned i = 0; i < server->call_count; i++) {
        struct rpc_call *call = &server->calls[i];
        call->server = server;
        call->arena = arena_new(RPC_CALL_ARENA_BYTES);
        if (call->arena == NULL || nng_aio_alloc(&call->aio, on_server_aio, call) != 0 ||
            nng_ctx_open(&call->ctx, server->socket) != 0) {
            return false;
        }
    }
    return true;
}

static struct status server_listen(struct rpc_server *server, const char *address,
                                   struct arena *arena)
{
    (void)nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ,
                              RPC_MESSAGE_MAX_BYTES + MESSAGE_HEADER_BYTES);
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
    struct rpc_server *server = calloc(1, sizeof(*server));
    struct status status = status_out_of_memory();

    if (server == NULL) {
        return status;
    }
    server->on_call = options->on_call;
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
        call_receive(&server->calls[i]);
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
