/* rpc_peer.c - a small server and client for the tests of rpc/. */
#include "rpc_peer.h"

#include "unit.h"

#include "dongkhoi/type/v1/type.pb-c.h"
#include "pb/decode.h"

#include <stdio.h>
#include <time.h>

static void sleep_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

static void hold(struct peer *peer, struct rpc_call *call)
{
    pthread_mutex_lock(&peer->lock);
    peer->held[peer->held_count++] = call;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

static _Thread_local unsigned calls_of_message;

static void on_calls_end(void *arg)
{
    struct peer *peer = arg;

    pthread_mutex_lock(&peer->lock);
    peer->ended_count += calls_of_message;
    peer->ends_count++;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
    calls_of_message = 0;
}

static void on_call(void *arg, struct rpc_call *call)
{
    static const char *const metadata[] = {"next", "APPRAISAL", NULL};
    static const struct rpc_version joined[] = {{"other", 7, 8}, {"down", 0, 0}};
    static char large[RPC_MESSAGE_MAX_BYTES + 1];
    struct peer *peer = arg;
    const struct rpc_call_info *info = rpc_call_info(call);
    struct rpc_result result = {.service = "peer", .seq = 42, .hash = 0xfedcba9876543210};

    pthread_mutex_lock(&peer->lock);
    peer->calls_count++;
    pthread_mutex_unlock(&peer->lock);
    calls_of_message++;
    if (strcmp(info->method, "echo") == 0) {
        result.payload = info->payload;
    } else if (strcmp(info->method, "joined") == 0) {
        result.peer_versions = joined;
        result.peer_version_count = sizeof(joined) / sizeof(joined[0]);
    } else if (strcmp(info->method, "large") == 0) {
        result.payload = (struct slice){large, sizeof(large)};
    } else if (strcmp(info->method, "hold") == 0) {
        hold(peer, call);
        return;
    } else if (strcmp(info->method, "exhaust") == 0) {
        (void)arena_alloc(rpc_call_arena(call), RPC_CALL_ARENA_BYTES);
        (void)arena_alloc(rpc_call_arena(call), 1);
        result.status = status_out_of_memory();
    } else if (strcmp(info->method, "refuse") == 0) {
        result.metadata = metadata;
        result.status = status_make(rpc_call_arena(call), STATUS_FAILED_PRECONDITION, "WRONG_STAGE",
                                    "cluster.stage", "not from %s", info->caller);
    } else {
        result.status = status_make(rpc_call_arena(call), STATUS_UNIMPLEMENTED, "UNKNOWN_METHOD",
                                    NULL, "no method %s", info->method);
    }
    rpc_call_answer(call, &result);
}

static void peer_init(struct peer *peer)
{
    if (peer->arena == NULL) {
        peer->arena = arena_new(PEER_ARENA_BYTES);
        pthread_mutex_init(&peer->lock, NULL);
        pthread_cond_init(&peer->changed, NULL);
    }
}

void peer_open_server(struct peer *peer, const char *address, unsigned calls)
{
    const struct rpc_server_options options = {
        .address = address,
        .calls = calls,
        .on_call = on_call,
        .on_calls_end = on_calls_end,
        .arg = peer,
    };

    peer_init(peer);
    assert_ok(rpc_server_open(&options, peer->arena, &peer->server));
    if (rpc_server_port(peer->server) != 0) {
        (void)snprintf(peer->address, sizeof(peer->address), "tcp://127.0.0.1:%u",
                       (unsigned)rpc_server_port(peer->server));
    } else {
        (void)snprintf(peer->address, sizeof(peer->address), "%s", address);
    }
}

void peer_open_client(struct peer *peer, const char *address, unsigned max_in_flight)
{
    const struct rpc_client_options options = {
        .service = "peer", .addresses = address, .max_in_flight = max_in_flight};

    peer_init(peer);
    assert_ok(rpc_client_open(&options, peer->arena, &peer->client));
}

void peer_open(struct peer *peer, const char *address, unsigned calls, unsigned max_in_flight)
{
    peer_open_server(peer, address, calls);
    peer_open_client(peer, peer->address, max_in_flight);
    assert_true(peer_wait_connected(peer, true));
}

void peer_close(struct peer *peer)
{
    rpc_client_close(peer->client, 5000);
    assert_true(rpc_server_close(peer->server, 5000));
    arena_free(peer->arena);
    pthread_cond_destroy(&peer->changed);
    pthread_mutex_destroy(&peer->lock);
    memset(peer, 0, sizeof(*peer));
}

void peer_wait_held(struct peer *peer, unsigned count)
{
    pthread_mutex_lock(&peer->lock);
    while (peer->held_count < count) {
        pthread_cond_wait(&peer->changed, &peer->lock);
    }
    pthread_mutex_unlock(&peer->lock);
}

void peer_release(struct peer *peer)
{
    struct rpc_call *held[PEER_HELD_MAX];
    unsigned count = 0;

    pthread_mutex_lock(&peer->lock);
    count = peer->held_count;
    memcpy(held, peer->held, sizeof(held));
    peer->held_count = 0;
    pthread_mutex_unlock(&peer->lock);
    for (unsigned i = 0; i < count; i++) {
        rpc_call_answer(held[i], &(struct rpc_result){.payload = rpc_call_info(held[i])->payload});
    }
}

bool peer_wait_connected(struct peer *peer, bool connected)
{
    for (int i = 0; i < 1000 && rpc_client_connected(peer->client) != connected; i++) {
        sleep_ms(5);
    }
    return rpc_client_connected(peer->client) == connected;
}

struct status peer_call(struct peer *peer, const char *method, const char *text,
                        uint32_t timeout_ms, const char **ret_text)
{
    Dongkhoi__Type__V1__Document document = DONGKHOI__TYPE__V1__DOCUMENT__INIT;
    const struct rpc_request request = {
        .method = method, .timeout_ms = timeout_ms, .payload = &document.base};
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer = {0};
    void *echoed = NULL;

    document.title = (char *)text;
    TRY(rpc_client_call_wait(peer->client, &request, &reply));
    struct status status = rpc_reply_parse(reply, peer->arena, &answer);
    if (status.code == STATUS_OK) {
        status = answer.status;
    }
    if (status.code == STATUS_OK && ret_text != NULL) {
        status = message_decode(peer->arena, &dongkhoi__type__v1__document__descriptor,
                                answer.payload, &echoed);
    }
    rpc_reply_free(reply);
    TRY(status);
    if (ret_text != NULL) {
        *ret_text = ((Dongkhoi__Type__V1__Document *)echoed)->title;
    }
    return STATUS_NONE;
}
