/* json_decode_test.c - what the mapping makes of JSON text. */
#include "unit.h"

#include "everything.h"
#include "pb/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 24, TEXT_BYTES = 1 << 14 };

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

static Everything *decoded(const char *text)
{
    Everything *message = NULL;

    const struct status status = everything_decode(arena, slice_from(text), &message);
    if (status.code != STATUS_OK) {
        fail_msg("%s: %s", text, status.message);
    }
    return message;
}

static void the_type_of_an_any_may_stand_last(void **state)
{
    const Everything *message =
        decoded("{\"detail\":{\"count\":7,\"@type\":\"t/dongkhoi.test.Leaf\"}}");

    (void)state;
    assert_string_equal(message->detail->type_url, "t/dongkhoi.test.Leaf");
    assert_int_equal(message->detail->value.len, 2);
    assert_memory_equal(message->detail->value.data, "\x10\x07", 2);
}

static void the_message_names_the_values_of_an_enum(void **state)
{
    Everything *message = NULL;
    const struct status status =
        everything_decode(arena, slice_from("{\"color\":\"BLUE\"}"), &message);

    (void)state;
    assert_string_equal(status.message, "color: must be one of COLOR_NEGATIVE, COLOR_UNSPECIFIED, "
                                        "COLOR_RED, COLOR_GREEN (line 1, column 10)");
}

static void integers_are_read_exactly_in_every_notation(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } table[] = {
        {"0", 0},
        {"-0", 0},
        {"\"0\"", 0},
        {"0e999999999999", 0},
        {"0.000e-5", 0},
        {"1.0", 1},
        {"1e2", 100},
        {"\"1e2\"", 100},
        {"100e-2", 1},
        {"1.50e1", 15},
        {"-1.25E+2", -125},
        {"9007199254740993", 9007199254740993},
        {"9223372036854775807", INT64_MAX},
        {"\"9223372036854775807\"", INT64_MAX},
        {"9223372036854775807.000", INT64_MAX},
        {"922337203685477580700e-2", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"-0.9223372036854775808e19", INT64_MIN},
    };
    char text[TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        (void)snprintf(text, sizeof(text), "{\"int64Value\":%s}", table[i].text);
        assert_true(decoded(text)->int64_value == table[i].value);
    }
    assert_true(decoded("{\"uint64Value\":18446744073709551615}")->uint64_value == UINT64_MAX);
    assert_true(decoded("{\"uint64Value\":1844674407370955161.5e1}")->uint64_value == UINT64_MAX);
    assert_int_equal(decoded("{\"int32Value\":\"-2147483648\"}")->int32_value, INT32_MIN);
}

static void doubles_and_floats_are_the_nearest(void **state)
{
    static const struct {
        const char *text;
        double value;
    } table[] = {
        {"0", 0},
        {"0.1", 0.1},
        {"1e22", 1e22},
        {"1e23", 1e23},
        {"12345678901234567", 12345678901234567.0},
        {"0.00012345678901234567000", 0.00012345678901234567},
        {"123456789012345670000", 123456789012345670000.0},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"5e-324", 5e-324},
        {"0e-400", 0},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"9007199254740993", 9007199254740992.0},
        {"0.50000000000000011", 0.5000000000000001},
        {"\"1.5\"", 1.5},
        {"\"Infinity\"", (double)INFINITY},
        {"\"-Infinity\"", -(double)INFINITY},
        {"100000000000000000000000000000000000000000000000000000000000000000000000000e-74", 1},
    };
    char text[TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        (void)snprintf(text, sizeof(text), "{\"doubleValue\":%s}", table[i].text);
        if (decoded(text)->double_value != table[i].value) {
            fail_msg("%s", text);
        }
    }
    assert_true(isnan(decoded("{\"doubleValue\":\"NaN\"}")->double_value));
    assert_true(signbit(decoded("{\"doubleValue\":-0}")->double_value));
    assert_true(signbit(decoded("{\"doubleValue\":-0.0e5}")->double_value));
    assert_true(signbit(decoded("{\"floatValue\":-0}")->float_value));
    /* Rounding by way of double would give 1. */
    assert_true(decoded("{\"floatValue\":1.00000005960464477540}")->float_value > 1.0F);
    assert_true(decoded("{\"floatValue\":3.4028235e38}")->float_value == 3.4028235e38F);
    assert_true(isinf(decoded("{\"floatValue\":\"-Infinity\"}")->float_value));
}

static void a_number_of_a_megabyte_is_read_in_time(void **state)
{
    enum { DIGITS = 1 << 20 };
    char *text = malloc(DIGITS + 64);
    Everything *message = NULL;

    (void)state;
    strcpy(text, "{\"doubleValue\":0.");
    const size_t head = strlen(text);
    memset(text + head, '3', DIGITS);
    strcpy(text + head + DIGITS, "}");
    assert_status(everything_decode(arena, slice_from(text), &message), STATUS_INVALID_ARGUMENT,
                  "INVALID_VALUE");
    memset(text + head + 17, '0', DIGITS - 17);
    assert_ok(everything_decode(arena, slice_from(text), &message));
    assert_true(message->double_value == 0.33333333333333333);
    memcpy(text, "{\"uint64Value\":1.", head);
    assert_status(everything_decode(arena, slice_from(text), &message), STATUS_INVALID_ARGUMENT,
                  "INVALID_VALUE");
    free(text);
}

static void null_leaves_a_field_unset(void **state)
{
    const Everything *message =
        decoded("{\"doubleValue\":null,\"stringValue\":null,\"leaf\":null,\"strings\":null,"
                "\"labels\":null,\"doubleWrapper\":null,\"createTime\":null,\"color\":null,"
                "\"chosenText\":null,\"chosenNumber\":5,\"chosenLeaf\":null,\"detail\":null}");

    (void)state;
    assert_string_equal(message->string_value, "");
    assert_null(message->leaf);
    assert_int_equal(message->n_strings, 0);
    assert_int_equal(message->n_labels, 0);
    assert_null(message->double_wrapper);
    assert_null(message->create_time);
    assert_int_equal(message->choice_case, DONGKHOI__TEST__EVERYTHING__CHOICE_CHOSEN_NUMBER);
    assert_int_equal(message->chosen_number, 5);
}

static void strings_and_bytes_are_taken_out_of_their_text(void **state)
{
    (void)state;
    assert_string_equal(
        decoded(
            "{\"stringValue\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u1ebf\\uD83D\\uDE00\\u007f\"}")
            ->string_value,
        "\"\\/\b\f\n\r\tA\u1ebf\xf0\x9f\x98\x80\x7f");
    static const char *const encodings[] = {"+/8=", "-_8=", "+/8", "-_8"};
    for (size_t i = 0; i < 4; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "{\"bytesValue\":\"%s\"}", encodings[i]);
        const Everything *message = decoded(text);
        assert_int_equal(message->bytes_value.len, 2);
        assert_memory_equal(message->bytes_value.data, "\xfb\xff", 2);
    }
    assert_int_equal(decoded("{\"bytesValue\":\"\"}")->bytes_value.len, 0);
}

static void enums_are_read_by_name_or_number(void **state)
{
    (void)state;
    assert_int_equal(decoded("{\"color\":\"COLOR_GREEN\"}")->color, 2);
    assert_int_equal(decoded("{\"color\":2}")->color, 2);
    assert_int_equal(decoded("{\"color\":-5}")->color, -5);
    assert_int_equal(decoded("{\"color\":2.0}")->color, 2);
}

static void times_durations_and_masks_are_read(void **state)
{
    const Everything *message = decoded("{\"createTime\":\"2022-03-25T07:30:15.123456789+07:30\","
                                        "\"timeout\":\"-3.5s\",\"updateMask\":\"a,bC.dEf,g_h\"}");

    (void)state;
    assert_true(message->create_time->seconds == 1648166415);
    assert_int_equal(message->create_time->nanos, 123456789);
    assert_true(message->timeout->seconds == -3);
    assert_int_equal(message->timeout->nanos, -500000000);
    assert_int_equal(message->update_mask->n_paths, 3);
    assert_string_equal(message->update_mask->paths[0], "a");
    assert_string_equal(message->update_mask->paths[1], "b_c.d_ef");
    assert_string_equal(message->update_mask->paths[2], "g_h");
    assert_true(decoded("{\"createTime\":\"0001-01-01T00:00:00Z\"}")->create_time->seconds ==
                -INT64_C(62135596800));
    assert_true(decoded("{\"createTime\":\"1969-12-31T23:59:59.5Z\"}")->create_time->seconds == -1);
    assert_true(decoded("{\"timeout\":\"315576000000s\"}")->timeout->seconds ==
                INT64_C(315576000000));
    message = decoded("{\"timeout\":\"-315576000000.999999999s\"}");
    assert_true(message->timeout->seconds == -INT64_C(315576000000));
    assert_int_equal(message->timeout->nanos, -999999999);
    assert_int_equal(decoded("{\"timeout\":\"315576000000.999999999s\"}")->timeout->nanos,
                     999999999);
    assert_int_equal(decoded("{\"updateMask\":\"\"}")->update_mask->n_paths, 0);
}

static void maps_keep_their_entries_by_key(void **state)
{
    const Everything *message =
        decoded("{\"labels\":{\"b\":\"2\",\"\":\"0\",\"a\":\"1\"},\"byBool\":{\"false\":1,"
                "\"true\":2},\"byUint64\":{\"18446744073709551615\":true}}");

    (void)state;
    assert_int_equal(message->n_labels, 3);
    assert_string_equal(message->labels[0]->key, "b");
    assert_string_equal(message->labels[2]->value, "1");
    assert_int_equal(message->n_by_bool, 2);
    assert_int_equal(message->by_bool[1]->key, 1);
    assert_true(message->by_uint64[0]->key == UINT64_MAX);
}

/* An object around levels times open, inner, and levels times close. */
static struct status decode_nested(const char *open, const char *inner, const char *close,
                                   int levels)
{
    char text[TEXT_BYTES] = "{\"node\":";
    Everything *message = NULL;

    for (int i = 0; i < levels; i++) {
        strcat(text, open);
    }
    strcat(text, inner);
    for (int i = 0; i < levels; i++) {
        strcat(text, close);
    }
    strcat(text, "}");
    return everything_decode(arena, slice_from(text), &message);
}

static void nesting_is_bounded_by_objects_and_arrays_together(void **state)
{
    (void)state;
    /* 1 + 2 * 31 + 1 levels are the 64 that are allowed. */
    assert_ok(decode_nested("{\"children\":[", "{}", "]}", 31));
    assert_status(decode_nested("{\"children\":[", "{}", "]}", 32), STATUS_INVALID_ARGUMENT,
                  "MALFORMED_JSON");
    assert_ok(decode_nested("{\"byName\":{\"k\":", "{}", "}}", 31));
    assert_status(decode_nested("{\"byName\":{\"k\":", "{}", "}}", 32), STATUS_INVALID_ARGUMENT,
                  "MALFORMED_JSON");
    assert_status(decode_nested("{\"children\":[", "", "", 500), STATUS_INVALID_ARGUMENT,
                  "MALFORMED_JSON");
    assert_status(decode_nested("[", "", "]", 500), STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
}

static void a_hundred_thousand_levels_are_refused_in_an_any_too(void **state)
{
    enum { LEVELS = 100000 };
    char *text = malloc(2 * LEVELS + 64);
    Everything *message = NULL;

    (void)state;
    strcpy(text, "{\"detail\":{\"x\":");
    const size_t head = strlen(text);
    memset(text + head, '[', LEVELS);
    text[head + LEVELS] = '\0';
    assert_status(everything_decode(arena, slice_from(text), &message), STATUS_INVALID_ARGUMENT,
                  "MALFORMED_JSON");
    free(text);
}

static void many_keys_cost_no_quadratic_time(void **state)
{
    enum { KEYS = 40000 };
    char *text = malloc(KEYS * 24);
    char *to = text + sprintf(text, "{\"byInt32\":{");
    Everything *message = NULL;

    (void)state;
    for (int i = 0; i < KEYS; i++) {
        to += sprintf(to, "%s\"%d\":\"\"", i > 0 ? "," : "", i);
    }
    strcpy(to, "}}");
    assert_ok(everything_decode(arena, slice_from(text), &message));
    assert_int_equal(message->n_by_int32, KEYS);
    strcpy(to, ",\"17\":\"\"}}");
    assert_status(everything_decode(arena, slice_from(text), &message), STATUS_INVALID_ARGUMENT,
                  "DUPLICATE_FIELD");
    free(text);
}

static void a_wrapper_may_be_the_whole_text(void **state)
{
    void *message = NULL;

    (void)state;
    assert_ok(json_decode(arena, &google__protobuf__double_value__descriptor, slice_from(" 1.5 "),
                          &message));
    assert_true(((Google__Protobuf__DoubleValue *)message)->value == 1.5);
    assert_ok(json_decode(arena, &google__protobuf__empty__descriptor, slice_from("{}"), &message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_type_of_an_any_may_stand_last),
        cmocka_unit_test(the_message_names_the_values_of_an_enum),
        cmocka_unit_test(integers_are_read_exactly_in_every_notation),
        cmocka_unit_test(doubles_and_floats_are_the_nearest),
        cmocka_unit_test(a_number_of_a_megabyte_is_read_in_time),
        cmocka_unit_test(null_leaves_a_field_unset),
        cmocka_unit_test(strings_and_bytes_are_taken_out_of_their_text),
        cmocka_unit_test(enums_are_read_by_name_or_number),
        cmocka_unit_test(times_durations_and_masks_are_read),
        cmocka_unit_test(maps_keep_their_entries_by_key),
        cmocka_unit_test(nesting_is_bounded_by_objects_and_arrays_together),
        cmocka_unit_test(a_hundred_thousand_levels_are_refused_in_an_any_too),
        cmocka_unit_test(many_keys_cost_no_quadratic_time),
        cmocka_unit_test(a_wrapper_may_be_the_whole_text),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
