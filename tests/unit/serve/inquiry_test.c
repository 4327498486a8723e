/*
 * inquiry_test.c - tests inquiry.c behind a real port: a server whose calls are all questions, and
 * makings that wait until the test lets them go.
 */
#include "unit.h"

#include "raw_peer.h"

#include "base/clock.h"
#include "serve/connection_marks.h"
#include "serve/inquiry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLS = 1024, ANSWER_MS = 10000, MAKINGS_MAX = 64, ARENA_BYTES = 1 << 20 };

struct desk {
    struct arena *arena;
    struct rpc_server *server;
    struct inquiries *inquiries;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    bool is_held;                     /* makings wait */
    unsigned asked;                   /* calls that reached the handler */
    unsigned makings[INQUIRY_KINDS];  /* begun */
    unsigned answered[INQUIRY_KINDS]; /* questions */
    int64_t made_ns[MAKINGS_MAX];     /* when each making of the metrics began */
};

static void answer_all(struct desk *desk, enum inquiry_kind kind, struct inquiry *first)
{
    pthread_mutex_lock(&desk->lock);
    if (kind == INQUIRY_METRICS && desk->makings[kind] < MAKINGS_MAX) {
        desk->made_ns[desk->makings[kind]] = clock_elapsed_ns();
    }
    desk->makings[kind]++;
    pthread_cond_broadcast(&desk->changed);
    while (desk->is_held) {
        pthread_cond_wait(&desk->changed, &desk->lock);
    }
    pthread_mutex_unlock(&desk->lock);
    while (first != NULL) {
        struct rpc_call *rpc = first->rpc;

        inquiry_end(desk->inquiries, kind, first);
        first = first->next;
        rpc_call_answer(rpc, &(struct rpc_result){0});
        desk->answered[kind]++;
    }
}

static void answer_health(void *arg, struct inquiry *first)
{
    answer_all(arg, INQUIRY_HEALTH, first);
}

static void answer_metrics(void *arg, struct inquiry *first)
{
    answer_all(arg, INQUIRY_METRICS, first);
}

static void on_call(void *arg, struct rpc_call *rpc)
{
    struct desk *desk = arg;
    const bool is_health = strcmp(rpc_call_info(rpc)->method, "health") == 0;
    const struct status status =
        inquiries_ask(desk->inquiries, is_health ? INQUIRY_HEALTH : INQUIRY_METRICS, rpc);

    if (status.code != STATUS_OK) {
        rpc_call_answer(rpc, &(struct rpc_result){.status = status});
    }
    pthread_mutex_lock(&desk->lock);
    desk->asked++;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
}

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    const struct inquiries_options options = {
        .answer_all = {[INQUIRY_HEALTH] = answer_health, [INQUIRY_METRICS] = answer_metrics},
        .arg = desk,
    };
    const struct rpc_server_options server_options = {
        .address = "tcp://127.0.0.1:0", .calls = CALLS, .on_call = on_call, .arg = desk};

    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->changed, NULL);
    desk->arena = arena_new(ARENA_BYTES);
    desk->inquiries = inquiries_new(&options);
    assert_non_null(desk->inquiries);
    assert_ok(rpc_server_open(&server_options, desk->arena, &desk->server));
    *state = desk;
    return 0;
}

static void hold(struct desk *desk, bool is_held)
{
    pthread_mutex_lock(&desk->lock);
    desk->is_held = is_held;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    hold(desk, false);
    assert_true(rpc_server_close(desk->server, 5000));
    inquiries_free(desk->inquiries);
    pthread_cond_destroy(&desk->changed);
    pthread_mutex_destroy(&desk->lock);
    arena_free(desk->arena);
    free(desk);
    return 0;
}

static void wait_asked(struct desk *desk, unsigned count)
{
    pthread_mutex_lock(&desk->lock);
    while (desk->asked < count) {
        pthread_cond_wait(&desk->changed, &desk->lock);
    }
    pthread_mutex_unlock(&desk->lock);
}

static void wait_making(struct desk *desk, enum inquiry_kind kind, unsigned count)
{
    pthread_mutex_lock(&desk->lock);
    while (desk->makings[kind] < count) {
        pthread_cond_wait(&desk->changed, &desk->lock);
    }
    pthread_mutex_unlock(&desk->lock);
}

static void ask(struct raw_peer *raw, const char *method, unsigned count)
{
    assert_true(raw_peer_send(raw, method, count, 60000, (struct slice){"", 0}));
}

static void open_peer(struct desk *desk, struct raw_peer *raw)
{
    raw_peer_open(raw, rpc_server_port(desk->server));
}

/* The first making is of one question; the others wait for the second, or are refused at once. */
static void a_message_of_64_questions_costs_two_makings(void **state)
{
    struct desk *desk = *state;
    struct raw_answers answers;
    struct raw_peer raw;
    struct raw_peer other;

    hold(desk, true);
    open_peer(desk, &raw);
    open_peer(desk, &other);
    ask(&raw, "metrics", 1);
    wait_making(desk, INQUIRY_METRICS, 1);
    ask(&raw, "metrics", 64);
    wait_asked(desk, 65);
    ask(&other, "metrics", 1);
    wait_asked(desk, 66);
    hold(desk, false);
    raw_peer_read(&raw, ANSWER_MS, &answers);
    assert_int_equal(answers.count, 1);
    raw_peer_read(&raw, ANSWER_MS, &answers);
    assert_int_equal(answers.count, 64);
    assert_int_equal(raw_answers_with(&answers, ""), INQUIRY_METRICS_PER_CONNECTION - 1);
    assert_int_equal(raw_answers_with(&answers, "QUEUE_FULL"),
                     64 - (INQUIRY_METRICS_PER_CONNECTION - 1));
    raw_peer_read(&other, ANSWER_MS, &answers);
    assert_int_equal(raw_answers_with(&answers, ""), 1);
    assert_int_equal(desk->makings[INQUIRY_METRICS], 2);
    raw_peer_close(&raw);
    raw_peer_close(&other);
}

static void between_two_makings_of_the_metrics_is_a_pause(void **state)
{
    enum { ROUNDS = 6 };
    struct desk *desk = *state;
    struct raw_answers answers;
    struct raw_peer raw;

    open_peer(desk, &raw);
    for (int i = 0; i < ROUNDS; i++) {
        ask(&raw, "metrics", 1);
        raw_peer_read(&raw, ANSWER_MS, &answers);
    }
    assert_int_equal(desk->makings[INQUIRY_METRICS], ROUNDS);
    for (int i = 1; i < ROUNDS; i++) {
        assert_true(desk->made_ns[i] - desk->made_ns[i - 1] >=
                    (int64_t)INQUIRY_METRICS_PAUSE_MS * 1000000);
    }
    raw_peer_close(&raw);
}

static void health_does_not_wait_for_the_pause(void **state)
{
    enum { ROUNDS = 50 };
    struct desk *desk = *state;
    struct raw_answers answers;
    struct raw_peer raw;

    open_peer(desk, &raw);
    ask(&raw, "metrics", 1);
    raw_peer_read(&raw, ANSWER_MS, &answers);
    const int64_t begin_ms = clock_boot_ms();
    for (int i = 0; i < ROUNDS; i++) {
        ask(&raw, "health", 1);
        raw_peer_read(&raw, ANSWER_MS, &answers);
        assert_int_equal(raw_answers_with(&answers, ""), 1);
    }
    assert_true(clock_boot_ms() - begin_ms < ROUNDS * INQUIRY_METRICS_PAUSE_MS / 2);
    raw_peer_close(&raw);
}

static void past_the_limit_of_all_each_connection_still_has_one(void **state)
{
    enum { PEERS = INQUIRY_METRICS_MAX / INQUIRY_METRICS_PER_CONNECTION, LATE = 8 };
    struct desk *desk = *state;
    struct raw_peer raws[PEERS + LATE];
    struct raw_answers answers;

    hold(desk, true);
    for (unsigned i = 0; i < PEERS; i++) {
        open_peer(desk, &raws[i]);
        ask(&raws[i], "metrics", INQUIRY_METRICS_PER_CONNECTION);
        wait_asked(desk, (i + 1) * INQUIRY_METRICS_PER_CONNECTION);
    }
    for (unsigned i = PEERS; i < PEERS + LATE; i++) {
        open_peer(desk, &raws[i]);
        ask(&raws[i], "metrics", 3);
    }
    wait_asked(desk, INQUIRY_METRICS_MAX + 3 * LATE);
    hold(desk, false);
    for (unsigned i = 0; i < PEERS + LATE; i++) {
        raw_peer_read(&raws[i], ANSWER_MS, &answers);
        assert_int_equal(raw_answers_with(&answers, ""),
                         i < PEERS ? INQUIRY_METRICS_PER_CONNECTION : 1);
        raw_peer_close(&raws[i]);
    }
    assert_in_range(desk->makings[INQUIRY_METRICS], 1, 2);
}

static void the_last_questions_are_answered_when_it_stops(void **state)
{
    struct desk *desk = *state;
    struct raw_answers answers;
    struct raw_peer raw;

    open_peer(desk, &raw);
    ask(&raw, "metrics", 1);
    raw_peer_read(&raw, ANSWER_MS, &answers);
    ask(&raw, "metrics", 2);
    wait_asked(desk, 3);
    inquiries_stop(desk->inquiries);
    raw_peer_read(&raw, ANSWER_MS, &answers);
    assert_int_equal(raw_answers_with(&answers, ""), 2);
    ask(&raw, "health", 1);
    raw_peer_read(&raw, ANSWER_MS, &answers);
    assert_int_equal(raw_answers_with(&answers, "QUEUE_FULL"), 1);
    raw_peer_close(&raw);
}

#define INQUIRY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        INQUIRY_TEST(a_message_of_64_questions_costs_two_makings),
        INQUIRY_TEST(between_two_makings_of_the_metrics_is_a_pause),
        INQUIRY_TEST(health_does_not_wait_for_the_pause),
        INQUIRY_TEST(past_the_limit_of_all_each_connection_still_has_one),
        INQUIRY_TEST(the_last_questions_are_answered_when_it_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
