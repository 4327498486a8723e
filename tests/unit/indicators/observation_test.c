/* observation_test.c - tests observations as callers see them: keys, upserts, batches, reopening.
 */
#include "unit.h"

#include "observation_time.h"
#include "running.h"

#include "dongkhoi/indicators/v1/indicators.pb-c.h"

#include <string.h>

static void ids_are_made_from_the_natural_key(void **state)
{
    const char *name = made_indicator("FLOW", 2);
    const struct {
        const char *fields;
        const char *id;
    } cases[] = {
        {"'period':'2022-12','basis':'PERIOD'", "2022-12"},
        {"'period':'2022-09','basis':'YEAR_TO_DATE'", "2022-09-ytd"},
        {"'period':'2022','basis':'PERIOD'", "2022"},
        {"'period':'2022-09','basis':'YEAR_TO_DATE','window':'ADMINISTRATIVE'", "2022-09-ytd-adm"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fields = json("%s,'value':100,'status':'ESTIMATED'", cases[i].fields);
        const char *answer = ask("CreateObservation", create_request(name, fields));
        assert_has(answer, json("'%s/observations/%s'", name, cases[i].id));
        assert_status(ask_refused("CreateObservation", create_request(name, fields)),
                      STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS");
    }
    const char *one =
        ask("CreateObservation",
            create_request(name, json("'period':'2022-12','basis':'PERIOD','value':1,"
                                      "'status':'ESTIMATED','breakdown':{'a':'1','b':'2'}")));
    assert_has(one, json("'%s/observations/2022-12-b", name));
    assert_has(one, "'window':'STATISTICAL'");
    assert_status(
        ask_refused(
            "CreateObservation",
            create_request(name, json("'period':'2022-12','basis':'PERIOD','value':1,"
                                      "'status':'ESTIMATED','breakdown':{'b':'2','a':'1'}"))),
        STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS");
    assert_status(ask_refused("CreateObservation",
                              json("{'parent':'%s','observationId':'2022-11','observation':{%s}}",
                                   name, value_fields("2022-10", "PERIOD", "1", "ESTIMATED"))),
                  STATUS_INVALID_ARGUMENT, "INVALID_ID");
}

static void bad_observations_are_refused(void **state)
{
    const char *flow = made_indicator("FLOW", 2);
    const char *stock = made_indicator("STOCK", 0);
    const struct {
        const char *fields;
        const char *reason;
        const char *field;
    } cases[] = {
        {"'period':'2022-13','basis':'PERIOD','value':1,'status':'ESTIMATED'", "INVALID_PERIOD",
         "observation.period"},
        {"'period':'2022-12','basis':'PERIOD','value':1.234,'status':'ESTIMATED'",
         "TOO_MANY_DECIMALS", "observation.value"},
        {"'period':'2022-12','basis':'PERIOD','value':'NaN','status':'ESTIMATED'", "INVALID_VALUE",
         "observation.value"},
        {"'period':'2022-12','basis':'PERIOD','value':1e14,'status':'ESTIMATED'", "VALUE_TOO_LARGE",
         "observation.value"},
        {"'period':'2022-12','basis':'PERIOD','status':'ESTIMATED'", "FIELD_REQUIRED",
         "observation.value"},
        {"'period':'2022-12','basis':'PERIOD','value':1", "FIELD_REQUIRED", "observation.status"},
        {"'period':'2022-12','value':1,'status':'ESTIMATED'", "FIELD_REQUIRED",
         "observation.basis"},
        {"'period':'2022-12','basis':'PERIOD','value':1,'status':'ESTIMATED',"
         "'publishedDate':'2022-02-30'",
         "INVALID_DATE", "observation.publishedDate"},
        {"'period':'2022-12','basis':'PERIOD','value':1,'status':'ESTIMATED','breakdown':{'':'x'}",
         "INVALID_BREAKDOWN", "observation.breakdown"},
        {"'period':'2022-12','basis':'PERIOD','value':1,'status':'ESTIMATED','decimals':7",
         "OUTPUT_ONLY_FIELD", "observation.decimals"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct status status =
            ask_refused("CreateObservation", create_request(flow, json("%s", cases[i].fields)));
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.reason->name, cases[i].reason);
        assert_string_equal(status.field, cases[i].field);
    }
    assert_status(ask_refused("CreateObservation",
                              create_request(stock, value_fields("2022-12", "YEAR_TO_DATE", "1",
                                                                 "ESTIMATED"))),
                  STATUS_INVALID_ARGUMENT, "BASIS_NOT_FOR_STOCK");
    assert_status(
        ask_refused("CreateObservation",
                    create_request(stock, value_fields("2022-12", "PERIOD", "1.5", "ESTIMATED"))),
        STATUS_INVALID_ARGUMENT, "TOO_MANY_DECIMALS");
    assert_status(ask_refused("CreateObservation",
                              create_request("indicators/nobody",
                                             value_fields("2022-12", "PERIOD", "1", "ESTIMATED"))),
                  STATUS_NOT_FOUND, "PARENT_NOT_FOUND");
}

static void numbers_that_no_enum_names_are_refused(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const struct {
        int basis;
        int window;
        int status;
        const char *field;
    } cases[] = {
        {99, 0, 1, "observation.basis"},
        {1, -1, 1, "observation.window"},
        {1, 0, 99, "observation.status"},
        {2, 1, -2147483647, "observation.status"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Google__Protobuf__DoubleValue value = GOOGLE__PROTOBUF__DOUBLE_VALUE__INIT;
        Dongkhoi__Indicators__V1__Observation observation =
            DONGKHOI__INDICATORS__V1__OBSERVATION__INIT;
        Dongkhoi__Indicators__V1__CreateObservationRequest request =
            DONGKHOI__INDICATORS__V1__CREATE_OBSERVATION_REQUEST__INIT;
        observation.period = (char *)"2022-01";
        observation.basis = (Dongkhoi__Indicators__V1__Observation__Basis)cases[i].basis;
        observation.window = (Dongkhoi__Indicators__V1__Observation__Window)cases[i].window;
        observation.status = (Dongkhoi__Indicators__V1__Observation__Status)cases[i].status;
        observation.value = &value;
        request.parent = (char *)name;
        request.observation = &observation;
        const struct status status = ask_message_refused("CreateObservation", &request);
        assert_string_equal(status.reason->name, "INVALID_VALUE");
        assert_string_equal(status.field, cases[i].field);
    }
}

static void an_upsert_that_says_nothing_new_changes_nothing(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *item = json("%s/observations/2021-06", name);
    const char *first = json("'period':'2021-06','basis':'PERIOD','value':165,"
                             "'status':'ESTIMATED','publishedDate':'2021-05-25','source':'a'");
    const char *second = json("'period':'2021-06','basis':'PERIOD','value':162,"
                              "'status':'PRELIMINARY','source':'a'");

    (void)state;
    assert_has(ask("UpdateObservation", upsert_request(item, first)), "'revision':1");
    /* What makes a value is taken whole: the first date is not the second one's. */
    const char *answer = ask("UpdateObservation", upsert_request(item, second));
    assert_has(answer, "'revision':2");
    assert_has(answer, "'publishedDate':''");
    assert_has(ask("UpdateObservation", upsert_request(item, first)), "'revision':2");
    assert_has(ask("UpdateObservation", upsert_request(item, second)), "'value':162");
    answer = ask("BatchUpsertObservations",
                 json("{'parent':'%s','observations':[{%s},{%s}]}", name, first, second));
    assert_null(strstr(answer, "\"revision\":3"));
    /* Without allowMissing it is an update like any other, and may go back. */
    assert_has(ask("UpdateObservation", json("{'observation':{'name':'%s',%s}}", item, first)),
               "'revision':3");
    assert_has(ask("ListRevisions", json("{'name':'%s'}", item)), "'revision':3");
    /* A remark is no value: an upsert leaves it, an update corrects it. */
    assert_has(ask("UpdateObservation", upsert_request(item, json("%s,'note':'x'", first))),
               "'note':''");
    assert_has(ask("UpdateObservation", json("{'observation':{'name':'%s','note':'x'}}", item)),
               "'revision':4");
}

static void the_natural_key_cannot_change(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *item = json("%s/observations/2021-06", name);

    (void)state;
    (void)ask("UpdateObservation",
              upsert_request(item, value_fields("2021-06", "PERIOD", "1", "ESTIMATED")));
    assert_status(
        ask_refused("UpdateObservation",
                    upsert_request(item, value_fields("2021-07", "PERIOD", "1", "ESTIMATED"))),
        STATUS_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    assert_status(ask_refused("UpdateObservation",
                              upsert_request(json("%s/observations/2021-08", name),
                                             value_fields("2021-07", "PERIOD", "1", "ESTIMATED"))),
                  STATUS_INVALID_ARGUMENT, "INVALID_ID");
}

static void a_year_to_date_does_not_fall(void **state)
{
    const char *name = made_indicator("FLOW", 2);

    (void)state;
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022-03", "YEAR_TO_DATE", "30.5", "PRELIMINARY")));
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022-09", "YEAR_TO_DATE", "90", "ESTIMATED")));
    struct status status = ask_refused(
        "CreateObservation",
        create_request(name, value_fields("2022-06", "YEAR_TO_DATE", "30", "ESTIMATED")));
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    assert_string_equal(status.reason->name, "CUMULATIVE_VALUE_FALLS");
    assert_has(status.message, json("30.50 of %s/observations/2022-03-ytd", name));
    assert_status(ask_refused("CreateObservation",
                              create_request(name, value_fields("2022-06", "YEAR_TO_DATE", "91",
                                                                "ESTIMATED"))),
                  STATUS_FAILED_PRECONDITION, "CUMULATIVE_VALUE_FALLS");
    assert_has(ask("CreateObservation",
                   create_request(name, value_fields("2022", "PERIOD", "89", "OFFICIAL"))),
               "FALLS_BELOW_ESTIMATE");
    assert_has(
        ask("CreateObservation",
            create_request(name, json("%s,'window':'ADMINISTRATIVE'",
                                      value_fields("2022-06", "YEAR_TO_DATE", "1", "ESTIMATED")))),
        "'notes':[]");
    assert_has(
        ask("CreateObservation",
            create_request(name, json("%s,'breakdown':{'district':'836'}",
                                      value_fields("2022-06", "YEAR_TO_DATE", "1", "ESTIMATED")))),
        "'notes':[]");
}

static void a_batch_is_judged_by_the_state_that_it_leads_to(void **state)
{
    const char *name = made_indicator("FLOW", 0);

    (void)state;
    (void)ask("BatchUpsertObservations",
              json("{'parent':'%s','observations':[{%s},{%s}]}", name,
                   value_fields("2022-06", "YEAR_TO_DATE", "60", "PRELIMINARY"),
                   value_fields("2022-09", "YEAR_TO_DATE", "90", "PRELIMINARY")));
    /* Each step alone would fall: 50 < 60, but June becomes 40. */
    const char *answer = ask("BatchUpsertObservations",
                             json("{'parent':'%s','observations':[{%s},{%s}]}", name,
                                  value_fields("2022-09", "YEAR_TO_DATE", "50", "PRELIMINARY"),
                                  value_fields("2022-06", "YEAR_TO_DATE", "40", "PRELIMINARY")));
    assert_has(answer, "'value':50");
    assert_has(answer, "'value':40");
    const struct status status =
        ask_refused("BatchUpsertObservations",
                    json("{'parent':'%s','observations':[{%s},{%s},{%s}]}", name,
                         value_fields("2022-01", "PERIOD", "5", "PRELIMINARY"),
                         value_fields("2022-06", "YEAR_TO_DATE", "70", "PRELIMINARY"),
                         value_fields("2022-09", "YEAR_TO_DATE", "60", "PRELIMINARY")));
    assert_string_equal(status.reason->name, "CUMULATIVE_VALUE_FALLS");
    assert_has(status.message, "observations[2]: ");
    /* All or none. */
    assert_status(ask_refused("GetObservation", json("{'name':'%s/observations/2022-01'}", name)),
                  STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
}

static void a_batch_takes_what_its_observations_one_by_one_would(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *estimate = value_fields("2022-05", "YEAR_TO_DATE", "60", "ESTIMATED");
    const char *official = value_fields("2022-06", "YEAR_TO_DATE", "50", "OFFICIAL");

    (void)state;
    assert_has(ask("BatchUpsertObservations",
                   json("{'parent':'%s','observations':[{%s},{%s}]}", name, estimate, official)),
               "FALLS_BELOW_ESTIMATE");
    name = made_indicator("FLOW", 0);
    const struct status status =
        ask_refused("BatchUpsertObservations",
                    json("{'parent':'%s','observations':[{%s},{%s}]}", name, official, estimate));
    assert_string_equal(status.reason->name, "CUMULATIVE_VALUE_FALLS");
}

static void a_value_that_the_batch_itself_replaces_is_not_judged(void **state)
{
    const char *name = made_indicator("FLOW", 0);

    (void)state;
    const char *answer = ask("BatchUpsertObservations",
                             json("{'parent':'%s','observations':[{%s},{%s},{%s}]}", name,
                                  value_fields("2022-06", "YEAR_TO_DATE", "99", "ESTIMATED"),
                                  value_fields("2022-07", "YEAR_TO_DATE", "70", "ESTIMATED"),
                                  value_fields("2022-06", "YEAR_TO_DATE", "60", "PRELIMINARY")));
    assert_has(answer, "'revision':2");
}

static void a_batch_may_be_of_several_indicators(void **state)
{
    const char *one = made_indicator("FLOW", 0);
    const char *two = made_indicator("FLOW", 0);

    (void)state;
    const char *answer =
        ask("BatchUpsertObservations",
            json("{'parent':'indicators/-','observations':[{'name':'%s/observations/-',%s},"
                 "{'name':'%s/observations/2022-01',%s}]}",
                 one, value_fields("2022-01", "PERIOD", "1", "ESTIMATED"), two,
                 value_fields("2022-01", "PERIOD", "2", "ESTIMATED")));
    assert_has(answer, json("'%s/observations/2022-01'", one));
    assert_has(answer, json("'%s/observations/2022-01'", two));
    struct status status = ask_refused("BatchUpsertObservations",
                                       json("{'parent':'indicators/-','observations':[{%s}]}",
                                            value_fields("2022-01", "PERIOD", "1", "ESTIMATED")));
    assert_string_equal(status.reason->name, "FIELD_REQUIRED");
    assert_string_equal(status.field, "observations[0].name");
    status = ask_refused("BatchUpsertObservations",
                         json("{'parent':'%s','observations':[{'name':'%s/observations/-',%s}]}",
                              one, two, value_fields("2022-01", "PERIOD", "1", "ESTIMATED")));
    assert_string_equal(status.reason->name, "INVALID_NAME");
    status = ask_refused("BatchUpsertObservations",
                         json("{'parent':'%s','observations':[{%s},{%s}]}", one,
                              value_fields("2022-02", "PERIOD", "1", "ESTIMATED"),
                              value_fields("2022-03", "PERIOD", "1.5", "ESTIMATED")));
    assert_string_equal(status.reason->name, "TOO_MANY_DECIMALS");
    assert_string_equal(status.field, "observations[1].value");
    status = ask_refused("BatchUpsertObservations", json("{'parent':'%s'}", one));
    assert_string_equal(status.reason->name, "FIELD_REQUIRED");
}

static void an_official_value_needs_a_reopening_for_a_lower_status(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *item = json("%s/observations/2022-01", name);
    const char *lower = value_fields("2022-01", "PERIOD", "5", "PRELIMINARY");
    const char *reopen = json("{'name':'%s','reason':'sai số','document':{'number':'1/BC'}}", item);

    (void)state;
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022-01", "PERIOD", "4", "PRELIMINARY")));
    assert_status(ask_refused("ReopenObservation", reopen), STATUS_FAILED_PRECONDITION,
                  "NOT_OFFICIAL");
    (void)ask("UpdateObservation",
              upsert_request(item, value_fields("2022-01", "PERIOD", "6", "OFFICIAL")));
    (void)ask("UpdateObservation",
              upsert_request(item, value_fields("2022-01", "PERIOD", "7", "OFFICIAL")));
    assert_status(ask_refused("UpdateObservation", upsert_request(item, lower)),
                  STATUS_FAILED_PRECONDITION, "OFFICIAL_NEEDS_REOPEN");
    assert_status(ask_refused("DeleteObservation", json("{'name':'%s'}", item)),
                  STATUS_FAILED_PRECONDITION, "OFFICIAL_NEEDS_REOPEN");
    assert_status(ask_refused("ReopenObservation", json("{'name':'%s','reason':'x'}", item)),
                  STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_status(ask_refused("ReopenObservation", json("{'name':'%s','reason':'x','etag':'old',"
                                                        "'document':{'number':'1'}}",
                                                        item)),
                  STATUS_ABORTED, "ETAG_MISMATCH");
    assert_has(ask("ReopenObservation", reopen), "'reopening':{'reason':'sai số'");
    assert_status(ask_refused("ReopenObservation", reopen), STATUS_FAILED_PRECONDITION,
                  "ALREADY_REOPENED");
    const char *answer = ask("UpdateObservation", upsert_request(item, lower));
    assert_has(answer, "'status':'PRELIMINARY'");
    assert_null(strstr(answer, "sai số"));
}

static void a_revision_that_goes_back_says_so(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *item = json("%s/observations/2022-01", name);
    const char *first = json("%s,'publishedDate':'2023-02-01'",
                             value_fields("2022-01", "PERIOD", "110", "PRELIMINARY"));
    const char *late = json("%s,'publishedDate':'2022-06-25'",
                            value_fields("2022-01", "PERIOD", "100", "ESTIMATED"));

    (void)state;
    assert_has(ask("UpdateObservation", upsert_request(item, first)), "'notes':[]");
    const char *answer = ask("UpdateObservation", upsert_request(item, late));
    assert_has(answer, "{'field':'status','reason':'LOWER_STATUS'");
    assert_has(answer, "{'field':'publishedDate','reason':'PUBLISHED_EARLIER'");
    assert_has(answer, "published on 2022-06-25, before revision 1 (2023-02-01)");
    /* The next that goes forward says nothing. */
    assert_has(
        ask("UpdateObservation",
            upsert_request(item, json("%s,'publishedDate':'2023-03-01'",
                                      value_fields("2022-01", "PERIOD", "111", "PRELIMINARY")))),
        "'notes':[]");
    assert_has(ask("UpdateObservation",
                   upsert_request(item, value_fields("2022-01", "PERIOD", "112", "PRELIMINARY"))),
               "'notes':[]");
    /* Without a date it counts from the day that it was recorded. */
    assert_has(
        ask("UpdateObservation",
            upsert_request(item, json("%s,'publishedDate':'2023-03-01'",
                                      value_fields("2022-01", "PERIOD", "113", "PRELIMINARY")))),
        "PUBLISHED_EARLIER");
}

static void nothing_but_an_estimate_is_of_the_future(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const struct {
        const char *period;
        const char *basis;
        const char *rest;
        const char *reason;
    } cases[] = {
        {"2199-03", "PERIOD", "'status':'PRELIMINARY'", "PERIOD_IN_FUTURE"},
        {"2199-03", "YEAR_TO_DATE", "'status':'OFFICIAL'", "PERIOD_IN_FUTURE"},
        {"2199", "PERIOD", "'status':'OFFICIAL'", "PERIOD_IN_FUTURE"},
        {"2199-01", "PERIOD", "'status':'OFFICIAL','window':'ADMINISTRATIVE'", "PERIOD_IN_FUTURE"},
        {"2199-03", "PERIOD", "'status':'ESTIMATED','publishedDate':'2199-01-25'",
         "DATE_IN_FUTURE"},
        {"2022-03", "PERIOD", "'status':'OFFICIAL','publishedDate':'2199-01-25'", "DATE_IN_FUTURE"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_status(ask_refused("CreateObservation",
                                  create_request(name, json("'period':'%s','basis':'%s','value':1,"
                                                            "%s",
                                                            cases[i].period, cases[i].basis,
                                                            json("%s", cases[i].rest)))),
                      STATUS_INVALID_ARGUMENT, cases[i].reason);
    }
    (void)ask("CreateObservation",
              create_request(name, value_fields("2199-03", "PERIOD", "1", "ESTIMATED")));
}

/* Today is 2023-06-30. */
static void a_period_begins_with_its_first_day_in_its_calendar(void **state)
{
    struct call call = {.arena = arena_new(1 << 20), .now_us = INT64_C(1688083200) * 1000000};
    observation_message observation = DONGKHOI__INDICATORS__V1__OBSERVATION__INIT;
    const struct {
        struct period period;
        bool cumulative;
        int window;
        bool has_begun;
    } cases[] = {
        {{2023, 6}, false, WINDOW_STATISTICAL, true},
        {{2023, 7}, false, WINDOW_STATISTICAL, false},
        {{2023, 12}, true, WINDOW_STATISTICAL, true},
        {{2023, 0}, true, WINDOW_STATISTICAL, true},
        {{2024, 1}, true, WINDOW_STATISTICAL, false},
        {{2024, 0}, true, WINDOW_STATISTICAL, false},
        {{2023, 7}, false, WINDOW_ADMINISTRATIVE, true}, /* since 2023-06-15 */
        {{2023, 8}, false, WINDOW_ADMINISTRATIVE, false},
        {{2024, 1}, false, WINDOW_ADMINISTRATIVE, false}, /* from 2023-12-15 */
    };

    (void)state;
    assert_non_null(call.arena);
    observation.period = (char *)"P";
    observation.status = DONGKHOI__INDICATORS__V1__OBSERVATION__STATUS__PRELIMINARY;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct observation_key key = {.period = cases[i].period,
                                            .cumulative = cases[i].cumulative,
                                            .window = cases[i].window};
        const struct status status = observation_check_time(&call, &observation, &key);
        if (cases[i].has_begun) {
            assert_int_equal(status.code, STATUS_OK);
        } else {
            assert_status(status, STATUS_INVALID_ARGUMENT, "PERIOD_IN_FUTURE");
        }
    }
    arena_free(call.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_made_from_the_natural_key),
        cmocka_unit_test(bad_observations_are_refused),
        cmocka_unit_test(numbers_that_no_enum_names_are_refused),
        cmocka_unit_test(an_upsert_that_says_nothing_new_changes_nothing),
        cmocka_unit_test(the_natural_key_cannot_change),
        cmocka_unit_test(a_year_to_date_does_not_fall),
        cmocka_unit_test(a_batch_is_judged_by_the_state_that_it_leads_to),
        cmocka_unit_test(a_batch_takes_what_its_observations_one_by_one_would),
        cmocka_unit_test(a_value_that_the_batch_itself_replaces_is_not_judged),
        cmocka_unit_test(a_batch_may_be_of_several_indicators),
        cmocka_unit_test(an_official_value_needs_a_reopening_for_a_lower_status),
        cmocka_unit_test(a_revision_that_goes_back_says_so),
        cmocka_unit_test(nothing_but_an_estimate_is_of_the_future),
        cmocka_unit_test(a_period_begins_with_its_first_day_in_its_calendar),
    };

    return cmocka_run_group_tests(tests, running_setup, running_teardown);
}
