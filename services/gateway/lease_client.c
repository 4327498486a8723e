/*
 * lease_client.c - renewals and watches of one service, and what they tell.
 *
 *     renewal: IDLE --traffic, renew_at passed--> SENT --answer: version, then lease--> IDLE
 *     watch:   IDLE --lease granted--> SENT --answer: version put to use--> SENT again, or IDLE
 *                                                          when no lease is held any more
 *
 * Invariants: state changes only under the lock, and a renewal's version and lease in one step,
 * the version first; the time of sending is taken before the call is made; the next watch is sent
 * after the version of the last one was put to use. Calls are started outside of the lock.
 */
#include "lease_client.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "dongkhoi/rpc/v1/version.pb-c.h"
#include "pb/decode.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ASK_TIMEOUT_MS = 250,
    WATCH_TIMEOUT_MS = 3000, /* it is answered after a second at the latest */
    WATCH_RETRY_MS = 100,
    WALL_SLACK_MS = 10, /* a coarse clock's step */
    ANSWER_ARENA_BYTES = 64 << 10,
};

struct lease_client {
    struct rpc_client *client;
    const char *service;
    const char *gateway_id;
    atomic_bool stopped;
    atomic_uint starting; /* threads between the look at stopped and the end of their call */
    pthread_mutex_t lock; /* guards the fields below */
    struct lease_state state;
    bool is_renewing;
    bool is_watching;
    int64_t watch_again_boot_ms; /* after one that failed */
    int64_t until_wall_ms;       /* the lease's end by the time of day: of a virtual machine that
                                    was frozen, only that clock may have gone on */
};

/* A call under way. */
struct question {
    struct lease_client *lease;
    int64_t sent_boot_ms;
    int64_t sent_wall_ms;
    struct known_version known;
    void (*on_answer)(void *arg, struct lease_answer answer); /* NULL: nobody waits */
    void *arg;
};

void gateway_id_make(char id[GATEWAY_ID_BYTES])
{
    uint8_t bytes[(GATEWAY_ID_BYTES - 1) / 2] = {0};

    random_bytes(bytes, sizeof(bytes));
    hex_encode(bytes, sizeof(bytes), id);
}

struct lease_client *lease_client_new(struct rpc_client *client, const char *service,
                                      const char *gateway_id)
{
    struct lease_client *lease = memory_zeroed(sizeof(*lease));

    lease->client = client;
    lease->service = service;
    lease->gateway_id = gateway_id;
    (void)pthread_mutex_init(&lease->lock, NULL);
    return lease;
}

void lease_client_stop(struct lease_client *lease)
{
    if (lease == NULL) {
        return;
    }
    atomic_store(&lease->stopped, true);
    while (atomic_load(&lease->starting) > 0) {
        (void)sched_yield();
    }
}

void lease_client_free(struct lease_client *lease)
{
    if (lease != NULL) {
        (void)pthread_mutex_destroy(&lease->lock);
        free(lease);
    }
}

struct known_version lease_client_known(struct lease_client *lease)
{
    (void)pthread_mutex_lock(&lease->lock);
    const struct known_version known = lease->state.known;
    (void)pthread_mutex_unlock(&lease->lock);
    return known;
}

bool lease_client_is_held(struct lease_client *lease)
{
    struct known_version known;

    (void)pthread_mutex_lock(&lease->lock);
    const bool held = lease_state_check(&lease->state, clock_boot_ms(), &known);
    (void)pthread_mutex_unlock(&lease->lock);
    return held;
}

static struct status start_call(struct lease_client *lease, const struct rpc_request *request,
                                rpc_on_reply on_reply, void *arg)
{
    struct status status = status_of(REASON_SHUTTING_DOWN, "the gateway stops");

    (void)atomic_fetch_add(&lease->starting, 1);
    if (!atomic_load(&lease->stopped)) {
        status = rpc_client_call(lease->client, request, on_reply, arg);
    }
    (void)atomic_fetch_sub(&lease->starting, 1);
    return status;
}

static struct question *question_new(struct lease_client *lease)
{
    struct question *question = memory_zeroed(sizeof(*question));

    question->lease = lease;
    return question;
}

/* The decoded answer in the arena; NULL for a failure of any kind. */
static void *read_answer(struct rpc_reply *reply, struct arena *arena,
                         const ProtobufCMessageDescriptor *type)
{
    struct rpc_answer answer;
    void *message = NULL;

    if (reply == NULL || rpc_reply_parse(reply, arena, &answer).code != STATUS_OK ||
        answer.status.code != STATUS_OK ||
        message_decode(arena, type, answer.payload, &message).code != STATUS_OK) {
        return NULL;
    }
    return message;
}

/* Good to a few milliseconds, and cheap. */
static int64_t wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void watch(struct lease_client *lease, const struct known_version *told);

/* Under the lock. */
static void grant(struct lease_client *lease, int64_t sent_boot_ms, int64_t sent_wall_ms,
                  uint32_t lease_ms)
{
    const int64_t until_wall_ms = sent_wall_ms + WALL_SLACK_MS + (int64_t)lease_ms;

    lease_state_grant(&lease->state, sent_boot_ms, lease_ms);
    if (lease_ms > 0 && until_wall_ms > lease->until_wall_ms) {
        lease->until_wall_ms = until_wall_ms;
    }
}

/* R4: version and lease in one step, the version first. True: the version was put to use. */
static bool take_renewal(struct lease_client *lease, const struct question *question,
                         const Dongkhoi__Rpc__V1__RenewLeaseResponse *response)
{
    const int64_t sent = question->sent_boot_ms;
    const int64_t sent_wall = question->sent_wall_ms;

    (void)pthread_mutex_lock(&lease->lock);
    const bool is_taken = lease_state_hear(&lease->state, &question->known, response->version->seq,
                                           response->version->hash);
    if (is_taken) {
        grant(lease, sent, sent_wall, response->lease_ms);
        assert(version_is(&lease->state.known, response->version->seq, response->version->hash) ||
               lease->state.known.seq > response->version->seq);
    }
    (void)pthread_mutex_unlock(&lease->lock);
    return is_taken;
}

static void on_renewal(void *arg, struct status status, struct rpc_reply *reply)
{
    struct question *question = arg;
    struct lease_client *lease = question->lease;
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    const Dongkhoi__Rpc__V1__RenewLeaseResponse *response =
        read_answer(reply, arena, &dongkhoi__rpc__v1__renew_lease_response__descriptor);
    struct lease_answer answer = {0};
    bool is_leased = false;

    (void)status;
    if (response != NULL && response->version != NULL && take_renewal(lease, question, response)) {
        is_leased = response->lease_ms > 0;
        answer.is_known = true;
        answer.version.seq = response->version->seq;
        answer.version.hash = response->version->hash;
        answer.version.generation = lease_client_known(lease).generation;
    }
    if (question->on_answer == NULL) {
        (void)pthread_mutex_lock(&lease->lock);
        lease->is_renewing = false;
        (void)pthread_mutex_unlock(&lease->lock);
    }
    arena_free(arena);
    rpc_reply_free(reply);
    if (is_leased) {
        watch(lease, NULL);
    }
    if (question->on_answer != NULL) {
        question->on_answer(question->arg, answer);
    }
    free(question);
}

/* The question must not be touched after it was sent. */
static struct status renew(struct question *question)
{
    struct lease_client *lease = question->lease;
    Dongkhoi__Rpc__V1__RenewLeaseRequest payload = DONGKHOI__RPC__V1__RENEW_LEASE_REQUEST__INIT;
    const struct rpc_request request = {
        .method = "dongkhoi.rpc.v1.VersionService/RenewLease",
        .timeout_ms = ASK_TIMEOUT_MS,
        .payload = &payload.base,
    };

    question->known = lease_client_known(lease);
    payload.gateway = (char *)(uintptr_t)lease->gateway_id;
    payload.known_seq = question->known.seq;
    payload.known_hash = question->known.hash;
    question->sent_wall_ms = wall_ms();
    question->sent_boot_ms = clock_boot_ms();
    return start_call(lease, &request, on_renewal, question);
}

struct status lease_client_ask(struct lease_client *lease,
                               void (*on_answer)(void *arg, struct lease_answer answer), void *arg)
{
    struct question *question = question_new(lease);

    question->on_answer = on_answer;
    question->arg = arg;
    const struct status status = renew(question);
    if (status.code != STATUS_OK) {
        free(question);
    }
    return status;
}

static void renew_in_background(struct lease_client *lease)
{
    struct question *question = question_new(lease);

    if (question != NULL && renew(question).code == STATUS_OK) {
        return;
    }
    free(question);
    (void)pthread_mutex_lock(&lease->lock);
    lease->is_renewing = false;
    (void)pthread_mutex_unlock(&lease->lock);
}

bool lease_client_check(struct lease_client *lease, struct known_version *ret_known)
{
    bool renew_now = false;

    (void)pthread_mutex_lock(&lease->lock);
    const int64_t now = clock_boot_ms();
    const bool held =
        wall_ms() < lease->until_wall_ms && lease_state_check(&lease->state, now, ret_known);
    if (held && now >= lease->state.renew_at_boot_ms && !lease->is_renewing) {
        lease->is_renewing = renew_now = true;
    }
    (void)pthread_mutex_unlock(&lease->lock);
    if (renew_now) {
        renew_in_background(lease);
    }
    return held;
}

static void on_watch(void *arg, struct status status, struct rpc_reply *reply)
{
    struct question *question = arg;
    struct lease_client *lease = question->lease;
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    const Dongkhoi__Rpc__V1__WatchVersionResponse *response =
        read_answer(reply, arena, &dongkhoi__rpc__v1__watch_version_response__descriptor);
    const bool is_told = response != NULL && response->version != NULL;
    const int64_t now = clock_boot_ms();

    (void)status;
    (void)pthread_mutex_lock(&lease->lock);
    lease->is_watching = false;
    if (is_told) {
        (void)lease_state_hear(&lease->state, &question->known, response->version->seq,
                               response->version->hash);
    }
    if (!is_told) {
        lease->watch_again_boot_ms = now + WATCH_RETRY_MS;
    }
    const bool is_held = now < lease->state.until_boot_ms;
    (void)pthread_mutex_unlock(&lease->lock);
    arena_free(arena);
    rpc_reply_free(reply);
    free(question);
    if (is_held) {
        watch(lease, NULL);
    }
}

/* R8: says what is in use, and waits for another version. One at a time. told: NULL for what is
 * in use. */
static void watch(struct lease_client *lease, const struct known_version *told)
{
    Dongkhoi__Rpc__V1__WatchVersionRequest payload = DONGKHOI__RPC__V1__WATCH_VERSION_REQUEST__INIT;
    const struct rpc_request request = {
        .method = "dongkhoi.rpc.v1.VersionService/WatchVersion",
        .timeout_ms = WATCH_TIMEOUT_MS,
        .payload = &payload.base,
    };
    struct question *question = question_new(lease);

    if (question == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lease->lock);
    const bool start = !lease->is_watching && clock_boot_ms() >= lease->watch_again_boot_ms;
    lease->is_watching = lease->is_watching || start;
    question->known = told != NULL ? *told : lease->state.known;
    (void)pthread_mutex_unlock(&lease->lock);
    payload.gateway = (char *)(uintptr_t)lease->gateway_id;
    payload.known_seq = question->known.seq;
    payload.known_hash = question->known.hash;
    if (start && start_call(lease, &request, on_watch, question).code == STATUS_OK) {
        return;
    }
    free(question);
    if (start) {
        (void)pthread_mutex_lock(&lease->lock);
        lease->is_watching = false;
        lease->watch_again_boot_ms = clock_boot_ms() + WATCH_RETRY_MS;
        (void)pthread_mutex_unlock(&lease->lock);
    }
}
