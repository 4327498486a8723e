/* commitment_test.c - tests which promises are complete, by table. */
#include "unit.h"

#include "base/arena.h"
#include "commitment.h"
#include "pb/json.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 20, STEP_BYTES = 16, LIMIT_MAX_BYTES = 1 << 14 };

static int setup(void **state)
{
    *state = arena_new(ARENA_BYTES);
    return *state == NULL;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* Written with ' in place of ". */
static commitment_message *read_commitment(struct arena *arena, const char *text)
{
    char *json = arena_strdup(arena, text);
    void *message = NULL;

    for (char *c = json; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    assert_ok(json_decode(arena, &dongkhoi__registrations__v1__commitment__descriptor,
                          slice_from(json), &message));
    return message;
}

#define INDICATOR "'indicator':'wind','year':2022"

static void incomplete_promises_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *reason;
        const char *field;
    } rows[] = {
        {"{}", "COMMITMENT_REQUIRED", "commitment"},
        {"{'indicator':{}}", "FIELD_REQUIRED", "commitment.indicator.indicator"},
        {"{'indicator':{'indicator':'Wind'}}", "INVALID_NAME", "commitment.indicator.indicator"},
        {"{'indicator':{'indicator':'-'}}", "INVALID_NAME", "commitment.indicator.indicator"},
        {"{'indicator':{'indicator':'schemes/x'}}", "INVALID_NAME",
         "commitment.indicator.indicator"},
        {"{'indicator':{'indicator':'wind'}}", "OUT_OF_RANGE", "commitment.indicator.year"},
        {"{'indicator':{'indicator':'wind','year':22}}", "OUT_OF_RANGE",
         "commitment.indicator.year"},
        {"{'indicator':{" INDICATOR "}}", "FIELD_REQUIRED", "commitment.indicator.comparator"},
        {"{'indicator':{" INDICATOR ",'comparator':'AT_LEAST'}}", "FIELD_REQUIRED",
         "commitment.indicator.value"},
        {"{'indicator':{" INDICATOR ",'comparator':'AT_LEAST','value':0.1234567}}",
         "TOO_MANY_DECIMALS", "commitment.indicator.value"},
        {"{'indicator':{" INDICATOR ",'comparator':'AT_LEAST','value':1e15}}", "OUT_OF_RANGE",
         "commitment.indicator.value"},
        {"{'indicator':{" INDICATOR ",'comparator':'AT_LEAST','value':'NaN'}}", "OUT_OF_RANGE",
         "commitment.indicator.value"},
        {"{'indicator':{" INDICATOR ",'comparator':'APPROXIMATELY','value':140}}", "FIELD_REQUIRED",
         "commitment.indicator.tolerancePercent"},
        {"{'indicator':{" INDICATOR
         ",'comparator':'APPROXIMATELY','value':140,'tolerancePercent':-1}}",
         "OUT_OF_RANGE", "commitment.indicator.tolerancePercent"},
        {"{'indicator':{" INDICATOR
         ",'comparator':'APPROXIMATELY','value':140,'tolerancePercent':100.1}}",
         "OUT_OF_RANGE", "commitment.indicator.tolerancePercent"},
        {"{'indicator':{" INDICATOR ",'comparator':'MORE_THAN','value':140,'tolerancePercent':5}}",
         "TOLERANCE_NOT_USED", "commitment.indicator.tolerancePercent"},
        {"{'newClusters':{'comparator':'AT_LEAST','value':2}}", "OUT_OF_RANGE",
         "commitment.newClusters.year"},
        {"{'newClusters':{'year':2022,'value':2}}", "FIELD_REQUIRED",
         "commitment.newClusters.comparator"},
        {"{'newClusters':{'year':2022,'comparator':'APPROXIMATELY','value':2}}",
         "COMPARATOR_NOT_POSSIBLE", "commitment.newClusters.comparator"},
        {"{'newClusters':{'year':2022,'comparator':'AT_LEAST'}}", "OUT_OF_RANGE",
         "commitment.newClusters.value"},
        {"{'newClusters':{'year':2022,'comparator':'AT_LEAST','value':-2}}", "OUT_OF_RANGE",
         "commitment.newClusters.value"},
        {"{'milestone':{'milestone':'approval'}}", "FIELD_REQUIRED", "commitment.milestone.scheme"},
        {"{'milestone':{'scheme':'a'}}", "FIELD_REQUIRED", "commitment.milestone.milestone"},
        {"{'milestone':{'scheme':'a','milestone':'schemes/b/milestones/c'}}", "INVALID_NAME",
         "commitment.milestone.milestone"},
        {"{'manual':{}}", "FIELD_REQUIRED", "commitment.manual.criterion"},
        {"{'manual':{'criterion':' '}}", "FIELD_REQUIRED", "commitment.manual.criterion"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call = {.arena = *state};
        const struct status status =
            commitment_check(&call, read_commitment(call.arena, rows[i].text));

        if (status.code != STATUS_INVALID_ARGUMENT || strcmp(status.reason, rows[i].reason) != 0 ||
            strcmp(status.field, rows[i].field) != 0) {
            fail_msg("%s: %s %s %s", rows[i].text, status.reason, status.field, status.message);
        }
    }
}

static void a_promise_that_is_absent_is_refused(void **state)
{
    struct call call = {.arena = *state};

    assert_status(commitment_check(&call, NULL), STATUS_INVALID_ARGUMENT, "COMMITMENT_REQUIRED");
}

static void numbers_without_a_name_are_refused(void **state)
{
    struct call call = {.arena = *state};
    commitment_message *commitment =
        read_commitment(call.arena, "{'newClusters':{'year':2022,'value':2}}");

    commitment->new_clusters->comparator = (Dongkhoi__Registrations__V1__Commitment__Comparator)-3;
    assert_status(commitment_check(&call, commitment), STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
}

static void the_three_promises_of_2022_are_complete(void **state)
{
    static const char *const texts[] = {
        "{'indicator':{'indicator':'wind-power-commissioned','year':2022,"
        "'comparator':'APPROXIMATELY','value':140,'tolerancePercent':5}}",
        "{'newClusters':{'year':2022,'comparator':'AT_LEAST','value':2}}",
        "{'milestone':{'scheme':'night-economy','milestone':'approval'}}",
        "{'manual':{'criterion':'không có đơn thư khiếu nại'}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct call call = {.arena = *state};

        assert_ok(commitment_check(&call, read_commitment(call.arena, texts[i])));
    }
}

static void a_value_has_fifteen_digits_and_six_decimals(void **state)
{
    static const struct {
        const char *value;
        const char *reason; /* NULL: taken */
    } rows[] = {
        {"999999999999999", NULL},
        {"-999999999999999", NULL},
        {"1000000000.5", NULL},
        {"999999999.999999", NULL},
        {"0.000001", NULL},
        {"1e15", "OUT_OF_RANGE"},
        {"12345678901234.56", "OUT_OF_RANGE"},
        {"0.0000001", "TOO_MANY_DECIMALS"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call = {.arena = *state};
        const char *text = arena_printf(call.arena,
                                        "{'indicator':{" INDICATOR ",'comparator':'AT_LEAST',"
                                        "'value':%s}}",
                                        rows[i].value);
        const struct status status = commitment_check(&call, read_commitment(call.arena, text));
        const char *reason = status.reason != NULL ? status.reason : "";

        if (strcmp(reason, rows[i].reason != NULL ? rows[i].reason : "") != 0) {
            fail_msg("%s: %s", rows[i].value, reason);
        }
    }
}

static void names_of_resources_are_kept_as_ids(void **state)
{
    struct call call = {.arena = *state};
    commitment_message *indicator =
        read_commitment(call.arena, "{'indicator':{'indicator':'indicators/exports','year':2022,"
                                    "'comparator':'MORE_THAN','value':1}}");
    commitment_message *milestone =
        read_commitment(call.arena, "{'milestone':{'scheme':'schemes/night-economy',"
                                    "'milestone':'schemes/night-economy/milestones/approval'}}");

    assert_ok(commitment_check(&call, indicator));
    assert_string_equal(indicator->indicator->indicator, "exports");
    assert_ok(commitment_check(&call, milestone));
    assert_string_equal(milestone->milestone->scheme, "night-economy");
    assert_string_equal(milestone->milestone->milestone, "approval");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(incomplete_promises_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_promise_that_is_absent_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_without_a_name_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_three_promises_of_2022_are_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_has_fifteen_digits_and_six_decimals, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(names_of_resources_are_kept_as_ids, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
