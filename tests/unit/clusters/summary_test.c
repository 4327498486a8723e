/* summary_test.c - tests summary.c, occupancy.c and the states of investment.c. */
#include "fixture.h"

#include "investment.h"
#include "occupancy.h"
#include "summary.h"

static struct call *call_of(void **state)
{
    return &((struct fixture *)*state)->call;
}

static Dongkhoi__Clusters__V1__Investment *tenant(struct call *call, int state, double leased)
{
    Dongkhoi__Clusters__V1__Investment *made =
        message_new(call->arena, &dongkhoi__clusters__v1__investment__descriptor);

    made->role = ROLE_TENANT;
    made->state = state;
    made->leased_hectares = leased < 0 ? NULL : double_wrap(call->arena, leased);
    return made;
}

static void occupancy_is_leased_over_leasable_rounded_half_up(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_null(cluster->occupancy_percent);
    assert_note(cluster, "LEASABLE_UNKNOWN");
    cluster->leasable_hectares = double_wrap(call->arena, 80);
    occupancy_change(cluster, NULL, tenant(call, STATE_OPERATING, 0.1));
    occupancy_change(cluster, NULL, tenant(call, STATE_REGISTERED, 0.2));
    assert_true(cluster->leased_hectares == 0.3);
    assert_ok(cluster_refresh(call, cluster, "x"));
    /* 0.375 % */
    assert_true(cluster->occupancy_percent->value == 0.38);
    assert_int_equal(cluster->tenant_count, 2);
}

static void more_than_all_land_is_refused(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    cluster->leasable_hectares = double_wrap(call->arena, 10);
    occupancy_change(cluster, NULL, tenant(call, STATE_OPERATING, 10));
    assert_ok(cluster_refresh(call, cluster, "x"));
    assert_true(cluster->occupancy_percent->value == 100);
    occupancy_change(cluster, NULL, tenant(call, STATE_PROPOSED, 0.0001));
    const struct status status = cluster_refresh(call, cluster, "leasedHectares");
    assert_status(status, STATUS_FAILED_PRECONDITION, "OCCUPANCY_OVER_100");
    assert_string_equal(status.field, "leasedHectares");
}

static void land_is_free_when_the_tenant_ends_or_becomes_something_else(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    Dongkhoi__Clusters__V1__Investment *before = tenant(call, STATE_OPERATING, 3.5);
    Dongkhoi__Clusters__V1__Investment *after = tenant(call, STATE_ENDED, 3.5);

    occupancy_change(cluster, NULL, before);
    occupancy_change(cluster, before, after);
    assert_true(cluster->leased_hectares == 0);
    assert_int_equal(cluster->tenant_count, 0);
    occupancy_change(cluster, after, NULL);
    assert_true(cluster->leased_hectares == 0);
    after->state = STATE_OPERATING;
    after->role = ROLE_INFRASTRUCTURE;
    occupancy_change(cluster, NULL, after);
    assert_true(cluster->leased_hectares == 0);
}

static void a_full_cluster_with_free_land_says_so(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    Dongkhoi__Clusters__V1__Investment *all = tenant(call, STATE_OPERATING, 10);

    cluster->leasable_hectares = double_wrap(call->arena, 10);
    occupancy_change(cluster, NULL, all);
    assert_ok(enter(call, cluster, STAGE_FULL, BASIS_RECORDED, "", NULL));
    assert_ok(cluster_refresh(call, cluster, "x"));
    assert_no_note(cluster, "NO_LONGER_FULL");
    occupancy_change(cluster, all, NULL);
    assert_ok(cluster_refresh(call, cluster, "x"));
    assert_note(cluster, "NO_LONGER_FULL");
}

static void a_tenant_whose_lease_is_unknown_makes_occupancy_unknown(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    Dongkhoi__Clusters__V1__Investment *unknown = tenant(call, STATE_REGISTERED, -1);

    cluster->leasable_hectares = double_wrap(call->arena, 10);
    occupancy_change(cluster, NULL, tenant(call, STATE_PROPOSED, -1));
    assert_ok(cluster_refresh(call, cluster, "x"));
    assert_true(cluster->occupancy_percent->value == 0);
    occupancy_change(cluster, NULL, unknown);
    assert_ok(cluster_refresh(call, cluster, "x"));
    assert_null(cluster->occupancy_percent);
    assert_note(cluster, "LEASE_UNKNOWN");
    occupancy_change(cluster, unknown, tenant(call, STATE_REGISTERED, 5));
    assert_ok(cluster_refresh(call, cluster, "x"));
    assert_true(cluster->occupancy_percent->value == 50);
}

static void investments_go_forward_only(void **state)
{
    const char *possible[] = {
        [STATE_PROPOSED] = "..R..E",
        [STATE_REGISTERED] = "...UOE",
        [STATE_UNDER_CONSTRUCTION] = "....OE",
        [STATE_OPERATING] = ".....E",
        [STATE_ENDED] = "......",
    };

    (void)state;
    for (int from = STATE_PROPOSED; from <= STATE_ENDED; from++) {
        for (int to = STATE_PROPOSED; to <= STATE_ENDED; to++) {
            assert_int_equal(investment_may_become(from, to), possible[from][to] != '.');
        }
    }
}

static void more_spent_than_committed_is_seen_exactly(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Investment *investment = tenant(call, STATE_OPERATING, 1);

    assert_false(investment_overspent(investment));
    investment->disbursed_capital_billion_vnd = double_wrap(call->arena, 332.000001);
    assert_false(investment_overspent(investment));
    investment->committed_capital_billion_vnd = double_wrap(call->arena, 332);
    assert_true(investment_overspent(investment));
    investment->disbursed_capital_billion_vnd = double_wrap(call->arena, 332);
    assert_false(investment_overspent(investment));
}

static void a_summary_has_the_shape_of_the_provinces_totals(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__SummarizeClustersResponse *answer =
        message_new(call->arena, &dongkhoi__clusters__v1__summarize_clusters_response__descriptor);
    struct summary summary = {.occupancy_known = 0};

    /* Mid-2024: 14 planned (918 ha), 8 established (318 ha), 4 operating (191 ha), 62 %. */
    for (int i = 0; i < 22; i++) {
        Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
        const bool operating = i >= 18;
        const double area = i < 13    ? 65
                            : i == 13 ? 73
                            : i < 17  ? 30
                            : i == 17 ? 37
                            : i < 21  ? 50
                                      : 41;

        if (i >= 14) {
            assert_ok(enter(call, cluster, operating ? STAGE_OPERATING : STAGE_ESTABLISHED,
                            BASIS_RECORDED, "", NULL));
        }
        cluster->area_hectares = double_wrap(call->arena, area);
        if (operating) {
            cluster->leasable_hectares = double_wrap(call->arena, 25);
            cluster->leased_hectares = 15.5;
        }
        assert_ok(cluster_refresh(call, cluster, "x"));
        summary_add_cluster(&summary, cluster);
    }
    assert_ok(summary_answer(call, &summary, answer));
    assert_int_equal(answer->planned->clusters, 14);
    assert_true(answer->planned->area_hectares == 918);
    assert_int_equal(answer->established->clusters, 8);
    assert_true(answer->established->area_hectares == 318);
    assert_int_equal(answer->operating->clusters, 4);
    assert_true(answer->operating->area_hectares == 191);
    assert_int_equal(answer->occupancy->clusters, 4);
    assert_int_equal(answer->occupancy->unknown_clusters, 4);
    assert_true(answer->occupancy->occupancy_percent->value == 62);
    assert_int_equal(answer->n_stages, STAGE_REVOKED);
    assert_note(answer, "NO_INVESTMENTS");
}

static void sums_are_exact_and_say_what_they_lack(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__SummarizeClustersResponse *answer =
        message_new(call->arena, &dongkhoi__clusters__v1__summarize_clusters_response__descriptor);
    struct summary summary = {.occupancy_known = 0};
    Dongkhoi__Clusters__V1__Investment *ended = tenant(call, STATE_ENDED, 1);

    summary_add_cluster(&summary, planned(call));
    ended->registered_capital_billion_vnd = double_wrap(call->arena, 1000);
    summary_add_investment(&summary, ended);
    summary_add_investment(&summary, tenant(call, STATE_OPERATING, 1));
    for (int i = 0; i < 10; i++) {
        Dongkhoi__Clusters__V1__Investment *investment = tenant(call, STATE_OPERATING, 1);
        investment->registered_capital_billion_vnd = double_wrap(call->arena, 0.1);
        investment->jobs = int32_wrap(call->arena, 1000);
        summary_add_investment(&summary, investment);
    }
    assert_ok(summary_answer(call, &summary, answer));
    assert_int_equal(answer->total->unknown_area_clusters, 1);
    assert_note(answer, "AREA_UNKNOWN");
    assert_int_equal(answer->investments->investments, 11);
    assert_true(answer->investments->registered_capital_billion_vnd->value == 1);
    assert_int_equal(answer->investments->unknown_registered_capital, 1);
    assert_null(answer->investments->committed_capital_billion_vnd);
    assert_int_equal(answer->investments->jobs->value, 10000);
    assert_int_equal(answer->investments->unknown_jobs, 1);
    assert_null(answer->occupancy->occupancy_percent);
    assert_note(answer, "OCCUPANCY_UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(occupancy_is_leased_over_leasable_rounded_half_up),
        fixture_test(more_than_all_land_is_refused),
        fixture_test(land_is_free_when_the_tenant_ends_or_becomes_something_else),
        fixture_test(a_full_cluster_with_free_land_says_so),
        fixture_test(a_tenant_whose_lease_is_unknown_makes_occupancy_unknown),
        cmocka_unit_test(investments_go_forward_only),
        fixture_test(more_spent_than_committed_is_seen_exactly),
        fixture_test(a_summary_has_the_shape_of_the_provinces_totals),
        fixture_test(sums_are_exact_and_say_what_they_lack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
