/* values_test.c - tests values.c. */
#include "unit.h"

#include "pb/message.h"
#include "serve/values.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 20 };

/* 2023-06-30T00:00:00Z: what these tests call today. */
#define NOW_US (INT64_C(1688083200) * 1000000)

static int setup(void **state)
{
    struct call *call = test_calloc(1, sizeof(*call));

    call->arena = arena_new(ARENA_BYTES);
    call->now_us = NOW_US;
    *state = call;
    return call->arena == NULL;
}

static int teardown(void **state)
{
    struct call *call = *state;

    arena_free(call->arena);
    test_free(call);
    return 0;
}

static Dongkhoi__Type__V1__Document *document(struct call *call, const char *number)
{
    Dongkhoi__Type__V1__Document *made =
        message_new(call->arena, &dongkhoi__type__v1__document__descriptor);

    assert_non_null(made);
    made->number = (char *)number;
    return made;
}

static void assert_refused(struct status status, const char *reason, const char *field)
{
    assert_status(status, STATUS_INVALID_ARGUMENT, reason);
    assert_string_equal(status.field, field);
}

static void a_document_needs_a_number(void **state)
{
    struct call *call = *state;
    char digits[102] = "";

    memset(digits, '1', 101);
    assert_ok(document_check(call, "document", NULL));
    assert_refused(document_check(call, "minutes", document(call, " ")), "FIELD_REQUIRED",
                   "minutes.number");
    assert_refused(document_check(call, "document", document(call, digits)), "TEXT_TOO_LONG",
                   "document.number");
    digits[100] = '\0';
    assert_ok(document_check(call, "document", document(call, digits)));
}

static void a_document_has_no_date_in_the_future(void **state)
{
    struct call *call = *state;
    Dongkhoi__Type__V1__Document *paper = document(call, "1/QĐ");

    paper->date = (char *)"2023-06-30";
    assert_ok(document_check(call, "document", paper));
    paper->date = (char *)"2023-07-01";
    assert_refused(document_check(call, "document", paper), "DATE_IN_FUTURE", "document.date");
    paper->date = (char *)"2023-06";
    assert_refused(document_check(call, "document", paper), "INVALID_DATE", "document.date");
}

static void a_document_is_found_at_an_absolute_uri(void **state)
{
    static const char *const good[] = {"", "https://bentre.gov.vn/vb/3051", "urn:isbn:1", "a+b:c"};
    static const char *const bad[] = {"vb/3051", "//host/x", "https:", ":x",
                                      "1a:b",    "a:b c",    "a:b\n",  "a_b:c"};
    struct call *call = *state;
    Dongkhoi__Type__V1__Document *paper = document(call, "1/QĐ");

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        paper->uri = (char *)good[i];
        assert_ok(document_check(call, "document", paper));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        paper->uri = (char *)bad[i];
        assert_refused(document_check(call, "document", paper), "INVALID_URI", "document.uri");
    }
}

static void a_required_document_says_what_is_needed(void **state)
{
    struct call *call = *state;
    Dongkhoi__Type__V1__Document *paper = document(call, "1/QĐ");

    assert_refused(document_require(call, "document", NULL, NEED_NUMBER), "DOCUMENT_REQUIRED",
                   "document");
    assert_ok(document_require(call, "document", paper, NEED_NUMBER));
    assert_refused(document_require(call, "document", paper, NEED_DATE), "DATE_REQUIRED",
                   "document.date");
    assert_refused(document_require(call, "document", paper, NEED_AUTHORITY), "AUTHORITY_REQUIRED",
                   "document.authority");
    paper->date = (char *)"2022-12-30";
    paper->authority = (char *)"UBND tỉnh Bến Tre";
    assert_ok(document_require(call, "document", paper, NEED_DATE | NEED_AUTHORITY));
}

static void a_month_is_in_the_future_from_the_next_one_on(void **state)
{
    struct call *call = *state;

    assert_ok(past_month_check(call, "month", ""));
    assert_ok(past_month_check(call, "month", "2023-06"));
    assert_refused(past_month_check(call, "month", "2023-07"), "DATE_IN_FUTURE", "month");
    assert_refused(past_month_check(call, "month", "2023-13"), "INVALID_MONTH", "month");
}

static void a_value_is_an_integer_of_its_decimals_in_its_range(void **state)
{
    struct call *call = *state;
    int64_t scaled = -1;

    assert_ok(scaled_check(call, "weight", NULL, 2, 0, 100, &scaled));
    assert_int_equal(scaled, -1);
    assert_ok(scaled_check(call, "weight", double_wrap(call->arena, 0.29), 2, 0, 100, &scaled));
    assert_int_equal(scaled, 29);
    assert_refused(
        scaled_check(call, "weight", double_wrap(call->arena, 0.295), 2, 0, 100, &scaled),
        "TOO_MANY_DECIMALS", "weight");
    const struct status status =
        scaled_check(call, "weight", double_wrap(call->arena, 1.01), 2, -1, 100, &scaled);
    assert_refused(status, "OUT_OF_RANGE", "weight");
    assert_non_null(strstr(status.message, "from -0.01 to 1"));
    assert_int_equal(scaled_stored(double_wrap(call->arena, 0.29), 2), 29);
    assert_int_equal(scaled_stored(NULL, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        T(a_document_needs_a_number),
        T(a_document_has_no_date_in_the_future),
        T(a_document_is_found_at_an_absolute_uri),
        T(a_required_document_says_what_is_needed),
        T(a_month_is_in_the_future_from_the_next_one_on),
        T(a_value_is_an_integer_of_its_decimals_in_its_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
