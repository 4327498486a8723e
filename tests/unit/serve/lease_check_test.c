/* lease_check_test.c - random schedules around lease.c: none breaks a promise, and each planted bug
 * is found by one. */
#include "unit.h"

#include "lease_world.h"
#include "serve/mutant.h"

#include <stdio.h>

enum { SCHEDULES = 3000, SCHEDULES_OF_MUTANT = 60000, STEPS = 500 };

/* The first seed whose schedule breaks something; 0 when there is none. */
static uint64_t find_broken(struct world_options options, unsigned schedules, unsigned *ret_hits)
{
    unsigned reads = 0;

    for (uint64_t seed = 1; seed <= schedules; seed++) {
        options.seed = seed;
        if (world_run(&options, &reads, ret_hits) != 0) {
            return seed;
        }
    }
    assert_true(reads > schedules);
    return 0;
}

static void print_story(struct world_options options, uint64_t seed)
{
    unsigned ignored = 0;

    options.seed = seed;
    options.print = true;
    (void)world_run(&options, &ignored, &ignored);
}

#if MUTANT(NONE)
static void holds_with(uint32_t lease_ms, bool crashes)
{
    const struct world_options options = {
        .lease_ms = lease_ms, .steps = STEPS, .crashes = crashes, .promises = P_ALL};
    unsigned hits = 0;
    const uint64_t seed = find_broken(options, SCHEDULES, &hits);

    if (seed != 0) {
        print_story(options, seed);
        fail_msg("schedule %llu breaks a promise", (unsigned long long)seed);
    }
    assert_true(lease_ms == 1 || hits > SCHEDULES);
}

static void no_schedule_breaks_a_promise_with_leases_of_100_ms(void **state)
{
    (void)state;
    holds_with(100, true);
    holds_with(100, false);
}

static void no_schedule_breaks_a_promise_with_the_longest_leases(void **state)
{
    (void)state;
    holds_with(10000, true);
}

static void no_schedule_breaks_a_promise_with_leases_of_1_ms(void **state)
{
    (void)state;
    holds_with(1, true);
}

static void no_schedule_breaks_a_promise_without_leases(void **state)
{
    (void)state;
    holds_with(0, true);
}
#else
/* What the model says that it breaks. */
enum {
    BROKEN = MUTANT(M2)                                 ? P_REAL
             : MUTANT(M5) || MUTANT(M16) || MUTANT(M19) ? P_MONOTONE
             : MUTANT(ML1)                              ? P_LIVE
                                                        : P_FRESH,
};

/* Acknowledging late and showing late are two rules: each keeps a promise of its own. */
static void a_planted_bug_of_one_rule_leaves_the_other_promise_alone(void **state)
{
    const struct world_options options = {.lease_ms = 1000,
                                          .steps = STEPS,
                                          .crashes = true,
                                          .promises = MUTANT(M1) ? P_MONOTONE : P_FRESH};
    unsigned hits = 0;

    (void)state;
    if (MUTANT(M1) || MUTANT(M5)) {
        assert_int_equal(find_broken(options, SCHEDULES, &hits), 0);
    }
}

static void the_planted_bug_is_caught(void **state)
{
    const struct world_options options = {
        .lease_ms = 1000, .steps = STEPS, .crashes = true, .promises = BROKEN};
    unsigned hits = 0;
    const uint64_t seed = find_broken(options, SCHEDULES_OF_MUTANT, &hits);

    (void)state;
    assert_true(seed != 0);
    print_story(options, seed);
    printf("caught in schedule %llu\n", (unsigned long long)seed);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#if MUTANT(NONE)
        cmocka_unit_test(no_schedule_breaks_a_promise_with_leases_of_100_ms),
        cmocka_unit_test(no_schedule_breaks_a_promise_with_the_longest_leases),
        cmocka_unit_test(no_schedule_breaks_a_promise_with_leases_of_1_ms),
        cmocka_unit_test(no_schedule_breaks_a_promise_without_leases),
#else
        cmocka_unit_test(the_planted_bug_is_caught),
        cmocka_unit_test(a_planted_bug_of_one_rule_leaves_the_other_promise_alone),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
