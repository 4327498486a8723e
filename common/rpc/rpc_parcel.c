/*
 * rpc_parcel.c - parcels, each a small state machine with one context and one aio of nng:
 *
 *     FREE --boarded by calls--> SENDING --sent--> RECEIVING --replies or failure--> FREE
 *
 * A lane has PARCELS_PER_LANE parcels under way; calls that come meanwhile wait and travel in the
 * next one. So a service with nothing to do gets each call at once, and one with much to do gets
 * many in one message, which costs about as much as one call does. What waits longer than
 * STALE_MS, behind parcels that are slow or lost, gets a parcel more.
 */
#include "rpc/rpc_parcel.h"

#include "base/clock.h"
#include "base/memory.h"

#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>
#include <time.h>

enum {
    PARCELS_PER_LANE = 2,
    STALE_MS = 2,
    SEND_MAX_MS = 1000,
    /* Larger calls travel alone. */
    PART_MAX_BYTES = 64 << 10,
    PARCEL_BYTES = 1 << 20,
};

/* One answer within a message that others share. */
struct rpc_reply {
    struct replies *owner;
    struct slice envelope; /* data is NULL: it is missing */
};

struct replies {
    atomic_uint users;
    nng_msg *msg;
    struct rpc_reply replies[];
};

void rpc_reply_free(struct rpc_reply *reply)
{
    if (reply != NULL && atomic_fetch_sub(&reply->owner->users, 1) == 1) {
        nng_msg_free(reply->owner->msg);
        free(reply->owner);
    }
}

size_t rpc_reply_bytes(const struct rpc_reply *reply)
{
    return reply->envelope.length;
}

struct slice reply_envelope(const struct rpc_reply *reply)
{
    return reply->envelope;
}

void replies_split(nng_msg *msg, unsigned count, struct rpc_reply **ret_replies)
{
    struct slice rest = {.data = nng_msg_body(msg), .length = nng_msg_len(msg)};
    struct replies *owner = memory_zeroed(sizeof(*owner) + count * sizeof(owner->replies[0]));

    owner->msg = msg;
    atomic_init(&owner->users, count);
    for (unsigned i = 0; i < count; i++) {
        struct rpc_reply *reply = &owner->replies[i];
        reply->owner = owner;
        if (!envelope_next(&rest, &reply->envelope)) {
            reply->envelope = (struct slice){0};
            rest = (struct slice){0};
        }
        ret_replies[i] = reply;
    }
}

/* Whom to tell that a call has ended. */
struct ending {
    rpc_on_reply on_reply; /* NULL: rpc_client_close() did */
    void *arg;
};

static void call_put(struct rpc_client *client, struct client_call *call, struct ending *ending)
{
    *ending = (struct ending){call->on_reply, call->arg};
    if (call->part != NULL) { /* it was not sent */
        nng_msg_free(call->part);
        call->part = NULL;
    }
    call->on_reply = NULL;
    call->next = client->free_calls;
    client->free_calls = call;
}

static void end_one(const struct ending *ending, struct status status, struct rpc_reply *reply)
{
    static const struct status malformed = {STATUS_INTERNAL, "MALFORMED_REPLY",
                                            "malformed reply: it is missing", NULL};

    if (reply != NULL && (ending->on_reply == NULL || reply_envelope(reply).data == NULL)) {
        rpc_reply_free(reply);
        reply = NULL;
        status = malformed;
    }
    if (ending->on_reply != NULL) {
        ending->on_reply(ending->arg, status, reply);
    }
}

static void end_all(struct rpc_client *client, const struct ending *endings, unsigned count,
                    struct status status, nng_msg *msg)
{
    struct rpc_reply *replies[PARCEL_CALLS_MAX] = {NULL};

    if (msg != NULL) {
        replies_split(msg, count, replies);
    }
    for (unsigned i = 0; i < count; i++) {
        end_one(&endings[i], status, replies[i]);
    }
    pthread_mutex_lock(&client->lock);
    client->under_way -= count;
    if (client->under_way == 0) {
        pthread_cond_broadcast(&client->quiet);
    }
    pthread_mutex_unlock(&client->lock);
}

/* Under the lock: as many of the lane's calls as go into one parcel. */
static void parcel_load(struct parcel *parcel, enum rpc_company company)
{
    struct lane *lane = &parcel->client->lanes[company];
    struct client_call **tail = &parcel->calls;
    size_t bytes = 0;

    parcel->lane = company;
    parcel->deadline_boot_ms = lane->head->deadline_boot_ms;
    for (unsigned count = 0; lane->head != NULL && count < PARCEL_CALLS_MAX; count++) {
        struct client_call *call = lane->head;
        bytes += nng_msg_len(call->part);
        if (count > 0 && bytes > PARCEL_BYTES) {
            break;
        }
        if (call->deadline_boot_ms < parcel->deadline_boot_ms) {
            parcel->deadline_boot_ms = call->deadline_boot_ms;
        }
        lane->head = call->next;
        *tail = call;
        tail = &call->next;
    }
    *tail = NULL;
    if (lane->head == NULL) {
        lane->tail = &lane->head;
        atomic_store(&lane->waits, false);
    }
    lane->in_flight++;
}

/* The parcel is back: its calls end, and it takes those that waited, before anybody is told, so
 * that the service has work meanwhile. After a failure they are left to the tick: nng tells of a
 * lost connection later than of the calls that it lost. */
static void parcel_done(struct parcel *parcel, struct status status, nng_msg *msg)
{
    struct rpc_client *client = parcel->client;
    struct ending endings[PARCEL_CALLS_MAX];
    unsigned count = 0;

    pthread_mutex_lock(&client->lock);
    for (struct client_call *call = parcel->calls, *next = NULL; call != NULL; call = next) {
        next = call->next;
        call_put(client, call, &endings[count++]);
    }
    parcel->calls = NULL;
    struct lane *lane = &client->lanes[parcel->lane];
    lane->in_flight--;
    const bool again = msg != NULL && lane->head != NULL && lane->in_flight < PARCELS_PER_LANE &&
                       !client->is_closing;
    if (again) {
        parcel_load(parcel, parcel->lane);
    } else {
        parcel->next_free = client->free_parcels;
        client->free_parcels = parcel;
    }
    pthread_mutex_unlock(&client->lock);
    if (again && rpc_client_connected(client)) {
        parcel_send(parcel);
    } else if (again) {
        parcel_done(parcel, failure_unusable(client), NULL);
    }
    end_all(client, endings, count, status, msg);
}

static nng_duration remaining_ms(const struct parcel *parcel)
{
    const int64_t remaining = parcel->deadline_boot_ms - clock_boot_ms();

    return remaining > 1 ? (nng_duration)remaining : 1;
}

/* A message that is given to nng in the moment that the connection dies waits for another one. */
static nng_duration send_timeout_ms(const struct parcel *parcel)
{
    const nng_duration remaining = remaining_ms(parcel);

    return remaining < SEND_MAX_MS ? remaining : SEND_MAX_MS;
}

/* All parts in one message; NULL without memory. */
static nng_msg *parts_join(struct client_call *calls)
{
    nng_msg *msg = calls->part;
    int err = 0;

    calls->part = NULL;
    for (struct client_call *call = calls->next; call != NULL; call = call->next) {
        if (err == 0) {
            err = nng_msg_append(msg, nng_msg_body(call->part), nng_msg_len(call->part));
        }
        nng_msg_free(call->part);
        call->part = NULL;
    }
    if (err != 0) {
        nng_msg_free(msg);
        return NULL;
    }
    return msg;
}

void parcel_send(struct parcel *parcel)
{
    nng_msg *msg = parts_join(parcel->calls);

    if (msg == NULL) {
        parcel_done(parcel, status_out_of_memory(), NULL);
        return;
    }
    parcel->state = PARCEL_SENDING;
    parcel->sent = msg;
    nng_aio_set_msg(parcel->aio, msg);
    nng_aio_set_timeout(parcel->aio, send_timeout_ms(parcel));
    nng_ctx_send(parcel->ctx, parcel->aio);
}

/* What was not sent had no effect, so that it is no deadline which is over, unless it is. */
static struct status status_from_send(const struct parcel *parcel, int err)
{
    const bool is_late = err == NNG_ETIMEDOUT && clock_boot_ms() >= parcel->deadline_boot_ms;

    return is_late ? failure_late(parcel->client) : failure_unusable(parcel->client);
}

static void on_sent(struct parcel *parcel, int err)
{
    if (err != 0) {
        nng_msg_free(nng_aio_get_msg(parcel->aio));
        nng_aio_set_msg(parcel->aio, NULL);
        parcel_done(parcel, status_from_send(parcel, err), NULL);
        return;
    }
    parcel->state = PARCEL_RECEIVING;
    nng_aio_set_timeout(parcel->aio, remaining_ms(parcel));
    nng_ctx_recv(parcel->ctx, parcel->aio);
}

/* Of an answer that did not come, all else than the deadline means a lost connection. */
static void on_received(struct parcel *parcel, int err)
{
    if (err != 0) {
        message_lost(parcel->sent);
        parcel_done(parcel,
                    err == NNG_ETIMEDOUT ? failure_late(parcel->client)
                                         : failure_unknown(parcel->client),
                    NULL);
        return;
    }
    nng_msg *msg = nng_aio_get_msg(parcel->aio);
    nng_aio_set_msg(parcel->aio, NULL);
    client_note_draining(parcel->client, msg);
    parcel_done(parcel, STATUS_NONE, msg);
}

static void on_parcel_aio(void *arg)
{
    struct parcel *parcel = arg;
    const int err = nng_aio_result(parcel->aio);

    switch (parcel->state) {
    case PARCEL_SENDING:
        on_sent(parcel, err);
        break;
    case PARCEL_RECEIVING:
        on_received(parcel, err);
        break;
    }
}

void parcel_free(struct parcel *parcel)
{
    if (parcel != NULL) {
        nng_aio_free(parcel->aio);
        free(parcel);
    }
}

static struct parcel *parcel_new(struct rpc_client *client)
{
    struct parcel *parcel = memory_zeroed(sizeof(*parcel));

    parcel->client = client;
    if (nng_aio_alloc(&parcel->aio, on_parcel_aio, parcel) != 0 ||
        nng_ctx_open(&parcel->ctx, client->socket) != 0) {
        parcel_free(parcel);
        return NULL;
    }
    /* Else nng sends again, after a minute and at once when the connection drops. */
    if (nng_ctx_set_ms(parcel->ctx, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE) != 0) {
        (void)nng_ctx_close(parcel->ctx);
        parcel_free(parcel);
        return NULL;
    }
    return parcel;
}

/* Under the lock. */
static struct parcel *parcel_take(struct rpc_client *client)
{
    struct parcel *parcel = client->free_parcels;

    if (parcel != NULL) {
        client->free_parcels = parcel->next_free;
        return parcel;
    }
    /* Each carries a call at least. */
    if (client->parcel_count == client->max_in_flight) {
        return NULL;
    }
    parcel = parcel_new(client);
    if (parcel != NULL) {
        client->parcels[client->parcel_count++] = parcel;
    }
    return parcel;
}

/* Under the lock. */
static void lane_append(struct lane *lane, struct client_call *call)
{
    call->next = NULL;
    *lane->tail = call;
    lane->tail = &call->next;
    atomic_store(&lane->waits, true);
}

/* Under the lock, while calls wait. */
static void tick_start(struct rpc_client *client)
{
    if (!client->is_ticking) {
        client->is_ticking = true;
        pthread_cond_signal(&client->waiting);
    }
}

struct parcel *parcel_board(struct rpc_client *client, struct client_call *call,
                            enum rpc_company company, bool *ret_refused)
{
    const bool is_large = nng_msg_len(call->part) > PART_MAX_BYTES;
    const enum rpc_company kind = is_large ? RPC_ALONE : company;
    struct lane *lane = &client->lanes[kind];
    struct parcel *parcel = NULL;

    *ret_refused = false;
    if (kind == RPC_ALONE || (lane->in_flight < PARCELS_PER_LANE && !client->is_flushed)) {
        parcel = parcel_take(client);
        if (parcel == NULL && (kind == RPC_ALONE || lane->in_flight == 0)) {
            *ret_refused = true;
            return NULL;
        }
    }
    lane_append(lane, call);
    if (parcel != NULL) {
        parcel_load(parcel, kind);
    } else {
        call->queued_boot_ms = clock_boot_ms();
        tick_start(client);
    }
    return parcel;
}

void rpc_client_flush(struct rpc_client *client)
{
    for (enum rpc_company kind = RPC_WITH_READS; kind <= RPC_WITH_WRITES; kind++) {
        struct lane *lane = &client->lanes[kind];
        struct parcel *parcel = NULL;

        if (!atomic_load(&lane->waits)) {
            continue;
        }
        pthread_mutex_lock(&client->lock);
        if (lane->head != NULL && lane->in_flight < PARCELS_PER_LANE) {
            parcel = parcel_take(client);
        }
        if (parcel != NULL) {
            parcel_load(parcel, kind);
        }
        pthread_mutex_unlock(&client->lock);
        if (parcel != NULL) {
            parcel_send(parcel);
        }
    }
}

/* Under the lock: a parcel of calls that have waited too long; NULL for none. */
static struct parcel *parcel_of_stale(struct rpc_client *client, int64_t now)
{
    for (enum rpc_company kind = RPC_WITH_READS; kind <= RPC_WITH_WRITES; kind++) {
        const struct client_call *head = client->lanes[kind].head;

        if (head != NULL && now - head->queued_boot_ms >= STALE_MS) {
            struct parcel *parcel = parcel_take(client);
            if (parcel != NULL) {
                parcel_load(parcel, kind);
            }
            return parcel;
        }
    }
    return NULL;
}

static bool calls_wait(const struct rpc_client *client)
{
    return client->lanes[RPC_WITH_READS].head != NULL ||
           client->lanes[RPC_WITH_WRITES].head != NULL;
}

/* Under the lock, which it gives up meanwhile. */
static void parcels_send_stale(struct rpc_client *client)
{
    const int64_t now = clock_boot_ms();

    for (struct parcel *parcel = parcel_of_stale(client, now); parcel != NULL;
         parcel = parcel_of_stale(client, now)) {
        pthread_mutex_unlock(&client->lock);
        if (rpc_client_connected(client)) {
            parcel_send(parcel);
        } else {
            parcel_done(parcel, failure_unusable(client), NULL);
        }
        pthread_mutex_lock(&client->lock);
    }
}

void *parcels_tick(void *arg)
{
    const struct timespec pause = {.tv_nsec = STALE_MS * 1000000};
    struct rpc_client *client = arg;

    pthread_mutex_lock(&client->lock);
    while (!client->is_closing) {
        client->is_ticking = calls_wait(client);
        if (!client->is_ticking) {
            pthread_cond_wait(&client->waiting, &client->lock);
            continue;
        }
        pthread_mutex_unlock(&client->lock);
        (void)nanosleep(&pause, NULL);
        pthread_mutex_lock(&client->lock);
        if (!client->is_closing) {
            parcels_send_stale(client);
        }
    }
    pthread_mutex_unlock(&client->lock);
    return NULL;
}

void parcels_fail_waiting(struct rpc_client *client)
{
    for (enum rpc_company kind = RPC_WITH_READS; kind <= RPC_WITH_WRITES; kind++) {
        pthread_mutex_lock(&client->lock);
        struct client_call *call = client->lanes[kind].head;
        client->lanes[kind].head = NULL;
        client->lanes[kind].tail = &client->lanes[kind].head;
        pthread_mutex_unlock(&client->lock);
        while (call != NULL) {
            struct client_call *next = call->next;
            struct ending ending;
            pthread_mutex_lock(&client->lock);
            call_put(client, call, &ending);
            pthread_mutex_unlock(&client->lock);
            end_all(client, &ending, 1, failure_unusable(client), NULL);
            call = next;
        }
    }
}
