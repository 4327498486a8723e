/* rpc_parcel_test.c - calls that travel together, over the real wire. */
#include "unit.h"

#include "rpc_peer.h"

#include "base/clock.h"
#include "dongkhoi/type/v1/type.pb-c.h"
#include "pb/decode.h"
#include "rpc/rpc_envelope.h"

#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLS = 1000, WAIT_MS = 10000 };

/* One call of many, and what came of it. */
struct asked {
    struct crowd *crowd;
    char title[32];
    unsigned answers;
    struct status status;
    bool is_own_echo;
};

struct crowd {
    pthread_mutex_t lock; /* guards the fields below, and all of calls */
    pthread_cond_t changed;
    unsigned answered;
    struct asked calls[CALLS];
};

static void on_asked(void *arg, struct status status, struct rpc_reply *reply)
{
    struct asked *asked = arg;
    struct arena *arena = arena_new(PEER_ARENA_BYTES);
    struct rpc_answer answer = {0};
    void *echo = NULL;

    if (reply != NULL) {
        status = rpc_reply_parse(reply, arena, &answer);
    }
    if (status.code == STATUS_OK) {
        status = answer.status;
    }
    const bool is_echo =
        status.code == STATUS_OK &&
        message_decode(arena, &dongkhoi__type__v1__document__descriptor, answer.payload, &echo)
                .code == STATUS_OK &&
        strcmp(((Dongkhoi__Type__V1__Document *)echo)->title, asked->title) == 0;
    pthread_mutex_lock(&asked->crowd->lock);
    asked->answers++;
    asked->is_own_echo = is_echo;
    asked->status = (struct status){.code = status.code};
    asked->crowd->answered++;
    pthread_cond_broadcast(&asked->crowd->changed);
    pthread_mutex_unlock(&asked->crowd->lock);
    rpc_reply_free(reply);
    arena_free(arena);
}

static struct crowd *crowd_new(void)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));

    pthread_mutex_init(&crowd->lock, NULL);
    pthread_cond_init(&crowd->changed, NULL);
    for (unsigned i = 0; i < CALLS; i++) {
        crowd->calls[i].crowd = crowd;
        (void)snprintf(crowd->calls[i].title, sizeof(crowd->calls[i].title), "call %u", i);
    }
    return crowd;
}

static void crowd_free(struct crowd *crowd)
{
    pthread_mutex_destroy(&crowd->lock);
    pthread_cond_destroy(&crowd->changed);
    free(crowd);
}

static void crowd_wait(struct crowd *crowd, unsigned count)
{
    pthread_mutex_lock(&crowd->lock);
    while (crowd->answered < count) {
        pthread_cond_wait(&crowd->changed, &crowd->lock);
    }
    pthread_mutex_unlock(&crowd->lock);
}

static unsigned crowd_answered(struct crowd *crowd)
{
    pthread_mutex_lock(&crowd->lock);
    const unsigned answered = crowd->answered;
    pthread_mutex_unlock(&crowd->lock);
    return answered;
}

static struct status ask(struct rpc_client *client, const char *method, enum rpc_company company,
                         struct asked *asked)
{
    Dongkhoi__Type__V1__Document document = DONGKHOI__TYPE__V1__DOCUMENT__INIT;
    const struct rpc_request request = {
        .method = method, .company = company, .payload = &document.base};

    document.title = asked->title;
    return rpc_client_call(client, &request, on_asked, asked);
}

static enum rpc_company company_of(unsigned i)
{
    return (enum rpc_company)(i % 3);
}

static void each_caller_gets_its_own_answer(void **state)
{
    struct crowd *crowd = crowd_new();
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 2 * CALLS, CALLS);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_ok(
            ask(peer.client, i % 7 == 0 ? "refuse" : "echo", company_of(i), &crowd->calls[i]));
    }
    crowd_wait(crowd, CALLS);
    for (unsigned i = 0; i < CALLS; i++) {
        const struct asked *asked = &crowd->calls[i];
        assert_int_equal(asked->answers, 1);
        assert_int_equal(asked->status.code, i % 7 == 0 ? STATUS_FAILED_PRECONDITION : STATUS_OK);
        assert_int_equal(asked->is_own_echo, i % 7 != 0);
    }
    pthread_mutex_lock(&peer.lock);
    while (peer.ended_count < CALLS) {
        pthread_cond_wait(&peer.changed, &peer.lock);
    }
    assert_int_equal(peer.calls_count, CALLS);
    assert_int_equal(peer.ended_count, CALLS);
    assert_in_range(peer.ends_count, 1, CALLS);
    pthread_mutex_unlock(&peer.lock);
    peer_close(&peer);
    crowd_free(crowd);
}

static void a_call_behind_slow_ones_goes_on_after_a_moment(void **state)
{
    struct crowd *crowd = crowd_new();
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 32, 32);
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(ask(peer.client, "hold", RPC_WITH_READS, &crowd->calls[i]));
        peer_wait_held(&peer, i + 1);
    }
    for (unsigned i = 2; i < 12; i++) {
        assert_ok(ask(peer.client, "echo", RPC_WITH_READS, &crowd->calls[i]));
    }
    crowd_wait(crowd, 10);
    assert_int_equal(crowd->calls[0].answers + crowd->calls[1].answers, 0);
    peer_release(&peer);
    crowd_wait(crowd, 12);
    peer_close(&peer);
    crowd_free(crowd);
}

static void slow_writes_do_not_hold_up_reads(void **state)
{
    struct crowd *crowd = crowd_new();
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 32, 32);
    for (unsigned i = 0; i < 20; i++) {
        assert_ok(ask(peer.client, "hold", RPC_WITH_WRITES, &crowd->calls[i]));
    }
    peer_wait_held(&peer, 20);
    assert_ok(ask(peer.client, "echo", RPC_WITH_READS, &crowd->calls[20]));
    crowd_wait(crowd, 1);
    assert_int_equal(crowd->calls[20].answers, 1);
    peer_release(&peer);
    crowd_wait(crowd, 21);
    peer_close(&peer);
    crowd_free(crowd);
}

static void calls_that_a_server_has_no_room_for_are_refused_at_once(void **state)
{
    struct crowd *crowd = crowd_new();
    struct peer peer = {0};
    unsigned refused = 0;

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 4, 64);
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(ask(peer.client, "hold", RPC_WITH_READS, &crowd->calls[i]));
        peer_wait_held(&peer, i + 1);
    }
    for (unsigned i = 2; i < 42; i++) {
        assert_ok(ask(peer.client, "hold", RPC_WITH_READS, &crowd->calls[i]));
    }
    peer_wait_held(&peer, 4);
    peer_release(&peer);
    while (crowd_answered(crowd) < 42) { /* parcels that came later hold again */
        (void)usleep(1000);
        peer_release(&peer);
    }
    for (unsigned i = 0; i < 42; i++) {
        assert_int_equal(crowd->calls[i].answers, 1);
        refused += crowd->calls[i].status.code == STATUS_RESOURCE_EXHAUSTED;
    }
    assert_true(refused > 0);
    assert_ok(peer_call(&peer, "echo", "still there", 1000, NULL));
    peer_close(&peer);
    crowd_free(crowd);
}

/* A service by hand: a socket that sees whole messages. */
struct hand {
    nng_socket socket;
    nng_ctx contexts[3];
    nng_aio *aios[3];
    char address[64];
};

static void hand_open(struct hand *hand)
{
    nng_listener listener;
    int port = 0;

    assert_int_equal(nng_rep0_open(&hand->socket), 0);
    assert_int_equal(nng_listen(hand->socket, "tcp://127.0.0.1:0", &listener, 0), 0);
    assert_int_equal(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), 0);
    (void)snprintf(hand->address, sizeof(hand->address), "tcp://127.0.0.1:%d", port);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(nng_ctx_open(&hand->contexts[i], hand->socket), 0);
        assert_int_equal(nng_aio_alloc(&hand->aios[i], NULL, NULL), 0);
        nng_aio_set_timeout(hand->aios[i], WAIT_MS);
    }
}

static nng_msg *hand_receive(struct hand *hand, unsigned i)
{
    nng_ctx_recv(hand->contexts[i], hand->aios[i]);
    nng_aio_wait(hand->aios[i]);
    assert_int_equal(nng_aio_result(hand->aios[i]), 0);
    nng_msg *msg = nng_aio_get_msg(hand->aios[i]);
    nng_aio_set_msg(hand->aios[i], NULL);
    return msg;
}

static void hand_send(struct hand *hand, unsigned i, nng_msg *msg)
{
    nng_aio_set_msg(hand->aios[i], msg);
    nng_ctx_send(hand->contexts[i], hand->aios[i]);
    nng_aio_wait(hand->aios[i]);
    assert_int_equal(nng_aio_result(hand->aios[i]), 0);
}

static void hand_close(struct hand *hand)
{
    (void)socket_close(hand->socket, 1000);
    for (unsigned i = 0; i < 3; i++) {
        nng_aio_free(hand->aios[i]);
    }
}

static struct rpc_client *client_to(struct hand *hand, struct arena *arena, bool is_flushed)
{
    const struct rpc_client_options options = {.service = "hand",
                                               .addresses = hand->address,
                                               .max_in_flight = CALLS,
                                               .is_flushed = is_flushed};
    struct rpc_client *client = NULL;

    assert_ok(rpc_client_open(&options, arena, &client));
    for (int i = 0; i < WAIT_MS && !rpc_client_connected(client); i++) {
        (void)usleep(1000);
    }
    assert_true(rpc_client_connected(client));
    return client;
}

/* A client of a hand, and calls to be made. */
struct scene {
    struct arena *arena;
    struct crowd *crowd;
    struct hand hand;
    struct rpc_client *client; /* NULL: closed */
};

static void scene_open(struct scene *scene, bool is_flushed)
{
    scene->arena = arena_new(PEER_ARENA_BYTES);
    scene->crowd = crowd_new();
    hand_open(&scene->hand);
    scene->client = client_to(&scene->hand, scene->arena, is_flushed);
}

static void scene_close(struct scene *scene)
{
    rpc_client_close(scene->client, 5000);
    hand_close(&scene->hand);
    crowd_free(scene->crowd);
    arena_free(scene->arena);
}

static unsigned envelopes_in(nng_msg *msg)
{
    struct slice rest = {.data = nng_msg_body(msg), .length = nng_msg_len(msg)};
    struct slice envelope = {0};
    unsigned count = 0;

    while (envelope_next(&rest, &envelope)) {
        count++;
    }
    assert_int_equal(rest.length, 0);
    return count;
}

/* count answers without a payload. */
static nng_msg *answers(unsigned count)
{
    nng_msg *all = NULL;

    assert_int_equal(nng_msg_alloc(&all, 0), 0);
    for (unsigned i = 0; i < count; i++) {
        const struct rpc_result result = {.service = "hand", .seq = 1};
        nng_msg *one = NULL;
        assert_int_equal(result_pack(NULL, false, &result, &one), 0);
        assert_int_equal(nng_msg_append(all, nng_msg_body(one), nng_msg_len(one)), 0);
        nng_msg_free(one);
    }
    return all;
}

static void calls_that_wait_travel_in_one_message(void **state)
{
    struct scene scene;
    unsigned at = 0;
    unsigned messages = 0;

    (void)state;
    scene_open(&scene, false);
    struct crowd *crowd = scene.crowd;
    /* The first two go at once, each in a message. */
    for (; at < 2; at++) {
        assert_ok(ask(scene.client, "any", RPC_WITH_READS, &crowd->calls[at]));
        nng_msg *msg = hand_receive(&scene.hand, at);
        assert_int_equal(envelopes_in(msg), 1);
        nng_msg_free(msg);
    }
    for (; at < 300; at++) {
        assert_ok(ask(scene.client, "any", RPC_WITH_READS, &crowd->calls[at]));
    }
    hand_send(&scene.hand, 0, answers(1));
    hand_send(&scene.hand, 1, answers(1));
    for (unsigned left = at - 2; left > 0; messages++) {
        nng_msg *msg = hand_receive(&scene.hand, 0);
        const unsigned count = envelopes_in(msg);
        assert_in_range(count, 1, PARCEL_CALLS_MAX);
        left -= count;
        nng_msg_free(msg);
        hand_send(&scene.hand, 0, answers(count));
    }
    crowd_wait(crowd, at);
    assert_in_range(messages, 298 / PARCEL_CALLS_MAX, 50);
    /* What is alone has no company. */
    assert_ok(ask(scene.client, "any", RPC_ALONE, &crowd->calls[at]));
    assert_ok(ask(scene.client, "any", RPC_ALONE, &crowd->calls[at + 1]));
    for (unsigned i = 0; i < 2; i++) {
        nng_msg *msg = hand_receive(&scene.hand, i);
        assert_int_equal(envelopes_in(msg), 1);
        nng_msg_free(msg);
    }
    hand_send(&scene.hand, 0, answers(1));
    hand_send(&scene.hand, 1, answers(1));
    crowd_wait(crowd, at + 2);
    scene_close(&scene);
}

static void calls_of_one_turn_travel_in_one_message(void **state)
{
    struct scene scene;
    unsigned left = 40;

    (void)state;
    scene_open(&scene, true);
    struct crowd *crowd = scene.crowd;
    for (unsigned i = 0; i < left; i++) {
        assert_ok(ask(scene.client, "any", RPC_WITH_READS, &crowd->calls[i]));
    }
    rpc_client_flush(scene.client);
    /* At most two: the tick may have come in between. */
    for (unsigned messages = 0; left > 0; messages++) {
        nng_msg *msg = hand_receive(&scene.hand, 0);
        const unsigned count = envelopes_in(msg);
        assert_in_range(messages, 0, 1);
        nng_msg_free(msg);
        hand_send(&scene.hand, 0, answers(count));
        left -= count;
    }
    crowd_wait(crowd, 40);
    /* Nobody flushes, and they go all the same. */
    assert_ok(ask(scene.client, "any", RPC_WITH_WRITES, &crowd->calls[40]));
    nng_msg_free(hand_receive(&scene.hand, 0));
    hand_send(&scene.hand, 0, answers(1));
    crowd_wait(crowd, 41);
    scene_close(&scene);
}

static void an_answer_that_is_missing_is_an_internal_error(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, false);
    struct crowd *crowd = scene.crowd;
    assert_ok(ask(scene.client, "any", RPC_ALONE, &crowd->calls[0]));
    nng_msg_free(hand_receive(&scene.hand, 0));
    hand_send(&scene.hand, 0, answers(0));
    crowd_wait(crowd, 1);
    assert_int_equal(crowd->calls[0].status.code, STATUS_INTERNAL);
    nng_msg *garbage = answers(0);
    assert_int_equal(nng_msg_append(garbage, "\x0a\xff", 2), 0);
    assert_ok(ask(scene.client, "any", RPC_ALONE, &crowd->calls[1]));
    nng_msg_free(hand_receive(&scene.hand, 0));
    hand_send(&scene.hand, 0, garbage);
    crowd_wait(crowd, 2);
    assert_int_equal(crowd->calls[1].status.code, STATUS_INTERNAL);
    scene_close(&scene);
}

static void closing_ends_calls_that_no_message_took(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, false);
    struct crowd *crowd = scene.crowd;
    for (unsigned i = 0; i < 500; i++) {
        assert_ok(ask(scene.client, "any", RPC_WITH_WRITES, &crowd->calls[i]));
    }
    rpc_client_close(scene.client, 5000);
    scene.client = NULL;
    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(crowd->calls[i].answers, 1);
        assert_int_equal(crowd->calls[i].status.code, STATUS_UNAVAILABLE);
    }
    scene_close(&scene);
}

static void a_lost_connection_ends_all_calls(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, false);
    struct crowd *crowd = scene.crowd;
    for (unsigned i = 0; i < 500; i++) {
        assert_ok(ask(scene.client, "any", RPC_WITH_READS, &crowd->calls[i]));
    }
    nng_msg_free(hand_receive(&scene.hand, 0));
    hand_close(&scene.hand);
    crowd_wait(crowd, 500);
    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(crowd->calls[i].answers, 1);
        assert_int_equal(crowd->calls[i].status.code, STATUS_UNAVAILABLE);
    }
    rpc_client_close(scene.client, 5000);
    crowd_free(crowd);
    arena_free(scene.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_caller_gets_its_own_answer),
        cmocka_unit_test(a_call_behind_slow_ones_goes_on_after_a_moment),
        cmocka_unit_test(slow_writes_do_not_hold_up_reads),
        cmocka_unit_test(calls_that_a_server_has_no_room_for_are_refused_at_once),
        cmocka_unit_test(calls_that_wait_travel_in_one_message),
        cmocka_unit_test(calls_of_one_turn_travel_in_one_message),
        cmocka_unit_test(an_answer_that_is_missing_is_an_internal_error),
        cmocka_unit_test(closing_ends_calls_that_no_message_took),
        cmocka_unit_test(a_lost_connection_ends_all_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
