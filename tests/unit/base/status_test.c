/* status_test.c - tests status.c. */
#include "unit.h"

#include "base/arena.h"
#include "base/status.h"

#include <string.h>

static void a_status_has_code_reason_field_and_message(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    const struct status status =
        status_make(arena, STATUS_NOT_FOUND, "NO_SUCH", "name", "there is no %s", "clusters/x");

    (void)state;
    assert_int_equal(status.code, STATUS_NOT_FOUND);
    assert_string_equal(status.reason, "NO_SUCH");
    assert_string_equal(status.field, "name");
    assert_string_equal(status.message, "there is no clusters/x");
    arena_free(arena);
}

static void nothing_counts_that_came_out_of_an_exhausted_arena(void **state)
{
    struct arena *arena = arena_new(16);
    const struct status refusal = status_make(arena, STATUS_ABORTED, "R", "value", "changed");

    (void)state;
    assert_int_equal(status_within(arena, STATUS_NONE).code, STATUS_OK);
    assert_string_equal(status_within(arena, refusal).reason, "R");
    (void)arena_alloc(arena, 1);
    assert_string_equal(status_within(arena, refusal).reason, status_out_of_memory().reason);
    assert_int_equal(status_within(arena, STATUS_NONE).code, STATUS_RESOURCE_EXHAUSTED);
    arena_reset(arena);
    assert_int_equal(status_within(arena, STATUS_NONE).code, STATUS_OK);
    arena_free(arena);
}

static void fields_are_put_below_each_other(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    struct status status = status_make(arena, STATUS_ABORTED, "R", NULL, "m");

    (void)state;
    status = status_below(arena, status, "value");
    status = status_below(arena, status, "requests[3]");
    assert_string_equal(status.field, "requests[3].value");
    assert_null(status_below(arena, STATUS_NONE, "value").field);
    arena_free(arena);
}

static struct status fails_at_once(int *reached)
{
    TRY(STATUS_NONE);
    ++*reached;
    TRY(status_out_of_memory());
    ++*reached;
    return STATUS_NONE;
}

static void try_leaves_with_the_first_failure(void **state)
{
    int reached = 0;

    (void)state;
    assert_status(fails_at_once(&reached), STATUS_RESOURCE_EXHAUSTED, "REQUEST_TOO_COSTLY");
    assert_int_equal(reached, 1);
}

static void codes_have_names_and_some_are_transient(void **state)
{
    (void)state;
    assert_string_equal(status_code_name(STATUS_OK), "OK");
    assert_string_equal(status_code_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(status_code_name((enum status_code)17), "UNKNOWN");
    assert_string_equal(status_code_name((enum status_code) - 1), "UNKNOWN");
    for (int code = 0; code <= 16; code++) {
        const bool transient = code == 1 || code == 4 || code == 8 || code == 14;
        assert_int_equal(status_is_transient((enum status_code)code), transient);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_has_code_reason_field_and_message),
        cmocka_unit_test(nothing_counts_that_came_out_of_an_exhausted_arena),
        cmocka_unit_test(fields_are_put_below_each_other),
        cmocka_unit_test(try_leaves_with_the_first_failure),
        cmocka_unit_test(codes_have_names_and_some_are_transient),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
