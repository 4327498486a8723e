/*
 * rpc_connections_test.c - what one connection can take from a server and the others: peers that
 * do not read, that are many, that hold calls.
 */
#include "unit.h"

#include "raw_peer.h"
#include "rpc_peer.h"

#include "base/clock.h"
#include "rpc/rpc_server_connections.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLS = 1024, ECHO_BYTES = 256 << 10, CLOSE_MS = 20000 };

static struct slice echo_bytes(size_t length)
{
    static char bytes[8 << 20];

    assert_true(length <= sizeof(bytes));
    return (struct slice){bytes, length};
}

/* So many echoes that nobody reads; fewer when the server closed the connection meanwhile. */
static unsigned send_unread(struct raw_peer *raw, unsigned count, size_t bytes)
{
    unsigned sent = 0;

    while (sent < count && raw_peer_send(raw, "echo", 1, 0, echo_bytes(bytes))) {
        sent++;
        (void)usleep(1000);
    }
    return sent;
}

static unsigned closed_count(struct peer *peer, enum rpc_closed_reason reason)
{
    pthread_mutex_lock(&peer->lock);
    const unsigned count = peer->closed_count[reason];
    pthread_mutex_unlock(&peer->lock);
    return count;
}

static void wait_idle(struct peer *peer)
{
    for (int i = 0; i < 5000 &&
                    (rpc_server_busy(peer->server) > 0 || rpc_server_load(peer->server).unsent > 0);
         i++) {
        (void)usleep(1000);
    }
    assert_int_equal(rpc_server_busy(peer->server), 0);
    assert_int_equal(rpc_server_load(peer->server).unsent, 0);
}

static void a_peer_that_does_not_read_is_closed_and_others_go_on(void **state)
{
    struct raw_peer raw;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    raw_peer_open_narrow(&raw, rpc_server_port(peer.server));
    (void)send_unread(&raw, 120, ECHO_BYTES);
    const int64_t begin_ms = clock_boot_ms();
    while (!raw_peer_is_closed(&raw, 10)) {
        assert_true(clock_boot_ms() - begin_ms < CLOSE_MS);
        assert_ok(peer_call(&peer, "echo", "others", 5000, NULL));
    }
    assert_ok(peer_call(&peer, "echo", "still", 5000, NULL));
    assert_int_equal(closed_count(&peer, RPC_CLOSED_UNREAD), 1);
    pthread_mutex_lock(&peer.lock);
    const struct rpc_closed closed = peer.closed;
    pthread_mutex_unlock(&peer.lock);
    assert_true(closed.unsent >= 64);
    assert_true(closed.bytes >= (size_t)closed.unsent * ECHO_BYTES);
    assert_int_equal(strncmp(closed.peer, "127.0.0.1:", 10), 0);
    wait_idle(&peer);
    const struct rpc_server_load load = rpc_server_load(peer.server);
    assert_int_equal(load.connections, 1);
    assert_int_equal(load.closed[RPC_CLOSED_UNREAD], 1);
    assert_true(load.bytes < ECHO_BYTES);
    raw_peer_close(&raw);
    peer_close(&peer);
}

/* nng tells of the end of a pipe when it has freed it, which it does one after the other. */
static void closing_a_peer_that_goes_on_sending_ends(void **state)
{
    struct raw_peer raw;
    struct peer peer = {0};
    bool goes_on = true;

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    for (int round = 1; round <= 3; round++) {
        raw_peer_open_narrow(&raw, rpc_server_port(peer.server));
        (void)send_unread(&raw, 30, ECHO_BYTES);
        for (goes_on = true; goes_on && !raw_peer_is_closed(&raw, 0);) {
            goes_on = raw_peer_send(&raw, "echo", 64, 0, echo_bytes(10));
        }
        assert_true(raw_peer_is_closed(&raw, CLOSE_MS));
        raw_peer_close(&raw);
        for (int i = 0; i < 5000 && rpc_server_load(peer.server).ending > 0; i++) {
            (void)usleep(1000);
        }
        assert_int_equal(rpc_server_load(peer.server).ending, 0);
        assert_int_equal(rpc_server_load(peer.server).closed[RPC_CLOSED_UNREAD], round);
    }
    assert_ok(peer_call(&peer, "echo", "", 5000, NULL));
    peer_close(&peer);
}

static void a_peer_that_reads_slowly_gets_all_answers(void **state)
{
    enum { MESSAGES = 110, SLOWLY = 40 };
    struct raw_answers answers;
    struct raw_peer raw;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    raw_peer_open(&raw, rpc_server_port(peer.server));
    assert_int_equal(send_unread(&raw, MESSAGES, ECHO_BYTES), MESSAGES);
    for (int i = 0; i < MESSAGES; i++) {
        raw_peer_read(&raw, 5000, &answers);
        assert_int_equal(raw_answers_with(&answers, ""), 1);
        (void)usleep(i < SLOWLY ? 50000 : 0);
    }
    assert_int_equal(rpc_server_load(peer.server).closed[RPC_CLOSED_UNREAD], 0);
    raw_peer_close(&raw);
    peer_close(&peer);
}

/* Fewer than one may have by itself, but more together than an eighth of the contexts. */
static void of_many_that_do_not_read_those_with_most_are_closed(void **state)
{
    enum { PEERS = 4, MANY = 60, FEW = 4 };
    struct raw_peer raws[PEERS];
    struct raw_peer small;
    struct raw_answers answers;
    struct peer peer = {0};
    unsigned closed = 0;

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    raw_peer_open(&small, rpc_server_port(peer.server));
    (void)send_unread(&small, FEW, 1000);
    for (int i = 0; i < PEERS; i++) {
        raw_peer_open_narrow(&raws[i], rpc_server_port(peer.server));
        (void)send_unread(&raws[i], MANY, ECHO_BYTES);
    }
    for (int i = 0; i < 1000 && rpc_server_load(peer.server).unsent > CALLS / 8; i++) {
        (void)usleep(5000);
    }
    assert_in_range(rpc_server_load(peer.server).unsent, 0, CALLS / 8);
    for (int i = 0; i < PEERS; i++) {
        closed += raw_peer_is_closed(&raws[i], 100);
        raw_peer_close(&raws[i]);
    }
    assert_in_range(closed, 1, PEERS);
    for (int i = 0; i < FEW; i++) {
        raw_peer_read(&small, 5000, &answers);
    }
    raw_peer_close(&small);
    assert_ok(peer_call(&peer, "echo", "", 5000, NULL));
    peer_close(&peer);
}

/* Few and large answers, of which none is taken for ten seconds. */
static void a_peer_that_takes_nothing_for_long_is_closed(void **state)
{
    enum { MESSAGES = 10 };
    struct raw_peer raw;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    raw_peer_open_narrow(&raw, rpc_server_port(peer.server));
    for (int i = 0; i < MESSAGES; i++) {
        assert_true(raw_peer_send(&raw, "echo", 1, 0, echo_bytes(1 << 20)));
    }
    for (int i = 0; i < 1000 && rpc_server_load(peer.server).unsent == 0; i++) {
        (void)usleep(5000);
    }
    assert_in_range(rpc_server_load(peer.server).unsent, 1, MESSAGES);
    assert_false(raw_peer_is_closed(&raw, 5000));
    assert_true(raw_peer_is_closed(&raw, CLOSE_MS));
    wait_idle(&peer);
    assert_int_equal(rpc_server_load(peer.server).closed[RPC_CLOSED_UNREAD], 1);
    raw_peer_close(&raw);
    peer_close(&peer);
}

static void for_one_connection_too_many_the_longest_silent_goes(void **state)
{
    struct raw_peer *raws = calloc(RPC_CONNECTIONS_MAX, sizeof(*raws));
    struct raw_answers answers;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    assert_ok(peer_call(&peer, "echo", "", 5000, NULL)); /* silent for longest, but no stranger */
    for (int i = 0; i < RPC_CONNECTIONS_MAX - 1; i++) {
        raw_peer_open(&raws[i], rpc_server_port(peer.server));
        (void)usleep(i < 3 ? 5000 : 0); /* whose silence is compared below */
    }
    assert_true(raw_peer_send(&raws[0], "echo", 1, 0, echo_bytes(10)));
    raw_peer_read(&raws[0], 5000, &answers);
    assert_int_equal(rpc_server_load(peer.server).connections, RPC_CONNECTIONS_MAX);
    raw_peer_open(&raws[RPC_CONNECTIONS_MAX - 1], rpc_server_port(peer.server));
    assert_true(raw_peer_is_closed(&raws[1], 5000));
    assert_false(raw_peer_is_closed(&raws[0], 0) || raw_peer_is_closed(&raws[2], 0));
    assert_int_equal(closed_count(&peer, RPC_CLOSED_SILENT), 1);
    assert_int_equal(rpc_server_load(peer.server).connections, RPC_CONNECTIONS_MAX);
    assert_ok(peer_call(&peer, "echo", "", 5000, NULL));
    for (int i = 0; i < RPC_CONNECTIONS_MAX; i++) {
        raw_peer_close(&raws[i]);
    }
    peer_close(&peer);
    free(raws);
}

static void when_all_are_at_work_one_too_many_is_refused(void **state)
{
    struct raw_peer *raws = calloc(RPC_CONNECTIONS_MAX, sizeof(*raws));
    struct raw_answers answers;
    struct peer peer = {0};

    (void)state;
    peer_open_server(&peer, "tcp://127.0.0.1:0", CALLS);
    for (unsigned i = 0; i < RPC_CONNECTIONS_MAX; i++) {
        raw_peer_open(&raws[i], rpc_server_port(peer.server));
        assert_true(raw_peer_send(&raws[i], "hold", 1, 60000, echo_bytes(10)));
        peer_wait_held(&peer, i + 1);
    }
    peer_open_client(&peer, peer.address, 4);
    (void)usleep(300000);
    assert_false(rpc_client_connected(peer.client) &&
                 peer_call(&peer, "echo", "", 500, NULL).code == STATUS_OK);
    assert_true(closed_count(&peer, RPC_CLOSED_NO_ROOM) >= 1);
    peer_release(&peer);
    for (int i = 0; i < RPC_CONNECTIONS_MAX; i++) {
        raw_peer_read(&raws[i], 5000, &answers);
        raw_peer_close(&raws[i]);
    }
    assert_true(peer_wait_connected(&peer, true));
    assert_ok(peer_call(&peer, "echo", "", 5000, NULL));
    peer_close(&peer);
    free(raws);
}

static void after_many_refusals_calls_are_refused_unread_for_a_while(void **state)
{
    enum { FULL = 64, REFUSED = 128, PERIOD_MS = 100 };
    struct raw_answers answers;
    struct raw_peer raw;
    struct peer peer = {0};
    unsigned sent = 0;

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    raw_peer_open(&raw, rpc_server_port(peer.server));
    /* Those that are refused one by one come within the time, or are forgotten. */
    do {
        assert_true(raw_peer_send(&raw, "limit", FULL, 0, echo_bytes(10)));
        raw_peer_read(&raw, 5000, &answers);
        sent += FULL;
        assert_int_equal(answers.count, FULL);
        assert_true(sent < 100 * FULL);
    } while (raw_answers_with(&answers, "QUEUE_FULL") == FULL);
    assert_true(sent > REFUSED);
    assert_int_equal(raw_answers_with(&answers, "TOO_MANY_CALLS"), FULL);
    assert_int_equal(rpc_server_load(peer.server).skipped, FULL);
    assert_int_equal(peer.calls_count, sent - FULL);
    assert_ok(peer_call(&peer, "echo", "others", 5000, NULL));
    (void)usleep(2 * PERIOD_MS * 1000);
    assert_true(raw_peer_send(&raw, "echo", 1, 0, echo_bytes(10)));
    raw_peer_read(&raw, 5000, &answers);
    assert_string_equal(answers.reasons[0], "");
    wait_idle(&peer);
    raw_peer_close(&raw);
    peer_close(&peer);
}

/* Connections without pipes: what is counted of them is all that matters here. */
static struct server_connection *connection_of(struct connections *all, uint32_t id)
{
    const nng_pipe pipe = {.id = id};

    connections_add(all, pipe);
    return connection_enter(all, pipe);
}

static void calls_begin(struct connections *all, struct server_connection *connection,
                        unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        connection_call_begin(all, connection);
    }
}

static void one_connection_gets_three_quarters_and_leaves_room_for_others(void **state)
{
    const struct rpc_server_options options = {0};
    struct connections *all = calloc(1, sizeof(*all));

    (void)state;
    assert_true(connections_open(all, &options, 400));
    struct server_connection *greedy = connection_of(all, 1);
    struct server_connection *other = connection_of(all, 2);
    calls_begin(all, greedy, 300);
    assert_true(connection_has_room(all, greedy));
    calls_begin(all, greedy, 1);
    assert_false(connection_has_room(all, greedy));
    /* The other one gets its even part: a third, for one more may come. */
    calls_begin(all, other, 80);
    assert_true(connection_has_room(all, other));
    assert_false(connection_has_room(all, greedy));
    /* The last 16 are nobody's. */
    calls_begin(all, other, 4);
    assert_false(connection_has_room(all, other));
    for (int i = 0; i < 200; i++) {
        connection_call_end(all, greedy);
    }
    assert_true(connection_has_room(all, other) && connection_has_room(all, greedy));
    calls_begin(all, other, 116);
    assert_int_equal(atomic_load(&other->calls), 200);
    assert_false(connection_has_room(all, other));
    assert_true(connection_has_room(all, greedy));
    connection_leave(all, greedy);
    connection_leave(all, other);
    connections_close(all);
    free(all);
}

static void a_place_is_free_again_when_its_last_parcel_is_done(void **state)
{
    const struct rpc_server_options options = {0};
    struct connections *all = calloc(1, sizeof(*all));
    const nng_pipe pipe = {.id = 7};

    (void)state;
    assert_true(connections_open(all, &options, 400));
    for (int round = 0; round < 2 * CONNECTION_PLACES; round++) {
        struct server_connection *connection = connection_of(all, pipe.id);
        assert_non_null(connection);
        connection_hold(all, connection, 0, 1000);
        connection_send(all, connection);
        connections_remove(all, pipe);
        assert_null(connection_enter(all, pipe));
        assert_int_equal(connections_load(all).bytes, 1000);
        connection_sent(all, connection, 500);
        connection_leave(all, connection);
        assert_int_equal(connections_load(all).bytes, 0);
    }
    assert_int_equal(connections_load(all).connections, 0);
    assert_int_equal(connections_load(all).ending, 0);
    connections_close(all);
    free(all);
}

static void marks_are_of_a_connection_and_begin_at_nothing(void **state)
{
    struct raw_peer raw;
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", CALLS, 4);
    raw_peer_open(&raw, rpc_server_port(peer.server));
    assert_true(raw_peer_send(&raw, "hold", 2, 60000, echo_bytes(10)));
    peer_wait_held(&peer, 2);
    _Atomic uint64_t *marks = rpc_call_marks(peer.held[0]);
    assert_ptr_equal(marks, rpc_call_marks(peer.held[1]));
    for (int i = 0; i < RPC_MARKS; i++) {
        assert_int_equal(atomic_load(&marks[i]), 0);
        atomic_store(&marks[i], 9);
    }
    struct raw_peer other;
    raw_peer_open(&other, rpc_server_port(peer.server));
    assert_true(raw_peer_send(&other, "hold", 1, 60000, echo_bytes(10)));
    peer_wait_held(&peer, 3);
    assert_ptr_not_equal(marks, rpc_call_marks(peer.held[2]));
    assert_int_equal(atomic_load(&rpc_call_marks(peer.held[2])[0]), 0);
    peer_release(&peer);
    raw_peer_close(&raw);
    raw_peer_close(&other);
    peer_close(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_does_not_read_is_closed_and_others_go_on),
        cmocka_unit_test(closing_a_peer_that_goes_on_sending_ends),
        cmocka_unit_test(a_peer_that_reads_slowly_gets_all_answers),
        cmocka_unit_test(of_many_that_do_not_read_those_with_most_are_closed),
        cmocka_unit_test(a_peer_that_takes_nothing_for_long_is_closed),
        cmocka_unit_test(for_one_connection_too_many_the_longest_silent_goes),
        cmocka_unit_test(when_all_are_at_work_one_too_many_is_refused),
        cmocka_unit_test(after_many_refusals_calls_are_refused_unread_for_a_while),
        cmocka_unit_test(one_connection_gets_three_quarters_and_leaves_room_for_others),
        cmocka_unit_test(a_place_is_free_again_when_its_last_parcel_is_done),
        cmocka_unit_test(marks_are_of_a_connection_and_begin_at_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
