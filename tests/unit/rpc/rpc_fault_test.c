/*
 * rpc_fault_test.c - a server that is killed in the middle of a call.
 *
 * The server is this program again, in a process of its own: it writes one byte into a pipe for
 * each call that reaches its handler, and holds the call for ever.
 */
#include "unit.h"

#include "rpc_peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_victim_call(void *arg, struct rpc_call *call)
{
    const char mark = strcmp(rpc_call_info(call)->method, "write") == 0 ? 'w' : 'e';

    (void)arg;
    if (write(STDOUT_FILENO, &mark, 1) != 1) {
        abort();
    }
    if (mark == 'e') {
        rpc_call_answer(call, &(struct rpc_result){.payload = rpc_call_info(call)->payload});
    }
}

static void on_flood_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    (void)arg;
    (void)status;
    rpc_reply_free(reply);
}

static int victim_main(const char *address)
{
    struct arena *arena = arena_new(PEER_ARENA_BYTES);
    struct rpc_server *server = NULL;
    const struct rpc_server_options options = {.address = address, .on_call = on_victim_call};

    const struct status status = rpc_server_open(&options, arena, &server);
    if (status.code != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", status.message);
        return 1;
    }
    (void)printf("%u\n", (unsigned)rpc_server_port(server));
    (void)fflush(stdout);
    for (;;) {
        (void)pause();
    }
}

struct victim {
    pid_t pid;
    int pipe;
    char address[64];
};

/* Sends as much as it can, for ever. */
static int flood_main(const char *address)
{
    struct arena *arena = arena_new(PEER_ARENA_BYTES);
    struct rpc_client *client = NULL;
    const struct rpc_client_options options = {
        .service = "peer", .addresses = address, .max_in_flight = 200};
    struct rpc_request request = {.method = "echo"};

    const struct status status = rpc_client_open(&options, arena, &client);
    if (status.code != STATUS_OK) {
        return 1;
    }
    (void)printf("0\n");
    (void)fflush(stdout);
    for (;;) {
        request.company = (enum rpc_company)((request.company + 1) % 3);
        const struct status started = rpc_client_call(client, &request, on_flood_reply, NULL);
        if (started.code != STATUS_OK) {
            (void)usleep(100);
        }
    }
}

static void victim_start(struct victim *victim, const char *mode, const char *address)
{
    char line[16] = "";
    size_t length = 0;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    victim->pid = fork();
    if (victim->pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl("/proc/self/exe", "victim", mode, address, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    victim->pipe = ends[0];
    do {
        assert_int_equal(read(victim->pipe, line + length, 1), 1);
    } while (line[length++] != '\n' && length < sizeof(line) - 1);
    (void)snprintf(victim->address, sizeof(victim->address), "tcp://127.0.0.1:%d", atoi(line));
}

static void victim_kill(struct victim *victim)
{
    (void)kill(victim->pid, SIGKILL);
    (void)waitpid(victim->pid, NULL, 0);
}

/* How many calls of a kind reached the victim, which must be dead. */
static int victim_marks(struct victim *victim, char mark)
{
    int count = 0;
    char got = 0;

    while (read(victim->pipe, &got, 1) == 1) {
        count += got == mark;
    }
    (void)close(victim->pipe);
    return count;
}

struct outcome {
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    int answers;
    struct status status;
};

static void on_outcome(void *arg, struct status status, struct rpc_reply *reply)
{
    struct outcome *outcome = arg;

    rpc_reply_free(reply);
    pthread_mutex_lock(&outcome->lock);
    outcome->answers++;
    outcome->status = status;
    pthread_cond_broadcast(&outcome->changed);
    pthread_mutex_unlock(&outcome->lock);
}

static void a_write_of_a_killed_server_is_unknown_and_never_run_twice(void **state)
{
    struct outcome outcome = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    const ProtobufCMessage *none = NULL;
    const struct rpc_request request = {
        .method = "write", .company = RPC_WITH_WRITES, .payload = none};
    struct victim first = {0};
    struct victim second = {0};
    struct peer peer = {0};
    char mark = 0;

    (void)state;
    victim_start(&first, "--victim", "tcp://127.0.0.1:0");
    peer_open_client(&peer, first.address, 4);
    assert_true(peer_wait_connected(&peer, true));
    assert_ok(rpc_client_call(peer.client, &request, on_outcome, &outcome));
    assert_int_equal(read(first.pipe, &mark, 1), 1);
    assert_int_equal(mark, 'w');
    victim_kill(&first);
    pthread_mutex_lock(&outcome.lock);
    while (outcome.answers == 0) {
        pthread_cond_wait(&outcome.changed, &outcome.lock);
    }
    pthread_mutex_unlock(&outcome.lock);
    assert_int_equal(outcome.status.code, STATUS_UNAVAILABLE);
    assert_string_equal(outcome.status.reason->name, "OUTCOME_UNKNOWN");
    assert_true(peer_wait_connected(&peer, false));
    assert_status(peer_call(&peer, "echo", "", 5000, NULL), STATUS_UNAVAILABLE, "SERVICE_DOWN");

    victim_start(&second, "--victim", first.address);
    assert_true(peer_wait_connected(&peer, true));
    for (int i = 0; i < 5; i++) {
        assert_ok(peer_call(&peer, "echo", "again", 5000, NULL));
        (void)usleep(50000);
    }
    rpc_client_close(peer.client, 5000);
    peer.client = NULL;
    victim_kill(&second);
    assert_int_equal(victim_marks(&first, 'w'), 0); /* the one was read above */
    assert_int_equal(victim_marks(&second, 'w'), 0);
    assert_int_equal(outcome.answers, 1);
    peer_close(&peer);
}

enum { LOAD_CALLS = 500 };

static void every_call_of_a_killed_server_ends_once(void **state)
{
    struct outcome outcomes[LOAD_CALLS];
    struct rpc_request request = {.method = "echo"};
    struct victim victim = {0};
    struct peer peer = {0};
    int started = 0;

    (void)state;
    victim_start(&victim, "--victim", "tcp://127.0.0.1:0");
    peer_open_client(&peer, victim.address, LOAD_CALLS);
    assert_true(peer_wait_connected(&peer, true));
    for (int i = 0; i < LOAD_CALLS; i++) {
        outcomes[i] = (struct outcome){.lock = PTHREAD_MUTEX_INITIALIZER,
                                       .changed = PTHREAD_COND_INITIALIZER};
        if (i == LOAD_CALLS / 2) {
            victim_kill(&victim);
        }
        request.company = (enum rpc_company)(i % 3);
        const struct status status =
            rpc_client_call(peer.client, &request, on_outcome, &outcomes[started]);
        started += status.code == STATUS_OK;
    }
    rpc_client_close(peer.client, 10000);
    peer.client = NULL;
    for (int i = 0; i < started; i++) {
        pthread_mutex_lock(&outcomes[i].lock);
        assert_int_equal(outcomes[i].answers, 1);
        if (outcomes[i].status.code != STATUS_OK) {
            assert_int_equal(outcomes[i].status.code, STATUS_UNAVAILABLE);
        }
        pthread_mutex_unlock(&outcomes[i].lock);
    }
    (void)victim_marks(&victim, 'e');
    peer_close(&peer);
}

/* Whatever the moment in which the server dies. */
static void no_call_to_a_killed_server_waits_for_its_deadline(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct victim victim = {0};
        struct peer peer = {0};
        struct status status = STATUS_NONE;

        victim_start(&victim, "--victim", "tcp://127.0.0.1:0");
        peer_open_client(&peer, victim.address, 4);
        assert_true(peer_wait_connected(&peer, true));
        assert_ok(peer_call(&peer, "echo", "", 20000, NULL));
        (void)kill(victim.pid, SIGKILL);
        while (status.code == STATUS_OK || status.reason != REASON_SERVICE_DOWN) {
            status = peer_call(&peer, "echo", "", 20000, NULL);
            assert_true(status.code == STATUS_OK || status.code == STATUS_UNAVAILABLE);
        }
        rpc_client_close(peer.client, 5000);
        peer.client = NULL;
        victim_kill(&victim);
        (void)victim_marks(&victim, 'e');
        peer_close(&peer);
    }
}

static void answers_to_callers_that_were_killed_are_dropped(void **state)
{
    struct peer peer = {0};

    (void)state;
    peer_open(&peer, "tcp://127.0.0.1:0", 64, 4);
    for (int i = 0; i < 5; i++) {
        struct victim flood = {0};
        victim_start(&flood, "--flood", peer.address);
        (void)usleep(100000);
        victim_kill(&flood);
        (void)victim_marks(&flood, 'e');
        assert_ok(peer_call(&peer, "echo", "still there", 5000, NULL));
    }
    for (int wait = 0; wait < 5000 && rpc_server_busy(peer.server) > 0; wait++) {
        (void)usleep(1000);
    }
    assert_int_equal(rpc_server_busy(peer.server), 0);
    assert_true(peer.calls_count > 100);
    /* nng may hang now; that must not hold the program up. */
    rpc_client_close(peer.client, 2000);
    (void)rpc_server_close(peer.server, 5000);
    peer.client = NULL;
    peer.server = NULL;
    peer_close(&peer);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_of_a_killed_server_is_unknown_and_never_run_twice),
        cmocka_unit_test(every_call_of_a_killed_server_ends_once),
        cmocka_unit_test(no_call_to_a_killed_server_waits_for_its_deadline),
        cmocka_unit_test(answers_to_callers_that_were_killed_are_dropped),
    };

    if (argc == 3 && strcmp(argv[1], "--victim") == 0) {
        return victim_main(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "--flood") == 0) {
        return flood_main(argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
