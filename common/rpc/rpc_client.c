/*
 * rpc_client.c - a pool of calls, each a small state machine:
 *
 *     FREE --rpc_client_call--> SENDING --sent--> RECEIVING --reply or failure--> FREE
 *
 * Each call owns one nng context and one aio, made when it is first needed. While it is not FREE
 * only the callback of its aio touches it; on_reply is NULL once the call was answered.
 */
#include "rpc/rpc_client.h"

#include "base/clock.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "rpc/rpc_envelope.h"
#include "rpc/rpc_server.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    IN_FLIGHT_DEFAULT = 1024,
    TIMEOUT_DEFAULT_MS = 10 * 1000,
    TIMEOUT_MAX_MS = 60 * 60 * 1000,
    RECONNECT_MIN_MS = 10,
    RECONNECT_MAX_MS = 250,
    MESSAGE_TEXT_BYTES = 160,
    ADDRESSES_MAX = 16,
    CONNECTIONS_MAX = 2 * ADDRESSES_MAX,
    /* What nng counts besides our bytes: the request's id and hops. */
    MESSAGE_HEADER_BYTES = 1024,
};

enum client_state { CLIENT_SENDING, CLIENT_RECEIVING };

struct client_call {
    struct rpc_client *client;
    nng_ctx ctx;
    nng_aio *aio;
    enum client_state state;
    int64_t deadline_boot_ms;
    const nng_msg *sent; /* nng's; only for message_lost() */
    /* Guarded by the client's lock: */
    rpc_on_reply on_reply;
    void *arg;
    struct client_call *next_free;
};

/* One pipe of nng. leaving: an answer on it said that the service is about to stop. */
struct connection {
    int id;
    bool leaving;
};

struct rpc_client {
    nng_socket socket;
    unsigned max_in_flight;
    char down[MESSAGE_TEXT_BYTES]; /* messages of failures; constant */
    char unknown[MESSAGE_TEXT_BYTES];
    char late[MESSAGE_TEXT_BYTES];
    char busy[MESSAGE_TEXT_BYTES];
    char leaving[MESSAGE_TEXT_BYTES];
    atomic_uint usable;   /* connections that are not leaving */
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t quiet; /* under_way became 0 */
    struct client_call **calls;
    unsigned made;
    struct client_call *free_calls;
    unsigned under_way; /* calls whose on_reply has not returned */
    struct connection connections[CONNECTIONS_MAX];
    unsigned connection_count;
};

static struct status failure_down(const struct rpc_client *client)
{
    return (struct status){STATUS_UNAVAILABLE, "SERVICE_DOWN", client->down, NULL};
}

static struct status failure_leaving(const struct rpc_client *client)
{
    return (struct status){STATUS_UNAVAILABLE, "SHUTTING_DOWN", client->leaving, NULL};
}

static struct status failure_unknown(const struct rpc_client *client)
{
    return (struct status){STATUS_UNAVAILABLE, "OUTCOME_UNKNOWN", client->unknown, NULL};
}

static struct status failure_late(const struct rpc_client *client)
{
    return (struct status){STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", client->late, NULL};
}

static struct status failure_busy(const struct rpc_client *client)
{
    return (struct status){STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", client->busy, NULL};
}

/* Of a message that was not sent. */
static struct status status_from_send(const struct rpc_client *client, int err)
{
    return err == NNG_ETIMEDOUT ? failure_late(client) : failure_down(client);
}

/* Of an answer that did not come: all else than the deadline means a lost connection. */
static struct status status_from_receive(const struct rpc_client *client, int err)
{
    return err == NNG_ETIMEDOUT ? failure_late(client) : failure_unknown(client);
}

/* rpc_reply is nng's message by another name. */
static nng_msg *reply_message(struct rpc_reply *reply)
{
    return (nng_msg *)reply;
}

void rpc_reply_free(struct rpc_reply *reply)
{
    if (reply != NULL) {
        nng_msg_free(reply_message(reply));
    }
}

/* Gives the call back to the pool, then tells its owner, who may start another at once. */
static void call_finish(struct client_call *call, struct status status, struct rpc_reply *reply)
{
    struct rpc_client *client = call->client;

    pthread_mutex_lock(&client->lock);
    const rpc_on_reply on_reply = call->on_reply;
    void *arg = call->arg;
    call->on_reply = NULL;
    call->next_free = client->free_calls;
    client->free_calls = call;
    pthread_mutex_unlock(&client->lock);
    if (on_reply == NULL) { /* rpc_client_close() answered for it */
        rpc_reply_free(reply);
        return;
    }
    on_reply(arg, status, reply);
    pthread_mutex_lock(&client->lock);
    client->under_way--;
    if (client->under_way == 0) {
        pthread_cond_broadcast(&client->quiet);
    }
    pthread_mutex_unlock(&client->lock);
}

static nng_duration remaining_ms(const struct client_call *call)
{
    const int64_t remaining = call->deadline_boot_ms - clock_boot_ms();

    return remaining > 1 ? (nng_duration)remaining : 1;
}

static void on_sent(struct client_call *call, int err)
{
    if (err != 0) {
        nng_msg_free(nng_aio_get_msg(call->aio));
        call_finish(call, status_from_send(call->client, err), NULL);
        return;
    }
    call->state = CLIENT_RECEIVING;
    nng_aio_set_timeout(call->aio, remaining_ms(call));
    nng_ctx_recv(call->ctx, call->aio);
}

static struct connection *connection_find(struct rpc_client *client, int id)
{
    for (unsigned i = 0; i < client->connection_count; i++) {
        if (client->connections[i].id == id) {
            return &client->connections[i];
        }
    }
    return NULL;
}

/* Under the lock, after each change of the connections. */
static void count_usable(struct rpc_client *client)
{
    unsigned usable = 0;

    for (unsigned i = 0; i < client->connection_count; i++) {
        usable += !client->connections[i].leaving;
    }
    atomic_store(&client->usable, usable);
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_client *client = arg;
    const int id = nng_pipe_id(pipe);

    pthread_mutex_lock(&client->lock);
    struct connection *connection = connection_find(client, id);
    if (event == NNG_PIPE_EV_REM_POST) {
        if (connection != NULL) {
            *connection = client->connections[--client->connection_count];
        }
    } else if (connection == NULL && client->connection_count < CONNECTIONS_MAX) {
        client->connections[client->connection_count++] = (struct connection){.id = id};
    }
    count_usable(client);
    pthread_mutex_unlock(&client->lock);
}

/* A connection that is gone already is not found, and so cannot count as leaving for ever. */
static void note_draining(struct rpc_client *client, nng_msg *msg)
{
    const struct slice bytes = {.data = nng_msg_body(msg), .length = nng_msg_len(msg)};

    if (!envelope_is_draining(bytes)) {
        return;
    }
    pthread_mutex_lock(&client->lock);
    struct connection *connection = connection_find(client, nng_pipe_id(nng_msg_get_pipe(msg)));
    if (connection != NULL) {
        connection->leaving = true;
    }
    count_usable(client);
    pthread_mutex_unlock(&client->lock);
}

static void on_received(struct client_call *call, int err)
{
    if (err != 0) {
        message_lost(call->sent);
        call_finish(call, status_from_receive(call->client, err), NULL);
        return;
    }
    nng_msg *msg = nng_aio_get_msg(call->aio);
    nng_aio_set_msg(call->aio, NULL);
    note_draining(call->client, msg);
    call_finish(call, STATUS_NONE, (struct rpc_reply *)msg);
}

static void on_client_aio(void *arg)
{
    struct client_call *call = arg;
    const int err = nng_aio_result(call->aio);

    switch (call->state) {
    case CLIENT_SENDING:
        on_sent(call, err);
        break;
    case CLIENT_RECEIVING:
        on_received(call, err);
        break;
    }
}

bool rpc_client_connected(struct rpc_client *client)
{
    return atomic_load(&client->usable) > 0;
}

static void call_free(struct client_call *call)
{
    if (call != NULL) {
        nng_aio_free(call->aio);
        free(call);
    }
}

static struct client_call *call_new(struct rpc_client *client)
{
    struct client_call *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        return NULL;
    }
    call->client = client;
    if (nng_aio_alloc(&call->aio, on_client_aio, call) != 0 ||
        nng_ctx_open(&call->ctx, client->socket) != 0) {
        call_free(call);
        return NULL;
    }
    /* Else nng sends again, after a minute and at once when the connection drops. */
    if (nng_ctx_set_ms(call->ctx, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE) != 0) {
        (void)nng_ctx_close(call->ctx);
        call_free(call);
        return NULL;
    }
    return call;
}

static struct status failure_unusable(struct rpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    const bool leaving = client->connection_count > 0;
    pthread_mutex_unlock(&client->lock);
    return leaving ? failure_leaving(client) : failure_down(client);
}

/* A call of the pool for this answer; NULL when max_in_flight are under way. */
static struct client_call *call_take(struct rpc_client *client, rpc_on_reply on_reply, void *arg)
{
    struct client_call *call = NULL;

    pthread_mutex_lock(&client->lock);
    call = client->free_calls;
    if (call != NULL) {
        client->free_calls = call->next_free;
    } else if (client->made < client->max_in_flight) {
        call = call_new(client);
        if (call != NULL) {
            client->calls[client->made++] = call;
        }
    }
    if (call != NULL) {
        call->on_reply = on_reply;
        call->arg = arg;
        client->under_way++;
    }
    pthread_mutex_unlock(&client->lock);
    return call;
}

static char *text_or_empty(const char *text)
{
    return (char *)(text != NULL ? text : "");
}

struct status rpc_client_call(struct rpc_client *client, const struct rpc_request *request,
                              rpc_on_reply on_reply, void *arg)
{
    Dongkhoi__Rpc__V1__Request header = DONGKHOI__RPC__V1__REQUEST__INIT;
    uint32_t timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_DEFAULT_MS;
    nng_msg *msg = NULL;

    if (!rpc_client_connected(client)) {
        return failure_unusable(client);
    }
    if (timeout_ms > TIMEOUT_MAX_MS) {
        timeout_ms = TIMEOUT_MAX_MS;
    }
    header.method = text_or_empty(request->method);
    header.caller = text_or_empty(request->caller);
    header.idempotency_key = text_or_empty(request->idempotency_key);
    header.traceparent = text_or_empty(request->traceparent);
    header.if_match = text_or_empty(request->if_match);
    header.update_mask_implied = request->mask_is_implied;
    header.timeout_ms = timeout_ms;
    const int err = envelope_pack(&header.base, request->payload, (struct slice){"", 0}, &msg);
    if (err == NNG_EMSGSIZE) {
        return (struct status){STATUS_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
                               "the request is larger than one message may be", NULL};
    }
    if (err != 0) {
        return failure_busy(client);
    }
    struct client_call *call = call_take(client, on_reply, arg);
    if (call == NULL) {
        nng_msg_free(msg);
        return failure_busy(client);
    }
    call->state = CLIENT_SENDING;
    call->deadline_boot_ms = clock_boot_ms() + timeout_ms;
    call->sent = msg;
    nng_aio_set_msg(call->aio, msg);
    nng_aio_set_timeout(call->aio, (nng_duration)timeout_ms);
    nng_ctx_send(call->ctx, call->aio);
    return STATUS_NONE;
}

/* One waiting thread. */
struct waiter {
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t answered;
    bool done;
    struct status status;
    struct rpc_reply *reply;
};

static void on_waiter_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct waiter *waiter = arg;

    pthread_mutex_lock(&waiter->lock);
    waiter->done = true;
    waiter->status = status;
    waiter->reply = reply;
    pthread_cond_signal(&waiter->answered);
    pthread_mutex_unlock(&waiter->lock);
}

struct status rpc_client_call_wait(struct rpc_client *client, const struct rpc_request *request,
                                   struct rpc_reply **ret_reply)
{
    struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER,
                            .answered = PTHREAD_COND_INITIALIZER};

    TRY(rpc_client_call(client, request, on_waiter_reply, &waiter));
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.done) {
        pthread_cond_wait(&waiter.answered, &waiter.lock);
    }
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.answered);
    pthread_mutex_destroy(&waiter.lock);
    TRY(waiter.status);
    *ret_reply = waiter.reply;
    return STATUS_NONE;
}

static void client_free(struct rpc_client *client)
{
    for (unsigned i = 0; i < client->made; i++) {
        call_free(client->calls[i]);
    }
    free(client->calls);
    pthread_cond_destroy(&client->quiet);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

static struct rpc_client *client_new(const struct rpc_client_options *options)
{
    struct rpc_client *client = calloc(1, sizeof(*client));
    pthread_condattr_t attributes;

    if (client == NULL) {
        return NULL;
    }
    client->max_in_flight = options->max_in_flight > 0 ? options->max_in_flight : IN_FLIGHT_DEFAULT;
    pthread_mutex_init(&client->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&client->quiet, &attributes);
    pthread_condattr_destroy(&attributes);
    (void)snprintf(client->down, sizeof(client->down), "%s is not connected", options->service);
    (void)snprintf(client->unknown, sizeof(client->unknown),
                   "the connection to %s was lost; whether the request took effect is not known",
                   options->service);
    (void)snprintf(client->late, sizeof(client->late), "%s did not answer in time",
                   options->service);
    (void)snprintf(client->busy, sizeof(client->busy), "too many calls to %s are under way",
                   options->service);
    (void)snprintf(client->leaving, sizeof(client->leaving),
                   "%s is shutting down; nothing was done", options->service);
    client->calls = calloc(client->max_in_flight, sizeof(*client->calls));
    if (client->calls == NULL || nng_req0_open(&client->socket) != 0) {
        client_free(client);
        return NULL;
    }
    return client;
}

/* Starts one dialer; nng repeats it for ever. */
static int client_dial(struct rpc_client *client, const char *address)
{
    nng_dialer dialer;
    int err = nng_dialer_create(&dialer, client->socket, address);

    if (err == 0) {
        err = nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
    }
    return err;
}

static struct status client_start(struct rpc_client *client,
                                  const struct rpc_client_options *options, struct arena *arena)
{
    char *rest = arena_strdup(arena, options->addresses);
    unsigned count = 0;

    if (rest == NULL) {
        return status_out_of_memory();
    }
    (void)nng_socket_set_ms(client->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    (void)nng_socket_set_ms(client->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    (void)nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    (void)nng_socket_set_size(client->socket, NNG_OPT_RECVMAXSZ,
                              RPC_MESSAGE_MAX_BYTES + MESSAGE_HEADER_BYTES);
    (void)nng_pipe_notify(client->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, client);
    (void)nng_pipe_notify(client->socket, NNG_PIPE_EV_REM_POST, on_pipe, client);
    for (char *save = NULL, *address = strtok_r(rest, ",", &save); address != NULL;
         address = strtok_r(NULL, ",", &save)) {
        const int err = count < ADDRESSES_MAX ? client_dial(client, address) : NNG_EADDRINVAL;
        if (err != 0) {
            return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_ADDRESS", NULL,
                               "%s cannot be dialled for %s: %s", address, options->service,
                               nng_strerror(err));
        }
        count++;
    }
    if (count == 0) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_ADDRESS", NULL,
                           "%s has no address", options->service);
    }
    return STATUS_NONE;
}

struct status rpc_client_open(const struct rpc_client_options *options, struct arena *arena,
                              struct rpc_client **ret_client)
{
    struct rpc_client *client = client_new(options);

    if (client == NULL) {
        return status_out_of_memory();
    }
    const struct status status = client_start(client, options, arena);
    if (status.code != STATUS_OK) {
        nng_close(client->socket);
        client_free(client);
        return status;
    }
    *ret_client = client;
    return STATUS_NONE;
}

/* Answers the calls that a hanging nng does not. */
static void client_fail_all(struct rpc_client *client)
{
    for (unsigned i = 0; i < client->made; i++) {
        struct client_call *call = client->calls[i];
        pthread_mutex_lock(&client->lock);
        const rpc_on_reply on_reply = call->on_reply;
        void *arg = call->arg;
        call->on_reply = NULL;
        pthread_mutex_unlock(&client->lock);
        if (on_reply != NULL) {
            on_reply(arg, failure_unknown(client), NULL);
        }
    }
}

void rpc_client_close(struct rpc_client *client, unsigned bound_ms)
{
    if (client == NULL) {
        return;
    }
    if (!socket_close(client->socket, bound_ms)) {
        client_fail_all(client);
        return;
    }
    pthread_mutex_lock(&client->lock);
    while (client->under_way > 0) {
        pthread_cond_wait(&client->quiet, &client->lock);
    }
    pthread_mutex_unlock(&client->lock);
    client_free(client);
}

static struct status malformed_reply(struct arena *arena, const char *why)
{
    return status_make(arena, STATUS_INTERNAL, "MALFORMED_REPLY", NULL, "malformed reply: %s", why);
}

struct status rpc_reply_parse(struct rpc_reply *reply, struct arena *arena,
                              struct rpc_answer *ret_answer)
{
    nng_msg *msg = reply_message(reply);
    const struct slice bytes = {.data = nng_msg_body(msg), .length = nng_msg_len(msg)};
    struct rpc_answer answer = {0};
    void *unpacked = NULL;

    const struct status status = envelope_unpack(arena, &dongkhoi__rpc__v1__reply__descriptor,
                                                 bytes, &unpacked, &answer.payload);
    if (status.code != STATUS_OK) {
        return malformed_reply(arena, status.message);
    }
    const Dongkhoi__Rpc__V1__Reply *header = unpacked;
    struct rpc_version *versions = arena_array(arena, header->n_versions, sizeof(*versions));
    if (versions == NULL) {
        return malformed_reply(arena, "it is too large");
    }
    for (size_t i = 0; i < header->n_versions; i++) {
        versions[i] = (struct rpc_version){
            .service = header->versions[i]->service,
            .seq = header->versions[i]->seq,
            .hash = header->versions[i]->hash,
        };
    }
    answer.versions = versions;
    answer.version_count = header->n_versions;
    answer.replayed = header->replayed;
    if (header->status != NULL && header->status->code != STATUS_OK) {
        answer.status = status_from_wire(arena, header->status);
        answer.status_detail = header->status;
    }
    *ret_answer = answer;
    return STATUS_NONE;
}
