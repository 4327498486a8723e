/* rules_test.c - tests the tables of steps and forms, and when organizations exist. */
#include "unit.h"

#include "base/arena.h"
#include "commendation.h"
#include "exemplar.h"
#include "movement.h"
#include "organization.h"
#include "registration.h"

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

static void each_state_has_its_possible_steps(void **state)
{
    static const struct {
        const struct machine *machine;
        const char *state;
        const char *possible;
    } rows[] = {
        {&movement_machine, "DRAFT", "launch"},
        {&movement_machine, "LAUNCHED", "close"},
        {&movement_machine, "CLOSED", ""},
        {&registration_machine, "DRAFT", "submit, withdraw"},
        {&registration_machine, "SUBMITTED", "return, approve, withdraw"},
        {&registration_machine, "RETURNED", "submit, withdraw"},
        {&registration_machine, "APPROVED", "selfAssess, withdraw"},
        {&registration_machine, "SELF_ASSESSED", "evaluate, withdraw"},
        {&registration_machine, "EVALUATED", ""},
        {&registration_machine, "WITHDRAWN", ""},
        {&commendation_machine, "PROPOSED", "review"},
        {&commendation_machine, "REVIEWED", "award, reject, forward"},
        {&commendation_machine, "FORWARDED", "award, reject"},
        {&commendation_machine, "AWARDED", "revoke"},
        {&commendation_machine, "NOT_AWARDED", ""},
        {&commendation_machine, "REVOKED", ""},
        {&exemplar_machine, "DRAFT", "publish"},
        {&exemplar_machine, "PUBLISHED", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value_by_name(rows[i].machine->states, rows[i].state);

        assert_non_null(value);
        assert_string_equal(machine_possible(*state, rows[i].machine, value->value),
                            rows[i].possible);
    }
}

static void a_refusal_has_the_right_article(void **state)
{
    struct call call = {.arena = *state};

    assert_non_null(strstr(machine_refuse(&call, &exemplar_machine, 1, "x").message,
                           "x is not possible for an exemplar"));
    assert_non_null(strstr(machine_refuse(&call, &movement_machine, 1, "x").message,
                           "x is not possible for a movement"));
}

static void titles_are_for_persons_or_units(void **state)
{
    static const struct {
        int form;
        bool person;
        bool unit;
    } rows[] = {
        {COMMENDATION_FORM(ADVANCED_WORKER), true, false},
        {COMMENDATION_FORM(GRASSROOTS_EMULATION_FIGHTER), true, false},
        {COMMENDATION_FORM(PROVINCIAL_EMULATION_FIGHTER), true, false},
        {COMMENDATION_FORM(NATIONAL_EMULATION_FIGHTER), true, false},
        {COMMENDATION_FORM(ADVANCED_COLLECTIVE), false, true},
        {COMMENDATION_FORM(EXCELLENT_COLLECTIVE), false, true},
        {COMMENDATION_FORM(EMULATION_FLAG), false, true},
        {COMMENDATION_FORM(CERTIFICATE_OF_COMMENDATION), true, true},
        {COMMENDATION_FORM(CERTIFICATE_OF_MERIT), true, true},
    };

    /* Every value of the enum but the unspecified one has its row. */
    assert_int_equal(sizeof(rows) / sizeof(rows[0]) + 1,
                     dongkhoi__registrations__v1__commendation__form__descriptor.n_values);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call = {.arena = *state};

        assert_int_equal(form_check(&call, rows[i].form, true).code,
                         rows[i].person ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        assert_int_equal(form_check(&call, rows[i].form, false).code,
                         rows[i].unit ? STATUS_OK : STATUS_FAILED_PRECONDITION);
    }
    struct call call = {.arena = *state};
    assert_status(form_check(&call, 0, true), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_status(form_check(&call, 99, true), STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
}

static void organizations_exist_from_day_to_day(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        int year;
        bool exists;
    } rows[] = {
        {"", "", 2022, true},
        {"2022-12-31", "", 2022, true},
        {"2023-01-01", "", 2022, false},
        {"", "2022-01-01", 2022, true},
        {"", "2021-12-31", 2022, false},
        {"2010-01-01", "2025-06-30", 2025, true},
        {"2010-01-01", "2025-06-30", 2026, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        organization_message organization;

        dongkhoi__registrations__v1__organization__init(&organization);
        organization.valid_from = (char *)rows[i].from;
        organization.valid_to = (char *)rows[i].to;
        assert_int_equal(organization_exists_in(&organization, rows[i].year), rows[i].exists);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_state_has_its_possible_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_has_the_right_article, setup, teardown),
        cmocka_unit_test_setup_teardown(titles_are_for_persons_or_units, setup, teardown),
        cmocka_unit_test(organizations_exist_from_day_to_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
