/* json_encode_test.c - the text that is written. */
#include "unit.h"

#include "everything.h"
#include "pb/json.h"
#include "pb/message.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 22 };

static struct buffer buffer;

static int set_up(void **state)
{
    (void)state;
    everything_register();
    buffer_init(&buffer, LIMIT_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_done(&buffer);
    return 0;
}

/* Valid until the next call. */
static const char *encoded(const void *message)
{
    buffer_clear(&buffer);
    assert_true(json_encode(&buffer, message));
    buffer_append_char(&buffer, '\0');
    assert_false(buffer_failed(&buffer));
    return buffer.data;
}

/* text is NULL where the message has no JSON form. */
static void assert_encoded(const void *message, const char *text)
{
    if (text != NULL) {
        assert_string_equal(encoded(message), text);
        return;
    }
    buffer_clear(&buffer);
    assert_false(json_encode(&buffer, message));
    assert_true(buffer_failed(&buffer));
}

static void an_empty_message_shows_what_has_no_presence(void **state)
{
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;

    (void)state;
    assert_string_equal(
        encoded(&message),
        "{\"doubleValue\":0,\"floatValue\":0,\"int32Value\":0,\"int64Value\":\"0\","
        "\"uint32Value\":0,\"uint64Value\":\"0\",\"sint32Value\":0,\"sint64Value\":\"0\","
        "\"fixed32Value\":0,\"fixed64Value\":\"0\",\"sfixed32Value\":0,\"sfixed64Value\":\"0\","
        "\"boolValue\":false,\"stringValue\":\"\",\"bytesValue\":\"\","
        "\"color\":\"COLOR_UNSPECIFIED\",\"doubles\":[],\"int32s\":[],\"uint64s\":[],"
        "\"bools\":[],\"strings\":[],\"byteses\":[],\"colors\":[],\"leaves\":[],\"times\":[],"
        "\"wideNumbers\":[],\"floats\":[],\"labels\":{},\"byInt32\":{},\"byUint64\":{},"
        "\"byBool\":{},\"leavesByName\":{},\"colorsByName\":{},\"bySint64\":{},"
        "\"durationsByName\":{},\"details\":[],\"doubleWrapper\":null,\"floatWrapper\":null,"
        "\"int64Wrapper\":null,\"uint64Wrapper\":null,\"int32Wrapper\":null,"
        "\"uint32Wrapper\":null,\"boolWrapper\":null,\"stringWrapper\":null,"
        "\"bytesWrapper\":null}");
}

static void a_oneof_shows_the_member_that_is_set_also_when_zero(void **state)
{
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;

    (void)state;
    message.choice_case = DONGKHOI__TEST__EVERYTHING__CHOICE_CHOSEN_NUMBER;
    assert_non_null(strstr(encoded(&message), "\"chosenNumber\":\"0\""));
    assert_null(strstr(encoded(&message), "chosenText"));
    assert_null(strstr(encoded(&message), "chosenFlag"));
}

static void doubles_are_written_in_their_shortest_form(void **state)
{
    static const struct {
        double value;
        const char *text;
    } table[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1, "-1"},
        {0.1, "0.1"},
        {-0.05, "-0.05"},
        {95.3, "95.3"},
        {38300, "38300"},
        {36501.25, "36501.25"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {1e-7, "0.0000001"},
        {123456789012345, "123456789012345"},
        {999999999999999, "999999999999999"},
        {9007199254740993.0, "9007199254740992"},
        {1e21, "1e+21"},
        {1e22, "1e+22"},
        {1.5e-300, "1.5e-300"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MAX, "-1.7976931348623157e+308"},
        /* The nearest 16 digits read back as the double below. */
        {5.684341886080802e-14, "5.684341886080802e-14"},
        {9.5367431640625e-07, "9.5367431640625e-7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char text[JSON_NUMBER_BYTES];
        const size_t length = json_number_text(table[i].value, text);
        assert_string_equal(text, table[i].text);
        assert_int_equal(length, strlen(table[i].text));
    }
}

static void every_double_reads_back_the_same(void **state)
{
    uint64_t bits = UINT64_C(0x9e3779b97f4a7c15);

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double value = 0;
        char text[JSON_NUMBER_BYTES];
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        /* Powers of two are where the distance to the neighbours differs. */
        const uint64_t pattern = i % 4 == 0 ? bits & UINT64_C(0xfff0000000000000) : bits;
        memcpy(&value, &pattern, sizeof(value));
        if (isfinite(value)) {
            (void)json_number_text(value, text);
            assert_true(strtod(text, NULL) == value);
        }
    }
}

static void floats_are_shortest_as_floats(void **state)
{
    static const struct {
        float value;
        const char *text;
    } table[] = {
        {0.1F, "\"floatValue\":0.1,"},
        {16777216.0F, "\"floatValue\":16777216,"},
        {FLT_MAX, "\"floatValue\":3.4028235e+38,"},
        {1e-45F, "\"floatValue\":1e-45,"},
        {-0.0F, "\"floatValue\":-0,"},
        {(float)INFINITY, "\"floatValue\":\"Infinity\","},
    };
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        message.float_value = table[i].value;
        if (strstr(encoded(&message), table[i].text) == NULL) {
            fail_msg("%s: %s", table[i].text, encoded(&message));
        }
    }
}

static void strings_escape_what_they_must_and_mend_what_is_no_utf8(void **state)
{
    static const struct {
        const char *raw;
        const char *text;
    } table[] = {
        {"", "\"\""},
        {"\"\\/", "\"\\\"\\\\/\""},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
        {"B\xe1\xba\xbfn Tre", "\"B\xe1\xba\xbfn Tre\""},
        {"\x80", "\"\xef\xbf\xbd\""},
        {"a\xe1\xba", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc0\xaf"
         "b",
         "\"\xef\xbf\xbd\xef\xbf\xbd"
         "b\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        buffer_clear(&buffer);
        json_append_string(&buffer, slice_from(table[i].raw));
        buffer_append_char(&buffer, '\0');
        assert_string_equal(buffer.data, table[i].text);
    }
    buffer_clear(&buffer);
    json_append_string(&buffer, (struct slice){.data = "a\0b", .length = 3});
    assert_true(slice_is(buffer_slice(&buffer), "\"a\\u0000b\""));
}

static void names_become_lower_camel_case(void **state)
{
    static const char *const table[][2] = {
        {"display_name", "displayName"},
        {"a", "a"},
        {"a_b_c", "aBC"},
        {"int32_value", "int32Value"},
        {"a_1b", "a1b"},
        {"_a", "A"},
        {"a__b", "aB"},
        {"a_", "a"},
        {"target.plan_value", "target.planValue"},
        {"alreadyCamel", "alreadyCamel"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char text[32];
        assert_int_equal(json_name(table[i][0], text), strlen(table[i][1]));
        assert_string_equal(text, table[i][1]);
    }
}

static void times_have_as_many_decimals_as_they_need(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *text;
    } table[] = {
        {0, 0, "\"1970-01-01T00:00:00Z\""},
        {-1, 500000000, "\"1969-12-31T23:59:59.500Z\""},
        {1648166400, 1000000, "\"2022-03-25T00:00:00.001Z\""},
        {1648166400, 1000, "\"2022-03-25T00:00:00.000001Z\""},
        {1648166400, 1, "\"2022-03-25T00:00:00.000000001Z\""},
        {253402300799, 999999999, "\"9999-12-31T23:59:59.999999999Z\""},
        {253402300800, 0, NULL},
        {-62135596801, 0, NULL},
        {0, -1, NULL},
        {0, 1000000000, NULL},
        {INT64_MIN, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        time.seconds = table[i].seconds;
        time.nanos = table[i].nanos;
        assert_encoded(&time, table[i].text);
    }
}

static void durations_are_seconds_with_a_sign(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *text;
    } table[] = {
        {0, 0, "\"0s\""},
        {3, 500000000, "\"3.500s\""},
        {-3, -500000, "\"-3.000500s\""},
        {0, -1, "\"-0.000000001s\""},
        {315576000000, 0, "\"315576000000s\""},
        {-315576000000, 0, "\"-315576000000s\""},
        {315576000000, 999999999, "\"315576000000.999999999s\""},
        {-315576000000, -999999999, "\"-315576000000.999999999s\""},
        {315576000001, 0, NULL},
        {1, -1, NULL},
        {-1, 1, NULL},
        {INT64_MIN, 0, NULL},
        {INT64_MAX, 0, NULL},
        {0, INT32_MIN, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        duration.seconds = table[i].seconds;
        duration.nanos = table[i].nanos;
        assert_encoded(&duration, table[i].text);
    }
}

static void a_mask_is_written_only_as_it_is_read_back(void **state)
{
    static const struct {
        const char *path;
        const char *text;
    } table[] = {
        {"plan_percent", "\"planPercent\""},
        {"target.plan_value", "\"target.planValue\""},
        {"int32_value2", "\"int32Value2\""},
        {"_a", "\"A\""},
        {"*", "\"*\""},
        {"", NULL},
        {"planPercent", NULL},
        {"foo_3_bar", NULL},
        {"foo__bar", NULL},
        {"foo_", NULL},
        {"foo_.bar", NULL},
        {"a,b", NULL},
        {"a\",\"b\":\"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char path[32];
        char *paths[] = {path};
        Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

        (void)snprintf(path, sizeof(path), "%s", table[i].path);
        mask.n_paths = 1;
        mask.paths = paths;
        assert_encoded(&mask, table[i].text);
    }
}

static void what_has_no_form_is_found_wherever_it_stands(void **state)
{
    Google__Protobuf__Duration bad = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    Google__Protobuf__Any *details[] = {&any};
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;
    char type[] = "type.googleapis.com/google.protobuf.Duration";
    uint8_t packed[16];

    (void)state;
    bad.seconds = INT64_MAX;
    message.timeout = &bad;
    assert_encoded(&message, NULL);
    buffer_clear(&buffer);
    assert_false(json_encode_pretty(&buffer, &message.base));
    assert_true(buffer_failed(&buffer));
    buffer_clear(&buffer);
    assert_false(json_encode_field(&buffer, &message.base,
                                   message_field(message.base.descriptor, slice_from("timeout"))));
    assert_true(buffer_failed(&buffer));
    message.timeout = NULL;
    any.type_url = type;
    any.value.len = google__protobuf__duration__pack(&bad, packed);
    any.value.data = packed;
    message.n_details = 1;
    message.details = details;
    assert_encoded(&message, NULL);
}

static void an_any_that_cannot_be_shown_is_shown_as_bytes(void **state)
{
    uint8_t bytes[] = {0xff};
    char unknown[] = "type.googleapis.com/no.Such";
    char leaf[] = "type.googleapis.com/dongkhoi.test.Leaf";
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;

    (void)state;
    assert_string_equal(encoded(&any), "{}");
    any.value.data = bytes;
    any.value.len = 1;
    any.type_url = unknown;
    assert_string_equal(encoded(&any),
                        "{\"@type\":\"type.googleapis.com/no.Such\",\"value\":\"/w==\"}");
    any.type_url = leaf;
    assert_string_equal(
        encoded(&any), "{\"@type\":\"type.googleapis.com/dongkhoi.test.Leaf\",\"value\":\"/w==\"}");
}

static void an_enum_number_without_a_name_stays_a_number(void **state)
{
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;

    (void)state;
    message.color = (Dongkhoi__Test__Color)77;
    assert_non_null(strstr(encoded(&message), "\"color\":77,"));
}

static void pretty_text_is_indented_by_two(void **state)
{
    Dongkhoi__Test__Node node = DONGKHOI__TEST__NODE__INIT;
    Dongkhoi__Test__Node child = DONGKHOI__TEST__NODE__INIT;
    Dongkhoi__Test__Node *children[] = {&child};

    (void)state;
    node.n_children = 1;
    node.children = children;
    buffer_clear(&buffer);
    json_encode_pretty(&buffer, &node.base);
    buffer_append_char(&buffer, '\0');
    assert_string_equal(buffer.data, "{\n"
                                     "  \"name\": \"\",\n"
                                     "  \"children\": [\n"
                                     "    {\n"
                                     "      \"name\": \"\",\n"
                                     "      \"children\": [],\n"
                                     "      \"byName\": {}\n"
                                     "    }\n"
                                     "  ],\n"
                                     "  \"byName\": {}\n"
                                     "}");
}

static void the_limit_of_the_buffer_is_kept(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    Everything *message = NULL;

    (void)state;
    assert_ok(everything_decode(arena, slice_from(everything_text), &message));
    const size_t whole = strlen(everything_text);
    for (size_t limit = 0; limit < whole; limit += 7) {
        struct buffer small;
        buffer_init(&small, limit);
        assert_true(json_encode(&small, &message->base));
        assert_true(buffer_failed(&small));
        assert_true(small.length <= limit);
        buffer_done(&small);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_message_shows_what_has_no_presence),
        cmocka_unit_test(a_oneof_shows_the_member_that_is_set_also_when_zero),
        cmocka_unit_test(doubles_are_written_in_their_shortest_form),
        cmocka_unit_test(every_double_reads_back_the_same),
        cmocka_unit_test(floats_are_shortest_as_floats),
        cmocka_unit_test(strings_escape_what_they_must_and_mend_what_is_no_utf8),
        cmocka_unit_test(names_become_lower_camel_case),
        cmocka_unit_test(times_have_as_many_decimals_as_they_need),
        cmocka_unit_test(durations_are_seconds_with_a_sign),
        cmocka_unit_test(a_mask_is_written_only_as_it_is_read_back),
        cmocka_unit_test(what_has_no_form_is_found_wherever_it_stands),
        cmocka_unit_test(an_any_that_cannot_be_shown_is_shown_as_bytes),
        cmocka_unit_test(an_enum_number_without_a_name_stays_a_number),
        cmocka_unit_test(pretty_text_is_indented_by_two),
        cmocka_unit_test(the_limit_of_the_buffer_is_kept),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
