/* feed_cursor_test.c - places go round; what was not made here is refused. */
#include "unit.h"

#include "feed_cursor.h"

#include <string.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *cursor_of(uint64_t seq)
{
    const struct feed_position positions[] = {
        {.service = "indicators", .seq = seq, .hash = UINT64_C(0xfedcba9876543210)},
        {.service = "clusters", .seq = UINT64_MAX, .hash = 0},
    };
    const char *text = feed_cursor_make(arena, positions, 2);

    assert_non_null(text);
    return text;
}

static struct status read_it(const char *since)
{
    struct feed_position positions[] = {{.service = "indicators"}, {.service = "clusters"}};

    return feed_cursor_read(arena, since, positions, 2);
}

static void a_place_goes_round_whatever_the_order_of_services(void **state)
{
    struct feed_position positions[] = {
        {.service = "clusters", .seq = 5},
        {.service = "registrations", .seq = 5, .hash = 5},
        {.service = "indicators"},
    };

    (void)state;
    assert_ok(feed_cursor_read(arena, cursor_of(7), positions, 3));
    assert_int_equal(positions[0].seq, UINT64_MAX);
    assert_int_equal(positions[2].seq, 7);
    assert_true(positions[2].hash == UINT64_C(0xfedcba9876543210));
    /* One that is new is read from its start. */
    assert_int_equal(positions[1].seq, 0);
    assert_int_equal(positions[1].hash, 0);
}

static void an_empty_text_is_the_beginning(void **state)
{
    struct feed_position position = {.service = "clusters", .seq = 9, .hash = 9};

    (void)state;
    assert_ok(feed_cursor_read(arena, "", &position, 1));
    assert_int_equal(position.seq, 0);
    assert_int_equal(position.hash, 0);
}

static void every_changed_character_is_refused(void **state)
{
    char *text = arena_strdup(arena, cursor_of(7));

    (void)state;
    assert_ok(read_it(text));
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char kept = text[i];
        for (const char *c = "Ab9-_=.\x80"; *c != '\0'; c++) {
            text[i] = *c;
            if (*c != kept) {
                assert_status(read_it(text), STATUS_INVALID_ARGUMENT, "INVALID_CURSOR");
            }
        }
        text[i] = kept;
    }
}

static void every_cut_and_lengthened_text_is_refused(void **state)
{
    const char *text = cursor_of(7);

    (void)state;
    for (size_t i = 1; i < strlen(text); i++) {
        const struct status status = read_it(arena_copy(arena, (struct slice){text, i}));
        assert_status(status, STATUS_INVALID_ARGUMENT, "INVALID_CURSOR");
        assert_string_equal(status.field, "since");
        assert_status(read_it(text + i), STATUS_INVALID_ARGUMENT, "INVALID_CURSOR");
    }
    assert_status(read_it(arena_printf(arena, "%sA", text)), STATUS_INVALID_ARGUMENT,
                  "INVALID_CURSOR");
    char *large = arena_alloc(arena, 10001);
    memset(large, 'A', 10000);
    assert_status(read_it(large), STATUS_INVALID_ARGUMENT, "INVALID_CURSOR");
}

static void a_service_that_is_not_known_is_refused(void **state)
{
    struct feed_position position = {.service = "clusters"};

    (void)state;
    assert_status(feed_cursor_read(arena, cursor_of(7), &position, 1), STATUS_INVALID_ARGUMENT,
                  "INVALID_CURSOR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_goes_round_whatever_the_order_of_services),
        cmocka_unit_test(an_empty_text_is_the_beginning),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(every_cut_and_lengthened_text_is_refused),
        cmocka_unit_test(a_service_that_is_not_known_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
