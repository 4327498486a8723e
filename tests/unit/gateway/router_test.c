/* router_test.c - tests router.c with the routes of the API. */
#include "unit.h"

#include "api.h"
#include "router.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20 };

static struct arena *arena;
static const struct router *router;

static int set_up(void **state)
{
    const struct schema *schema = NULL;

    (void)state;
    arena = arena_new(ARENA_BYTES);
    assert_ok(schema_load(arena, api_descriptor_set(), api_services, api_service_count, &schema));
    assert_ok(router_new(arena, schema, &router));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void every_verb_and_path_finds_its_method(void **state)
{
    static const struct {
        const char *verb;
        const char *path;
        const char *method; /* NULL: unknown; "": another verb */
    } cases[] = {
        {"GET", "/v1/clusters", "ListClusters"},
        {"HEAD", "/v1/clusters", "ListClusters"},
        {"POST", "/v1/clusters", "CreateCluster"},
        {"GET", "/v1/clusters/phong-nam", "GetCluster"},
        {"PATCH", "/v1/clusters/phong-nam", "UpdateCluster"},
        {"DELETE", "/v1/clusters/phong-nam", "DeleteCluster"},
        {"GET", "/v1/clusters/-/investments", "ListInvestments"},
        {"GET", "/v1/clusters/a/investments/b", "GetInvestment"},
        {"POST", "/v1/clusters/a/investments/b:advance", "AdvanceInvestment"},
        {"POST", "/v1/clusters/a:advance", "AdvanceCluster"},
        {"GET", "/v1/clusters:summarize", "SummarizeClusters"},
        {"GET", "/v1/clusters:countNew", "CountNewClusters"},
        {"GET", "/v1/indicators/exports/progress", "GetProgress"},
        {"POST", "/v1/indicators/exports/observations:batchUpsert", "BatchUpsertObservations"},
        {"GET", "/v1/clusters/%61", "GetCluster"},
        {"GET", "/v1/%63luster%73/a", "GetCluster"},
        {"GET", "/v1/clusters%00/a", NULL},
        {"GET", "/v1/clusters/a:advance", ""},
        {"DELETE", "/v1/clusters", ""},
        {"PUT", "/v1/clusters/a", ""},
        {"OPTIONS", "/v1/clusters/a", ""},
        {"GET", "/", NULL},
        {"GET", "*", NULL},
        {"GET", "", NULL},
        {"GET", "/v1", NULL},
        {"GET", "/v1/", NULL},
        {"GET", "/v1/clusters/", NULL},
        {"GET", "/v1//clusters", NULL},
        {"GET", "//v1/clusters", NULL},
        {"GET", "/v1/clusters/a:", NULL},
        {"GET", "/v1/clusters/:advance", NULL},
        {"POST", "/v1/clusters/a:nothing", NULL},
        {"POST", "/v1/clusters/a%3Aadvance", ""},
        {"GET", "/v1/clusters/a/b", NULL},
        {"GET", "/V1/clusters", NULL},
        {"GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct router_match match;
        const enum router_result result =
            router_find(router, slice_from(cases[i].verb), slice_from(cases[i].path), &match);
        const char *found = NULL;

        if (result == ROUTER_FOUND) {
            found = match.route->method->name;
        } else if (result == ROUTER_OTHER_VERB) {
            found = "";
        }
        if ((found == NULL) != (cases[i].method == NULL) ||
            (found != NULL && strcmp(found, cases[i].method) != 0)) {
            fail_msg("%s %s finds %s", cases[i].verb, cases[i].path,
                     found != NULL ? found : "nothing");
        }
    }
}

static void the_verbs_of_a_path_are_listed(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(router_find(router, slice_from("PUT"), slice_from("/v1/clusters/a"), &match),
                     ROUTER_OTHER_VERB);
    assert_string_equal(match.allow, "GET, HEAD, PATCH, DELETE");
    assert_int_equal(
        router_find(router, slice_from("GET"), slice_from("/v1/clusters/a:advance"), &match),
        ROUTER_OTHER_VERB);
    assert_string_equal(match.allow, "POST");
}

static void a_variable_spans_its_segments(void **state)
{
    struct router_match match;
    const struct route_variable *variable = NULL;

    (void)state;
    assert_int_equal(router_find(router, slice_from("PATCH"),
                                 slice_from("/v1/clusters/a/investments/b"), &match),
                     ROUTER_FOUND);
    assert_int_equal(match.route->variable_count, 1);
    variable = &match.route->variables[0];
    assert_string_equal(variable->field, "investment.name");
    assert_int_equal(variable->first, 1);
    assert_int_equal(variable->count, 4);
    assert_int_equal(match.segment_count, 5);
    assert_true(slice_is(match.segments[4], "b"));
}

static void a_custom_verb_is_no_part_of_the_name(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(
        router_find(router, slice_from("POST"), slice_from("/v1/clusters/a:advance"), &match),
        ROUTER_FOUND);
    assert_true(slice_is(match.segments[2], "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_and_path_finds_its_method),
        cmocka_unit_test(the_verbs_of_a_path_are_listed),
        cmocka_unit_test(a_variable_spans_its_segments),
        cmocka_unit_test(a_custom_verb_is_no_part_of_the_name),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
