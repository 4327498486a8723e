/* rpc_call_test.c - rpc_client.c and rpc_server.c against each other. */
#include "unit.h"

#include "rpc_peer.h"

#include "dongkhoi/type/v1/type.pb-c.h"
#include "rpc/rpc_envelope.h"
#include "rpc/rpc_parcel.h"

#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MANY_CALLS = 10000 };

static void an_echo_comes_back_over_each_transport(void **state)
{
    static const char *const addresses[] = {"inproc://echo", "tcp://127.0.0.1:0"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct peer peer = {0};
        const char *text = NULL;
        peer_open(&peer, addresses[i], 0, 4);
        assert_ok(peer_call(&peer, "echo", "Bến Tre", 1000, &text));
        assert_string_equal(text, "Bến Tre");
        for (int wait = 0; wait < 1000 && rpc_server_busy(peer.server) > 0; wait++) {
            nng_msleep(1); /* the call is busy until nng has its answer */
        }
        assert_int_equal(rpc_server_busy(peer.server), 0);
        peer_close(&peer);
    }
}

static void an_answer_carries_version_status_and_details(void **state)
{
    const struct rpc_request request = {.method = "refuse", .caller = "an", .timeout_ms = 1000};
    Dongkhoi__Type__V1__Document document = DONGKHOI__TYPE__V1__DOCUMENT__INIT;
    struct rpc_request with_payload = request;
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer = {0};
    struct peer peer = {0};

    (void)state;
    with_payload.payload = &document.base;
    peer_open(&peer, "inproc://details", 0, 4);
    assert_ok(rpc_client_call_wait(peer.client, &with_payload, &reply));
    assert_ok(rpc_reply_parse(reply, peer.arena, &answer));
    assert_int_equal(answer.status.code, STATUS_FAILED_PRECONDITION);
    assert_string_equal(answer.status.reason->name, "WRONG_STAGE");
    assert_string_equal(answer.status.field, "cluster.stage");
    assert_string_equal(answer.status.message, "not from an");
    assert_int_equal(answer.version_count, 1);
    assert_string_equal(answer.versions[0].service, "peer");
    assert_int_equal(answer.versions[0].seq, 42);
    assert_true(answer.versions[0].hash == 0xfedcba9876543210);
    rpc_reply_free(reply);
    peer_close(&peer);
}

static void an_exhausted_arena_keeps_the_reason(void **state)
{
    const struct rpc_request request = {.method = "exhaust", .timeout_ms = 5000};
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer = {0};
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "inproc://exhausted", 0, 4);
    assert_ok(rpc_client_call_wait(peer.client, &request, &reply));
    assert_ok(rpc_reply_parse(reply, peer.arena, &answer));
    assert_int_equal(answer.status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(answer.status.reason->name, "REQUEST_TOO_COSTLY");
    assert_ptr_equal(answer.status.reason, REASON_REQUEST_TOO_COSTLY);
    assert_null(answer.status.metadata);
    assert_string_equal(answer.status.message, status_out_of_memory().message);
    rpc_reply_free(reply);
    peer_close(&peer);
}

static void an_answer_carries_the_versions_of_all_that_it_depends_on(void **state)
{
    const struct rpc_request request = {.method = "joined", .timeout_ms = 1000};
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer = {0};
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "inproc://joined", 0, 4);
    assert_ok(rpc_client_call_wait(peer.client, &request, &reply));
    assert_ok(rpc_reply_parse(reply, peer.arena, &answer));
    assert_ok(answer.status);
    assert_int_equal(answer.version_count, 3);
    assert_string_equal(answer.versions[0].service, "peer");
    assert_string_equal(answer.versions[1].service, "other");
    assert_int_equal(answer.versions[1].seq, 7);
    assert_true(answer.versions[1].hash == 8);
    assert_string_equal(answer.versions[2].service, "down");
    assert_int_equal(answer.versions[2].seq, 0);
    rpc_reply_free(reply);
    peer_close(&peer);
}

static void without_a_connection_a_call_fails_at_once(void **state)
{
    struct peer peer = {0};

    (void)state;
    peer_open_client(&peer, "tcp://127.0.0.1:1", 4);
    /* It does not wait for its deadline, which is later than this program may end. */
    assert_status(peer_call(&peer, "echo", "", 3600000, NULL), STATUS_UNAVAILABLE, "SERVICE_DOWN");
    peer_close(&peer);
}

static void an_address_that_is_none_is_refused(void **state)
{
    static const char *const addresses[] = {"", "nonsense", "tcp://127.0.0.1:7101,bad://x"};

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct arena *arena = arena_new(PEER_ARENA_BYTES);
        struct rpc_client *client = NULL;
        const struct rpc_client_options options = {.service = "peer", .addresses = addresses[i]};
        assert_status(rpc_client_open(&options, arena, &client), STATUS_INVALID_ARGUMENT,
                      "INVALID_ADDRESS");
        assert_null(client);
        arena_free(arena);
    }
}

static void an_address_in_use_is_named(void **state)
{
    struct peer peer = {0};
    struct rpc_server *second = NULL;

    (void)state;
    peer_open_server(&peer, "tcp://127.0.0.1:0", 4);
    const struct rpc_server_options options = {.address = peer.address};
    const struct status status = rpc_server_open(&options, peer.arena, &second);
    assert_string_equal(status.reason->name, "ADDRESS_IN_USE");
    assert_non_null(strstr(status.message, peer.address));
    assert_null(second);
    peer_close(&peer);
}

static void a_deadline_ends_the_wait_and_the_late_answer_is_dropped(void **state)
{
    struct peer peer = {0};
    const char *text = NULL;

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 4, 2);
    assert_status(peer_call(&peer, "hold", "late", 100, NULL), STATUS_DEADLINE_EXCEEDED,
                  "DEADLINE_EXCEEDED");
    peer_wait_held(&peer, 1);
    /* The server counts from when the call came, which is a little later. */
    for (int wait = 0; wait < 2000 && !rpc_call_expired(peer.held[0]); wait++) {
        (void)usleep(1000);
    }
    assert_true(rpc_call_expired(peer.held[0]));
    peer_release(&peer);
    for (int i = 0; i < 10; i++) { /* the same contexts are used again */
        assert_ok(peer_call(&peer, "echo", "on time", 1000, &text));
        assert_string_equal(text, "on time");
    }
    peer_close(&peer);
}

struct tally {
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    unsigned ok;
    unsigned failed;
    struct status last;
};

static void on_tally(void *arg, struct status status, struct rpc_reply *reply)
{
    struct tally *tally = arg;

    rpc_reply_free(reply);
    pthread_mutex_lock(&tally->lock);
    if (status.code == STATUS_OK) {
        tally->ok++;
    } else {
        tally->failed++;
        tally->last = status;
    }
    pthread_cond_broadcast(&tally->changed);
    pthread_mutex_unlock(&tally->lock);
}

static void tally_wait(struct tally *tally, unsigned count)
{
    pthread_mutex_lock(&tally->lock);
    while (tally->ok + tally->failed < count) {
        pthread_cond_wait(&tally->changed, &tally->lock);
    }
    pthread_mutex_unlock(&tally->lock);
}

#define TALLY_INIT                                                                                 \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                     \
    }

static struct status start(struct peer *peer, const char *method, struct tally *tally)
{
    Dongkhoi__Type__V1__Document document = DONGKHOI__TYPE__V1__DOCUMENT__INIT;
    const struct rpc_request request = {
        .method = method, .timeout_ms = 60000, .payload = &document.base};

    document.title = (char *)"0123456789";
    return rpc_client_call(peer->client, &request, on_tally, tally);
}

static void calls_past_the_limit_are_refused_at_once(void **state)
{
    struct tally tally = TALLY_INIT;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 16, 3);
    for (int i = 0; i < 3; i++) {
        assert_ok(start(&peer, "hold", &tally));
    }
    assert_status(start(&peer, "echo", &tally), STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
    peer_wait_held(&peer, 3);
    peer_release(&peer);
    tally_wait(&tally, 3);
    assert_int_equal(tally.ok, 3);
    assert_ok(peer_call(&peer, "echo", "free again", 1000, NULL));
    peer_close(&peer);
}

static void ten_thousand_calls_at_once_are_all_answered(void **state)
{
    struct tally tally = TALLY_INIT;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 0, MANY_CALLS);
    for (int i = 0; i < MANY_CALLS; i++) {
        assert_ok(start(&peer, "echo", &tally));
    }
    tally_wait(&tally, MANY_CALLS);
    assert_int_equal(tally.ok, MANY_CALLS);
    assert_int_equal(tally.failed, 0);
    assert_int_equal(peer.calls_count, MANY_CALLS);
    peer_close(&peer);
}

/* Starts the next call from inside the answer to the last. */
struct chain {
    struct tally tally;
    struct peer *peer;
    int left;
};

static void on_link(void *arg, struct status status, struct rpc_reply *reply)
{
    Dongkhoi__Type__V1__Document document = DONGKHOI__TYPE__V1__DOCUMENT__INIT;
    const struct rpc_request request = {
        .method = "echo", .timeout_ms = 5000, .payload = &document.base};
    struct chain *chain = arg;

    if (status.code == STATUS_OK && chain->left > 0) {
        chain->left--;
        rpc_reply_free(reply);
        const struct status next = rpc_client_call(chain->peer->client, &request, on_link, chain);
        if (next.code != STATUS_OK) {
            on_tally(&chain->tally, next, NULL);
        }
        return;
    }
    on_tally(&chain->tally, status, reply);
}

static void an_answer_may_start_the_next_call_on_the_only_context(void **state)
{
    struct chain chain = {.tally = TALLY_INIT, .left = 200};
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 4, 1);
    chain.peer = &peer;
    on_link(&chain, STATUS_NONE, NULL);
    tally_wait(&chain.tally, 1);
    assert_int_equal(chain.tally.ok, 1);
    assert_int_equal(chain.left, 0);
    peer_close(&peer);
}

static void a_request_or_answer_that_is_too_large_is_refused(void **state)
{
    char *text = malloc(RPC_MESSAGE_MAX_BYTES + 1);
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 4, 2);
    memset(text, 'a', RPC_MESSAGE_MAX_BYTES);
    text[RPC_MESSAGE_MAX_BYTES] = '\0';
    assert_status(peer_call(&peer, "echo", text, 1000, NULL), STATUS_INVALID_ARGUMENT,
                  "REQUEST_TOO_LARGE");
    text[RPC_MESSAGE_MAX_BYTES - 100] = '\0';
    assert_ok(peer_call(&peer, "echo", text, 10000, NULL));
    assert_status(peer_call(&peer, "large", "", 10000, NULL), STATUS_RESOURCE_EXHAUSTED,
                  "ANSWER_TOO_LARGE");
    assert_ok(peer_call(&peer, "echo", "still there", 1000, NULL));
    free(text);
    peer_close(&peer);
}

/* What a peer without our client may send; the answer's status is returned. */
static struct status raw_call(struct peer *peer, const void *bytes, size_t length)
{
    struct rpc_answer answer = {0};
    struct rpc_reply *reply = NULL;
    nng_socket socket;
    nng_msg *msg = NULL;

    assert_int_equal(nng_req0_open(&socket), 0);
    assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 5000), 0);
    assert_int_equal(nng_dial(socket, peer->address, NULL, 0), 0);
    assert_int_equal(nng_msg_alloc(&msg, 0), 0);
    assert_int_equal(nng_msg_append(msg, bytes, length), 0);
    assert_int_equal(nng_sendmsg(socket, msg, 0), 0);
    assert_int_equal(nng_recvmsg(socket, &msg, 0), 0);
    nng_close(socket);
    replies_split(msg, 1, &reply);
    assert_ok(rpc_reply_parse(reply, peer->arena, &answer));
    rpc_reply_free(reply);
    return answer.status;
}

static void a_malformed_envelope_is_refused_and_the_server_goes_on(void **state)
{
    static const char *const bytes[] = {
        "\x0a\xff",
        "\x7a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        "\x0a\x02\xc3\x28",
        "\x07",
        "\x0b\x0b\x0b",
        "",
        "\x0a\x02\x0a\xff",
        "\x0a\x0b\x7a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        "\x0a\x04\x0a\x02\xc3\x28",
        "\x0a\x01\x07",
    };
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 4, 2);
    for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
        assert_status(raw_call(&peer, bytes[i], strlen(bytes[i])), STATUS_INVALID_ARGUMENT,
                      "MALFORMED_MESSAGE");
    }
    char many[2 * (PARCEL_CALLS_MAX + 1)];
    for (size_t i = 0; i < sizeof(many); i += 2) {
        many[i] = '\x0a';
        many[i + 1] = '\0';
    }
    assert_status(raw_call(&peer, many, sizeof(many)), STATUS_INVALID_ARGUMENT,
                  "MALFORMED_MESSAGE");
    assert_int_equal(peer.calls_count, 0);
    assert_status(raw_call(&peer, many, 2), STATUS_UNIMPLEMENTED, "UNKNOWN_METHOD");
    assert_int_equal(peer.calls_count, 1);
    assert_ok(peer_call(&peer, "echo", "still there", 1000, NULL));
    peer_close(&peer);
}

static void a_malformed_reply_is_an_internal_error(void **state)
{
    struct arena *arena = arena_new(PEER_ARENA_BYTES);
    struct rpc_answer answer = {0};
    struct rpc_reply *reply = NULL;
    nng_msg *msg = NULL;

    (void)state;
    assert_int_equal(nng_msg_alloc(&msg, 0), 0);
    assert_int_equal(nng_msg_append(msg, "\x0a\x02\x0a\xff", 4), 0);
    replies_split(msg, 1, &reply);
    assert_status(rpc_reply_parse(reply, arena, &answer), STATUS_INTERNAL, "MALFORMED_REPLY");
    rpc_reply_free(reply);
    arena_free(arena);
}

static void drained_calls_are_answered_and_new_ones_refused(void **state)
{
    struct tally tally = TALLY_INIT;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 8, 4);
    assert_ok(start(&peer, "hold", &tally));
    peer_wait_held(&peer, 1);
    rpc_server_drain(peer.server);
    assert_status(peer_call(&peer, "echo", "", 1000, NULL), STATUS_UNAVAILABLE, "SHUTTING_DOWN");
    assert_true(rpc_server_busy(peer.server) >= 1);
    peer_release(&peer);
    tally_wait(&tally, 1);
    assert_int_equal(tally.ok, 1);
    peer_close(&peer);
}

static void a_client_sends_no_more_to_a_server_that_drains(void **state)
{
    struct tally tally = TALLY_INIT;
    struct peer peer = {0};
    struct peer second = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 8, 4);
    assert_ok(start(&peer, "hold", &tally));
    assert_ok(start(&peer, "hold", &tally));
    peer_wait_held(&peer, 2);
    rpc_server_drain(peer.server);
    peer_release(&peer);
    tally_wait(&tally, 2);
    assert_int_equal(tally.ok, 2); /* and they said that the server drains */
    assert_false(rpc_client_connected(peer.client));
    assert_status(start(&peer, "echo", &tally), STATUS_UNAVAILABLE, "SHUTTING_DOWN");
    assert_true(rpc_server_close(peer.server, 5000));
    peer.server = NULL;
    peer_open_server(&second, peer.address, 8);
    assert_true(peer_wait_connected(&peer, true));
    assert_ok(peer_call(&peer, "echo", "", 1000, NULL));
    peer_close(&peer);
    peer_close(&second);
}

static void closing_the_client_fails_what_is_under_way(void **state)
{
    struct tally tally = TALLY_INIT;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 16, 8);
    for (int i = 0; i < 8; i++) {
        assert_ok(start(&peer, "hold", &tally));
    }
    peer_wait_held(&peer, 8);
    rpc_client_close(peer.client, 5000);
    peer.client = NULL;
    assert_int_equal(tally.ok, 0);
    assert_int_equal(tally.failed, 8);
    assert_string_equal(tally.last.reason->name, "OUTCOME_UNKNOWN");
    peer_release(&peer); /* answers to a peer that is gone */
    peer_close(&peer);
}

static void a_server_with_a_call_under_way_is_not_closed(void **state)
{
    struct tally tally = TALLY_INIT;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "inproc://held", 4, 4);
    assert_ok(start(&peer, "hold", &tally));
    peer_wait_held(&peer, 1);
    assert_false(rpc_server_close(peer.server, 200));
    peer_release(&peer);
    tally_wait(&tally, 1);
    peer_close(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_echo_comes_back_over_each_transport),
        cmocka_unit_test(an_answer_carries_version_status_and_details),
        cmocka_unit_test(an_exhausted_arena_keeps_the_reason),
        cmocka_unit_test(an_answer_carries_the_versions_of_all_that_it_depends_on),
        cmocka_unit_test(without_a_connection_a_call_fails_at_once),
        cmocka_unit_test(an_address_that_is_none_is_refused),
        cmocka_unit_test(an_address_in_use_is_named),
        cmocka_unit_test(a_deadline_ends_the_wait_and_the_late_answer_is_dropped),
        cmocka_unit_test(calls_past_the_limit_are_refused_at_once),
        cmocka_unit_test(ten_thousand_calls_at_once_are_all_answered),
        cmocka_unit_test(an_answer_may_start_the_next_call_on_the_only_context),
        cmocka_unit_test(a_request_or_answer_that_is_too_large_is_refused),
        cmocka_unit_test(a_malformed_envelope_is_refused_and_the_server_goes_on),
        cmocka_unit_test(a_malformed_reply_is_an_internal_error),
        cmocka_unit_test(drained_calls_are_answered_and_new_ones_refused),
        cmocka_unit_test(a_client_sends_no_more_to_a_server_that_drains),
        cmocka_unit_test(closing_the_client_fails_what_is_under_way),
        cmocka_unit_test(a_server_with_a_call_under_way_is_not_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
