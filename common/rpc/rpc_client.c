/*
 * rpc_client.c - connections to one service, and the start of calls to it. How calls travel is in
 * rpc_parcel.c.
 */
#include "rpc/rpc_client.h"

#include "base/clock.h"
#include "base/memory.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "rpc/rpc_envelope.h"
#include "rpc/rpc_parcel.h"
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
    /* Calls that travel together end at the earliest deadline: none by more than this too early. */
    TIMEOUT_SLACK_MS = 100,
    RECONNECT_MIN_MS = 10,
    RECONNECT_MAX_MS = 250,
    ADDRESSES_MAX = CONNECTIONS_MAX / 2,
};

static struct status failure_down(const struct rpc_client *client)
{
    return (struct status){STATUS_UNAVAILABLE, "SERVICE_DOWN", client->down, NULL};
}

static struct status failure_leaving(const struct rpc_client *client)
{
    return (struct status){STATUS_UNAVAILABLE, "SHUTTING_DOWN", client->leaving, NULL};
}

struct status failure_unknown(const struct rpc_client *client)
{
    return (struct status){STATUS_UNAVAILABLE, "OUTCOME_UNKNOWN", client->unknown, NULL};
}

struct status failure_late(const struct rpc_client *client)
{
    return (struct status){STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", client->late, NULL};
}

static struct status failure_busy(const struct rpc_client *client)
{
    return (struct status){STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", client->busy, NULL};
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
    if (usable > 0) {
        atomic_store(&client->lost_boot_ms, 0);
    } else if (atomic_load(&client->usable) > 0) {
        atomic_store(&client->lost_boot_ms, clock_boot_ms());
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

static bool is_draining(nng_msg *msg)
{
    struct slice rest = {.data = nng_msg_body(msg), .length = nng_msg_len(msg)};
    struct slice envelope = {0};

    while (envelope_next(&rest, &envelope)) {
        if (envelope_is_draining(envelope)) {
            return true;
        }
    }
    return false;
}

/* A connection that is gone already is not found, and so cannot count as leaving for ever. */
void client_note_draining(struct rpc_client *client, nng_msg *msg)
{
    if (!is_draining(msg)) {
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

bool rpc_client_connected(struct rpc_client *client)
{
    return atomic_load(&client->usable) > 0;
}

unsigned rpc_client_connections(struct rpc_client *client)
{
    return atomic_load(&client->usable);
}

unsigned rpc_client_under_way(struct rpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    const unsigned under_way = client->under_way;
    pthread_mutex_unlock(&client->lock);
    return under_way;
}

int64_t rpc_client_lost_boot_ms(const struct rpc_client *client)
{
    return atomic_load(&client->lost_boot_ms);
}

struct status failure_unusable(struct rpc_client *client)
{
    if (rpc_client_connected(client)) {
        return (struct status){STATUS_UNAVAILABLE, "SERVICE_DOWN", client->stalled, NULL};
    }
    pthread_mutex_lock(&client->lock);
    const bool leaving = client->connection_count > 0;
    pthread_mutex_unlock(&client->lock);
    return leaving ? failure_leaving(client) : failure_down(client);
}

static char *text_or_empty(const char *text)
{
    return (char *)(text != NULL ? text : "");
}

static int request_pack(const struct rpc_request *request, uint32_t timeout_ms, nng_msg **ret_msg)
{
    Dongkhoi__Rpc__V1__Request header = DONGKHOI__RPC__V1__REQUEST__INIT;

    header.method = text_or_empty(request->method);
    header.caller = text_or_empty(request->caller);
    header.idempotency_key = text_or_empty(request->idempotency_key);
    header.traceparent = text_or_empty(request->traceparent);
    header.if_match = text_or_empty(request->if_match);
    header.update_mask_implied = request->mask_is_implied;
    header.timeout_ms = timeout_ms;
    return envelope_pack(&header.base, request->payload, (struct slice){"", 0}, ret_msg);
}

/* Puts a call under way; on a failure nothing keeps any of it. */
static struct status call_start(struct rpc_client *client, const struct client_call *from,
                                enum rpc_company company)
{
    struct parcel *parcel = NULL;
    bool refused = true;

    pthread_mutex_lock(&client->lock);
    struct client_call *call = client->free_calls;
    if (call != NULL) {
        struct client_call *next = call->next;
        *call = *from;
        client->free_calls = next;
        parcel = parcel_board(client, call, company, &refused);
        if (refused) {
            call->on_reply = NULL;
            call->next = next;
            client->free_calls = call;
        } else {
            client->under_way++;
        }
    }
    pthread_mutex_unlock(&client->lock);
    if (refused) {
        return failure_busy(client);
    }
    if (parcel != NULL) {
        parcel_send(parcel);
    }
    return STATUS_NONE;
}

struct status rpc_client_call(struct rpc_client *client, const struct rpc_request *request,
                              rpc_on_reply on_reply, void *arg)
{
    uint32_t timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_DEFAULT_MS;
    struct client_call call = {.on_reply = on_reply, .arg = arg};

    if (!rpc_client_connected(client)) {
        return failure_unusable(client);
    }
    if (timeout_ms > TIMEOUT_MAX_MS) {
        timeout_ms = TIMEOUT_MAX_MS;
    }
    const int err = request_pack(request, timeout_ms, &call.part);
    if (err == NNG_EMSGSIZE) {
        return (struct status){STATUS_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
                               "the request is larger than one message may be", NULL};
    }
    if (err != 0) {
        return failure_busy(client);
    }
    const bool is_usual =
        timeout_ms <= TIMEOUT_DEFAULT_MS && timeout_ms >= TIMEOUT_DEFAULT_MS - TIMEOUT_SLACK_MS;
    call.deadline_boot_ms = clock_boot_ms() + timeout_ms;
    const struct status status = call_start(client, &call, is_usual ? request->company : RPC_ALONE);
    if (status.code != STATUS_OK) {
        nng_msg_free(call.part);
    }
    return status;
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
    for (unsigned i = 0; i < client->parcel_count; i++) {
        parcel_free(client->parcels[i]);
    }
    free(client->parcels);
    free(client->calls);
    pthread_cond_destroy(&client->waiting);
    pthread_cond_destroy(&client->quiet);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

static void client_name_failures(struct rpc_client *client, const char *service)
{
    (void)snprintf(client->down, sizeof(client->down), "%s is not connected", service);
    (void)snprintf(client->unknown, sizeof(client->unknown),
                   "the connection to %s was lost; whether the request took effect is not known",
                   service);
    (void)snprintf(client->stalled, sizeof(client->stalled), "%s takes no calls; nothing was sent",
                   service);
    (void)snprintf(client->late, sizeof(client->late), "%s did not answer in time", service);
    (void)snprintf(client->busy, sizeof(client->busy), "too many calls to %s are under way",
                   service);
    (void)snprintf(client->leaving, sizeof(client->leaving),
                   "%s is shutting down; nothing was done", service);
}

static void client_make_calls(struct rpc_client *client)
{
    client->calls = memory_zeroed(client->max_in_flight * sizeof(*client->calls));
    client->parcels = memory_zeroed(client->max_in_flight * sizeof(struct parcel *));
    for (unsigned i = client->max_in_flight; i > 0; i--) {
        client->calls[i - 1].next = client->free_calls;
        client->free_calls = &client->calls[i - 1];
    }
    for (unsigned i = 0; i < LANES; i++) {
        client->lanes[i].tail = &client->lanes[i].head;
    }
}

static struct rpc_client *client_new(const struct rpc_client_options *options)
{
    struct rpc_client *client = memory_zeroed(sizeof(*client));
    pthread_condattr_t attributes;

    client->max_in_flight = options->max_in_flight > 0 ? options->max_in_flight : IN_FLIGHT_DEFAULT;
    client->is_flushed = options->is_flushed;
    pthread_mutex_init(&client->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&client->quiet, &attributes);
    pthread_cond_init(&client->waiting, &attributes);
    pthread_condattr_destroy(&attributes);
    client_name_failures(client, options->service);
    client_make_calls(client);
    if (nng_req0_open(&client->socket) != 0) {
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

    (void)nng_socket_set_ms(client->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    (void)nng_socket_set_ms(client->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    (void)nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    (void)nng_socket_set_size(client->socket, NNG_OPT_RECVMAXSZ, MESSAGE_LIMIT_BYTES);
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
    client->has_tick = pthread_create(&client->tick, NULL, parcels_tick, client) == 0;
    return client->has_tick ? STATUS_NONE : status_out_of_memory();
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
    for (unsigned i = 0; i < client->max_in_flight; i++) {
        struct client_call *call = &client->calls[i];
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

static void tick_stop(struct rpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->is_closing = true;
    pthread_cond_signal(&client->waiting);
    pthread_mutex_unlock(&client->lock);
    if (client->has_tick) {
        pthread_join(client->tick, NULL);
    }
}

void rpc_client_close(struct rpc_client *client, unsigned bound_ms)
{
    if (client == NULL) {
        return;
    }
    tick_stop(client);
    const bool is_closed = socket_close(client->socket, bound_ms);
    parcels_fail_waiting(client);
    if (!is_closed) {
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
    const struct slice bytes = reply_envelope(reply);
    struct rpc_answer answer = {0};
    void *unpacked = NULL;

    const struct status status = envelope_unpack(arena, &dongkhoi__rpc__v1__reply__descriptor,
                                                 bytes, &unpacked, &answer.payload);
    if (status.code != STATUS_OK) {
        return malformed_reply(arena, status.message);
    }
    const Dongkhoi__Rpc__V1__Reply *header = unpacked;
    struct rpc_version *versions = arena_array(arena, header->n_versions, sizeof(*versions));
    if (arena_exhausted(arena)) {
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
    if (header->timing != NULL) {
        answer.timing = (struct rpc_timing){.queue_us = header->timing->queue_us,
                                            .service_us = header->timing->service_us,
                                            .store_us = header->timing->store_us};
    }
    if (header->status != NULL && header->status->code != STATUS_OK) {
        answer.status = status_from_wire(arena, header->status);
        answer.status_detail = header->status;
    }
    *ret_answer = answer;
    return STATUS_NONE;
}
