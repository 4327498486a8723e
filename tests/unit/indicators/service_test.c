/* service_test.c - tests indicators, targets and computed reads as callers see them. */
#include "unit.h"

#include "running.h"

#include <string.h>

static void a_closed_year_is_locked_and_only_then_missed(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *item = json("%s/observations/2022", name);
    const char *goal = json("%s/targets/2022", name);
    const char *said = value_fields("2022", "PERIOD", "50", "PRELIMINARY");

    (void)state;
    (void)made_target(name, 2022, json("'comparator':'AT_LEAST','value':100"));
    (void)ask("CreateObservation", create_request(name, said));
    assert_has(progress_answer(name, "2022"), "'levelStatus':'OFF_TRACK'");
    assert_status(ask_refused("CloseTarget", json("{'name':'%s','date':'2023-03-01'}", goal)),
                  STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_status(ask_refused("CloseTarget", json("{'name':'%s','date':'2021-12-31',"
                                                  "'document':{'number':'9/BC'}}",
                                                  goal)),
                  STATUS_INVALID_ARGUMENT, "INVALID_DATE");
    assert_status(ask_refused("CloseTarget", json("{'name':'%s','date':'2199-12-31',"
                                                  "'document':{'number':'9/BC'}}",
                                                  goal)),
                  STATUS_INVALID_ARGUMENT, "DATE_IN_FUTURE");
    const char *close =
        json("{'name':'%s','date':'2023-03-01','document':{'number':'9/BC'}}", goal);
    assert_has(ask("CloseTarget", close), "'state':'CLOSED'");
    assert_has(progress_answer(name, "2022-12"), "'levelStatus':'MISSED'");
    assert_has(ask("GetProgress",
                   json("{'name':'%s','period':'2022-12','publishedBy':'2023-02-28'}", name)),
               "'targetState':'OPEN'");
    assert_status(ask_refused("CloseTarget", close), STATUS_FAILED_PRECONDITION, "TARGET_CLOSED");
    assert_status(ask_refused("DeleteTarget", json("{'name':'%s'}", goal)),
                  STATUS_FAILED_PRECONDITION, "TARGET_CLOSED");
    assert_status(ask_refused("UpdateTarget", json("{'target':{'name':'%s','value':1}}", goal)),
                  STATUS_FAILED_PRECONDITION, "TARGET_CLOSED");
    assert_status(
        ask_refused("UpdateObservation",
                    upsert_request(item, value_fields("2022", "PERIOD", "51", "OFFICIAL"))),
        STATUS_FAILED_PRECONDITION, "YEAR_CLOSED");
    assert_status(ask_refused("DeleteObservation", json("{'name':'%s'}", item)),
                  STATUS_FAILED_PRECONDITION, "YEAR_CLOSED");
    /* Saying the same again, and other years, are no change of the year. */
    assert_has(ask("UpdateObservation", upsert_request(item, said)), "'revision':1");
    (void)ask("CreateObservation",
              create_request(name, value_fields("2021", "PERIOD", "5", "ESTIMATED")));
}

static void bad_targets_are_refused(void **state)
{
    const char *name = made_indicator("FLOW", 1);
    const struct {
        const char *id;
        const char *fields;
        const char *reason;
    } cases[] = {
        {"2022", "'value':1", "FIELD_REQUIRED"},
        {"2022", "'comparator':'AT_LEAST'", "FIELD_REQUIRED"},
        {"2022", "'comparator':'APPROXIMATELY','value':1", "FIELD_REQUIRED"},
        {"2022", "'comparator':'APPROXIMATELY','value':1,'tolerancePercent':-1", "INVALID_VALUE"},
        {"2022", "'comparator':'APPROXIMATELY','value':1,'tolerancePercent':100.5",
         "INVALID_VALUE"},
        {"2022", "'comparator':'AT_LEAST','value':1,'tolerancePercent':5", "TOLERANCE_NOT_USED"},
        {"2022", "'comparator':'MORE_THAN','value':1,'tolerancePercent':0", "TOLERANCE_NOT_USED"},
        {"2022", "'comparator':'AT_LEAST','value':1.25", "TOO_MANY_DECIMALS"},
        {"2022", "'comparator':'AT_LEAST','value':1,'baseline':{'value':0.25}",
         "TOO_MANY_DECIMALS"},
        {"2022", "'comparator':'AT_LEAST','value':1,'baseline':{'date':'2022-01-01'}",
         "FIELD_REQUIRED"},
        {"2022", "'comparator':'AT_LEAST','value':1,'year':2023", "INVALID_VALUE"},
        {"22", "'comparator':'AT_LEAST','value':1", "INVALID_ID"},
        {"abcd", "'comparator':'AT_LEAST','value':1", "INVALID_ID"},
        {"1899", "'comparator':'AT_LEAST','value':1", "INVALID_ID"},
        {"", "'comparator':'AT_LEAST','value':1", "FIELD_REQUIRED"},
        {"2022", "'comparator':'AT_LEAST','value':1,'document':{'date':'2022-01-01'}",
         "FIELD_REQUIRED"},
        {"2022", "'comparator':'AT_LEAST','value':1,'state':'CLOSED'", "OUTPUT_ONLY_FIELD"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_status(ask_refused("CreateTarget", json("{'parent':'%s','targetId':'%s',"
                                                       "'target':{%s}}",
                                                       name, cases[i].id, cases[i].fields)),
                      STATUS_INVALID_ARGUMENT, cases[i].reason);
    }
    const char *answer = ask("CreateTarget", json("{'parent':'%s','target':{'year':2023,"
                                                  "'comparator':'DONE','value':1}}",
                                                  name));
    assert_has(answer, json("'%s/targets/2023'", name));
    assert_has(answer, "'state':'OPEN'");
}

static void observations_fix_what_they_are_measured_in(void **state)
{
    const char *name = made_indicator("FLOW", 2);
    const struct {
        const char *field;
        const char *value;
    } cases[] = {{"unit", "'GW'"}, {"kind", "'STOCK'"}, {"decimals", "3"}};

    (void)state;
    (void)ask("UpdateIndicator", json("{'indicator':{'name':'%s','unit':'kW'}}", name));
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022-01", "PERIOD", "1", "ESTIMATED")));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct status status =
            ask_refused("UpdateIndicator", json("{'indicator':{'name':'%s','%s':%s}}", name,
                                                cases[i].field, cases[i].value));
        assert_string_equal(status.reason, "INDICATOR_IN_USE");
        assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    }
    (void)ask("UpdateIndicator", json("{'indicator':{'name':'%s','priceBasis':'current'}}", name));
    assert_status(ask_refused("UpdateIndicator",
                              json("{'indicator':{'name':'%s','priceBasis':'2010'}}", name)),
                  STATUS_FAILED_PRECONDITION, "INDICATOR_IN_USE");
    (void)ask("UpdateIndicator",
              json("{'indicator':{'name':'%s','displayName':{'vi':'Khác'}}}", name));
    assert_status(ask_refused("DeleteIndicator", json("{'name':'%s'}", name)),
                  STATUS_FAILED_PRECONDITION, "HAS_CHILDREN");
    assert_status(
        ask_refused("UpdateIndicator", json("{'indicator':{'name':'%s','decimals':7}}", name)),
        STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
}

static void progress_is_as_it_was_published(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *old = json("%s/observations/2022-09-ytd", name);

    (void)state;
    (void)ask("BatchUpsertObservations",
              json("{'parent':'%s','observations':["
                   "{'period':'2021-09','basis':'YEAR_TO_DATE','value':22000,"
                   "'status':'PRELIMINARY','publishedDate':'2022-10-03'},"
                   "{'period':'2022-09','basis':'YEAR_TO_DATE','value':26900,"
                   "'status':'ESTIMATED','publishedDate':'2022-10-03'},"
                   "{'period':'2022-09','basis':'YEAR_TO_DATE','value':27204,"
                   "'status':'PRELIMINARY','publishedDate':'2023-09-11'}]}",
                   name));
    const char *now = progress_answer(name, "2022-09");
    assert_has(now, "'yearToDate':27204");
    assert_has(now, "'growthPercent':23.65");
    assert_has(now, json("{'name':'%s','revision':2,'value':27204}", old));
    const char *then = ask(
        "GetProgress", json("{'name':'%s','period':'2022-09','publishedBy':'2022-12-31'}", name));
    assert_has(then, "'yearToDate':26900");
    assert_has(then, "'growthPercent':22.27");
    assert_has(then, json("{'name':'%s','revision':1,'value':26900}", old));
    const char *before = ask(
        "GetProgress", json("{'name':'%s','period':'2022-09','publishedBy':'2022-10-02'}", name));
    assert_has(before, "'yearToDate':null");
    assert_has(before, "MISSING_PERIODS");
    /* Without a date it counts from the day that it was recorded. */
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022-10", "PERIOD", "7", "ESTIMATED")));
    assert_has(ask("GetProgress",
                   json("{'name':'%s','period':'2022-10','publishedBy':'2024-01-01'}", name)),
               "'yearToDate':null");
    assert_has(progress_answer(name, "2022-10"), "'yearToDate':27211");
    /* What was withdrawn does not count any more. */
    (void)ask("DeleteObservation", json("{'name':'%s'}", old));
    assert_has(ask("GetProgress",
                   json("{'name':'%s','period':'2022-09','publishedBy':'2022-12-31'}", name)),
               "'yearToDate':null");
}

static void assert_published_by(const char *name, const char *day, const char *expected)
{
    assert_has(
        ask("GetProgress", json("{'name':'%s','period':'2022-01','publishedBy':'%s'}", name, day)),
        json("'yearToDate':%s,", expected));
}

static void what_was_published_last_counts_however_late_it_is_loaded(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *item = json("%s/observations/2022-01", name);
    static const char *const revisions[] = {
        "110,'status':'PRELIMINARY','publishedDate':'2023-02-01'",
        "100,'status':'ESTIMATED','publishedDate':'2022-06-25'",
        "101,'status':'ESTIMATED','publishedDate':'2022-06-25'",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(revisions) / sizeof(revisions[0]); i++) {
        (void)ask("UpdateObservation",
                  upsert_request(item, json("'period':'2022-01','basis':'PERIOD','value':%s",
                                            json("%s", revisions[i]))));
    }
    assert_published_by(name, "2023-03-01", "110");
    assert_published_by(name, "2023-02-01", "110");
    assert_published_by(name, "2023-01-31", "101");
    assert_published_by(name, "2022-12-31", "101");
    assert_published_by(name, "2022-06-24", "null");
    assert_has(progress_answer(name, "2022-01"), "'yearToDate':101,");
    /* Without a date it counts from the day that it was recorded. */
    (void)ask("UpdateObservation",
              upsert_request(item, value_fields("2022-01", "PERIOD", "120", "OFFICIAL")));
    assert_published_by(name, "2023-03-01", "110");
    assert_published_by(name, "2199-12-31", "120");
}

static void values_that_contradict_each_other_are_named(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *stock = made_indicator("STOCK", 0);

    (void)state;
    for (int month = 1; month <= 12; month++) {
        (void)ask("CreateObservation",
                  create_request(
                      name, value_fields(json("2022-%02d", month), "PERIOD", "10", "OFFICIAL")));
    }
    assert_null(strstr(progress_answer(name, "2022-12"), "CONTRADICTING_VALUES"));
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022", "PERIOD", "120", "PRELIMINARY")));
    assert_null(strstr(progress_answer(name, "2022-12"), "CONTRADICTING_VALUES"));
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022-12", "YEAR_TO_DATE", "121", "OFFICIAL")));
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022", "YEAR_TO_DATE", "122", "OFFICIAL")));
    const char *answer = progress_answer(name, "2022-12");
    assert_has(answer, "'yearToDate':121,");
    assert_has(answer, "{'field':'yearToDate','reason':'CONTRADICTING_VALUES'");
    assert_has(answer, json("120 of %s/observations/2022 (2022, PRELIMINARY)", name));
    assert_has(answer, json("122 of %s/observations/2022-ytd (2022, OFFICIAL)", name));
    assert_has(answer, "120 as the sum of the twelve months");
    assert_null(strstr(progress_answer(name, "2022-11"), "CONTRADICTING_VALUES"));
    (void)ask("CreateObservation",
              create_request(stock, value_fields("2022-12", "PERIOD", "7", "OFFICIAL")));
    (void)ask("CreateObservation",
              create_request(stock, value_fields("2022", "PERIOD", "8", "ESTIMATED")));
    assert_has(progress_answer(stock, "2023-02"),
               json("8 of %s/observations/2022 (2022, ESTIMATED)", stock));
}

static void a_level_of_long_ago_stays_until_the_next_one(void **state)
{
    const char *stock = made_indicator("STOCK", 0);

    (void)state;
    (void)ask("CreateObservation",
              create_request(stock, value_fields("1999-03", "PERIOD", "5", "OFFICIAL")));
    (void)ask("CreateObservation",
              create_request(stock, value_fields("2003-07", "PERIOD", "7", "OFFICIAL")));
    assert_has(progress_answer(stock, "2022-12"), "'yearToDate':7,");
    assert_has(progress_answer(stock, "2022-12"), "'yearToDatePeriod':'2003-07'");
    assert_has(progress_answer(stock, "2003-06"), "'yearToDate':5,");
    assert_has(progress_answer(stock, "1999-02"), "'yearToDate':null");
    (void)ask("CreateObservation",
              create_request(stock, value_fields("2020-05", "PERIOD", "9", "OFFICIAL")));
    assert_has(progress_answer(stock, "2022-12"), "'yearToDate':9,");
    assert_has(progress_answer(stock, "2020-04"), "'yearToDate':7,");
}

static void progress_is_as_it_was_recorded(void **state)
{
    const char *name = made_indicator("FLOW", 0);
    const char *item = json("%s/observations/2022-01", name);
    const char *first = value_fields("2022-01", "PERIOD", "1", "ESTIMATED");
    const char *second = value_fields("2022-01", "PERIOD", "2", "PRELIMINARY");
    const char *times[2];

    (void)state;
    times[0] = field_text(ask("UpdateObservation", upsert_request(item, first)), "updateTime");
    times[1] = field_text(ask("UpdateObservation", upsert_request(item, second)), "updateTime");
    (void)ask("DeleteObservation", json("{'name':'%s'}", item));
    for (int i = 0; i < 2; i++) {
        static const char *const published[] = {"", "2199-12-31"};
        for (int j = 0; j < 2; j++) {
            const char *answer =
                ask("GetProgress", json("{'name':'%s','period':'2022-01','asOf':'%s',"
                                        "'publishedBy':'%s'}",
                                        name, times[i], published[j]));
            assert_has(answer, i == 0 ? "'yearToDate':1," : "'yearToDate':2,");
            assert_has(answer, i == 0 ? "'revision':1" : "'revision':2");
        }
    }
    assert_has(progress_answer(name, "2022-01"), "'yearToDate':null");
    /* Made again it is another observation: what the old one said is gone. */
    (void)ask("UpdateObservation", upsert_request(item, first));
    assert_has(progress_answer(name, "2022-01"), "'yearToDate':1,");
}

static void questions_that_cannot_be_answered_are_refused(void **state)
{
    const char *name = made_indicator("FLOW", 0);

    (void)state;
    assert_status(ask_refused("GetProgress", json("{'name':'%s'}", name)), STATUS_INVALID_ARGUMENT,
                  "FIELD_REQUIRED");
    assert_status(ask_refused("GetProgress", json("{'name':'%s','period':'2022-13'}", name)),
                  STATUS_INVALID_ARGUMENT, "INVALID_PERIOD");
    assert_status(
        ask_refused("GetProgress", json("{'name':'%s','period':'2022','publishedBy':'x'}", name)),
        STATUS_INVALID_ARGUMENT, "INVALID_DATE");
    assert_status(ask_refused("GetProgress", json("{'name':'%s','period':'2022',"
                                                  "'asOf':'2199-01-01T00:00:00Z'}",
                                                  name)),
                  STATUS_INVALID_ARGUMENT, "INVALID_AS_OF");
    assert_status(ask_refused("GetProgress", json("{'name':'targets/1','period':'2022'}")),
                  STATUS_INVALID_ARGUMENT, "INVALID_NAME");
    assert_status(ask_refused("GetProgress", json("{'name':'indicators/nobody','period':'2022'}")),
                  STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_status(ask_refused("GetContributions", json("{'name':'%s','period':'2022'}", name)),
                  STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_has(progress_answer(name, "1900-01"), "'levelStatus':'NOT_JUDGED'");
    assert_has(progress_answer(name, "2200"), "'period':'2200-12'");
}

static void a_batch_answers_for_the_latest_month_there_is(void **state)
{
    const char *flow = made_indicator("FLOW", 0);
    const char *stock = made_indicator("STOCK", 0);
    const char *empty = made_indicator("FLOW", 0);

    (void)state;
    (void)made_target(flow, 2022, "'comparator':'AT_LEAST','value':100");
    (void)ask("CreateObservation",
              create_request(flow, value_fields("2022-09", "YEAR_TO_DATE", "60", "PRELIMINARY")));
    (void)ask("CreateObservation",
              create_request(stock, value_fields("2021-11", "PERIOD", "93", "OFFICIAL")));
    const char *names =
        json("'names':['%s','indicators/nobody','%s','%s'],'period':'2022'", flow, stock, empty);
    const char *answer = ask("BatchGetProgress", json("{%s,'latest':true}", names));
    assert_has(answer, "'notFound':['indicators/nobody']");
    assert_has(answer, "'period':'2022-09'");
    assert_has(answer, "'yearToDate':60");
    assert_has(answer, "'linearForecast':80");
    assert_has(answer, "'yearToDatePeriod':'2021-11'");
    assert_has(answer, "'yearToDate':null");
    answer = ask("BatchGetProgress", json("{%s}", names));
    assert_true(strstr(answer, "2022-09\",\"target") == NULL);
    assert_true(strstr(answer, "\"yearToDate\":60") == NULL);
    answer = ask(
        "BatchGetProgress",
        json("{'names':['%s'],'period':'2022','latest':true,'publishedBy':'2022-03-31'}", stock));
    assert_has(answer, "'period':'2022-03'");
}

static void bad_batches_of_progress_are_refused(void **state)
{
    static const struct {
        const char *names;
        const char *reason;
    } cases[] = {
        {"[]", "FIELD_REQUIRED"},
        {"['indicators/a','indicators/a']", "DUPLICATE_NAME"},
        {"['indicators/a','clusters/a']", "INVALID_NAME"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_status(ask_refused("BatchGetProgress",
                                  json("{'names':%s,'period':'2022'}", json("%s", cases[i].names))),
                      STATUS_INVALID_ARGUMENT, cases[i].reason);
    }
    assert_status(ask_refused("BatchGetProgress", json("{'names':['indicators/a']}")),
                  STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
}

static void contributions_name_the_parts_by_code(void **state)
{
    const char *name = made_indicator("FLOW", 0);

    (void)state;
    for (int i = 0; i < 3; i++) {
        static const char *const parts[][3] = {
            {"b", "600", "630"}, {"c", "300", "285"}, {"a", "400", "460"}};
        for (int year = 0; year < 2; year++) {
            (void)ask("CreateObservation",
                      create_request(name, json("%s,'breakdown':{'branch':'%s'}",
                                                value_fields(year == 0 ? "2021" : "2022", "PERIOD",
                                                             parts[i][year + 1], "OFFICIAL"),
                                                parts[i][0])));
        }
    }
    const char *answer =
        ask("GetContributions", json("{'name':'%s','period':'2022','dimension':'branch'}", name));
    assert_has(answer, "'growthPercent':5.7692");
    assert_has(answer, "'parts':[{'code':'a','previous':400,'current':460,'contribution':4.6154},"
                       "{'code':'b','previous':600,'current':630,'contribution':2.3077},"
                       "{'code':'c','previous':300,'current':285,'contribution':-1.1538}]");
    assert_has(answer, "'residual':0");
    assert_has(answer, "'provisional':false");
    assert_has(answer, "WHOLE_IS_SUM_OF_PARTS");
    answer =
        ask("GetContributions", json("{'name':'%s','period':'2022','dimension':'nothing'}", name));
    assert_has(answer, "{'field':'parts','reason':'UNKNOWN_DIMENSION'");
    answer =
        ask("GetContributions", json("{'name':'%s','period':'2019','dimension':'branch'}", name));
    assert_has(answer, "NO_PARTS");
    answer =
        ask("GetContributions", json("{'name':'%s','period':'2022','dimension':'nothing'}", name));
    assert_has(answer, "'growthPercent':null");
}

static void what_is_stored_is_read_and_listed(void **state)
{
    const char *name = made_indicator("FLOW", 0);

    (void)state;
    (void)made_target(name, 2022, "'comparator':'AT_LEAST','value':100");
    (void)ask("CreateObservation",
              create_request(name, value_fields("2022-06", "PERIOD", "7", "OFFICIAL")));
    assert_has(ask("GetIndicator", json("{'name':'%s'}", name)), "'unit':'MW'");
    assert_has(ask("ListIndicators", "{\"pageSize\":1000}"), json("'name':'%s'", name));
    assert_has(ask("GetTarget", json("{'name':'%s/targets/2022'}", name)), "'value':100");
    assert_has(ask("ListTargets", json("{'parent':'%s'}", name)), "/targets/2022'");
    assert_has(ask("ListObservations", json("{'parent':'%s'}", name)), "'period':'2022-06'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_read_and_listed),
        cmocka_unit_test(a_closed_year_is_locked_and_only_then_missed),
        cmocka_unit_test(bad_targets_are_refused),
        cmocka_unit_test(observations_fix_what_they_are_measured_in),
        cmocka_unit_test(progress_is_as_it_was_published),
        cmocka_unit_test(what_was_published_last_counts_however_late_it_is_loaded),
        cmocka_unit_test(values_that_contradict_each_other_are_named),
        cmocka_unit_test(a_level_of_long_ago_stays_until_the_next_one),
        cmocka_unit_test(progress_is_as_it_was_recorded),
        cmocka_unit_test(questions_that_cannot_be_answered_are_refused),
        cmocka_unit_test(a_batch_answers_for_the_latest_month_there_is),
        cmocka_unit_test(bad_batches_of_progress_are_refused),
        cmocka_unit_test(contributions_name_the_parts_by_code),
    };

    return cmocka_run_group_tests(tests, running_setup, running_teardown);
}
