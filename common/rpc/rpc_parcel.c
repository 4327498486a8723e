/*
 * rpc_parcel.c - calls travel in parcels, each one message of nng with one call or more in it. A
 * parcel is a small state machine with one context and one aio of nng:
 *
 *     FREE --calls are put in--> SENDING --sent--> RECEIVING --replies or failure--> FREE
 *
 * A lane is the queue of the calls that may share a parcel: short reads have one, writes another.
 * It has at most PARCELS_PER_LANE parcels under way; calls that come meanwhile wait and travel in
 * the next one. So a service that has nothing to do gets each call at once, and a busy one gets
 * many in one message, which costs it about as much as one call does. Calls that have waited for
 * longer than STALE_MS, because the parcels before them are slow or lost, get a parcel more.
 *
 * Who touches what: lanes, free parcels and free calls are guarded by client->lock. A parcel that
 * is under way belongs to the callback of its aio. on_reply is always called without the lock.
 */
#include "rpc/rpc_parcel.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>
#include <time.h>

enum {
    PARCELS_PER_LANE = 2,
    STALE_MS = 2,
    LOOK_AT_CLOCK_MS = 1000,
    SEND_MAX_MS = 1000,
    /* Larger calls travel alone. */
    PART_MAX_BYTES = 64 << 10,
    PARCEL_BYTES = 1 << 20,
};

/* One answer within a message. All answers of the message keep it alive, and each is freed by
 * whoever got it, so the last one frees the message. */
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

/* The message lives until its last reply is freed. A reply that the service left out is there with
 * data NULL, so that its call still ends. */
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

/* What is left of a call that has ended and was given back: its callback, which runs without the
 * lock. */
struct ending {
    rpc_on_reply on_reply; /* NULL: rpc_client_close() did */
    void *arg;
};

/* Under the lock: the call is free again. */
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

/* Tells one caller how its call ended. */
static void end_one(const struct ending *ending, struct status status, struct rpc_reply *reply)
{
    const struct status malformed =
        status_of(REASON_MALFORMED_REPLY, "malformed reply: it is missing");

    if (reply != NULL && (ending->on_reply == NULL || reply_envelope(reply).data == NULL)) {
        rpc_reply_free(reply);
        reply = NULL;
        status = malformed;
    }
    if (ending->on_reply != NULL) {
        ending->on_reply(ending->arg, status, reply);
    }
}

/* Tells all callers of a parcel. Only after the last callback has returned do the calls count as
 * ended, since rpc_client_close() waits for that. */
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

/*
 * The parcel is back, with answers or with a failure. First it is filled again with calls that
 * waited and sent, so that the service has work; then the callbacks of the ended calls run.
 *
 * After a failure it is not sent again at once: nng reports the calls that a lost connection took
 * with it before it reports the connection, so this one would be sent to nobody. The tick sends
 * what waits, or fails it, some milliseconds later.
 */
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

/* nng keeps a message that was given to it in the moment in which the connection died, until there
 * is another connection. Nothing was sent, so the caller is told soon and may retry. */
static nng_duration send_timeout_ms(const struct parcel *parcel)
{
    const nng_duration remaining = remaining_ms(parcel);

    return remaining < SEND_MAX_MS ? remaining : SEND_MAX_MS;
}

/* Puts the calls' messages behind each other, into the first one. Frees the others; NULL without
 * memory. */
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

/* Sending failed, so nothing was done: UNAVAILABLE, which a caller may retry. DEADLINE_EXCEEDED
 * only when the calls' own time is over, and not when SEND_MAX_MS is. */
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

/* The answer, or why there is none: time is over, or the connection was lost after the calls had
 * been sent, which leaves their outcome unknown. */
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
    /* Otherwise nng sends a request again after a minute, and at once when the connection drops: a
     * write could happen twice. */
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
    /* A parcel under way has one call at least, so there are never more parcels than calls. */
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

/* Under the lock: wakes the tick, which sleeps while no call waits. */
static void tick_start(struct rpc_client *client)
{
    if (!client->is_ticking) {
        client->is_ticking = true;
        pthread_cond_signal(&client->waiting);
    }
}

/* A call that travels alone needs a parcel now, or is refused. One with company may wait in its
 * lane, as long as a parcel is under way there that will take it on its return. */
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

/* Under the lock, which it gives up while it sends. */
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

/* Under the lock, which it gives up meanwhile: until a call waits, or the clock is due. */
static void tick_wait(struct rpc_client *client)
{
    const struct timespec until = thread_time_in(LOOK_AT_CLOCK_MS);

    (void)thread_wait_until(&client->waiting, &client->lock, &until);
}

/* Looks every STALE_MS for calls that have waited too long, while one waits, and each second at the
 * clock. */
void *parcels_tick(void *arg)
{
    const struct timespec pause = {.tv_nsec = STALE_MS * 1000000};
    struct rpc_client *client = arg;
    int64_t looked_boot_ms = clock_boot_ms();

    pthread_mutex_lock(&client->lock);
    while (!client->is_closing) {
        client->is_ticking = calls_wait(client);
        if (!client->is_ticking) {
            tick_wait(client);
        }
        pthread_mutex_unlock(&client->lock);
        if (client->is_ticking) {
            (void)nanosleep(&pause, NULL);
        }
        if (clock_boot_ms() - looked_boot_ms >= LOOK_AT_CLOCK_MS) {
            client_look_at_clock(client);
            looked_boot_ms = clock_boot_ms();
        }
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
