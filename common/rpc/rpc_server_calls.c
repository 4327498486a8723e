/*
 * rpc_server_calls.c - a fixed set of contexts, each a small state machine:
 *
 *     RECEIVING --parcel--> HANDLING --last of its answers--> REPLYING --sent--> RECEIVING
 *     any --socket closed--> STOPPED
 *
 * Each has one aio of nng and takes a parcel of calls at a time (rpc_parcel.c sends them), whose
 * answers go back in one message. A call is taken from a list of free ones, with its arena, and is
 * free again as soon as its answer is packed.
 *
 * While a parcel is HANDLING its calls are answered by any threads, in any order. The counter
 * `unanswered` decides who is last: that thread sends the answers, and the parcel is nng's again.
 */
#include "rpc/rpc_server_internal.h"

#include "base/clock.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"

enum {
    /* What a call that names no time gets, and the most that any gets. */
    DEADLINE_DEFAULT_MS = 10 * 1000,
    DEADLINE_MAX_MS = 60 * 60 * 1000,
    /* A peer that does not read its answers is given up. */
    SEND_TIMEOUT_MS = 30 * 1000,
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

static bool server_draining(const struct rpc_server *server)
{
    return atomic_load(&server->draining);
}

/* Called before a context is given to nng, because nng 1.5.2 destroys contexts under those who are
 * just entering them while the socket closes. False: the server closes, stay out. Else nng_leave()
 * has to follow, and rpc_server_close() waits for it. */
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

static void parcel_stop(struct server_parcel *parcel)
{
    struct rpc_server *server = parcel->server;

    parcel->state = PARCEL_STOPPED;
    atomic_fetch_sub(&server->receiving, 1);
}

void parcel_receive(struct server_parcel *parcel)
{
    struct rpc_server *server = parcel->server;

    if (!nng_enter(server)) {
        parcel_stop(parcel);
        return;
    }
    parcel->state = PARCEL_RECEIVING;
    nng_aio_set_timeout(parcel->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(parcel->ctx, parcel->aio);
    nng_leave(server);
}

/* Reads the envelope. The deadline travels as a duration and counts from now, since the clocks of
 * two machines differ. */
static struct status call_read(struct rpc_call *call, struct slice bytes)
{
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

static const struct rpc_result too_large = {
    .status = {STATUS_RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE",
               "the answer is larger than one message may be: ask for less", NULL},
};

static const struct rpc_result too_many = {
    .status = {STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", "too many calls are under way", NULL},
};

static const struct rpc_result malformed = {
    .status = {STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "the message holds no calls", NULL},
};

/* For an answer that would make the common message too large. Its call may have had an effect, and
 * the answer is lost, so the outcome is not known to the caller. */
static const struct rpc_result no_room = {
    .status = {STATUS_UNAVAILABLE, "OUTCOME_UNKNOWN",
               "the answer did not fit into one message with others; whether the request took "
               "effect is not known",
               NULL},
};

/* Puts the answers behind each other in one message. NULL when there is no memory: then nothing is
 * sent, and the callers wait until their deadlines. */
static nng_msg *parts_join(struct server_parcel *parcel)
{
    nng_msg *msg = parcel->parts[0];

    for (unsigned i = 1; i < parcel->count; i++) {
        nng_msg *part = parcel->parts[i];

        if (msg != NULL && part != NULL &&
            nng_msg_len(msg) + nng_msg_len(part) > RPC_MESSAGE_MAX_BYTES) {
            nng_msg_free(part);
            part = NULL;
            (void)result_pack(NULL, server_draining(parcel->server), &no_room, &part);
        }
        if (msg != NULL &&
            (part == NULL || nng_msg_append(msg, nng_msg_body(part), nng_msg_len(part)) != 0)) {
            nng_msg_free(msg);
            msg = NULL;
        }
        if (part != NULL) {
            nng_msg_free(part);
        }
    }
    return msg;
}

/* The answers are sent, or nobody wants them any more. */
static void parcel_end(struct server_parcel *parcel)
{
    atomic_fetch_sub(&parcel->server->busy, parcel->count);
    parcel->count = 0;
}

static void parcel_reply(struct server_parcel *parcel)
{
    struct rpc_server *server = parcel->server;
    const int pipe = nng_pipe_id(nng_msg_get_pipe(parcel->request));
    nng_msg *msg = parts_join(parcel);

    nng_msg_free(parcel->request);
    parcel->request = NULL;
    if (msg == NULL) {
        parcel_end(parcel);
        parcel_receive(parcel);
        return;
    }
    if (!nng_enter(server)) {
        nng_msg_free(msg);
        parcel_end(parcel);
        parcel_stop(parcel);
        return;
    }
    parcel->state = PARCEL_REPLYING;
    atomic_store(&parcel->sent, msg);
    atomic_store(&parcel->sent_pipe, pipe);
    nng_aio_set_msg(parcel->aio, msg);
    nng_aio_set_timeout(parcel->aio, SEND_TIMEOUT_MS);
    nng_ctx_send(parcel->ctx, parcel->aio);
    nng_leave(server);
}

/* Gives one answer to the parcel; the last one sends them all. From here on the caller must not
 * touch the parcel: another thread may have given the last answer. */
static void parcel_answer(struct server_parcel *parcel, unsigned place, nng_msg *part)
{
    parcel->parts[place] = part;
    if (atomic_fetch_sub(&parcel->unanswered, 1) == 1) {
        parcel_reply(parcel);
    }
}

static struct rpc_call *call_take(struct rpc_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct rpc_call *call = server->free_calls;
    if (call != NULL) {
        server->free_calls = call->next_free;
    }
    pthread_mutex_unlock(&server->lock);
    return call;
}

static void call_put(struct rpc_call *call)
{
    struct rpc_server *server = call->server;

    arena_reset(call->arena);
    call->info = (struct rpc_call_info){0};
    call->context = NULL;
    pthread_mutex_lock(&server->lock);
    call->next_free = server->free_calls;
    server->free_calls = call;
    pthread_mutex_unlock(&server->lock);
}

void rpc_call_answer(struct rpc_call *call, const struct rpc_result *result)
{
    struct server_parcel *parcel = call->parcel;
    const unsigned place = call->place;
    const bool draining = server_draining(call->server);
    nng_msg *msg = NULL;

    if (result_pack(call->arena, draining, result, &msg) != 0 &&
        result_pack(call->arena, draining, &too_large, &msg) != 0) {
        msg = NULL;
    }
    call_put(call);
    parcel_answer(parcel, place, msg);
}

/* Answers one call of a parcel without a struct rpc_call, hence without an arena. */
static void parcel_refuse(struct server_parcel *parcel, unsigned place,
                          const struct rpc_result *result)
{
    nng_msg *msg = NULL;

    if (result_pack(NULL, server_draining(parcel->server), result, &msg) != 0) {
        msg = NULL;
    }
    parcel_answer(parcel, place, msg);
}

/* A server that drains refuses before it reads, so that the caller knows that nothing was done. */
static void call_start(struct server_parcel *parcel, unsigned place, struct slice envelope)
{
    struct rpc_server *server = parcel->server;
    struct rpc_call *call = call_take(server);

    if (call == NULL) {
        parcel_refuse(parcel, place, &too_many);
        return;
    }
    call->parcel = parcel;
    call->place = place;
    struct status status = {STATUS_UNAVAILABLE, "SHUTTING_DOWN",
                            "the service is shutting down; nothing was done", NULL};
    if (!atomic_load(&server->draining)) {
        status = call_read(call, envelope);
    }
    if (status.code != STATUS_OK) {
        rpc_call_answer(call, &(struct rpc_result){.status = status});
        return;
    }
    server->on_call(server->arg, call);
}

/* How many calls are in a message; 0 when it is no parcel, or has too many. */
static unsigned calls_count(struct slice rest)
{
    struct slice envelope = {0};
    unsigned count = 0;

    while (rest.length > 0) {
        if (count == PARCEL_CALLS_MAX || !envelope_next(&rest, &envelope)) {
            return 0;
        }
        count++;
    }
    return count;
}

static void parcel_take(struct server_parcel *parcel)
{
    struct rpc_server *server = parcel->server;

    parcel->request = nng_aio_get_msg(parcel->aio);
    nng_aio_set_msg(parcel->aio, NULL);
    parcel->state = PARCEL_HANDLING;
    struct slice rest = {.data = nng_msg_body(parcel->request),
                         .length = nng_msg_len(parcel->request)};
    struct slice envelope = {0};
    const unsigned count = calls_count(rest);
    parcel->count = count > 0 ? count : 1;
    atomic_store(&parcel->unanswered, parcel->count);
    atomic_fetch_add(&server->taken, parcel->count);
    atomic_fetch_add(&server->busy, parcel->count);
    if (count == 0) {
        parcel_refuse(parcel, 0, &malformed);
        return;
    }
    /* Once the last call is started the parcel may be answered and received anew by other threads,
     * so only copies are used behind the loop. */
    for (unsigned i = 0; i < count; i++) {
        (void)envelope_next(&rest, &envelope);
        call_start(parcel, i, envelope);
    }
    if (server->on_calls_end != NULL) {
        server->on_calls_end(server->arg);
    }
}

/* Every event of a context comes here, on a thread of nng. A failed receive or send is no reason to
 * stop: only a closed socket is. */
void on_server_aio(void *arg)
{
    struct server_parcel *parcel = arg;
    const int err = nng_aio_result(parcel->aio);
    const bool closed = err == NNG_ECLOSED || err == NNG_ECANCELED;

    switch (parcel->state) {
    case PARCEL_RECEIVING:
        if (err == 0) {
            parcel_take(parcel);
            return;
        }
        break;
    case PARCEL_REPLYING:
        if (err != 0) {
            nng_msg_free(nng_aio_get_msg(parcel->aio));
            nng_aio_set_msg(parcel->aio, NULL);
        }
        parcel_end(parcel);
        break;
    case PARCEL_HANDLING:
    case PARCEL_STOPPED:
        return;
    }
    if (closed) {
        parcel_stop(parcel);
    } else {
        parcel_receive(parcel);
    }
}
