/* data_2022_test.c - tests the results of the Department's real data of 2022, loaded in the order
 * of its file. */
#include "unit.h"

#include "running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *id;
    const char *kind;
    const char *direction;
    const char *target;
} indicators[] = {
    {"industrial-output", "FLOW", "HIGHER_IS_BETTER",
     "'comparator':'AT_LEAST','value':38300,'growthPercent':8.2,'baseline':{'value':35397,'status':"
     "'ESTIMATED','date':'2022-03-25'}"},
    {"electricity-sales", "FLOW", "HIGHER_IS_BETTER",
     "'comparator':'AT_LEAST','value':1860,'growthPercent':4,'baseline':{'value':1788.46,'status':'"
     "ESTIMATED','date':'2022-03-25'}"},
    {"wind-power-commissioned", "STOCK", "HIGHER_IS_BETTER",
     "'comparator':'MORE_THAN','value':140"},
    {"retail-sales", "FLOW", "HIGHER_IS_BETTER",
     "'comparator':'AT_LEAST','value':56000,'growthPercent':12.6,'baseline':{'value':49733.57,'"
     "status':'ESTIMATED','date':'2022-03-25'}"},
    {"exports", "FLOW", "HIGHER_IS_BETTER",
     "'comparator':'AT_LEAST','value':1500,'growthPercent':20.2,'baseline':{'value':1247.92,'"
     "status':'ESTIMATED','date':'2022-03-25'}"},
    {"imports", "FLOW", "NEUTRAL", "'comparator':'AT_LEAST','value':800"},
};

static const struct {
    const char *indicator;
    const char *period;
    const char *basis;
    const char *value;
    const char *status;
    const char *published;
} observations[] = {
    {"industrial-output", "2021-05", "YEAR_TO_DATE", "13480", "ESTIMATED", ""},
    {"industrial-output", "2021-06", "YEAR_TO_DATE", "16500", "ESTIMATED", "2021-05-25"},
    {"industrial-output", "2021-06", "YEAR_TO_DATE", "16200", "PRELIMINARY", "2021-08-16"},
    {"industrial-output", "2021-07", "PERIOD", "2980", "ESTIMATED", "2021-08-16"},
    {"industrial-output", "2021-07", "YEAR_TO_DATE", "19180", "ESTIMATED", "2021-08-16"},
    {"industrial-output", "2021-09", "YEAR_TO_DATE", "22000", "PRELIMINARY", "2022-10-03"},
    {"industrial-output", "2021", "PERIOD", "35397", "ESTIMATED", "2022-03-25"},
    {"industrial-output", "2021", "PERIOD", "32402", "PRELIMINARY", "2023-02-07"},
    {"industrial-output", "2022-06", "YEAR_TO_DATE", "17550", "PRELIMINARY", "2023-07-01"},
    {"industrial-output", "2022-09", "YEAR_TO_DATE", "26900", "ESTIMATED", "2022-10-03"},
    {"industrial-output", "2022-09", "YEAR_TO_DATE", "27204", "PRELIMINARY", "2023-09-11"},
    {"industrial-output", "2022", "PERIOD", "36501", "PRELIMINARY", "2023-02-07"},
    {"electricity-sales", "2021", "PERIOD", "1788.46", "ESTIMATED", "2022-03-25"},
    {"retail-sales", "2021", "PERIOD", "49733.57", "ESTIMATED", "2022-03-25"},
    {"retail-sales", "2022", "PERIOD", "57037.7", "PRELIMINARY", "2023-02-07"},
    {"exports", "2021-01", "PERIOD", "117.1", "ESTIMATED", "2021-02-01"},
    {"exports", "2021-04", "YEAR_TO_DATE", "451.11", "ESTIMATED", ""},
    {"exports", "2021-07", "PERIOD", "130.77", "ESTIMATED", "2021-08-16"},
    {"exports", "2021", "PERIOD", "1247.92", "ESTIMATED", "2022-03-25"},
    {"exports", "2021", "PERIOD", "1261.3", "PRELIMINARY", "2023-02-07"},
    {"exports", "2022-02", "YEAR_TO_DATE", "232", "ESTIMATED", "2022-03-03"},
    {"exports", "2022-09", "YEAR_TO_DATE", "1118.1", "PRELIMINARY", "2023-09-11"},
    {"exports", "2022", "PERIOD", "1509.6", "PRELIMINARY", "2023-02-07"},
    {"imports", "2021-04", "PERIOD", "43.77", "ESTIMATED", ""},
    {"imports", "2021-04", "YEAR_TO_DATE", "258.37", "ESTIMATED", ""},
    {"imports", "2022", "PERIOD", "570", "PRELIMINARY", "2023-02-07"},
    {"wind-power-commissioned", "2021-11", "PERIOD", "93.05", "PRELIMINARY", "2021-11-29"},
};

enum {
    INDICATOR_COUNT = sizeof(indicators) / sizeof(indicators[0]),
    OBSERVATION_COUNT = sizeof(observations) / sizeof(observations[0]),
};

static const char *fields_of(int i)
{
    return json("'period':'%s','basis':'%s','value':%s,'status':'%s','publishedDate':'%s'",
                observations[i].period, observations[i].basis, observations[i].value,
                observations[i].status, observations[i].published);
}

static const char *load(int i)
{
    return ask("BatchUpsertObservations", json("{'parent':'indicators/%s','observations':[{%s}]}",
                                               observations[i].indicator, fields_of(i)));
}

static int loading_setup(void **state)
{
    if (running_setup(state) != 0) {
        return 1;
    }
    for (int i = 0; i < INDICATOR_COUNT; i++) {
        (void)ask("CreateIndicator",
                  json("{'indicatorId':'%s','indicator':{'displayName':{'vi':'%s'},'unit':'u',"
                       "'kind':'%s','direction':'%s','decimals':2}}",
                       indicators[i].id, indicators[i].id, indicators[i].kind,
                       indicators[i].direction));
        (void)ask("CreateTarget", json("{'parent':'indicators/%s','targetId':'2022','target':{%s}}",
                                       indicators[i].id, indicators[i].target));
    }
    for (int i = 0; i < OBSERVATION_COUNT; i++) {
        (void)load(i);
    }
    return 0;
}

static const char *progress(const char *id, const char *period, const char *published_by)
{
    return ask("GetProgress", json("{'name':'indicators/%s','period':'%s','publishedBy':'%s'}", id,
                                   period, published_by));
}

static void plan_percents_of_the_year(void **state)
{
    static const struct {
        const char *id;
        const char *percent;
    } cases[] = {
        {"industrial-output", "'planPercent':95.3,"},
        {"retail-sales", "'planPercent':101.85,"},
        {"exports", "'planPercent':100.64,"},
        {"imports", "'planPercent':71.25,"},
        {"wind-power-commissioned", "'planPercent':66.46,"},
        {"electricity-sales", "'planPercent':null,"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_has(progress(cases[i].id, "2022-12", ""), cases[i].percent);
    }
}

static void the_level_was_missed_and_the_growth_beaten(void **state)
{
    const char *answer = progress("industrial-output", "2022-12", "");

    (void)state;
    assert_has(answer, "'growthPercent':12.65,");
    assert_has(answer, "'growthOnPlanBasePercent':3.12,");
    assert_has(answer, "'levelStatus':'AT_RISK'");
    assert_has(answer, "'growthStatus':'EXCEEDED'");
    assert_has(answer, "'provisional':true");
    assert_has(answer, "'complete':true");
}

static void nine_months_as_known_now_and_as_published_then(void **state)
{
    const char *now = progress("industrial-output", "2022-09", "");
    const char *then = progress("industrial-output", "2022-09", "2022-12-31");

    (void)state;
    assert_has(now, "'yearToDate':27204,");
    assert_has(now, "'growthPercent':23.65,");
    assert_has(then, "'yearToDate':26900,");
    assert_has(then, "'growthPercent':22.27,");
}

static void wind_power_says_which_period_it_is_from(void **state)
{
    const char *answer = progress("wind-power-commissioned", "2022-12", "");

    (void)state;
    assert_has(answer, "'yearToDatePeriod':'2021-11'");
    assert_has(answer, "SAME_OBSERVATION");
    assert_has(answer, "'complete':false");
}

static void imports_are_not_judged_and_electricity_is_unknown(void **state)
{
    const char *answer = progress("electricity-sales", "2022-12", "");

    (void)state;
    assert_has(progress("imports", "2022-12", ""), "'levelStatus':'NOT_JUDGED'");
    assert_has(answer, "'levelStatus':'UNKNOWN'");
    assert_has(answer, "'reason':'MISSING_PERIODS'");
    assert_has(answer, "'missingPeriods':['2022-01','2022-02',");
}

/* Every null of the answer has a note of its field. */
static void assert_nulls_are_noted(const char *answer)
{
    for (const char *null = strstr(answer, "\":null"); null != NULL;
         null = strstr(null + 1, "\":null")) {
        const char *start = null;
        while (start[-1] != '"') {
            start--;
        }
        assert_has(answer, json("{'field':'%.*s',", (int)(null - start), start));
    }
}

static void every_null_has_a_note(void **state)
{
    (void)state;
    for (int i = 0; i < INDICATOR_COUNT; i++) {
        for (int month = 1; month <= 12; month++) {
            for (int year = 2020; year <= 2023; year++) {
                assert_nulls_are_noted(
                    progress(indicators[i].id, json("%d-%02d", year, month), ""));
            }
        }
    }
}

static void loading_again_changes_nothing(void **state)
{
    const char *list = "{'parent':'indicators/-','pageSize':1000}";
    const char *before = ask("ListObservations", json("%s", list));

    (void)state;
    for (int i = 0; i < OBSERVATION_COUNT; i++) {
        (void)load(i);
    }
    assert_string_equal(ask("ListObservations", json("%s", list)), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_percents_of_the_year),
        cmocka_unit_test(the_level_was_missed_and_the_growth_beaten),
        cmocka_unit_test(nine_months_as_known_now_and_as_published_then),
        cmocka_unit_test(wind_power_says_which_period_it_is_from),
        cmocka_unit_test(imports_are_not_judged_and_electricity_is_unknown),
        cmocka_unit_test(every_null_has_a_note),
        cmocka_unit_test(loading_again_changes_nothing),
    };

    return cmocka_run_group_tests(tests, loading_setup, running_teardown);
}
