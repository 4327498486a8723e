/* peer_test.c - tests peer.c: a service that answers, one that is not there, one that hangs. */
#include "library.h"

#include "base/clock.h"
#include "pb/timestamp.h"
#include "rpc/rpc_server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PEER_ARENA_BYTES = 4 << 20,
    MANY_CALLS = 60,
    HELD_MAX = 64,
    STEP_BYTES = 16,
    LIMIT_MAX_BYTES = 64 << 10,
    CLOSE_BOUND_MS = 5000,
};

/* Takes calls and answers none until it ends, unless it is told to. */
static struct {
    struct rpc_server *server;
    atomic_bool answering;
    struct rpc_call *held[HELD_MAX];
    atomic_size_t held_count;
} hanging;

static struct peer peers_list[3];
static struct peers *peers;

static void on_hanging_call(void *arg, struct rpc_call *call)
{
    (void)arg;
    if (atomic_load(&hanging.answering)) {
        rpc_call_answer(call, &(struct rpc_result){.payload = {"", 0}});
        return;
    }
    hanging.held[atomic_fetch_add(&hanging.held_count, 1)] = call;
}

static const char *local(struct library *library, uint16_t port)
{
    return arena_printf(library->arena, "tcp://127.0.0.1:%u", (unsigned)port);
}

static int setup(void **state)
{
    const int failed = library_setup(state);
    struct library *library = *state;
    const struct rpc_server_options options = {
        .address = "tcp://127.0.0.1:0", .calls = HELD_MAX, .on_call = on_hanging_call};

    assert_ok(rpc_server_open(&options, library->arena, &hanging.server));
    atomic_store(&hanging.held_count, 0);
    atomic_store(&hanging.answering, false);
    static const char *const names[] = {"library", "nobody", "hanging"};
    for (size_t i = 0; i < 3; i++) {
        peers_list[i] = (struct peer){names[i], "tcp://127.0.0.1:1", library_service.descriptor};
    }
    const char *addresses[] = {local(library, library->port), "tcp://127.0.0.1:1",
                               local(library, rpc_server_port(hanging.server))};
    assert_ok(peers_open(peers_list, 3, addresses, library->arena, &peers));
    library_add_shelf(library, "a");
    (void)library_add_book(library, "shelves/a", "b", "Sách");
    return failed;
}

static int teardown(void **state)
{
    const struct rpc_result late = {
        .status = {STATUS_UNAVAILABLE, "TOO_LATE", "nobody waits any more", NULL}};

    peers_close(peers, CLOSE_BOUND_MS);
    for (size_t i = 0; i < atomic_load(&hanging.held_count); i++) {
        rpc_call_answer(hanging.held[i], &late);
    }
    assert_true(rpc_server_close(hanging.server, CLOSE_BOUND_MS));
    return library_teardown(state);
}

static struct call call_within(struct arena *arena, int64_t timeout_ms)
{
    return (struct call){
        .arena = arena,
        .caller = "tester",
        .traceparent = "",
        .peers = peers,
        .deadline_boot_ms = clock_boot_ms() + timeout_ms,
    };
}

static struct peer_call get_book(struct library *library, const char *peer, const char *name)
{
    LIBRARY(GetBookRequest) *request = NEW(library, get_book_request);

    request->name = (char *)name;
    return (struct peer_call){.peer = peer, .method = "GetBook", .request = request};
}

/* Until the library and the hanging peer are connected. */
static void wait_connected(struct library *library)
{
    for (int i = 0; i < 500; i++) {
        struct call call = call_within(library->arena, 10000);
        struct peer_call get = get_book(library, "library", "shelves/a/books/b");
        struct peer_call hang = get_book(library, "hanging", "shelves/a/books/b");
        struct call soon = call_within(library->arena, 20);
        peer_call_all(&call, &get, 1);
        peer_call_all(&soon, &hang, 1);
        if (get.status.code == STATUS_OK && hang.status.code == STATUS_DEADLINE_EXCEEDED) {
            return;
        }
        (void)usleep(10000);
    }
    fail_msg("the peers were not connected");
}

static void each_call_succeeds_or_fails_for_itself(void **state)
{
    struct library *library = *state;
    struct call call = call_within(library->arena, 10000);
    struct peer_call calls[] = {
        get_book(library, "library", "shelves/a/books/b"),
        get_book(library, "nobody", "shelves/a/books/b"),
        get_book(library, "library", "shelves/a/books/none"),
    };

    wait_connected(library);
    peer_call_all(&call, calls, 3);
    assert_ok(calls[0].status);
    assert_string_equal(((const Book *)calls[0].response)->display_name->vi, "Sách");
    assert_status(calls[1].status, STATUS_UNAVAILABLE, "SERVICE_DOWN");
    assert_null(calls[1].response);
    assert_status(calls[2].status, STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_null(calls[2].response);
}

static void the_versions_of_all_answers_are_kept(void **state)
{
    struct library *library = *state;
    struct call call = call_within(library->arena, 10000);
    struct peer_call calls[] = {
        get_book(library, "library", "shelves/a/books/b"),
        get_book(library, "nobody", "shelves/a/books/b"),
    };

    wait_connected(library);
    assert_null(peer_version(&call, "library"));
    peer_call_all(&call, calls, 2);
    const uint64_t seq = peer_version(&call, "library")->seq;
    assert_int_equal(seq, 2);
    assert_true(peer_version(&call, "library")->hash != 0);
    assert_int_equal(peer_version(&call, "nobody")->seq, 0);
    assert_true(peer_version(&call, "nobody")->hash == 0);
    assert_int_equal(call.peer_version_count, 2);
    peer_versions_settle(&call);
    assert_int_equal(peer_version(&call, "library")->seq, seq);

    /* The oldest stays: the whole is at least as new as that. */
    library_add_shelf(library, "c");
    peer_call_all(&call, calls, 1);
    assert_ok(calls[0].status);
    assert_int_equal(peer_version(&call, "library")->seq, seq);
    assert_null(peer_version(&call, "hanging"));

    /* But it is of no version, and is not sent as if it were. */
    peer_versions_settle(&call);
    assert_int_equal(peer_version(&call, "library")->seq, 0);
    assert_true(peer_version(&call, "library")->hash == 0);
}

/* Its clock has not come to that time: in a moment it answers otherwise, of the same version. */
static void what_another_moment_may_change_is_of_no_version(void **state)
{
    struct library *library = *state;
    struct call call = call_within(library->arena, 10000);
    struct peer_call calls[] = {
        get_book(library, "library", "shelves/a/books/b"),
        get_book(library, "library", "shelves/a/books/none"),
    };
    LIBRARY(GetBookRequest) *request = NEW(library, get_book_request);

    wait_connected(library);
    *request = *(const LIBRARY(GetBookRequest) *)calls[0].request;
    request->as_of = time_wrap(library->arena, clock_now_us() + INT64_C(3600000000));
    calls[0].request = request;
    peer_call_all(&call, &calls[1], 1);
    assert_status(calls[1].status, STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_int_equal(peer_version(&call, "library")->seq, 2);
    peer_call_all(&call, &calls[0], 1);
    assert_status(calls[0].status, STATUS_INVALID_ARGUMENT, "INVALID_AS_OF");
    assert_int_equal(peer_version(&call, "library")->seq, 0);
    assert_true(peer_says_nothing(calls[0].status));
    assert_false(peer_says_nothing(calls[1].status));
    assert_true(peer_says_nothing((struct status){STATUS_UNAVAILABLE, "X", "x", NULL}));
    assert_false(peer_says_nothing(STATUS_NONE));
}

static void many_calls_are_all_answered(void **state)
{
    struct library *library = *state;
    struct call call = call_within(library->arena, 10000);
    struct peer_call calls[MANY_CALLS];

    wait_connected(library);
    for (size_t i = 0; i < MANY_CALLS; i++) {
        calls[i] = get_book(library, "library", "shelves/a/books/b");
    }
    peer_call_all(&call, calls, MANY_CALLS);
    for (size_t i = 0; i < MANY_CALLS; i++) {
        assert_ok(calls[i].status);
        assert_string_equal(((const Book *)calls[i].response)->name, "shelves/a/books/b");
    }
    peer_call_all(&call, calls, 0);
}

static void a_peer_that_hangs_leaves_time_to_answer(void **state)
{
    struct library *library = *state;
    struct peer_call calls[] = {get_book(library, "hanging", "shelves/a/books/b"),
                                get_book(library, "library", "shelves/a/books/b")};

    wait_connected(library);
    const int64_t start = clock_boot_ms();
    struct call call = call_within(library->arena, 2000);
    peer_call_all(&call, calls, 2);
    const int64_t took = clock_boot_ms() - start;
    assert_status(calls[0].status, STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_ok(calls[1].status);
    assert_true(took >= 1400 && took < 2000);

    /* From then on it is not waited for so long. */
    const int64_t again = clock_boot_ms();
    struct call next = call_within(library->arena, 10000);
    peer_call_all(&next, calls, 2);
    assert_status(calls[0].status, STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_ok(calls[1].status);
    assert_true(clock_boot_ms() - again < 1000);
}

static void a_peer_that_answers_again_is_waited_for_again(void **state)
{
    struct library *library = *state;
    struct peer_call get = get_book(library, "hanging", "shelves/a/books/b");

    wait_connected(library);
    struct call first = call_within(library->arena, 800);
    peer_call_all(&first, &get, 1);
    assert_status(get.status, STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    atomic_store(&hanging.answering, true);
    struct call second = call_within(library->arena, 800);
    peer_call_all(&second, &get, 1);
    assert_ok(get.status);
    atomic_store(&hanging.answering, false);
    const int64_t start = clock_boot_ms();
    struct call third = call_within(library->arena, 800);
    peer_call_all(&third, &get, 1);
    assert_status(get.status, STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_true(clock_boot_ms() - start >= 500);
}

static void a_deadline_that_has_passed_sends_nothing(void **state)
{
    struct library *library = *state;
    struct peer_call get = get_book(library, "hanging", "shelves/a/books/b");

    wait_connected(library);
    const size_t before = atomic_load(&hanging.held_count);
    struct call call = call_within(library->arena, -1);
    peer_call_all(&call, &get, 1);
    assert_status(get.status, STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_int_equal(atomic_load(&hanging.held_count), before);
}

static void the_snapshot_is_not_held_while_waiting(void **state)
{
    struct library *library = *state;
    struct call call = call_within(library->arena, 10000);
    struct peer_call get = get_book(library, "library", "shelves/a/books/b");
    struct tx tx = {0};
    struct store *store = NULL;
    char directory[] = "/tmp/peer-test-XXXXXX";

    wait_connected(library);
    assert_non_null(mkdtemp(directory));
    const struct store_options options = {.directory = directory, .service = "own"};
    assert_ok(store_open(&options, library->arena, &store));
    assert_ok(store_read_begin(store, library->arena, &tx));
    call.tx = &tx;
    peer_call_all(&call, &get, 1);
    assert_ok(get.status);
    assert_null(tx.db);
    assert_ok(store_read_begin(store, library->arena, &tx));
    store_read_end(&tx);
    store_close(store);
    library_remove_directory(directory);
}

static void it_fails_cleanly_whatever_allocation_fails(void **state)
{
    struct library *library = *state;
    bool succeeded = false;

    wait_connected(library);
    for (size_t limit = STEP_BYTES; !succeeded && limit < LIMIT_MAX_BYTES; limit += STEP_BYTES) {
        struct arena *arena = arena_new(limit);
        struct call call = call_within(arena, 10000);
        struct peer_call calls[] = {get_book(library, "library", "shelves/a/books/b"),
                                    get_book(library, "library", "shelves/a/books/b")};
        peer_call_all(&call, calls, 2);
        succeeded = calls[0].status.code == STATUS_OK && calls[1].status.code == STATUS_OK;
        assert_true(succeeded || arena_exhausted(arena));
        for (int i = 0; i < 2; i++) {
            assert_true((calls[i].status.code == STATUS_OK) == (calls[i].response != NULL));
        }
        arena_free(arena);
    }
    assert_true(succeeded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_call_succeeds_or_fails_for_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(the_versions_of_all_answers_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(what_another_moment_may_change_is_of_no_version, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_calls_are_all_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_peer_that_hangs_leaves_time_to_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_peer_that_answers_again_is_waited_for_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_deadline_that_has_passed_sends_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_snapshot_is_not_held_while_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(it_fails_cleanly_whatever_allocation_fails, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
