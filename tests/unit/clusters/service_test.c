/* service_test.c - tests the whole service, called over nng within one process. */
#include "unit.h"

#include "clusters.h"
#include "service_running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METHOD_PREFIX "dongkhoi.clusters.v1.ClusterService/"
#define ok running_ok
#define refused running_refused

static int setup(void **state)
{
    *state = running_open(&clusters_service, NULL);
    return 0;
}

static int teardown(void **state)
{
    running_close(*state);
    return 0;
}

static void create_cluster(struct running *system, const char *id, const char *district,
                           const char *rest)
{
    ok(system, "CreateCluster",
       arena_printf(system->arena,
                    "{\"clusterId\":\"%s\",\"cluster\":{\"displayName\":{\"vi\":\"Cụm %s\"},"
                    "\"district\":\"%s\"%s}}",
                    id, id, district, rest));
}

static void create_tenant(struct running *system, const char *cluster, const char *id,
                          const char *rest)
{
    ok(system, "CreateInvestment",
       arena_printf(system->arena,
                    "{\"parent\":\"clusters/%s\",\"investmentId\":\"%s\",\"investment\":{"
                    "\"role\":\"TENANT\"%s}}",
                    cluster, id, rest));
}

/* The clusters of data/clusters.csv with their decisions. */
static void load_2022(struct running *system)
{
    static const struct {
        const char *id;
        const char *district;
        const char *stage;
    } found[] = {
        {"phong-nam", "834", "OPERATING"},        {"thi-tran-an-duc", "836", "ESTABLISHED"},
        {"phu-hung", "829", "ESTABLISHED"},       {"binh-thoi", "835", "ESTABLISHED"},
        {"tan-thanh-binh", "838", "ESTABLISHED"}, {"thi-tran-thanh-phu", "837", "ESTABLISHED"},
    };

    for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
        create_cluster(system, found[i].id, found[i].district, "");
        ok(system, "AdvanceCluster",
           arena_printf(system->arena,
                        "{\"name\":\"clusters/%s\",\"stage\":\"%s\",\"basis\":\"RECORDED\","
                        "\"source\":\"BNews 2021\"}",
                        found[i].id, found[i].stage));
    }
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/phong-nam\",\"stage\":\"ESTABLISHED\",\"areaHectares\":10.3122,"
       "\"document\":{\"number\":\"1098/QĐ-UBND\",\"date\":\"2011-05-16\"}}");
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/phong-nam\",\"stage\":\"INFRASTRUCTURE_PROJECT\","
       "\"document\":{\"number\":\"2178/QĐ-UBND\",\"date\":\"2016-09-16\"}}");
    ok(system, "AdjustClusterArea",
       "{\"name\":\"clusters/phong-nam\",\"kind\":\"EXPAND\",\"areaHectares\":74.3122,"
       "\"document\":{\"number\":\"1131/QĐ-UBND\",\"date\":\"2017-05-18\"}}");
    ok(system, "AdjustClusterArea",
       "{\"name\":\"clusters/phong-nam\",\"kind\":\"REDUCE\",\"basis\":\"RECORDED\","
       "\"date\":\"2022-01\",\"source\":\"congthuongbentre.gov.vn 10/01/2022\"}");
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/thi-tran-thanh-phu\",\"stage\":\"ESTABLISHED\",\"areaHectares\":10,"
       "\"document\":{\"number\":\"2425/QĐ-UBND\",\"date\":\"2017-10-16\"}}");
    ok(system, "AdjustClusterArea",
       "{\"name\":\"clusters/thi-tran-thanh-phu\",\"kind\":\"RELOCATE\",\"areaHectares\":10,"
       "\"document\":{\"number\":\"1034/QĐ-UBND\",\"date\":\"2020-05-06\"}}");
    ok(system, "CreateClusterTarget",
       "{\"clusterTargetId\":\"2022\",\"clusterTarget\":{\"minNewClusters\":2,"
       "\"countingRule\":\"ESTABLISHED_IN_YEAR\"}}");
}

static void the_clusters_of_2022_are_0_of_2_each_explained(void **state)
{
    struct running *system = *state;

    load_2022(system);
    const char *count = ok(system, "CountNewClusters", "{\"year\":2022}");
    assert_has(count, "\"count\":0");
    assert_has(count, "\"minNewClusters\":2");
    assert_has(count, "\"achieved\":false");
    assert_has(count, "\"reason\":\"BEFORE_YEAR\"");
    assert_has(count, "\"number\":\"1098/QĐ-UBND\"");
    assert_has(count, "{\"name\":\"clusterTargets/2022\",\"revision\":1}");
    const char *verdict = count;
    for (int i = 0; i < 6; i++) {
        verdict = strstr(verdict, "\"counted\":false");
        assert_non_null(verdict);
        verdict++;
    }
    ok(system, "CreateClusterTarget",
       "{\"clusterTargetId\":\"2017\",\"clusterTarget\":{\"minNewClusters\":1,"
       "\"countingRule\":\"ESTABLISHED_IN_YEAR\"}}");
    assert_has(ok(system, "CountNewClusters", "{\"year\":2017}"), "\"count\":1");

    const char *cluster = ok(system, "GetCluster", "{\"name\":\"clusters/phong-nam\"}");
    assert_has(cluster, "\"areaHectares\":74.3122");
    assert_has(cluster, "\"areaOutdated\":true");
    assert_has(cluster, "\"stage\":\"OPERATING\"");
    const char *summary = ok(system, "SummarizeClusters", "{}");
    assert_has(summary, "\"total\":{\"clusters\":6,\"areaHectares\":84.3122,"
                        "\"unknownAreaClusters\":4,\"outdatedAreaClusters\":1}");
}

static void only_those_that_count_are_listed_on_request(void **state)
{
    struct running *system = *state;
    static const struct {
        const char *rule;
        const char *cluster; /* that alone counts in 2017 */
    } rows[] = {
        {"ESTABLISHED_IN_YEAR", "thi-tran-thanh-phu"},
        {"OWNER_APPOINTED_IN_YEAR", "phu-hung"},
        {"CONSTRUCTION_STARTED_IN_YEAR", "binh-thoi"},
    };

    load_2022(system);
    ok(system, "AppointClusterOwner",
       "{\"name\":\"clusters/phu-hung\",\"infrastructureOwner\":\"Công ty A\","
       "\"document\":{\"number\":\"9/QĐ-UBND\",\"date\":\"2017-02-03\"}}");
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/binh-thoi\",\"stage\":\"CONSTRUCTION\",\"document\":{\"number\":"
       "\"7/TB\",\"date\":\"2017-09-01\"},\"waiver\":{\"document\":{\"number\":\"6/CV\","
       "\"date\":\"2017-08-01\"},\"reason\":\"gấp\"}}");
    ok(system, "CreateClusterTarget",
       "{\"clusterTargetId\":\"2017\",\"clusterTarget\":{\"minNewClusters\":1}}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ok(system, "UpdateClusterTarget",
           arena_printf(system->arena,
                        "{\"clusterTarget\":{\"name\":\"clusterTargets/2017\",\"countingRule\":"
                        "\"%s\"}}",
                        rows[i].rule));
        assert_has(ok(system, "CountNewClusters", "{\"year\":2017}"), "\"count\":1");
        const char *counted =
            ok(system, "CountNewClusters", "{\"year\":2017,\"countedOnly\":true}");
        assert_has(counted, "\"count\":1");
        assert_has(counted,
                   arena_printf(system->arena, "\"cluster\":\"clusters/%s\"", rows[i].cluster));
        assert_lacks(counted, "\"counted\":false");
        assert_lacks(ok(system, "CountNewClusters",
                        "{\"year\":2017,\"countedOnly\":true,\"publishedBy\":\"2017-01-31\"}"),
                     "\"counted\"");
    }
    /* As before all this. */
    assert_lacks(ok(system, "CountNewClusters", "{\"year\":2022,\"countedOnly\":true}"),
                 "\"counted\"");
}

static void a_year_without_target_or_rule_says_what_to_do(void **state)
{
    struct running *system = *state;

    refused(system, "CountNewClusters", "{\"year\":2023}", STATUS_NOT_FOUND, "TARGET_NOT_FOUND");
    refused(system, "CountNewClusters", "{}", STATUS_INVALID_ARGUMENT, "OUT_OF_RANGE");
    ok(system, "CreateClusterTarget", "{\"clusterTargetId\":\"2023\",\"clusterTarget\":{}}");
    refused(system, "CountNewClusters", "{\"year\":2023}", STATUS_FAILED_PRECONDITION,
            "COUNTING_RULE_UNKNOWN");
    refused(system, "CreateClusterTarget", "{\"clusterTargetId\":\"23\",\"clusterTarget\":{}}",
            STATUS_INVALID_ARGUMENT, "INVALID_YEAR");
    refused(system, "CreateClusterTarget",
            "{\"clusterTargetId\":\"2024\",\"clusterTarget\":{\"minNewClusters\":-1}}",
            STATUS_INVALID_ARGUMENT, "OUT_OF_RANGE");
}

static void tenants_move_the_occupancy_of_their_cluster(void **state)
{
    struct running *system = *state;

    create_cluster(system, "c", "834", ",\"areaHectares\":20,\"leasableHectares\":10");
    create_tenant(system, "c", "a", ",\"leasedHectares\":6");
    assert_has(ok(system, "GetCluster", "{\"name\":\"clusters/c\"}"), "\"occupancyPercent\":60");
    refused(system, "CreateInvestment",
            "{\"parent\":\"clusters/c\",\"investmentId\":\"b\",\"investment\":{\"role\":\"TENANT\","
            "\"leasedHectares\":4.0001}}",
            STATUS_FAILED_PRECONDITION, "OCCUPANCY_OVER_100");
    create_tenant(system, "c", "b", ",\"leasedHectares\":4");
    refused(system, "UpdateCluster",
            "{\"cluster\":{\"name\":\"clusters/c\",\"leasableHectares\":9.9999},"
            "\"updateMask\":\"leasableHectares\"}",
            STATUS_FAILED_PRECONDITION, "OCCUPANCY_OVER_100");
    refused(system, "UpdateInvestment",
            "{\"investment\":{\"name\":\"clusters/c/investments/b\",\"leasedHectares\":5},"
            "\"updateMask\":\"leasedHectares\"}",
            STATUS_FAILED_PRECONDITION, "OCCUPANCY_OVER_100");
    assert_has(ok(system, "GetCluster", "{\"name\":\"clusters/c\"}"), "\"occupancyPercent\":100");
    ok(system, "AdvanceInvestment", "{\"name\":\"clusters/c/investments/a\",\"state\":\"ENDED\"}");
    assert_has(ok(system, "GetCluster", "{\"name\":\"clusters/c\"}"), "\"occupancyPercent\":40");
    ok(system, "DeleteInvestment", "{\"name\":\"clusters/c/investments/b\"}");
    const char *cluster = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
    assert_has(cluster, "\"occupancyPercent\":0,");
    assert_has(cluster, "\"leasedHectares\":0,");
}

static void what_is_proposed_is_not_leased_but_has_to_fit(void **state)
{
    struct running *system = *state;
    static const char proposal[] = ",\"state\":\"PROPOSED\",\"leasedHectares\":6";

    create_cluster(system, "c", "834", ",\"areaHectares\":20,\"leasableHectares\":10");
    create_tenant(system, "c", "a", ",\"leasedHectares\":4");
    assert_has(ok(system, "GetInvestment", "{\"name\":\"clusters/c/investments/a\"}"),
               "\"state\":\"REGISTERED\"");
    create_tenant(system, "c", "b", proposal);
    const char *cluster = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
    assert_has(cluster, "\"occupancyPercent\":40,\"leasedHectares\":4,");
    assert_has(cluster, "\"proposedHectares\":6");
    assert_has(cluster, "\"tenantCount\":1");
    assert_has(ok(system, "SummarizeClusters", "{}"), "\"occupancyPercent\":40");
    refused(system, "CreateInvestment",
            "{\"parent\":\"clusters/c\",\"investment\":{\"role\":\"TENANT\","
            "\"state\":\"PROPOSED\",\"leasedHectares\":0.0001}}",
            STATUS_FAILED_PRECONDITION, "OCCUPANCY_OVER_100");
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/c\",\"stage\":\"OPERATING\",\"basis\":\"RECORDED\","
       "\"source\":\"s\"}");
    refused(system, "AdvanceCluster",
            "{\"name\":\"clusters/c\",\"stage\":\"FULL\",\"date\":\"2022-05-05\"}",
            STATUS_FAILED_PRECONDITION, "NOT_FULL");
    ok(system, "AdvanceInvestment",
       "{\"name\":\"clusters/c/investments/b\",\"state\":\"REGISTERED\"}");
    cluster = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
    assert_has(cluster, "\"occupancyPercent\":100,\"leasedHectares\":10,");
    assert_has(cluster, "\"proposedHectares\":0");
    assert_has(ok(system, "AdvanceCluster",
                  "{\"name\":\"clusters/c\",\"stage\":\"FULL\",\"date\":\"2022-05-05\"}"),
               "\"stage\":\"FULL\"");
}

static void an_update_of_a_tenant_moves_the_sums_by_the_difference(void **state)
{
    struct running *system = *state;

    create_cluster(system, "c", "834", ",\"leasableHectares\":10");
    create_tenant(system, "c", "a", ",\"leasedHectares\":6");
    ok(system, "UpdateInvestment",
       "{\"investment\":{\"name\":\"clusters/c/investments/a\",\"leasedHectares\":2.5}}");
    assert_has(ok(system, "GetCluster", "{\"name\":\"clusters/c\"}"), "\"occupancyPercent\":25,");
    ok(system, "UpdateInvestment",
       "{\"investment\":{\"name\":\"clusters/c/investments/b\",\"role\":\"TENANT\","
       "\"state\":\"OPERATING\"},\"allowMissing\":true}");
    const char *unknown = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
    assert_has(unknown, "\"occupancyPercent\":null");
    assert_has(unknown, "\"tenantsWithoutLease\":1");
    ok(system, "UpdateInvestment",
       "{\"investment\":{\"name\":\"clusters/c/investments/b\",\"role\":\"INFRASTRUCTURE\"}}");
    assert_has(ok(system, "GetCluster", "{\"name\":\"clusters/c\"}"), "\"occupancyPercent\":25,");
    /* The same again stores nothing, neither here nor there. */
    const char *before = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
    ok(system, "UpdateInvestment",
       "{\"investment\":{\"name\":\"clusters/c/investments/b\",\"role\":\"INFRASTRUCTURE\"}}");
    assert_string_equal(ok(system, "GetCluster", "{\"name\":\"clusters/c\"}"), before);
    assert_has(ok(system, "GetInvestment", "{\"name\":\"clusters/c/investments/b\"}"),
               "\"revision\":2,");
}

static void an_investment_goes_forward_by_date(void **state)
{
    struct running *system = *state;

    create_cluster(system, "c", "834", "");
    create_tenant(system, "c", "a", "");
    refused(system, "AdvanceInvestment",
            "{\"name\":\"clusters/c/investments/a\",\"state\":\"OPERATING\"}",
            STATUS_FAILED_PRECONDITION, "STATE_NOT_POSSIBLE");
    ok(system, "AdvanceInvestment",
       "{\"name\":\"clusters/c/investments/a\",\"state\":\"REGISTERED\","
       "\"document\":{\"number\":\"1/GCN\",\"date\":\"2021-03-04\"}}");
    refused(system, "AdvanceInvestment",
            "{\"name\":\"clusters/c/investments/a\",\"state\":\"OPERATING\","
            "\"date\":\"2021-03-03\"}",
            STATUS_FAILED_PRECONDITION, "DATE_OUT_OF_ORDER");
    refused(system, "AdvanceInvestment", "{\"name\":\"clusters/c/investments/a\"}",
            STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
    refused(system, "UpdateInvestment",
            "{\"investment\":{\"name\":\"clusters/c/investments/a\",\"state\":\"OPERATING\"}}",
            STATUS_FAILED_PRECONDITION, "CHANGED_BY_METHOD");
    /* A registered tenant is the first tenant. */
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/c\",\"stage\":\"CONSTRUCTION\",\"basis\":\"RECORDED\","
       "\"source\":\"s\"}");
    assert_has(ok(system, "AdvanceCluster",
                  "{\"name\":\"clusters/c\",\"stage\":\"OPERATING\",\"date\":\"2021-05-05\"}"),
               "\"stage\":\"OPERATING\"");
}

static void a_trial_changes_nothing(void **state)
{
    struct running *system = *state;

    create_cluster(system, "c", "834", ",\"leasableHectares\":10");
    assert_has(ok(system, "CreateInvestment",
                  "{\"parent\":\"clusters/c\",\"investmentId\":\"b\",\"validateOnly\":true,"
                  "\"investment\":{\"role\":\"TENANT\",\"leasedHectares\":4}}"),
               "\"leasedHectares\":4");
    assert_has(ok(system, "AdvanceCluster",
                  "{\"name\":\"clusters/c\",\"stage\":\"OPERATING\",\"basis\":\"RECORDED\","
                  "\"source\":\"s\",\"validateOnly\":true}"),
               "\"stage\":\"OPERATING\"");
    const char *cluster = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
    assert_has(cluster, "\"revision\":1,");
    assert_has(cluster, "\"stage\":\"PLANNED\"");
    assert_has(cluster, "\"occupancyPercent\":0,");
}

static void what_has_its_own_method_is_not_patched(void **state)
{
    struct running *system = *state;

    load_2022(system);
    refused(system, "UpdateCluster",
            "{\"cluster\":{\"name\":\"clusters/phong-nam\",\"stage\":\"FULL\"}}",
            STATUS_FAILED_PRECONDITION, "CHANGED_BY_METHOD");
    refused(system, "UpdateCluster",
            "{\"cluster\":{\"name\":\"clusters/phong-nam\",\"areaHectares\":70}}",
            STATUS_FAILED_PRECONDITION, "CHANGED_BY_METHOD");
    ok(system, "UpdateCluster",
       "{\"cluster\":{\"name\":\"clusters/phu-hung\",\"areaHectares\":50}}");
    refused(system, "UpdateCluster",
            "{\"cluster\":{\"name\":\"clusters/phu-hung\",\"leasableHectares\":50.0001}}",
            STATUS_FAILED_PRECONDITION, "LEASABLE_OVER_AREA");
    refused(system, "CreateCluster",
            "{\"cluster\":{\"displayName\":{\"vi\":\"x\"},\"district\":\"834\","
            "\"stage\":\"OPERATING\"}}",
            STATUS_INVALID_ARGUMENT, "CHANGED_BY_METHOD");
    refused(system, "CreateCluster",
            "{\"cluster\":{\"displayName\":{\"vi\":\"x\"},\"district\":\"83\"}}",
            STATUS_INVALID_ARGUMENT, "INVALID_DISTRICT");
    refused(system, "AdvanceCluster",
            "{\"name\":\"clusters/phu-hung\",\"stage\":\"CONSTRUCTION\","
            "\"waiver\":{\"document\":{\"number\":\"6/CV\",\"date\":\"2022-02-01\"}}}",
            STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    ok(system, "AppointClusterOwner",
       "{\"name\":\"clusters/phu-hung\",\"infrastructureOwner\":\"Công ty A\","
       "\"document\":{\"number\":\"9/QĐ-UBND\",\"date\":\"2022-02-03\"}}");
    refused(system, "UpdateCluster",
            "{\"cluster\":{\"name\":\"clusters/phu-hung\",\"infrastructureOwner\":\"B\"}}",
            STATUS_FAILED_PRECONDITION, "CHANGED_BY_METHOD");
    ok(system, "UpdateClusterTarget",
       "{\"clusterTarget\":{\"name\":\"clusterTargets/2022\","
       "\"countingRule\":\"OWNER_APPOINTED_IN_YEAR\"}}");
    assert_has(ok(system, "CountNewClusters", "{\"year\":2022}"), "\"count\":1");
}

static void changes_come_in_pages_and_history_in_revisions(void **state)
{
    struct running *system = *state;

    load_2022(system);
    const char *page =
        ok(system, "ListStageChanges", "{\"parent\":\"clusters/phong-nam\",\"pageSize\":3}");
    assert_has(page, "\"stage\":\"PLANNED\"");
    assert_has(page, "\"stage\":\"OPERATING\"");
    assert_has(page, "\"stage\":\"ESTABLISHED\"");
    assert_lacks(page, "INFRASTRUCTURE_PROJECT");
    char token[64] = "";
    assert_int_equal(
        sscanf(strstr(page, "\"nextPageToken\":\""), "\"nextPageToken\":\"%63[^\"]", token), 1);
    const char *next =
        ok(system, "ListStageChanges",
           arena_printf(system->arena,
                        "{\"parent\":\"clusters/phong-nam\",\"pageSize\":3,\"pageToken\":\"%s\"}",
                        token));
    assert_has(next, "INFRASTRUCTURE_PROJECT");
    assert_has(next, "\"nextPageToken\":\"\"");
    refused(system, "ListAreaChanges",
            arena_printf(system->arena, "{\"parent\":\"clusters/phong-nam\",\"pageToken\":\"%s\"}",
                         token),
            STATUS_INVALID_ARGUMENT, "INVALID_PAGE_TOKEN");
    refused(system, "ListAreaChanges", "{\"parent\":\"clusters/phong-nam\",\"pageSize\":-1}",
            STATUS_INVALID_ARGUMENT, "INVALID_PAGE_SIZE");
    refused(system, "ListAreaChanges", "{\"parent\":\"clusters/nobody\"}", STATUS_NOT_FOUND,
            "RESOURCE_NOT_FOUND");
    refused(system, "ListAreaChanges", "{\"parent\":\"clusters\"}", STATUS_INVALID_ARGUMENT,
            "INVALID_NAME");
    const char *history = ok(system, "ListRevisions", "{\"name\":\"clusters/phong-nam\"}");
    assert_has(history, "\"revision\":6");
    assert_has(history, METHOD_PREFIX "AdjustClusterArea");
}

static void a_cluster_is_read_as_it_was(void **state)
{
    struct running *system = *state;
    char time[64] = "";

    create_cluster(system, "c", "834", "");
    const char *created = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
    assert_int_equal(
        sscanf(strstr(created, "\"createTime\":\""), "\"createTime\":\"%63[^\"]", time), 1);
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/c\",\"stage\":\"OPERATING\",\"basis\":\"RECORDED\",\"source\":\"s\"}");
    const char *changes =
        ok(system, "ListStageChanges",
           arena_printf(system->arena, "{\"parent\":\"clusters/c\",\"asOf\":\"%s\"}", time));
    assert_lacks(changes, "OPERATING");
    assert_has(changes, "PLANNED");
    assert_has(
        ok(system, "SummarizeClusters", arena_printf(system->arena, "{\"asOf\":\"%s\"}", time)),
        "\"operating\":{\"clusters\":0");
    assert_has(ok(system, "SummarizeClusters", "{}"), "\"operating\":{\"clusters\":1");
}

/* The text of a member in JSON, the last of its name. */
static const char *member(struct running *system, const char *json, const char *name)
{
    const char *key = arena_printf(system->arena, "\"%s\":", name);
    const char *found = NULL;

    for (const char *at = strstr(json, key); at != NULL; at = strstr(at + 1, key)) {
        found = at + strlen(key);
    }
    assert_non_null(found);
    return arena_copy(system->arena, (struct slice){.data = found, .length = strcspn(found, ",}")});
}

static void a_change_has_time_and_revision_of_its_cluster(void **state)
{
    struct running *system = *state;

    for (int round = 0; round < 2; round++) {
        create_cluster(system, "c", "834", "");
        const char *advanced = NULL;
        const char *created = ok(system, "GetCluster", "{\"name\":\"clusters/c\"}");
        assert_string_equal(member(system, created, "recordTime"),
                            member(system, created, "createTime"));
        assert_int_equal(atoi(strstr(created, "\"revision\":") + 11),
                         atoi(member(system, created, "revision")));
        advanced = ok(system, "AdvanceCluster",
                      "{\"name\":\"clusters/c\",\"stage\":\"OPERATING\",\"basis\":\"RECORDED\","
                      "\"source\":\"s\"}");
        assert_string_equal(member(system, advanced, "recordTime"),
                            member(system, advanced, "updateTime"));
        assert_int_equal(atoi(strstr(advanced, "\"revision\":") + 11),
                         atoi(member(system, advanced, "revision")));
        ok(system, "DeleteCluster", "{\"name\":\"clusters/c\"}");
    }
}

static void a_summary_of_a_district_has_its_investments_only(void **state)
{
    struct running *system = *state;

    create_cluster(system, "a", "834", ",\"areaHectares\":20");
    create_cluster(system, "a-b", "835", ",\"areaHectares\":30");
    create_tenant(system, "a", "x", ",\"jobs\":100,\"registeredCapitalBillionVnd\":1.5");
    create_tenant(system, "a-b", "y", ",\"jobs\":900,\"registeredCapitalBillionVnd\":2.5");
    const char *all = ok(system, "SummarizeClusters", "{}");
    assert_has(all, "\"jobs\":\"1000\"");
    assert_has(all, "\"registeredCapitalBillionVnd\":4,");
    const char *one = ok(system, "SummarizeClusters", "{\"district\":\"834\"}");
    assert_has(one, "\"jobs\":\"100\"");
    assert_has(one, "\"total\":{\"clusters\":1,\"areaHectares\":20,");
    assert_has(ok(system, "SummarizeClusters", "{\"district\":\"999\"}"),
               "\"investments\":{\"investments\":0,");
    refused(system, "SummarizeClusters", "{\"district\":\"Giồng Trôm\"}", STATUS_INVALID_ARGUMENT,
            "INVALID_DISTRICT");
}

static void a_revoked_cluster_takes_no_more(void **state)
{
    struct running *system = *state;

    load_2022(system);
    ok(system, "AdvanceCluster",
       "{\"name\":\"clusters/phu-hung\",\"stage\":\"REVOKED\","
       "\"document\":{\"number\":\"7/QĐ-UBND\",\"date\":\"2022-06-01\"}}");
    refused(system, "AdjustClusterArea",
            "{\"name\":\"clusters/phu-hung\",\"kind\":\"EXPAND\",\"areaHectares\":60,"
            "\"document\":{\"number\":\"8/QĐ-UBND\",\"date\":\"2022-06-02\"}}",
            STATUS_FAILED_PRECONDITION, "CLUSTER_REVOKED");
    ok(system, "AdjustClusterArea",
       "{\"name\":\"clusters/phu-hung\",\"kind\":\"EXPAND\",\"areaHectares\":60,"
       "\"document\":{\"number\":\"8/QĐ-UBND\",\"date\":\"2022-05-31\"}}");
    refused(system, "CreateInvestment",
            "{\"parent\":\"clusters/phu-hung\",\"investment\":{\"role\":\"TENANT\"}}",
            STATUS_FAILED_PRECONDITION, "CLUSTER_REVOKED");
}

static void the_current_etag_is_asked_for_and_children_keep_their_cluster(void **state)
{
    struct running *system = *state;

    create_cluster(system, "c", "834", "");
    create_tenant(system, "c", "t", "");
    refused(system, "AdvanceCluster",
            "{\"name\":\"clusters/c\",\"etag\":\"wrong\",\"stage\":\"OPERATING\","
            "\"basis\":\"RECORDED\",\"source\":\"s\"}",
            STATUS_ABORTED, "ETAG_MISMATCH");
    const char *json = NULL;
    assert_int_equal(running_call(system, "DeleteCluster", "{\"name\":\"clusters/c\"}", &json).code,
                     STATUS_FAILED_PRECONDITION);
    ok(system, "DeleteInvestment", "{\"name\":\"clusters/c/investments/t\"}");
    ok(system, "DeleteCluster", "{\"name\":\"clusters/c\"}");
    refused(system, "GetCluster", "{\"name\":\"clusters/c\"}", STATUS_NOT_FOUND,
            "RESOURCE_NOT_FOUND");
}

static void a_request_with_a_key_has_one_effect_also_after_refusals(void **state)
{
    static const char request[] = "{\"clusterId\":\"c\",\"requestId\":\"once\",\"cluster\":{"
                                  "\"displayName\":{\"vi\":\"Cụm\"},\"district\":\"834\"}}";
    struct running *system = *state;

    const char *first = ok(system, "CreateCluster", request);
    assert_has(first, "\"revision\":1");
    assert_string_equal(ok(system, "CreateCluster", request), first);
}

static void what_is_stored_is_read_and_listed(void **state)
{
    struct running *system = *state;

    create_cluster(system, "c", "834", ",\"areaHectares\":40,\"stage\":\"PLANNED\"");
    create_tenant(system, "c", "t", "");
    ok(system, "CreateClusterTarget",
       "{\"clusterTargetId\":\"2022\",\"clusterTarget\":{\"minNewClusters\":2}}");
    assert_has(ok(system, "ListClusters", "{\"filter\":\"district = \\\"834\\\"\"}"),
               "\"name\":\"clusters/c\"");
    assert_has(ok(system, "ListInvestments", "{\"parent\":\"clusters/c\"}"),
               "\"name\":\"clusters/c/investments/t\"");
    assert_has(ok(system, "GetClusterArea", "{\"name\":\"clusters/c\",\"date\":\"2022-01-01\"}"),
               "\"date\":\"2022-01-01\"");
    assert_has(ok(system, "ListClusterTargets", "{}"), "\"name\":\"clusterTargets/2022\"");
    assert_has(ok(system, "GetClusterTarget", "{\"name\":\"clusterTargets/2022\"}"),
               "\"minNewClusters\":2");
    ok(system, "DeleteClusterTarget", "{\"name\":\"clusterTargets/2022\"}");
    assert_lacks(ok(system, "ListClusterTargets", "{}"), "clusterTargets/2022");
}

#define system_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        system_test(the_clusters_of_2022_are_0_of_2_each_explained),
        system_test(only_those_that_count_are_listed_on_request),
        system_test(a_year_without_target_or_rule_says_what_to_do),
        system_test(tenants_move_the_occupancy_of_their_cluster),
        system_test(what_is_proposed_is_not_leased_but_has_to_fit),
        system_test(an_update_of_a_tenant_moves_the_sums_by_the_difference),
        system_test(an_investment_goes_forward_by_date),
        system_test(a_trial_changes_nothing),
        system_test(what_has_its_own_method_is_not_patched),
        system_test(changes_come_in_pages_and_history_in_revisions),
        system_test(a_cluster_is_read_as_it_was),
        system_test(a_change_has_time_and_revision_of_its_cluster),
        system_test(a_summary_of_a_district_has_its_investments_only),
        system_test(a_revoked_cluster_takes_no_more),
        system_test(the_current_etag_is_asked_for_and_children_keep_their_cluster),
        system_test(what_is_stored_is_read_and_listed),
        system_test(a_request_with_a_key_has_one_effect_also_after_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
