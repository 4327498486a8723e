/* buffer_test.c - tests buffer.c. */
#include "unit.h"

#include "base/buffer.h"

#include <string.h>

static void what_is_appended_stands_in_order(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 1 << 20);
    buffer_append_text(&buffer, "a");
    buffer_append_char(&buffer, '-');
    buffer_printf(&buffer, "%d %s", 7, "x");
    buffer_append(&buffer, "\0z", 2);
    buffer_append(&buffer, NULL, 0);
    buffer_append_text(&buffer, "");
    buffer_printf(&buffer, "%s", "");
    assert_false(buffer_failed(&buffer));
    assert_true(slice_equals(buffer_slice(&buffer), (struct slice){"a-7 x\0z", 7}));
    buffer_done(&buffer);
}

static void room_for_nothing_in_an_empty_buffer_is_no_failure(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 1 << 20);
    assert_non_null(buffer_reserve(&buffer, 0));
    buffer_append(&buffer, NULL, 0);
    assert_false(buffer_failed(&buffer));
    assert_int_equal(buffer_slice(&buffer).length, 0);
    buffer_done(&buffer);
}

static void a_buffer_grows_up_to_its_limit_and_not_a_byte_further(void **state)
{
    enum { LIMIT = 3000 };
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, LIMIT);
    for (int i = 0; i < LIMIT; i++) {
        buffer_append_char(&buffer, (char)('a' + i % 26));
    }
    assert_false(buffer_failed(&buffer));
    assert_int_equal(buffer_slice(&buffer).length, LIMIT);
    assert_int_equal(buffer_slice(&buffer).data[LIMIT - 1], 'a' + (LIMIT - 1) % 26);
    buffer_append_char(&buffer, '!');
    assert_true(buffer_failed(&buffer));
    assert_int_equal(buffer_slice(&buffer).length, LIMIT);
    buffer_done(&buffer);
}

static void a_failed_buffer_stays_failed_until_it_is_cleared(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 4);
    buffer_append_text(&buffer, "12345");
    buffer_append_text(&buffer, "1");
    buffer_printf(&buffer, "%d", 1);
    assert_null(buffer_reserve(&buffer, 1));
    assert_true(buffer_failed(&buffer));
    assert_int_equal(buffer_slice(&buffer).length, 0);
    buffer_clear(&buffer);
    buffer_append_text(&buffer, "1234");
    assert_false(buffer_failed(&buffer));
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    buffer_done(&buffer);
}

static void reserved_room_is_counted_when_it_is_filled(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 1 << 20);
    buffer_append_text(&buffer, "a");
    char *room = buffer_reserve(&buffer, 10000);
    memset(room, 'b', 10000);
    assert_int_equal(buffer_slice(&buffer).length, 1);
    buffer_grow(&buffer, 2);
    assert_true(slice_is(buffer_slice(&buffer), "abb"));
    buffer_done(&buffer);
}

static void a_buffer_of_zeros_can_be_done(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer_done(&buffer);
    buffer_init(&buffer, 10);
    buffer_done(&buffer);
    buffer_append_text(&buffer, "again");
    assert_true(slice_is(buffer_slice(&buffer), "again"));
    buffer_done(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_stands_in_order),
        cmocka_unit_test(room_for_nothing_in_an_empty_buffer_is_no_failure),
        cmocka_unit_test(a_buffer_grows_up_to_its_limit_and_not_a_byte_further),
        cmocka_unit_test(a_failed_buffer_stays_failed_until_it_is_cleared),
        cmocka_unit_test(reserved_room_is_counted_when_it_is_filled),
        cmocka_unit_test(a_buffer_of_zeros_can_be_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
