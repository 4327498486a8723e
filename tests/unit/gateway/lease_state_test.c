/* lease_state_test.c - versions and leases by table. */
#include "unit.h"

#include "lease_state.h"

static void a_lease_is_over_at_its_end(void **state)
{
    static const struct {
        int64_t sent;
        uint32_t lease;
        int64_t now;
        bool is_held;
    } cases[] = {
        {1000, 100, 1000, true},  {1000, 100, 1099, true},
        {1000, 100, 1100, false}, {1000, 100, 5000, false},
        {1000, 0, 1000, false},   {0, 1, 0, true},
        {0, 1, 1, false},         {-50, 100, 49, true},
        {-50, 100, 50, false},    {0, UINT32_MAX, INT64_C(4294967294), true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lease_state lease = {.known = {7, 70, 0}};
        struct known_version known = {1, 2, 3};

        lease_state_grant(&lease, cases[i].sent, cases[i].lease);
        assert_int_equal(lease_state_check(&lease, cases[i].now, &known), cases[i].is_held);
        assert_int_equal(known.seq, cases[i].is_held ? 7 : 1);
    }
}

static void a_state_of_zeros_holds_no_lease(void **state)
{
    const struct lease_state lease = {0};
    struct known_version known;

    (void)state;
    assert_false(lease_state_check(&lease, 0, &known));
    assert_false(lease_state_check(&lease, 1, &known));
}

static void a_late_renewal_does_not_shorten_a_lease(void **state)
{
    struct lease_state lease = {0};
    struct known_version known;

    (void)state;
    lease_state_grant(&lease, 1000, 100);
    lease_state_grant(&lease, 950, 100);
    lease_state_grant(&lease, 1000, 0);
    assert_true(lease_state_check(&lease, 1099, &known));
    assert_int_equal(lease.renew_at_boot_ms, 1033);
}

static void a_version_only_moves_forward(void **state)
{
    static const struct {
        struct known_version known;
        struct known_version asked;
        uint64_t seq;
        uint64_t hash;
        bool is_taken;
        struct known_version after;
    } cases[] = {
        /* the first word of a service */
        {{0, 0, 0}, {0, 0, 0}, 7, 70, true, {7, 70, 0}},
        {{0, 0, 0}, {0, 0, 0}, 0, 0, true, {0, 0, 0}},
        /* news, and none */
        {{7, 70, 0}, {7, 70, 0}, 8, 80, true, {8, 80, 0}},
        {{7, 70, 0}, {7, 70, 0}, 7, 70, true, {7, 70, 0}},
        /* overtaken on the way */
        {{9, 90, 0}, {7, 70, 0}, 8, 80, true, {9, 90, 0}},
        /* a restored store: behind what was known at the asking */
        {{7, 70, 0}, {7, 70, 0}, 5, 55, true, {5, 55, 1}},
        {{7, 70, 0}, {7, 70, 0}, 7, 71, true, {7, 71, 1}},
        {{7, 70, 0}, {7, 70, 0}, 0, 0, true, {0, 0, 1}},
        /* an answer from before the restored store was noticed */
        {{5, 55, 1}, {7, 70, 0}, 8, 80, false, {5, 55, 1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lease_state lease = {.known = cases[i].known, .until_boot_ms = 1000};
        struct known_version known;

        assert_int_equal(lease_state_hear(&lease, &cases[i].asked, cases[i].seq, cases[i].hash),
                         cases[i].is_taken);
        assert_int_equal(lease.known.seq, cases[i].after.seq);
        assert_int_equal(lease.known.hash, cases[i].after.hash);
        assert_int_equal(lease.known.generation, cases[i].after.generation);
        /* A lease on another history is none. */
        assert_int_equal(lease_state_check(&lease, 999, &known),
                         cases[i].known.generation == cases[i].after.generation);
    }
}

static void an_answer_reaches_what_is_known(void **state)
{
    static const struct {
        struct known_version known;
        uint32_t generation;
        uint64_t seq;
        uint64_t hash;
        bool reaches;
    } cases[] = {
        {{7, 70, 0}, 0, 7, 70, true},  {{7, 70, 0}, 0, 8, 80, true},  {{7, 70, 0}, 0, 6, 60, false},
        {{7, 70, 0}, 0, 7, 71, false}, {{7, 70, 1}, 0, 8, 80, false}, {{7, 70, 0}, 1, 8, 80, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            version_reaches(&cases[i].known, cases[i].generation, cases[i].seq, cases[i].hash),
            cases[i].reaches);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_is_over_at_its_end),
        cmocka_unit_test(a_state_of_zeros_holds_no_lease),
        cmocka_unit_test(a_late_renewal_does_not_shorten_a_lease),
        cmocka_unit_test(a_version_only_moves_forward),
        cmocka_unit_test(an_answer_reaches_what_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
