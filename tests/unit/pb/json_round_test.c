/* json_round_test.c - the full message there and back, cut short, and short of memory. */
#include "unit.h"

#include "everything.h"
#include "pb/json.h"
#include "pb/message.h"

#include <string.h>

enum { LIMIT_BYTES = 1 << 22, STEP_BYTES = 16 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    everything_register();
    arena = arena_new(LIMIT_BYTES);
    return arena != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void everything_is_written_as_it_was_read(void **state)
{
    Everything *message = NULL;
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, LIMIT_BYTES);
    assert_ok(everything_decode(arena, slice_from(everything_text), &message));
    json_encode(&buffer, &message->base);
    buffer_append_char(&buffer, '\0');
    assert_string_equal(buffer.data, everything_text);
    buffer_done(&buffer);
}

static void pretty_text_is_read_back_as_the_same_message(void **state)
{
    Everything *message = NULL;
    void *again = NULL;
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, LIMIT_BYTES);
    assert_ok(everything_decode(arena, slice_from(everything_text), &message));
    json_encode_pretty(&buffer, &message->base);
    assert_ok(json_decode(arena, EVERYTHING, buffer_slice(&buffer), &again));
    assert_true(message_equals(&message->base, again));
    buffer_done(&buffer);
}

static void proto_names_are_read_as_the_same_message(void **state)
{
    Everything *message = NULL;
    void *again = NULL;

    (void)state;
    assert_ok(everything_decode(
        arena, slice_from("{\"int32_value\":1,\"leaves_by_name\":{\"a\":{\"plan_percent\":2}}}"),
        &message));
    assert_ok(json_decode(
        arena, EVERYTHING,
        slice_from("{\"int32Value\":1,\"leavesByName\":{\"a\":{\"planPercent\":2}}}"), &again));
    assert_true(message_equals(&message->base, again));
}

static void what_is_read_can_be_packed_and_unpacked(void **state)
{
    Everything *message = NULL;
    struct slice bytes;

    (void)state;
    assert_ok(everything_decode(arena, slice_from(everything_text), &message));
    assert_ok(message_pack(arena, &message->base, &bytes));
    Everything *unpacked =
        dongkhoi__test__everything__unpack(NULL, bytes.length, (const uint8_t *)bytes.data);
    assert_non_null(unpacked);
    assert_true(message_equals(&message->base, &unpacked->base));
    dongkhoi__test__everything__free_unpacked(unpacked, NULL);
}

static void text_cut_anywhere_is_malformed(void **state)
{
    const size_t whole = strlen(everything_text);

    (void)state;
    for (size_t length = 0; length < whole; length++) {
        Everything *message = NULL;
        const struct status status =
            everything_decode(arena, (struct slice){everything_text, length}, &message);
        if (status.code != STATUS_INVALID_ARGUMENT ||
            strcmp(status.reason->name, "MALFORMED_JSON") != 0) {
            fail_msg("%zu: %s %s", length, status_code_name(status.code), status.message);
        }
        assert_null(message);
    }
}

static void a_byte_changed_anywhere_crashes_nothing(void **state)
{
    static const char bytes[] = "\"{}[],:\\0-eE.tn\x80\xff\x01 ";
    char text[8192];
    const size_t whole = strlen(everything_text);

    (void)state;
    for (size_t at = 0; at < whole; at++) {
        Everything *message = NULL;
        memcpy(text, everything_text, whole);
        text[at] = bytes[at % (sizeof(bytes) - 1)];
        const struct status status =
            everything_decode(arena, (struct slice){text, whole}, &message);
        assert_true(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT);
    }
}

static void whatever_allocation_fails_the_call_ends_with_a_status(void **state)
{
    (void)state;
    for (size_t limit = 0;; limit += STEP_BYTES) {
        struct arena *small = arena_new(limit);
        Everything *message = NULL;
        assert_non_null(small);
        const struct status status =
            everything_decode(small, slice_from(everything_text), &message);
        if (status.code == STATUS_OK) {
            assert_non_null(message);
            arena_free(small);
            assert_true(limit > 1000);
            return;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_string_equal(status.reason->name, "REQUEST_TOO_COSTLY");
        assert_null(message);
        arena_free(small);
    }
}

static void an_error_needs_memory_too(void **state)
{
    static const char text[] = "{\"leavesByName\":{\"a b\":{\"count\":\"x\\u0041\"}}}";

    (void)state;
    for (size_t limit = 0;; limit += STEP_BYTES) {
        struct arena *small = arena_new(limit);
        Everything *message = NULL;
        const struct status status = everything_decode(small, slice_from(text), &message);
        const bool is_told = status.code == STATUS_INVALID_ARGUMENT;
        if (is_told) {
            assert_string_equal(status.field, "leavesByName[\"a b\"].count");
        } else {
            assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        }
        arena_free(small);
        if (is_told) {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_written_as_it_was_read),
        cmocka_unit_test(pretty_text_is_read_back_as_the_same_message),
        cmocka_unit_test(proto_names_are_read_as_the_same_message),
        cmocka_unit_test(what_is_read_can_be_packed_and_unpacked),
        cmocka_unit_test(text_cut_anywhere_is_malformed),
        cmocka_unit_test(a_byte_changed_anywhere_crashes_nothing),
        cmocka_unit_test(whatever_allocation_fails_the_call_ends_with_a_status),
        cmocka_unit_test(an_error_needs_memory_too),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
