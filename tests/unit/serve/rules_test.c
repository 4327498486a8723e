/* rules_test.c - what the annotations of a request say is refused before its handler. */
#include "library.h"
#include "pb/json.h"
#include "pb/rules.h"

#include <string.h>

enum { ARENA_BYTES = 16 << 20 };

/* 2022-07-15 in Vietnam. */
static const int64_t NOW_US = INT64_C(1657857600) * 1000000;

static struct arena *arena;
static const struct schema *schema;

static int schema_setup(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    assert_ok(schema_load(arena, library_service.descriptor_set(), &library_service.descriptor, 1,
                          &schema));
    return 0;
}

static int schema_teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct status checked(const ProtobufCMessageDescriptor *type, const char *json,
                             const char *field)
{
    void *message = NULL;

    assert_ok(json_decode(arena, type, slice_from(json), &message));
    return rules_check(arena, schema_message(schema, type->name), message, field, NOW_US);
}

struct sample {
    const char *json;
    const char *reason; /* NULL: it passes */
    const char *field;
    const char *message; /* NULL: any */
};

static void assert_sample(const struct sample *sample, struct status status)
{
    if (sample->reason == NULL) {
        assert_ok(status);
        return;
    }
    if (status.code != STATUS_INVALID_ARGUMENT) {
        fail_msg("%s passed, and %s was expected", sample->json, sample->reason);
    }
    assert_string_equal(status.reason->name, sample->reason);
    assert_string_equal(status.field, sample->field);
    if (sample->message != NULL) {
        assert_string_equal(status.message, sample->message);
    }
}

static void each_rule_refuses_what_breaks_it_and_nothing_else(void **state)
{
    static const struct sample samples[] = {
        {"{}", NULL, NULL, NULL},
        {"{'reader':'Bốn4'}", NULL, NULL, NULL},
        {"{'reader':'Năm55'}", "TEXT_TOO_LONG", "reader",
         "reader has 5 characters; at most 4 are kept"},
        {"{'day':'2022-07-15'}", NULL, NULL, NULL},
        {"{'day':'2022-07-16'}", "DATE_IN_FUTURE", "day",
         "day 2022-07-16 is in the future; today is 2022-07-15"},
        {"{'day':'2022-02-29'}", "INVALID_DATE", "day",
         "day is no date of the form YYYY-MM-DD: \"2022-02-29\""},
        {"{'day':'2022-07'}", "INVALID_DATE", "day", NULL},
        {"{'month':'2022-07'}", NULL, NULL, NULL},
        {"{'month':'2022-08'}", "DATE_IN_FUTURE", "month", NULL},
        {"{'month':'2022-13'}", "INVALID_MONTH", "month",
         "month is no month of the form YYYY-MM: \"2022-13\""},
        {"{'page':'https://bentre.gov.vn/x'}", NULL, NULL, NULL},
        {"{'page':'bentre.gov.vn'}", "INVALID_URI", "page", "page must be an absolute URI"},
        {"{'page':'urn:a b'}", "INVALID_URI", "page", NULL},
        {"{'place':'A1'}", NULL, NULL, NULL},
        {"{'place':'none'}", NULL, NULL, NULL},
        {"{'place':'A12'}", "INVALID_ID", "place", NULL},
        {"{'place':'xnone'}", "INVALID_ID", "place", NULL},
        {"{'weeks':8}", NULL, NULL, NULL},
        {"{'weeks':0}", NULL, NULL, NULL}, /* not given */
        {"{'weeks':9}", "OUT_OF_RANGE", "weeks", "weeks must be from 1 to 8"},
        {"{'weeks':-1}", "OUT_OF_RANGE", "weeks", NULL},
        {"{'fee':0}", NULL, NULL, NULL},
        {"{'fee':2.5}", NULL, NULL, NULL},
        {"{'fee':2.51}", "OUT_OF_RANGE", "fee", "fee must be a number from 0 to 2.5"},
        {"{'fee':-0.1}", "OUT_OF_RANGE", "fee", NULL},
        {"{'fee':'NaN'}", "OUT_OF_RANGE", "fee", NULL},
        {"{'tags':['abc','','x']}", NULL, NULL, NULL},
        {"{'tags':['abc','abcd']}", "TEXT_TOO_LONG", "tags[1]", NULL},
        {"{'state':'LENT'}", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char *json = arena_strdup(arena, samples[i].json);
        for (char *c = json; *c != '\0'; c++) {
            *c = *c == '\'' ? '"' : *c;
        }
        assert_sample(&samples[i],
                      checked(&dongkhoi__library__v1__lend_book_request__descriptor, json, NULL));
    }
}

static void an_enum_has_a_value_that_the_proto_names(void **state)
{
    LIBRARY(LendBookRequest) request = DONGKHOI__LIBRARY__V1__LEND_BOOK_REQUEST__INIT;
    const struct sample sample = {"state 7", "INVALID_VALUE", "state", "state has no value 7"};

    (void)state;
    *(int *)&request.state = 7; /* as the wire may have it */
    assert_sample(&sample, rules_check(arena, schema_message(schema, request.base.descriptor->name),
                                       &request.base, NULL, NOW_US));
}

static void messages_below_are_held_against_theirs_but_not_resources(void **state)
{
    static const struct sample samples[] = {
        {"{\"remarks\":[{\"vi\":\"a\"},{\"en\":\"b\"}]}", "FIELD_REQUIRED", "remarks[1].vi",
         "remarks[1].vi is required"},
        {"{\"remarks\":[{\"vi\":\" \\t\"}]}", "FIELD_REQUIRED", "remarks[0].vi", NULL},
        {"{\"copy\":{}}", NULL, NULL, NULL},
        {"{\"chapter\":{}}", NULL, NULL, NULL}, /* OUTPUT_ONLY */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        assert_sample(&samples[i], checked(&dongkhoi__library__v1__lend_book_request__descriptor,
                                           samples[i].json, NULL));
    }
}

static void the_path_starts_at_the_request_and_the_sentence_at_the_resource(void **state)
{
    (void)state;
    struct status status = checked(&dongkhoi__library__v1__book__descriptor, "{}", "books[2].book");
    assert_string_equal(status.field, "books[2].book.displayName");
    assert_string_equal(status.message, "books[2].book.displayName is required");
    status = checked(&dongkhoi__library__v1__book__descriptor,
                     "{\"displayName\":{\"vi\":\"x\","
                     "\"en\":\"1234567890123456789012345678901\"}}",
                     "book");
    assert_string_equal(status.reason->name, "TEXT_TOO_LONG");
    assert_string_equal(status.field, "book.displayName.en");
    assert_string_equal(status.message, "displayName.en has 31 characters; at most 30 are kept");
}

static void a_custom_method_does_not_see_what_breaks_a_rule(void **state)
{
    struct library *library = *state;
    LIBRARY(LendBookRequest) *request = NEW(library, lend_book_request);

    /* Its handler would say NOT_FOUND. */
    request->name = (char *)"shelves/s1/books/none";
    request->weeks = 9;
    assert_status(library_call(library, "LendBook", &request->base, NULL), STATUS_INVALID_ARGUMENT,
                  "OUT_OF_RANGE");
    assert_string_equal(library->answer.status.field, "weeks");
    request->weeks = 8;
    assert_status(library_call(library, "LendBook", &request->base, NULL), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
}

static void an_update_is_held_against_the_rules_once_it_is_put_together(void **state)
{
    struct library *library = *state;
    Book *book = NULL;

    library_add_shelf(library, "s1");
    (void)library_add_book(library, "shelves/s1", "b1", "title");
    Book *given = NEW(library, book);
    given->name = (char *)"shelves/s1/books/b1";
    given->display_name = NEW(library, title);
    given->display_name->en = (char *)"1234567890123456789012345678901";
    assert_status(library_update(library, given, "displayName.en", NULL), STATUS_INVALID_ARGUMENT,
                  "TEXT_TOO_LONG");
    assert_string_equal(library->answer.status.field, "book.displayName.en");
    given->page_count = 3; /* what the mask leaves out is not looked at */
    assert_ok(library_update(library, given, "pageCount", &book));
    assert_int_equal(book->page_count, 3);
}

int main(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(each_rule_refuses_what_breaks_it_and_nothing_else),
        cmocka_unit_test(an_enum_has_a_value_that_the_proto_names),
        cmocka_unit_test(messages_below_are_held_against_theirs_but_not_resources),
        cmocka_unit_test(the_path_starts_at_the_request_and_the_sentence_at_the_resource),
    };
    const struct CMUnitTest over_calls[] = {
        cmocka_unit_test_setup_teardown(a_custom_method_does_not_see_what_breaks_a_rule,
                                        library_setup, library_teardown),
        cmocka_unit_test_setup_teardown(an_update_is_held_against_the_rules_once_it_is_put_together,
                                        library_setup, library_teardown),
    };
    const int failed = cmocka_run_group_tests(alone, schema_setup, schema_teardown);

    return failed != 0 ? failed : cmocka_run_group_tests(over_calls, NULL, NULL);
}
