/* peer.c - several calls at once from one thread, which waits for all. */
#include "serve/peer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "pb/decode.h"
#include "serve/call.h"
#include "store/store.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    IN_FLIGHT_MAX = 16, /* of one peer_call_all() */
    SILENT_MS = 1000,
    DEADLINE_DEFAULT_MS = 10 * 1000,
};

struct peer_client {
    const struct peer *peer;
    struct rpc_client *rpc;
    /* 0: it answers. Else it let a call time out, and until then it is not waited for long. */
    atomic_llong silent_until_boot_ms;
};

struct peers {
    size_t count;
    struct peer_client clients[];
};

struct status peers_open(const struct peer *list, size_t count, const char *const *addresses,
                         struct arena *arena, struct peers **ret_peers)
{
    struct peers *peers = memory_zeroed(sizeof(*peers) + count * sizeof(peers->clients[0]));

    assert(count <= PEERS_MAX);
    for (; peers->count < count; peers->count++) {
        struct peer_client *client = &peers->clients[peers->count];
        const struct rpc_client_options options = {
            .service = list[peers->count].name,
            .addresses =
                addresses != NULL ? addresses[peers->count] : list[peers->count].default_addresses,
        };
        client->peer = &list[peers->count];
        const struct status status = rpc_client_open(&options, arena, &client->rpc);
        if (status.code != STATUS_OK) {
            peers_close(peers, 0);
            return status;
        }
    }
    *ret_peers = peers;
    return STATUS_NONE;
}

size_t peers_unreachable(const struct peers *peers, const char *ret_names[PEERS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; peers != NULL && i < peers->count; i++) {
        if (!rpc_client_connected(peers->clients[i].rpc)) {
            ret_names[count++] = peers->clients[i].peer->name;
        }
    }
    return count;
}

void peers_close(struct peers *peers, unsigned bound_ms)
{
    if (peers == NULL) {
        return;
    }
    for (size_t i = 0; i < peers->count; i++) {
        rpc_client_close(peers->clients[i].rpc, bound_ms);
    }
    free(peers);
}

static struct peer_client *client_find(const struct call *call, const char *name)
{
    struct peers *peers = call->peers;

    for (size_t i = 0; peers != NULL && i < peers->count; i++) {
        if (strcmp(peers->clients[i].peer->name, name) == 0) {
            return &peers->clients[i];
        }
    }
    return NULL;
}

/* What the waiting thread and the callbacks share. */
struct waiting {
    pthread_mutex_t lock; /* guards the fields below, and status and reply of every slot */
    pthread_cond_t changed;
    size_t in_flight;
};

struct slot {
    struct waiting *waiting;
    struct peer_client *client;
    const ProtobufCMethodDescriptor *method;
    uint32_t timeout_ms; /* 0: it was not sent */
    struct status status;
    struct rpc_reply *reply;
};

static void on_peer_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct slot *slot = arg;
    struct waiting *waiting = slot->waiting;

    pthread_mutex_lock(&waiting->lock);
    slot->status = status;
    slot->reply = reply;
    waiting->in_flight--;
    pthread_cond_signal(&waiting->changed);
    pthread_mutex_unlock(&waiting->lock);
}

static void wait_below(struct waiting *waiting, size_t in_flight)
{
    pthread_mutex_lock(&waiting->lock);
    while (waiting->in_flight >= in_flight) {
        pthread_cond_wait(&waiting->changed, &waiting->lock);
    }
    pthread_mutex_unlock(&waiting->lock);
}

/* True while the peer is silent, but for one call at a time that finds out whether it still is. */
static bool is_silent(struct peer_client *client, int64_t now)
{
    long long until = atomic_load(&client->silent_until_boot_ms);

    if (until == 0) {
        return false;
    }
    return until > now || !atomic_compare_exchange_strong(&client->silent_until_boot_ms, &until,
                                                          now + PEER_WAIT_MAX_MS);
}

/* 0 when the deadline has passed. */
static uint32_t timeout_of(struct peer_client *client, int64_t deadline_boot_ms)
{
    const int64_t now = clock_boot_ms();
    const int64_t left = deadline_boot_ms - now;

    if (left <= 0) {
        return 0;
    }
    const int64_t most = is_silent(client, now) ? PEER_SILENT_WAIT_MS : PEER_WAIT_MAX_MS;
    return (uint32_t)(left < most ? left : most);
}

static struct status slot_start(struct call *call, const struct peer_call *request,
                                struct slot *slot, int64_t deadline_boot_ms)
{
    const ProtobufCServiceDescriptor *service = slot->client->peer->descriptor;
    const struct rpc_request rpc = {
        .method = arena_printf(call->arena, "%s/%s", service->name, request->method),
        .caller = call->caller,
        .traceparent = call->traceparent,
        .timeout_ms = timeout_of(slot->client, deadline_boot_ms),
        .payload = request->request,
    };

    if (rpc.timeout_ms == 0) {
        return (struct status){STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
                               "no time was left to ask", NULL};
    }
    wait_below(slot->waiting, IN_FLIGHT_MAX);
    pthread_mutex_lock(&slot->waiting->lock);
    slot->waiting->in_flight++;
    pthread_mutex_unlock(&slot->waiting->lock);
    slot->timeout_ms = rpc.timeout_ms;
    const struct status status = rpc_client_call(slot->client->rpc, &rpc, on_peer_reply, slot);
    if (status.code != STATUS_OK) {
        slot->timeout_ms = 0;
        pthread_mutex_lock(&slot->waiting->lock);
        slot->waiting->in_flight--;
        pthread_mutex_unlock(&slot->waiting->lock);
    }
    return status;
}

/* Of several answers of one service the oldest is kept, for the reader: what is computed from them
 * is at least as new. A failed call leaves nothing to rely on. */
static void version_keep(struct call *call, const char *service, struct rpc_version version)
{
    struct rpc_version *kept = NULL;

    for (size_t i = 0; i < call->peer_version_count; i++) {
        if (strcmp(call->peer_versions[i].service, service) == 0) {
            kept = &call->peer_versions[i];
        }
    }
    version.service = service;
    if (kept == NULL) {
        assert(call->peer_version_count < PEERS_MAX);
        call->peer_versions[call->peer_version_count++] = version;
    } else if (version.seq != kept->seq || version.hash != kept->hash) {
        call->peers_moved = true;
        *kept = version.seq < kept->seq ? version : *kept;
    }
}

void peer_versions_settle(struct call *call)
{
    for (size_t i = 0; i < call->peer_version_count && call->peers_moved; i++) {
        call->peer_versions[i].seq = 0;
        call->peer_versions[i].hash = 0;
    }
}

bool peer_says_nothing(struct status status)
{
    const char *reason = status.reason != NULL ? status.reason : "";

    return status_is_transient(status.code) || strcmp(reason, "INVALID_AS_OF") == 0;
}

static struct status slot_read(struct call *call, const struct slot *slot, void **ret_response)
{
    const char *name = slot->client->peer->name;
    struct rpc_answer answer = {0};

    TRY(slot->status);
    TRY(rpc_reply_parse(slot->reply, call->arena, &answer));
    if (peer_says_nothing(answer.status)) {
        version_keep(call, name, (struct rpc_version){0});
    }
    for (size_t i = 0; i < answer.version_count && !peer_says_nothing(answer.status); i++) {
        if (strcmp(answer.versions[i].service, name) == 0) {
            version_keep(call, name, answer.versions[i]);
        }
    }
    TRY(answer.status);
    return message_decode(call->arena, slot->method->output, answer.payload, ret_response);
}

static void slot_finish(struct call *call, struct slot *slot, struct peer_call *request)
{
    struct peer_client *client = slot->client;

    request->status = slot_read(call, slot, &request->response);
    if (slot->reply != NULL) {
        atomic_store(&client->silent_until_boot_ms, 0);
        rpc_reply_free(slot->reply);
        return;
    }
    version_keep(call, client->peer->name, (struct rpc_version){0});
    /* Short waits say nothing, least of all those that it gets since it is silent. */
    if (slot->status.code == STATUS_DEADLINE_EXCEEDED && slot->timeout_ms > PEER_SILENT_WAIT_MS) {
        atomic_store(&client->silent_until_boot_ms, clock_boot_ms() + SILENT_MS);
    }
}

static int64_t wait_deadline(const struct call *call)
{
    const int64_t now = clock_boot_ms();
    const int64_t left =
        call->deadline_boot_ms != 0 ? call->deadline_boot_ms - now : DEADLINE_DEFAULT_MS;

    return now + left * 3 / 4;
}

static void fail_all(struct peer_call *calls, size_t count, struct status status)
{
    for (size_t i = 0; i < count; i++) {
        calls[i].status = status;
        calls[i].response = NULL;
    }
}

void peer_call_all(struct call *call, struct peer_call *calls, size_t count)
{
    struct waiting waiting = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    struct slot *slots = arena_array(call->arena, count, sizeof(*slots));
    const int64_t deadline_boot_ms = wait_deadline(call);

    if (arena_exhausted(call->arena)) {
        fail_all(calls, count, status_out_of_memory());
        return;
    }
    if (call->tx != NULL && call->tx->db != NULL) {
        store_read_end(call->tx);
    }
    fail_all(calls, count, STATUS_NONE);
    for (size_t i = 0; i < count; i++) {
        slots[i].waiting = &waiting;
        slots[i].client = client_find(call, calls[i].peer);
        assert(slots[i].client != NULL);
        slots[i].method = protobuf_c_service_descriptor_get_method_by_name(
            slots[i].client->peer->descriptor, calls[i].method);
        assert(slots[i].method != NULL);
        /* on_peer_reply() may have answered already when it returns. */
        const struct status status = slot_start(call, &calls[i], &slots[i], deadline_boot_ms);
        if (status.code != STATUS_OK) {
            slots[i].status = status;
        }
    }
    wait_below(&waiting, 1);
    pthread_cond_destroy(&waiting.changed);
    pthread_mutex_destroy(&waiting.lock);
    for (size_t i = 0; i < count; i++) {
        slot_finish(call, &slots[i], &calls[i]);
    }
}

const struct rpc_version *peer_version(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->peer_version_count; i++) {
        if (strcmp(call->peer_versions[i].service, name) == 0) {
            return &call->peer_versions[i];
        }
    }
    return NULL;
}
