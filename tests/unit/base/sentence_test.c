/* sentence_test.c - the sentences of the shared table, and what fills them. */
#include "unit.h"

#include "base/sentence.h"

#include <string.h>

enum { LIMIT_BYTES = 1 << 20 };

static const struct reason REASON_STAGE[1] = {
    {"STAGE", STATUS_FAILED_PRECONDITION, 0, "not from {current}",
     "Đang ở bước {current}[. Các bước có thể: {possible}]."}};

static struct arena *arena;

static const char *sentence(const struct reason *reason, const char *field,
                            const char *const *metadata)
{
    const char *text = sentence_vietnamese(
        arena, (struct status){
                   .code = reason->code, .reason = reason, .field = field, .metadata = metadata});

    assert_non_null(text);
    return text;
}

static void keys_of_metadata_are_filled_in(void **state)
{
    static const char *const metadata[] = {"current", "PLANNED", "possible", "INVESTOR_CALL", NULL};

    (void)state;
    assert_string_equal(sentence(REASON_STAGE, "stage", metadata),
                        "Đang ở bước PLANNED. Các bước có thể: INVESTOR_CALL.");
}

static void a_part_whose_key_is_not_known_is_left_out(void **state)
{
    static const char *const empty[] = {"possible", "", NULL};

    (void)state;
    assert_string_equal(sentence(REASON_INVALID_VALUE, "value", NULL),
                        "Giá trị không hợp lệ (trường value).");
    assert_string_equal(sentence(REASON_INVALID_VALUE, NULL, NULL), "Giá trị không hợp lệ.");
    assert_string_equal(sentence(REASON_STAGE, NULL, NULL), "Đang ở bước ….");
    assert_string_equal(sentence(REASON_STAGE, NULL, empty), "Đang ở bước ….");
}

static void what_fills_a_place_is_no_sentence_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(sentence(REASON_INVALID_VALUE, "[{field}]", NULL),
                        "Giá trị không hợp lệ (trường [{field}]).");
}

static void a_sentence_that_came_with_a_status_is_taken_as_it_is(void **state)
{
    struct status status = status_of(REASON_SERVICE_DOWN, NULL);

    (void)state;
    status.vietnamese = "Của dịch vụ {x}.";
    assert_string_equal(sentence_vietnamese(arena, status), "Của dịch vụ {x}.");
}

static void a_failure_without_a_reason_has_the_sentence_of_its_code(void **state)
{
    (void)state;
    for (int code = STATUS_CANCELLED; code <= STATUS_UNAUTHENTICATED; code++) {
        const struct status status = {.code = (enum status_code)code};
        const char *text = sentence_vietnamese(arena, status);

        assert_string_equal(status_reason(status)->name, status_code_name(status.code));
        assert_non_null(text);
        assert_true(strlen(text) > 10);
    }
}

static void a_reason_of_another_program_keeps_its_name_and_has_no_sentence(void **state)
{
    const struct reason *reason = reason_from_name(arena, "NEVER_HEARD_OF", STATUS_ABORTED);
    const struct status status = status_of(reason, "x");

    (void)state;
    assert_string_equal(reason->name, "NEVER_HEARD_OF");
    assert_int_equal(status.code, STATUS_ABORTED);
    assert_null(sentence_vietnamese(arena, status));
    assert_ptr_equal(reason_from_name(arena, "SHUTTING_DOWN", STATUS_UNAVAILABLE),
                     REASON_SHUTTING_DOWN);
}

static void the_http_code_is_that_of_the_reason_else_of_the_code(void **state)
{
    (void)state;
    assert_int_equal(status_http_code(STATUS_NONE), 200);
    assert_int_equal(status_http_code(status_of(REASON_INVALID_VALUE, NULL)), 400);
    assert_int_equal(status_http_code(status_of(REASON_IDEMPOTENCY_KEY_REUSED, NULL)), 422);
    assert_int_equal(status_http_code(status_of(REASON_SHUTTING_DOWN, NULL)), 503);
    /* Another code than the row's: its HTTP code says nothing then. */
    assert_int_equal(status_http_code(status_as(STATUS_NOT_FOUND,
                                                status_of(REASON_IDEMPOTENCY_KEY_REUSED, NULL))),
                     404);
    assert_int_equal(status_http_code((struct status){.code = (enum status_code)99}), 500);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_metadata_are_filled_in),
        cmocka_unit_test(a_part_whose_key_is_not_known_is_left_out),
        cmocka_unit_test(what_fills_a_place_is_no_sentence_of_its_own),
        cmocka_unit_test(a_sentence_that_came_with_a_status_is_taken_as_it_is),
        cmocka_unit_test(a_failure_without_a_reason_has_the_sentence_of_its_code),
        cmocka_unit_test(a_reason_of_another_program_keeps_its_name_and_has_no_sentence),
        cmocka_unit_test(the_http_code_is_that_of_the_reason_else_of_the_code),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
