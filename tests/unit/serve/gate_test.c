/* gate_test.c - tests gate.c: what is parked, what is held, and what lets it go. */
#include "unit.h"

#include "base/clock.h"
#include "serve/gate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANSWERS = 8, SLOW_MS = 5000 };

struct fixture {
    struct gate *gate;
    struct parked parked[ANSWERS];
    struct watch watches[ANSWERS];
    atomic_int sent;  /* answers */
    atomic_int ended; /* watches */
    atomic_int refused;
    atomic_int waited;
    _Atomic(uint64_t) last_sent;
    _Atomic(uint64_t) last_heard;
};

static struct version version_of(uint64_t seq)
{
    return (struct version){seq, seq * 7};
}

static void on_send(void *arg, struct parked *parked)
{
    struct fixture *fixture = arg;

    atomic_store(&fixture->last_sent, parked->result.seq);
    atomic_fetch_add(&fixture->sent, 1);
}

static void on_end(struct watch *watch, struct status status, struct version published)
{
    struct fixture *fixture = (struct fixture *)(uintptr_t)watch->arg;

    atomic_store(&fixture->last_heard, published.seq);
    atomic_fetch_add(status.code == STATUS_OK ? &fixture->ended : &fixture->refused, 1);
}

static void on_waited(void *arg)
{
    struct fixture *fixture = arg;

    atomic_fetch_add(&fixture->waited, 1);
}

static void open_gate(struct fixture *fixture, uint32_t lease_ms, uint32_t longest_ms)
{
    const struct gate_options options = {
        .published = version_of(10),
        .lease_ms = lease_ms,
        .longest_ms = longest_ms,
        .send = on_send,
        .arg = fixture,
        .on_waited = on_waited,
        .on_waited_arg = fixture,
    };

    *fixture = (struct fixture){0};
    assert_ok(gate_new(&options, &fixture->gate));
}

static void answer(struct fixture *fixture, size_t index, uint64_t seq)
{
    fixture->parked[index] = (struct parked){.result.seq = seq, .answer = LEASE_WRITE};
    gate_answer(fixture->gate, &fixture->parked[index]);
}

static void watch(struct fixture *fixture, size_t index, const char *gateway, uint64_t seq)
{
    fixture->watches[index] = (struct watch){
        .gateway = gateway, .known = version_of(seq), .on_end = on_end, .arg = fixture};
    gate_watch(fixture->gate, &fixture->watches[index], true);
}

/* How long it took; SLOW_MS when it never came. */
static int64_t wait_for(atomic_int *counter, int value)
{
    const int64_t start_ms = clock_boot_ms();

    while (atomic_load(counter) < value && clock_boot_ms() - start_ms < SLOW_MS) {
        (void)usleep(500);
    }
    return clock_boot_ms() - start_ms;
}

static void without_leases_an_answer_leaves_once_its_version_is_published(void **state)
{
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 0, 0);
    assert_int_equal(gate_renew(fixture.gate, "a", version_of(10)).lease_ms, 0);
    answer(&fixture, 0, 10);
    assert_int_equal(atomic_load(&fixture.sent), 1);
    answer(&fixture, 1, 12); /* read after the commit, before it was published */
    answer(&fixture, 2, 11);
    assert_int_equal(atomic_load(&fixture.sent), 1);
    gate_publish(fixture.gate, version_of(11));
    assert_int_equal(atomic_load(&fixture.sent), 2);
    gate_publish(fixture.gate, version_of(12));
    assert_int_equal(atomic_load(&fixture.sent), 3);
    gate_free(fixture.gate);
}

static void an_answer_waits_until_the_gateway_says_that_it_knows(void **state)
{
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 10000, 0);
    const struct lease_grant grant = gate_renew(fixture.gate, "a", version_of(10));
    assert_int_equal(grant.lease_ms, 10000);
    assert_int_equal(grant.version.seq, 10);
    watch(&fixture, 0, "a", 10);
    assert_int_equal(atomic_load(&fixture.ended), 0);
    gate_publish(fixture.gate, version_of(11));
    answer(&fixture, 0, 11);
    assert_int_equal(atomic_load(&fixture.ended), 1);
    assert_int_equal(atomic_load(&fixture.last_heard), 11);
    assert_int_equal(atomic_load(&fixture.sent), 0);
    answer(&fixture, 1, 10); /* of a snapshot before */
    assert_int_equal(atomic_load(&fixture.sent), 1);
    watch(&fixture, 1, "b", 11); /* another gateway */
    assert_int_equal(atomic_load(&fixture.sent), 1);
    watch(&fixture, 2, "a", 11);
    assert_int_equal(atomic_load(&fixture.sent), 2);
    assert_int_equal(gate_stable(fixture.gate).hash, version_of(11).hash);
    gate_drain(fixture.gate);
    gate_free(fixture.gate);
}

static void a_version_of_another_history_is_not_known(void **state)
{
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 10000, 0);
    (void)gate_renew(fixture.gate, "a", version_of(10));
    gate_publish(fixture.gate, version_of(11));
    answer(&fixture, 0, 11);
    (void)gate_renew(fixture.gate, "a", (struct version){11, 1});
    (void)gate_renew(fixture.gate, "a", (struct version){UINT64_MAX, version_of(11).hash});
    assert_int_equal(atomic_load(&fixture.sent), 0);
    (void)gate_renew(fixture.gate, "a", version_of(11));
    assert_int_equal(atomic_load(&fixture.sent), 1);
    gate_free(fixture.gate);
}

static void a_silent_gateway_holds_an_answer_for_one_lease_and_its_margin(void **state)
{
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 100, 0);
    (void)gate_renew(fixture.gate, "a", version_of(10));
    gate_publish(fixture.gate, version_of(11));
    answer(&fixture, 0, 11);
    for (int i = 0; i < 5; i++) { /* which renewals do not prolong */
        (void)usleep(10000);
        (void)gate_renew(fixture.gate, "a", version_of(10));
    }
    assert_in_range(50 + wait_for(&fixture.sent, 1), 100, 1000);
    /* It gets no other lease until it knows the version that had to wait for it. */
    assert_int_equal(gate_renew(fixture.gate, "a", version_of(10)).lease_ms, 0);
    assert_int_equal(gate_renew(fixture.gate, "a", version_of(11)).lease_ms, 100);
    gate_free(fixture.gate);
}

static void after_a_start_nothing_leaves_for_the_longest_lease(void **state)
{
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 10, 200);
    answer(&fixture, 0, 10);
    assert_int_equal(gate_renew(fixture.gate, "a", version_of(0)).lease_ms, 10);
    assert_int_equal(gate_stable(fixture.gate).seq, 0);
    assert_int_equal(atomic_load(&fixture.sent), 0);
    assert_in_range(wait_for(&fixture.sent, 1), 200, 2000);
    (void)wait_for(&fixture.waited, 1);
    assert_int_equal(atomic_load(&fixture.waited), 1);
    gate_free(fixture.gate);
}

static void a_watch_is_held_for_a_second_at_most(void **state)
{
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 0, 0);
    watch(&fixture, 0, "a", 9);
    assert_int_equal(atomic_load(&fixture.ended), 1); /* there is another version at once */
    watch(&fixture, 1, "a", 10);
    assert_in_range(wait_for(&fixture.ended, 2), 900, 3000);
    assert_int_equal(atomic_load(&fixture.last_heard), 10);
    gate_free(fixture.gate);
}

static void a_later_watch_ends_an_earlier_one_of_the_same_gateway(void **state)
{
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 0, 0);
    watch(&fixture, 0, "a", 10);
    watch(&fixture, 1, "b", 10);
    watch(&fixture, 2, "a", 10);
    assert_int_equal(atomic_load(&fixture.ended), 1);
    gate_drain(fixture.gate);
    assert_int_equal(atomic_load(&fixture.refused), 2);
    watch(&fixture, 3, "a", 10);
    assert_int_equal(atomic_load(&fixture.refused), 3);
    gate_free(fixture.gate);
}

static void past_the_limit_a_watch_is_refused_and_yet_heard(void **state)
{
    static struct watch held[GATE_WATCHES_MAX];
    static char names[GATE_WATCHES_MAX][16];
    struct fixture fixture;

    (void)state;
    open_gate(&fixture, 10000, 0);
    (void)gate_renew(fixture.gate, "a", version_of(10));
    gate_publish(fixture.gate, version_of(11));
    answer(&fixture, 0, 11);
    for (int i = 0; i < GATE_WATCHES_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "w%d", i);
        held[i] = (struct watch){
            .gateway = names[i], .known = version_of(11), .on_end = on_end, .arg = &fixture};
        gate_watch(fixture.gate, &held[i], true);
    }
    watch(&fixture, 0, "a", 11);
    assert_int_equal(atomic_load(&fixture.refused), 1);
    assert_int_equal(atomic_load(&fixture.sent), 1);
    gate_drain(fixture.gate);
    assert_int_equal(atomic_load(&fixture.refused), 1 + GATE_WATCHES_MAX);
    gate_free(fixture.gate);
}

static void more_gateways_than_slots_get_the_version_without_a_lease(void **state)
{
    struct fixture fixture;
    char name[16];

    (void)state;
    open_gate(&fixture, 1000, 0);
    for (int i = 0; i < LEASE_HOLDERS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "g%d", i);
        assert_int_equal(gate_renew(fixture.gate, name, version_of(10)).lease_ms, 1000);
    }
    const struct lease_grant grant = gate_renew(fixture.gate, "one-more", version_of(10));
    assert_int_equal(grant.lease_ms, 0);
    assert_int_equal(grant.version.seq, 10);
    gate_free(fixture.gate);
}

/* A lease that changes between any two versions, and nobody who says what it knows. */
static void copies_of_the_table_are_bounded(void **state)
{
    struct fixture fixture;
    uint64_t seq = 10;
    unsigned granted = 0;

    (void)state;
    open_gate(&fixture, 10000, 0);
    for (int i = 0; i < 3 * LEASE_COPIES_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "g%d", i % LEASE_HOLDERS_MAX);
        (void)usleep(i < LEASE_COPIES_MAX ? 1100 : 0);
        granted += gate_renew(fixture.gate, name, version_of(10)).lease_ms > 0;
        gate_publish(fixture.gate, version_of(++seq));
    }
    assert_in_range(granted, LEASE_HOLDERS_MAX, LEASE_COPIES_MAX);
    answer(&fixture, 0, seq);
    for (int i = 0; i < LEASE_HOLDERS_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "g%d", i);
        assert_int_equal(atomic_load(&fixture.sent), 0);
        (void)gate_renew(fixture.gate, name, version_of(seq));
    }
    assert_int_equal(atomic_load(&fixture.sent), 1);
    gate_free(fixture.gate);
}

/* ---- many threads, for the thread sanitizer */

enum { ROUNDS = 300, GATEWAYS = 3 };

struct crowd {
    struct fixture fixture;
    atomic_bool stop;
};

static void *writer(void *arg)
{
    struct crowd *crowd = arg;
    static struct parked parked[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        const uint64_t seq = 11 + (uint64_t)i;
        gate_publish(crowd->fixture.gate, version_of(seq));
        parked[i] = (struct parked){.result.seq = seq, .answer = LEASE_WRITE};
        gate_answer(crowd->fixture.gate, &parked[i]);
        (void)usleep(200);
    }
    return NULL;
}

static void *gateway(void *arg)
{
    struct crowd *crowd = arg;
    char name[24];
    uint64_t known = 10;

    (void)snprintf(name, sizeof(name), "%lx", (unsigned long)pthread_self() & 0xffffffff);
    while (!atomic_load(&crowd->stop)) {
        known = gate_renew(crowd->fixture.gate, name, version_of(known)).version.seq;
        (void)gate_stable(crowd->fixture.gate);
        (void)usleep(300);
    }
    return NULL;
}

static void a_crowd_gets_every_answer_in_time(void **state)
{
    static struct crowd crowd;
    pthread_t threads[GATEWAYS + 1];

    (void)state;
    open_gate(&crowd.fixture, 50, 0);
    for (int i = 0; i < GATEWAYS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, gateway, &crowd), 0);
    }
    assert_int_equal(pthread_create(&threads[GATEWAYS], NULL, writer, &crowd), 0);
    (void)pthread_join(threads[GATEWAYS], NULL);
    assert_true(wait_for(&crowd.fixture.sent, ROUNDS) < SLOW_MS);
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < GATEWAYS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    gate_free(crowd.fixture.gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_leases_an_answer_leaves_once_its_version_is_published),
        cmocka_unit_test(an_answer_waits_until_the_gateway_says_that_it_knows),
        cmocka_unit_test(a_version_of_another_history_is_not_known),
        cmocka_unit_test(a_silent_gateway_holds_an_answer_for_one_lease_and_its_margin),
        cmocka_unit_test(after_a_start_nothing_leaves_for_the_longest_lease),
        cmocka_unit_test(a_watch_is_held_for_a_second_at_most),
        cmocka_unit_test(a_later_watch_ends_an_earlier_one_of_the_same_gateway),
        cmocka_unit_test(past_the_limit_a_watch_is_refused_and_yet_heard),
        cmocka_unit_test(more_gateways_than_slots_get_the_version_without_a_lease),
        cmocka_unit_test(copies_of_the_table_are_bounded),
        cmocka_unit_test(a_crowd_gets_every_answer_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
