/* area_test.c - tests area.c and legal.c. */
#include "fixture.h"

#include "legal.h"

static struct call *call_of(void **state)
{
    return &((struct fixture *)*state)->call;
}

static Dongkhoi__Clusters__V1__ClusterArea *
at(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster, const char *date)
{
    Dongkhoi__Clusters__V1__ClusterArea *area =
        message_new(call->arena, &dongkhoi__clusters__v1__cluster_area__descriptor);

    area->date = (char *)date;
    assert_ok(area_at(call, cluster, area));
    return area;
}

static void the_series_of_phong_nam_is_read_by_date(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    /* Loaded out of order, as history is found. */
    assert_ok(adjust(call, cluster, AREA_EXPAND, 74.3122, "2017-05-18"));
    assert_ok(adjust(call, cluster, AREA_REDUCE, -1, "2022-01"));
    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 10.3122, "2011-05-16"));

    assert_true(cluster->area_hectares->value == 74.3122);
    assert_string_equal(cluster->area_date, "2017-05-18");
    assert_true(cluster->area_outdated);
    assert_note(cluster, "AREA_CHANGED_SINCE");

    assert_null(at(call, cluster, "2011-05-15")->area_hectares);
    assert_note(at(call, cluster, "2011-05-15"), "NOT_DECIDED_YET");
    assert_true(at(call, cluster, "2011-05-16")->area_hectares->value == 10.3122);
    assert_true(at(call, cluster, "2017-05-17")->area_hectares->value == 10.3122);
    assert_true(at(call, cluster, "2021-12-31")->area_hectares->value == 74.3122);
    assert_null(at(call, cluster, "2022-01-01")->area_hectares);
    assert_note(at(call, cluster, "2022-01-01"), "AREA_UNKNOWN");
}

static void a_known_area_after_an_unknown_one_is_current_again(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(adjust(call, cluster, AREA_REDUCE, -1, "2022-01"));
    assert_null(cluster->area_hectares);
    assert_note(cluster, "AREA_UNKNOWN");
    assert_ok(adjust(call, cluster, AREA_EXPAND, 40, "2023-01-05"));
    assert_true(cluster->area_hectares->value == 40);
    assert_false(cluster->area_outdated);
    assert_no_note(cluster, "AREA_CHANGED_SINCE");
}

static void an_undated_unknown_change_leaves_the_area_uncertain(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 20, "2015-01-01"));
    assert_ok(adjust(call, cluster, AREA_REDUCE, -1, ""));
    assert_true(cluster->area_hectares->value == 20);
    assert_true(cluster->area_outdated);
    assert_note(at(call, cluster, "2020-01-01"), "UNDATED_CHANGE");
}

static void expand_and_reduce_keep_their_word(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 20, "2015-01-01"));
    assert_status(adjust(call, cluster, AREA_EXPAND, 19.9999, "2016-01-01"),
                  STATUS_FAILED_PRECONDITION, "AREA_CONTRADICTS");
    assert_status(adjust(call, cluster, AREA_REDUCE, 20.0001, "2016-01-01"),
                  STATUS_FAILED_PRECONDITION, "AREA_CONTRADICTS");
    assert_ok(adjust(call, cluster, AREA_REDUCE, 20, "2016-01-01"));
    assert_ok(adjust(call, cluster, AREA_EXPAND, 30, "2018-01-01"));
    /* Between the two there is no room for more than 30 ha. */
    assert_status(adjust(call, cluster, AREA_RELOCATE, 31, "2017-01-01"),
                  STATUS_FAILED_PRECONDITION, "AREA_CONTRADICTS");
    assert_ok(adjust(call, cluster, AREA_RELOCATE, 25, "2017-01-01"));
    assert_int_equal(cluster->n_area_changes, 4);
    assert_true(cluster->area_hectares->value == 30);
}

static void the_area_as_found_is_what_a_first_change_is_judged_by(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    cluster->area_hectares = double_wrap(call->arena, 50);
    assert_true(at(call, cluster, "2020-01-01")->area_hectares->value == 50);
    assert_note(at(call, cluster, "2020-01-01"), "AREA_AS_FOUND");
    assert_status(adjust(call, cluster, AREA_REDUCE, 60, "2020-01-01"), STATUS_FAILED_PRECONDITION,
                  "AREA_CONTRADICTS");
    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 10, "2010-01-01"));
    assert_true(cluster->area_hectares->value == 10);
}

static void the_area_as_found_stays_while_no_change_knows_better(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    cluster->area_hectares = double_wrap(call->arena, 50);
    assert_ok(adjust(call, cluster, AREA_REDUCE, -1, "2022-01"));
    assert_true(cluster->area_hectares->value == 50);
    assert_true(cluster->area_outdated);
    assert_string_equal(cluster->area_date, "");
}

static void a_cluster_is_established_once_and_first(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(adjust(call, cluster, AREA_EXPAND, 30, "2018-01-01"));
    assert_status(adjust(call, cluster, AREA_ESTABLISH, 20, "2019-01-01"),
                  STATUS_FAILED_PRECONDITION, "DATE_OUT_OF_ORDER");
    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 20, "2015-01-01"));
    assert_status(adjust(call, cluster, AREA_ESTABLISH, 21, "2014-01-01"),
                  STATUS_FAILED_PRECONDITION, "ALREADY_ESTABLISHED");
    assert_status(adjust(call, cluster, AREA_EXPAND, 21, "2014-01-01"), STATUS_FAILED_PRECONDITION,
                  "DATE_OUT_OF_ORDER");
}

static void a_recorded_establishment_takes_its_document_once(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    Dongkhoi__Clusters__V1__AreaChange *change =
        message_new(call->arena, &dongkhoi__clusters__v1__area_change__descriptor);
    bool unchanged = true;

    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 20, "2015-01"));
    assert_ok(adjust(call, cluster, AREA_EXPAND, 30, "2018-01-01"));
    change->kind = AREA_ESTABLISH;
    change->basis = BASIS_DOCUMENTED;
    change->date = (char *)"2015-01-20";
    change->document = document(call, "1/QĐ-UBND", "2015-01-20");
    change->area_hectares = double_wrap(call->arena, 21);
    assert_ok(area_add(call, cluster, change, &unchanged));
    assert_false(unchanged);
    assert_true(at(call, cluster, "2016-01-01")->area_hectares->value == 21);
    assert_status(adjust(call, cluster, AREA_ESTABLISH, 20, "2015-02"), STATUS_FAILED_PRECONDITION,
                  "ALREADY_ESTABLISHED");
}

static void the_same_change_twice_changes_nothing(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 20, "2015-01-01"));
    assert_ok(adjust(call, cluster, AREA_ESTABLISH, 20, "2015-01-01"));
    assert_ok(adjust(call, cluster, AREA_REDUCE, -1, "2022-01"));
    assert_ok(adjust(call, cluster, AREA_REDUCE, -1, "2022-01"));
    assert_int_equal(cluster->n_area_changes, 2);
}

static void area_changes_are_bounded(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    cluster->n_area_changes = AREA_CHANGES_MAX;
    cluster->area_changes =
        arena_array(call->arena, AREA_CHANGES_MAX, sizeof(*cluster->area_changes));
    for (size_t i = 0; i < AREA_CHANGES_MAX; i++) {
        cluster->area_changes[i] =
            message_new(call->arena, &dongkhoi__clusters__v1__area_change__descriptor);
    }
    assert_status(adjust(call, cluster, AREA_REDUCE, -1, "2022-01"), STATUS_FAILED_PRECONDITION,
                  "TOO_MANY_CHANGES");
}

static void an_area_must_be_positive_with_four_decimals(void **state)
{
    struct call *call = call_of(state);

    assert_ok(area_check(call, "areaHectares", NULL));
    assert_ok(area_check(call, "areaHectares", double_wrap(call->arena, 0.0001)));
    assert_ok(area_check(call, "areaHectares", double_wrap(call->arena, 74.3122)));
    assert_status(area_check(call, "areaHectares", double_wrap(call->arena, 10.31225)),
                  STATUS_INVALID_ARGUMENT, "TOO_MANY_DECIMALS");
    const double bad[] = {0, -1, -0.0, 1e9, 1e300, __builtin_inf(), __builtin_nan("")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_status(area_check(call, "areaHectares", double_wrap(call->arena, bad[i])),
                      STATUS_INVALID_ARGUMENT, "OUT_OF_RANGE");
    }
}

static void limits_are_those_of_the_day_of_the_decision(void **state)
{
    (void)state;
    assert_null(area_limits_on("2017-07-14"));
    assert_non_null(strstr(area_limits_on("2017-07-15")->legal_basis, "68/2017"));
    assert_non_null(strstr(area_limits_on("2024-04-30")->legal_basis, "68/2017"));
    assert_non_null(strstr(area_limits_on("2024-05-01")->legal_basis, "32/2024"));
}

static void an_area_outside_the_limits_is_flagged(void **state)
{
    struct call *call = call_of(state);
    const struct {
        double area;
        bool small_allowed;
        bool flagged;
    } cases[] = {{9.9999, false, true},  {10, false, false},   {75, false, false},
                 {75.0001, false, true}, {4.9999, true, true}, {5, true, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

        cluster->mountain_or_craft_village = cases[i].small_allowed;
        assert_ok(adjust(call, cluster, AREA_ESTABLISH, cases[i].area, "2018-01-01"));
        assert_int_equal(has_note(cluster->notes, cluster->n_notes, "AREA_OUTSIDE_LIMITS"),
                         cases[i].flagged);
    }
    Dongkhoi__Clusters__V1__Cluster *older = planned(call);
    assert_ok(adjust(call, older, AREA_ESTABLISH, 3, "2011-01-01"));
    assert_no_note(older, "AREA_OUTSIDE_LIMITS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_series_of_phong_nam_is_read_by_date),
        fixture_test(a_known_area_after_an_unknown_one_is_current_again),
        fixture_test(an_undated_unknown_change_leaves_the_area_uncertain),
        fixture_test(expand_and_reduce_keep_their_word),
        fixture_test(the_area_as_found_is_what_a_first_change_is_judged_by),
        fixture_test(the_area_as_found_stays_while_no_change_knows_better),
        fixture_test(a_cluster_is_established_once_and_first),
        fixture_test(a_recorded_establishment_takes_its_document_once),
        fixture_test(the_same_change_twice_changes_nothing),
        fixture_test(area_changes_are_bounded),
        fixture_test(an_area_must_be_positive_with_four_decimals),
        cmocka_unit_test(limits_are_those_of_the_day_of_the_decision),
        fixture_test(an_area_outside_the_limits_is_flagged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
