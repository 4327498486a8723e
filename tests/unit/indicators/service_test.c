/* service_test.c - tests the service as its callers see it: rules, closing, reopening, batches. */
#include "unit.h"

#include "running.h"

#include "dongkhoi/indicators/v1/indicators.pb-c.h"

#include <string.h>

/* A new indicator; returns its name. */
static const char *indicator(const char *kind, int decimals)
{
    static int count;
    const char *id = json("i-%d", ++count);

    (void)ask("CreateIndicator",
              json("{'indicatorId':'%s','indicator':{'displayName':{'vi':'Chỉ tiêu'},'unit':'MW',"
                   "'kind':'%s','direction':'HIGHER_IS_BETTER','decimals':%d}}",
                   id, kind, decimals));
    return json("indicators/%s", id);
}

static const char *target(const char *name, int year, const char *fields)
{
    return ask("CreateTarget",
               json("{'parent':'%s','targetId':'%d','target':{%s}}", name, year, fields));
}

/* The required fields of an observation. */
static const char *values(const char *period, const char *basis, const char *value,
                          const char *status)
{
    return json("'period':'%s','basis':'%s','value':%s,'status':'%s'", period, basis, value,
                status);
}

static const char *create(const char *name, const char *fields)
{
    return json("{'parent':'%s','observation':{%s}}", name, fields);
}

static const char *upsert(const char *name, const char *fields)
{
    return json("{'allowMissing':true,'observation':{'name':'%s',%s}}", name, fields);
}

static const char *progress(const char *name, const char *period)
{
    return ask("GetProgress", json("{'name':'%s','period':'%s'}", name, period));
}

static void ids_are_made_from_the_natural_key(void **state)
{
    const char *name = indicator("FLOW", 2);
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
        const char *answer = ask("CreateObservation", create(name, fields));
        assert_has(answer, json("'%s/observations/%s'", name, cases[i].id));
        assert_status(ask_refused("CreateObservation", create(name, fields)), STATUS_ALREADY_EXISTS,
                      "RESOURCE_EXISTS");
    }
    const char *one = ask("CreateObservation",
                          create(name, json("'period':'2022-12','basis':'PERIOD','value':1,"
                                            "'status':'ESTIMATED','breakdown':{'a':'1','b':'2'}")));
    assert_has(one, json("'%s/observations/2022-12-b", name));
    assert_has(one, "'window':'STATISTICAL'");
    assert_status(
        ask_refused("CreateObservation",
                    create(name, json("'period':'2022-12','basis':'PERIOD','value':1,"
                                      "'status':'ESTIMATED','breakdown':{'b':'2','a':'1'}"))),
        STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS");
    assert_status(ask_refused("CreateObservation",
                              json("{'parent':'%s','observationId':'2022-11','observation':{%s}}",
                                   name, values("2022-10", "PERIOD", "1", "ESTIMATED"))),
                  STATUS_INVALID_ARGUMENT, "INVALID_ID");
}

static void bad_observations_are_refused(void **state)
{
    const char *flow = indicator("FLOW", 2);
    const char *stock = indicator("STOCK", 0);
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
            ask_refused("CreateObservation", create(flow, json("%s", cases[i].fields)));
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.reason, cases[i].reason);
        assert_string_equal(status.field, cases[i].field);
    }
    assert_status(ask_refused("CreateObservation",
                              create(stock, values("2022-12", "YEAR_TO_DATE", "1", "ESTIMATED"))),
                  STATUS_INVALID_ARGUMENT, "BASIS_NOT_FOR_STOCK");
    assert_status(ask_refused("CreateObservation",
                              create(stock, values("2022-12", "PERIOD", "1.5", "ESTIMATED"))),
                  STATUS_INVALID_ARGUMENT, "TOO_MANY_DECIMALS");
    assert_status(
        ask_refused("CreateObservation",
                    create("indicators/nobody", values("2022-12", "PERIOD", "1", "ESTIMATED"))),
        STATUS_NOT_FOUND, "PARENT_NOT_FOUND");
}

static void numbers_that_no_enum_names_are_refused(void **state)
{
    const char *name = indicator("FLOW", 0);
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
        assert_string_equal(status.reason, "INVALID_VALUE");
        assert_string_equal(status.field, cases[i].field);
    }
}

static void an_upsert_that_says_nothing_new_changes_nothing(void **state)
{
    const char *name = indicator("FLOW", 0);
    const char *item = json("%s/observations/2021-06", name);
    const char *first = json("'period':'2021-06','basis':'PERIOD','value':165,"
                             "'status':'ESTIMATED','publishedDate':'2021-05-25','source':'a'");
    const char *second = json("'period':'2021-06','basis':'PERIOD','value':162,"
                              "'status':'PRELIMINARY','source':'a'");

    (void)state;
    assert_has(ask("UpdateObservation", upsert(item, first)), "'revision':1");
    /* What makes a value is taken whole: the first date is not the second one's. */
    const char *answer = ask("UpdateObservation", upsert(item, second));
    assert_has(answer, "'revision':2");
    assert_has(answer, "'publishedDate':''");
    assert_has(ask("UpdateObservation", upsert(item, first)), "'revision':2");
    assert_has(ask("UpdateObservation", upsert(item, second)), "'value':162");
    answer = ask("BatchUpsertObservations",
                 json("{'parent':'%s','observations':[{%s},{%s}]}", name, first, second));
    assert_null(strstr(answer, "\"revision\":3"));
    /* Without allowMissing it is an update like any other, and may go back. */
    assert_has(ask("UpdateObservation", json("{'observation':{'name':'%s',%s}}", item, first)),
               "'revision':3");
    assert_has(ask("ListRevisions", json("{'name':'%s'}", item)), "'revision':3");
}

static void the_natural_key_cannot_change(void **state)
{
    const char *name = indicator("FLOW", 0);
    const char *item = json("%s/observations/2021-06", name);

    (void)state;
    (void)ask("UpdateObservation", upsert(item, values("2021-06", "PERIOD", "1", "ESTIMATED")));
    assert_status(ask_refused("UpdateObservation",
                              upsert(item, values("2021-07", "PERIOD", "1", "ESTIMATED"))),
                  STATUS_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    assert_status(
        ask_refused("UpdateObservation", upsert(json("%s/observations/2021-08", name),
                                                values("2021-07", "PERIOD", "1", "ESTIMATED"))),
        STATUS_INVALID_ARGUMENT, "INVALID_ID");
}

static void a_year_to_date_does_not_fall(void **state)
{
    const char *name = indicator("FLOW", 2);

    (void)state;
    (void)ask("CreateObservation",
              create(name, values("2022-03", "YEAR_TO_DATE", "30.5", "PRELIMINARY")));
    (void)ask("CreateObservation",
              create(name, values("2022-09", "YEAR_TO_DATE", "90", "ESTIMATED")));
    struct status status = ask_refused(
        "CreateObservation", create(name, values("2022-06", "YEAR_TO_DATE", "30", "ESTIMATED")));
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    assert_string_equal(status.reason, "CUMULATIVE_VALUE_FALLS");
    assert_has(status.message, json("30.50 of %s/observations/2022-03-ytd", name));
    assert_status(ask_refused("CreateObservation",
                              create(name, values("2022-06", "YEAR_TO_DATE", "91", "ESTIMATED"))),
                  STATUS_FAILED_PRECONDITION, "CUMULATIVE_VALUE_FALLS");
    assert_has(ask("CreateObservation", create(name, values("2022", "PERIOD", "89", "OFFICIAL"))),
               "FALLS_BELOW_ESTIMATE");
    assert_has(ask("CreateObservation",
                   create(name, json("%s,'window':'ADMINISTRATIVE'",
                                     values("2022-06", "YEAR_TO_DATE", "1", "ESTIMATED")))),
               "'notes':[]");
    assert_has(ask("CreateObservation",
                   create(name, json("%s,'breakdown':{'district':'836'}",
                                     values("2022-06", "YEAR_TO_DATE", "1", "ESTIMATED")))),
               "'notes':[]");
}

static void a_batch_is_judged_by_the_state_that_it_leads_to(void **state)
{
    const char *name = indicator("FLOW", 0);

    (void)state;
    (void)ask("BatchUpsertObservations",
              json("{'parent':'%s','observations':[{%s},{%s}]}", name,
                   values("2022-06", "YEAR_TO_DATE", "60", "PRELIMINARY"),
                   values("2022-09", "YEAR_TO_DATE", "90", "PRELIMINARY")));
    /* Each step alone would fall: 50 < 60, but June becomes 40. */
    const char *answer = ask("BatchUpsertObservations",
                             json("{'parent':'%s','observations':[{%s},{%s}]}", name,
                                  values("2022-09", "YEAR_TO_DATE", "50", "PRELIMINARY"),
                                  values("2022-06", "YEAR_TO_DATE", "40", "PRELIMINARY")));
    assert_has(answer, "'value':50");
    assert_has(answer, "'value':40");
    const struct status status = ask_refused(
        "BatchUpsertObservations", json("{'parent':'%s','observations':[{%s},{%s},{%s}]}", name,
                                        values("2022-01", "PERIOD", "5", "PRELIMINARY"),
                                        values("2022-06", "YEAR_TO_DATE", "70", "PRELIMINARY"),
                                        values("2022-09", "YEAR_TO_DATE", "60", "PRELIMINARY")));
    assert_string_equal(status.reason, "CUMULATIVE_VALUE_FALLS");
    assert_has(status.message, "observations[2]: ");
    /* All or none. */
    assert_status(ask_refused("GetObservation", json("{'name':'%s/observations/2022-01'}", name)),
                  STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
}

static void a_batch_takes_what_its_observations_one_by_one_would(void **state)
{
    const char *name = indicator("FLOW", 0);
    const char *estimate = values("2022-05", "YEAR_TO_DATE", "60", "ESTIMATED");
    const char *official = values("2022-06", "YEAR_TO_DATE", "50", "OFFICIAL");

    (void)state;
    assert_has(ask("BatchUpsertObservations",
                   json("{'parent':'%s','observations':[{%s},{%s}]}", name, estimate, official)),
               "FALLS_BELOW_ESTIMATE");
    name = indicator("FLOW", 0);
    const struct status status =
        ask_refused("BatchUpsertObservations",
                    json("{'parent':'%s','observations':[{%s},{%s}]}", name, official, estimate));
    assert_string_equal(status.reason, "CUMULATIVE_VALUE_FALLS");
}

static void a_value_that_the_batch_itself_replaces_is_not_judged(void **state)
{
    const char *name = indicator("FLOW", 0);

    (void)state;
    const char *answer = ask("BatchUpsertObservations",
                             json("{'parent':'%s','observations':[{%s},{%s},{%s}]}", name,
                                  values("2022-06", "YEAR_TO_DATE", "99", "ESTIMATED"),
                                  values("2022-07", "YEAR_TO_DATE", "70", "ESTIMATED"),
                                  values("2022-06", "YEAR_TO_DATE", "60", "PRELIMINARY")));
    assert_has(answer, "'revision':2");
}

static void a_batch_may_be_of_several_indicators(void **state)
{
    const char *one = indicator("FLOW", 0);
    const char *two = indicator("FLOW", 0);

    (void)state;
    const char *answer =
        ask("BatchUpsertObservations",
            json("{'parent':'indicators/-','observations':[{'name':'%s/observations/-',%s},"
                 "{'name':'%s/observations/2022-01',%s}]}",
                 one, values("2022-01", "PERIOD", "1", "ESTIMATED"), two,
                 values("2022-01", "PERIOD", "2", "ESTIMATED")));
    assert_has(answer, json("'%s/observations/2022-01'", one));
    assert_has(answer, json("'%s/observations/2022-01'", two));
    struct status status = ask_refused("BatchUpsertObservations",
                                       json("{'parent':'indicators/-','observations':[{%s}]}",
                                            values("2022-01", "PERIOD", "1", "ESTIMATED")));
    assert_string_equal(status.reason, "FIELD_REQUIRED");
    assert_string_equal(status.field, "observations[0].name");
    status = ask_refused("BatchUpsertObservations",
                         json("{'parent':'%s','observations':[{'name':'%s/observations/-',%s}]}",
                              one, two, values("2022-01", "PERIOD", "1", "ESTIMATED")));
    assert_string_equal(status.reason, "INVALID_NAME");
    status = ask_refused("BatchUpsertObservations",
                         json("{'parent':'%s','observations':[{%s},{%s}]}", one,
                              values("2022-02", "PERIOD", "1", "ESTIMATED"),
                              values("2022-03", "PERIOD", "1.5", "ESTIMATED")));
    assert_string_equal(status.reason, "TOO_MANY_DECIMALS");
    assert_string_equal(status.field, "observations[1].value");
    status = ask_refused("BatchUpsertObservations", json("{'parent':'%s'}", one));
    assert_string_equal(status.reason, "FIELD_REQUIRED");
}

static void an_official_value_needs_a_reopening_for_a_lower_status(void **state)
{
    const char *name = indicator("FLOW", 0);
    const char *item = json("%s/observations/2022-01", name);
    const char *lower = values("2022-01", "PERIOD", "5", "PRELIMINARY");
    const char *reopen = json("{'name':'%s','reason':'sai số','document':{'number':'1/BC'}}", item);

    (void)state;
    (void)ask("CreateObservation", create(name, values("2022-01", "PERIOD", "4", "PRELIMINARY")));
    assert_status(ask_refused("ReopenObservation", reopen), STATUS_FAILED_PRECONDITION,
                  "NOT_OFFICIAL");
    (void)ask("UpdateObservation", upsert(item, values("2022-01", "PERIOD", "6", "OFFICIAL")));
    (void)ask("UpdateObservation", upsert(item, values("2022-01", "PERIOD", "7", "OFFICIAL")));
    assert_status(ask_refused("UpdateObservation", upsert(item, lower)), STATUS_FAILED_PRECONDITION,
                  "OFFICIAL_NEEDS_REOPEN");
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
    const char *answer = ask("UpdateObservation", upsert(item, lower));
    assert_has(answer, "'status':'PRELIMINARY'");
    assert_null(strstr(answer, "sai số"));
}

static void a_closed_year_is_locked_and_only_then_missed(void **state)
{
    const char *name = indicator("FLOW", 0);
    const char *item = json("%s/observations/2022", name);
    const char *goal = json("%s/targets/2022", name);
    const char *said = values("2022", "PERIOD", "50", "PRELIMINARY");

    (void)state;
    (void)target(name, 2022, json("'comparator':'AT_LEAST','value':100"));
    (void)ask("CreateObservation", create(name, said));
    assert_has(progress(name, "2022"), "'levelStatus':'OFF_TRACK'");
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
    assert_has(progress(name, "2022-12"), "'levelStatus':'MISSED'");
    assert_has(ask("GetProgress",
                   json("{'name':'%s','period':'2022-12','publishedBy':'2023-02-28'}", name)),
               "'targetState':'OPEN'");
    assert_status(ask_refused("CloseTarget", close), STATUS_FAILED_PRECONDITION, "TARGET_CLOSED");
    assert_status(ask_refused("DeleteTarget", json("{'name':'%s'}", goal)),
                  STATUS_FAILED_PRECONDITION, "TARGET_CLOSED");
    assert_status(ask_refused("UpdateTarget", json("{'target':{'name':'%s','value':1}}", goal)),
                  STATUS_FAILED_PRECONDITION, "TARGET_CLOSED");
    assert_status(
        ask_refused("UpdateObservation", upsert(item, values("2022", "PERIOD", "51", "OFFICIAL"))),
        STATUS_FAILED_PRECONDITION, "YEAR_CLOSED");
    assert_status(ask_refused("DeleteObservation", json("{'name':'%s'}", item)),
                  STATUS_FAILED_PRECONDITION, "YEAR_CLOSED");
    /* Saying the same again, and other years, are no change of the year. */
    assert_has(ask("UpdateObservation", upsert(item, said)), "'revision':1");
    (void)ask("CreateObservation", create(name, values("2021", "PERIOD", "5", "ESTIMATED")));
}

static void bad_targets_are_refused(void **state)
{
    const char *name = indicator("FLOW", 1);
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
    const char *name = indicator("FLOW", 2);
    const struct {
        const char *field;
        const char *value;
    } cases[] = {{"unit", "'GW'"}, {"kind", "'STOCK'"}, {"decimals", "3"}};

    (void)state;
    (void)ask("UpdateIndicator", json("{'indicator':{'name':'%s','unit':'kW'}}", name));
    (void)ask("CreateObservation", create(name, values("2022-01", "PERIOD", "1", "ESTIMATED")));
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
    const char *name = indicator("FLOW", 0);
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
    const char *now = progress(name, "2022-09");
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
    (void)ask("CreateObservation", create(name, values("2022-10", "PERIOD", "7", "ESTIMATED")));
    assert_has(ask("GetProgress",
                   json("{'name':'%s','period':'2022-10','publishedBy':'2024-01-01'}", name)),
               "'yearToDate':null");
    assert_has(progress(name, "2022-10"), "'yearToDate':27211");
    /* What was withdrawn does not count any more. */
    (void)ask("DeleteObservation", json("{'name':'%s'}", old));
    assert_has(ask("GetProgress",
                   json("{'name':'%s','period':'2022-09','publishedBy':'2022-12-31'}", name)),
               "'yearToDate':null");
}

static void questions_that_cannot_be_answered_are_refused(void **state)
{
    const char *name = indicator("FLOW", 0);

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
    assert_has(progress(name, "1900-01"), "'levelStatus':'NOT_JUDGED'");
    assert_has(progress(name, "2200"), "'period':'2200-12'");
}

static void contributions_name_the_parts_by_code(void **state)
{
    const char *name = indicator("FLOW", 0);

    (void)state;
    for (int i = 0; i < 3; i++) {
        static const char *const parts[][3] = {
            {"b", "600", "630"}, {"c", "300", "285"}, {"a", "400", "460"}};
        for (int year = 0; year < 2; year++) {
            (void)ask("CreateObservation",
                      create(name, json("%s,'breakdown':{'branch':'%s'}",
                                        values(year == 0 ? "2021" : "2022", "PERIOD",
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
    assert_has(answer, "NO_PARTS");
    assert_has(answer, "'growthPercent':null");
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
        cmocka_unit_test(a_closed_year_is_locked_and_only_then_missed),
        cmocka_unit_test(bad_targets_are_refused),
        cmocka_unit_test(observations_fix_what_they_are_measured_in),
        cmocka_unit_test(progress_is_as_it_was_published),
        cmocka_unit_test(questions_that_cannot_be_answered_are_refused),
        cmocka_unit_test(contributions_name_the_parts_by_code),
    };

    return cmocka_run_group_tests(tests, running_setup, running_teardown);
}
