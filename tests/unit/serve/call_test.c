/* call_test.c - tests call.c. */
#include "unit.h"

#include "serve/call.h"

static int setup(void **state)
{
    static struct call call;

    call = (struct call){.arena = arena_new(1 << 20)};
    *state = &call;
    return 0;
}

static int teardown(void **state)
{
    struct call *call = *state;

    arena_free(call->arena);
    return 0;
}

static void a_required_text_must_be_there(void **state)
{
    assert_ok(call_check_required(*state, "reader", "An"));
    assert_status(call_check_required(*state, "reader", ""), STATUS_INVALID_ARGUMENT,
                  "FIELD_REQUIRED");
    assert_string_equal(call_check_required(*state, "reader", "").field, "reader");
}

static void length_counts_characters_and_not_bytes(void **state)
{
    assert_ok(call_check_length(*state, "name", "Đồng khởi", 9));
    assert_status(call_check_length(*state, "name", "Đồng khởi", 8), STATUS_INVALID_ARGUMENT,
                  "TEXT_TOO_LONG");
    assert_ok(call_check_length(*state, "name", "", 0));
}

static void dates_and_months_exist_or_are_empty(void **state)
{
    static const char *const bad_dates[] = {"2022-02-29", "2022-13-01", "2022-1-1", "x",
                                            "2022-01-01T00:00:00Z"};
    static const char *const bad_months[] = {"2022-13", "2022-00", "2022", "2022-1", "2022-01-01"};

    assert_ok(call_check_date(*state, "date", ""));
    assert_ok(call_check_date(*state, "date", "2024-02-29"));
    assert_ok(call_check_month(*state, "month", ""));
    assert_ok(call_check_month(*state, "month", "2022-12"));
    for (size_t i = 0; i < 5; i++) {
        assert_status(call_check_date(*state, "date", bad_dates[i]), STATUS_INVALID_ARGUMENT,
                      "INVALID_DATE");
        assert_status(call_check_month(*state, "month", bad_months[i]), STATUS_INVALID_ARGUMENT,
                      "INVALID_MONTH");
    }
}

static void metadata_takes_four_pairs_and_stays_ended(void **state)
{
    struct call *call = *state;

    for (int i = 0; i < 6; i++) {
        call_metadata(call, "key", "value");
    }
    assert_string_equal(call->metadata[7], "value");
    assert_null(call->metadata[8]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_required_text_must_be_there, setup, teardown),
        cmocka_unit_test_setup_teardown(length_counts_characters_and_not_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(dates_and_months_exist_or_are_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(metadata_takes_four_pairs_and_stays_ended, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
