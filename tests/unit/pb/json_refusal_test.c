/* json_refusal_test.c - what the reader refuses, with its reason, path, line and column. */
#include "unit.h"

#include "everything.h"
#include "pb/json.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 24, TEXT_BYTES = 256 };

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

struct refusal {
    const char *text;
    const char *reason;
    const char *field;
    int line;
    int column;
};

static void assert_refused(const struct refusal *refusal)
{
    Everything *message = NULL;
    char place[64];
    const struct status status = everything_decode(arena, slice_from(refusal->text), &message);
    const char *field = status.field != NULL ? status.field : "";

    if (status.code != STATUS_INVALID_ARGUMENT ||
        strcmp(status.reason->name, refusal->reason) != 0) {
        fail_msg("%s: %s %s", refusal->text, status_code_name(status.code),
                 status.message != NULL ? status.message : "");
    }
    if (strcmp(field, refusal->field != NULL ? refusal->field : "") != 0) {
        fail_msg("%s: field %s", refusal->text, field);
    }
    (void)snprintf(place, sizeof(place), " (line %d, column %d)", refusal->line, refusal->column);
    const size_t length = strlen(status.message);
    if (length < strlen(place) || strcmp(status.message + length - strlen(place), place) != 0) {
        fail_msg("%s: %s", refusal->text, status.message);
    }
}

static void assert_all_refused(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_refused(&refusals[i]);
    }
}

#define REFUSED(table) assert_all_refused((table), sizeof(table) / sizeof((table)[0]))

static void text_that_is_no_json_is_refused_at_its_place(void **state)
{
    static const struct refusal table[] = {
        {"", "MALFORMED_JSON", NULL, 1, 1},
        {" \n\t ", "MALFORMED_JSON", NULL, 2, 3},
        {"{", "MALFORMED_JSON", NULL, 1, 2},
        {"}", "MALFORMED_JSON", NULL, 1, 1},
        {"{}}", "MALFORMED_JSON", NULL, 1, 3},
        {"{} {}", "MALFORMED_JSON", NULL, 1, 4},
        {"{},", "MALFORMED_JSON", NULL, 1, 3},
        {"\xef\xbb\xbf{}", "MALFORMED_JSON", NULL, 1, 1},
        {"{/* no */}", "MALFORMED_JSON", NULL, 1, 2},
        {"{//\n}", "MALFORMED_JSON", NULL, 1, 2},
        {"{\"color\"}", "MALFORMED_JSON", NULL, 1, 9},
        {"{\"color\" 1}", "MALFORMED_JSON", NULL, 1, 10},
        {"{\"color\":}", "MALFORMED_JSON", "color", 1, 10},
        {"{\"color\":1,}", "MALFORMED_JSON", NULL, 1, 12},
        {"{,\"color\":1}", "MALFORMED_JSON", NULL, 1, 2},
        {"{\"color\":1;\"leaf\":{}}", "MALFORMED_JSON", NULL, 1, 11},
        {"{\"color\":1 \"leaf\":{}}", "MALFORMED_JSON", NULL, 1, 12},
        {"{'color':1}", "MALFORMED_JSON", NULL, 1, 2},
        {"{color:1}", "MALFORMED_JSON", NULL, 1, 2},
        {"{1:1}", "MALFORMED_JSON", NULL, 1, 2},
        {"{\"int32s\":[1,]}", "MALFORMED_JSON", "int32s[1]", 1, 14},
        {"{\"int32s\":[,1]}", "MALFORMED_JSON", "int32s[0]", 1, 12},
        {"{\"int32s\":[1 2]}", "MALFORMED_JSON", "int32s[1]", 1, 14},
        {"{\"int32s\":[1}", "MALFORMED_JSON", "int32s[1]", 1, 13},
        {"{\"int32s\":[", "MALFORMED_JSON", "int32s[0]", 1, 12},
        {"{\"boolValue\":tru}", "MALFORMED_JSON", "boolValue", 1, 17},
        {"{\"boolValue\":True}", "MALFORMED_JSON", "boolValue", 1, 14},
        {"{\"boolValue\":trueX}", "MALFORMED_JSON", NULL, 1, 18},
        {"{\"leaf\":nul}", "MALFORMED_JSON", "leaf", 1, 12},
        {"{\"doubleValue\":01}", "MALFORMED_JSON", NULL, 1, 17},
        {"{\"doubleValue\":-01}", "MALFORMED_JSON", NULL, 1, 18},
        {"{\"doubleValue\":+1}", "MALFORMED_JSON", "doubleValue", 1, 16},
        {"{\"doubleValue\":.5}", "MALFORMED_JSON", "doubleValue", 1, 16},
        {"{\"doubleValue\":1.}", "MALFORMED_JSON", "doubleValue", 1, 18},
        {"{\"doubleValue\":1e}", "MALFORMED_JSON", "doubleValue", 1, 18},
        {"{\"doubleValue\":1e+}", "MALFORMED_JSON", "doubleValue", 1, 19},
        {"{\"doubleValue\":-}", "MALFORMED_JSON", "doubleValue", 1, 17},
        {"{\"doubleValue\":--1}", "MALFORMED_JSON", "doubleValue", 1, 17},
        {"{\"doubleValue\":0x10}", "MALFORMED_JSON", NULL, 1, 17},
        {"{\"doubleValue\":NaN}", "MALFORMED_JSON", "doubleValue", 1, 16},
        {"{\"doubleValue\":Infinity}", "MALFORMED_JSON", "doubleValue", 1, 16},
        {"{\"doubleValue\":-Infinity}", "MALFORMED_JSON", "doubleValue", 1, 17},
        {"{\n \"leaf\": {\r\n\t\"count\": 1,\n\t\"count\" }\n}", "MALFORMED_JSON", "leaf", 4, 10},
        {"{\v}", "MALFORMED_JSON", NULL, 1, 2},
        {"{\xc2\xa0}", "MALFORMED_JSON", NULL, 1, 2},
    };

    (void)state;
    REFUSED(table);
}

static void strings_that_are_none_are_refused_at_their_byte(void **state)
{
    static const struct refusal table[] = {
        {"{\"stringValue\":\"abc", "MALFORMED_JSON", "stringValue", 1, 20},
        {"{\"stringValue\":\"a\nb\"}", "MALFORMED_JSON", "stringValue", 1, 18},
        {"{\"stringValue\":\"a\tb\"}", "MALFORMED_JSON", "stringValue", 1, 18},
        {"{\"stringValue\":\"\\x\"}", "MALFORMED_JSON", "stringValue", 1, 18},
        {"{\"stringValue\":\"\\", "MALFORMED_JSON", "stringValue", 1, 18},
        {"{\"stringValue\":\"\\\"}", "MALFORMED_JSON", "stringValue", 1, 20},
        {"{\"stringValue\":\"\\u12\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\u12G4\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\U0041\"}", "MALFORMED_JSON", "stringValue", 1, 18},
        {"{\"stringValue\":\"\\u0000\"}", "INVALID_VALUE", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\ud800\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\udc00\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\ud800\\u0041\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\ud800\\ud800\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\udc00\\ud800\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\\ud83d\\ude0\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\x80\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\xff\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\xc0\x80\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\xe0\x80\x80\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\xed\xa0\x80\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\xf4\x90\x80\x80\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\xe1\xba\"}", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"stringValue\":\"\xe1\xba", "MALFORMED_JSON", "stringValue", 1, 17},
        {"{\"\xff\":1}", "MALFORMED_JSON", NULL, 1, 3},
    };

    (void)state;
    REFUSED(table);
}

static void a_zero_byte_is_no_text(void **state)
{
    static const char in_string[] = "{\"stringValue\":\"a\0b\"}";
    static const char behind[] = "{}\0";
    Everything *message = NULL;

    (void)state;
    assert_status(
        everything_decode(arena, (struct slice){in_string, sizeof(in_string) - 1}, &message),
        STATUS_INVALID_ARGUMENT, "MALFORMED_JSON");
    assert_status(everything_decode(arena, (struct slice){behind, sizeof(behind) - 1}, &message),
                  STATUS_INVALID_ARGUMENT, "MALFORMED_JSON");
}

static void members_unknown_or_twice_are_refused_by_path(void **state)
{
    static const struct refusal table[] = {
        {"{\"nope\":1}", "UNKNOWN_FIELD", "nope", 1, 2},
        {"{\"\":1}", "UNKNOWN_FIELD", "[\"\"]", 1, 2},
        {"{\"a b\":1}", "UNKNOWN_FIELD", "[\"a b\"]", 1, 2},
        {"{\"double_Value\":1}", "UNKNOWN_FIELD", "double_Value", 1, 2},
        {"{\"DoubleValue\":1}", "UNKNOWN_FIELD", "DoubleValue", 1, 2},
        {"{\"doublevalue\":1}", "UNKNOWN_FIELD", "doublevalue", 1, 2},
        {"{\"leaf\":{\"nope\":null}}", "UNKNOWN_FIELD", "leaf.nope", 1, 10},
        {"{\"leaves\":[{},{\n\"x\":1}]}", "UNKNOWN_FIELD", "leaves[1].x", 2, 1},
        {"{\"nothing\":{\"x\":1}}", "UNKNOWN_FIELD", "nothing.x", 1, 13},
        {"{\"choice\":1}", "UNKNOWN_FIELD", "choice", 1, 2},
        {"{\"boolValue\":true,\"boolValue\":true}", "DUPLICATE_FIELD", "boolValue", 1, 19},
        {"{\"boolValue\":null,\"boolValue\":true}", "DUPLICATE_FIELD", "boolValue", 1, 19},
        {"{\"bool_value\":true,\"boolValue\":true}", "DUPLICATE_FIELD", "boolValue", 1, 20},
        {"{\"boolV\\u0061lue\":true,\"boolValue\":true}", "DUPLICATE_FIELD", "boolValue", 1, 24},
        {"{\"strings\":[],\"strings\":[]}", "DUPLICATE_FIELD", "strings", 1, 15},
        {"{\"labels\":{},\"labels\":{}}", "DUPLICATE_FIELD", "labels", 1, 14},
        {"{\"labels\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"}}", "DUPLICATE_FIELD", "labels.a", 1,
         28},
        {"{\"labels\":{\"a b\":\"1\",\"a\\u0020b\":\"2\"}}", "DUPLICATE_FIELD", "labels[\"a b\"]",
         1, 22},
        {"{\"byInt32\":{\"1\":\"\",\"1.0\":\"\"}}", "DUPLICATE_FIELD", "byInt32[\"1.0\"]", 1, 20},
        {"{\"byBool\":{\"true\":1,\"true\":1}}", "DUPLICATE_FIELD", "byBool.true", 1, 21},
        {"{\"chosenText\":\"\",\"chosenNumber\":1}", "DUPLICATE_FIELD", "chosenNumber", 1, 18},
        {"{\"chosenLeaf\":{},\"chosenFlag\":true}", "DUPLICATE_FIELD", "chosenFlag", 1, 18},
        {"{\"node\":{\"children\":[{\"by_name\":{\"k\":{\"z\":1}}}]}}", "UNKNOWN_FIELD",
         "node.children[0].byName.k.z", 1, 39},
    };

    (void)state;
    REFUSED(table);
}

static const struct refusal wrong_types[] = {
    {"null", "INVALID_VALUE", NULL, 1, 1},
    {"[]", "INVALID_VALUE", NULL, 1, 1},
    {"1", "INVALID_VALUE", NULL, 1, 1},
    {"\"x\"", "INVALID_VALUE", NULL, 1, 1},
    {"{\"stringValue\":1}", "INVALID_VALUE", "stringValue", 1, 16},
    {"{\"stringValue\":true}", "INVALID_VALUE", "stringValue", 1, 16},
    {"{\"boolValue\":\"true\"}", "INVALID_VALUE", "boolValue", 1, 14},
    {"{\"boolValue\":1}", "INVALID_VALUE", "boolValue", 1, 14},
    {"{\"int32Value\":true}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":\"\"}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":\" 1\"}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":\"1 \"}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":\"0x1\"}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":\"01\"}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":1.5}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":1e-1}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":2147483648}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":-2147483649}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"int32Value\":1e99999999999999999999}", "INVALID_VALUE", "int32Value", 1, 15},
    {"{\"uint32Value\":-1}", "INVALID_VALUE", "uint32Value", 1, 16},
    {"{\"uint32Value\":4294967296}", "INVALID_VALUE", "uint32Value", 1, 16},
    {"{\"int64Value\":9223372036854775808}", "INVALID_VALUE", "int64Value", 1, 15},
    {"{\"int64Value\":\"-9223372036854775809\"}", "INVALID_VALUE", "int64Value", 1, 15},
    {"{\"uint64Value\":18446744073709551616}", "INVALID_VALUE", "uint64Value", 1, 16},
    {"{\"uint64Value\":184467440737095516150}", "INVALID_VALUE", "uint64Value", 1, 16},
    {"{\"uint64Value\":\"-1\"}", "INVALID_VALUE", "uint64Value", 1, 16},
    {"{\"uint64Value\":0.1}", "INVALID_VALUE", "uint64Value", 1, 16},
    {"{\"doubleValue\":1e309}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"doubleValue\":\"-1e309\"}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"doubleValue\":1e-400}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"doubleValue\":\"-1e-999999999999999999999\"}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"doubleValue\":12.340000000000000001}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"doubleValue\":123456789012345678}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"doubleWrapper\":1e-400}", "INVALID_VALUE", "doubleWrapper", 1, 18},
    {"{\"floatValue\":1e-60}", "INVALID_VALUE", "floatValue", 1, 15},
    {"{\"doubleValue\":\"nan\"}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"doubleValue\":\"+Infinity\"}", "INVALID_VALUE", "doubleValue", 1, 16},
    {"{\"floatValue\":3.4028236e38}", "INVALID_VALUE", "floatValue", 1, 15},
    {"{\"floatValue\":-1e39}", "INVALID_VALUE", "floatValue", 1, 15},
    {"{\"color\":\"COLOR_BLUE\"}", "INVALID_VALUE", "color", 1, 10},
    {"{\"color\":\"color_red\"}", "INVALID_VALUE", "color", 1, 10},
    {"{\"color\":3}", "INVALID_VALUE", "color", 1, 10},
    {"{\"color\":\"1\"}", "INVALID_VALUE", "color", 1, 10},
    {"{\"color\":true}", "INVALID_VALUE", "color", 1, 10},
    {"{\"color\":4294967297}", "INVALID_VALUE", "color", 1, 10},
    {"{\"bytesValue\":5}", "INVALID_VALUE", "bytesValue", 1, 15},
    {"{\"bytesValue\":\"A\"}", "INVALID_VALUE", "bytesValue", 1, 15},
    {"{\"bytesValue\":\"AA=\"}", "INVALID_VALUE", "bytesValue", 1, 15},
    {"{\"bytesValue\":\"AB==\"}", "INVALID_VALUE", "bytesValue", 1, 15},
    {"{\"bytesValue\":\"AA==AA==\"}", "INVALID_VALUE", "bytesValue", 1, 15},
    {"{\"bytesValue\":\"====\"}", "INVALID_VALUE", "bytesValue", 1, 15},
    {"{\"bytesValue\":\"A A=\"}", "INVALID_VALUE", "bytesValue", 1, 15},
    {"{\"leaf\":[]}", "INVALID_VALUE", "leaf", 1, 9},
    {"{\"leaf\":\"x\"}", "INVALID_VALUE", "leaf", 1, 9},
    {"{\"strings\":\"x\"}", "INVALID_VALUE", "strings", 1, 12},
    {"{\"strings\":{}}", "INVALID_VALUE", "strings", 1, 12},
    {"{\"strings\":[\"a\",null]}", "INVALID_VALUE", "strings[1]", 1, 17},
    {"{\"leaves\":[null]}", "INVALID_VALUE", "leaves[0]", 1, 12},
    {"{\"wideNumbers\":[null]}", "INVALID_VALUE", "wideNumbers[0]", 1, 17},
    {"{\"leaves\":[{},{},{},{\"planPercent\":{}}]}", "INVALID_VALUE", "leaves[3].planPercent", 1,
     36},
    {"{\"labels\":[]}", "INVALID_VALUE", "labels", 1, 11},
    {"{\"labels\":{\"a\":null}}", "INVALID_VALUE", "labels.a", 1, 16},
    {"{\"labels\":{\"a b\":1}}", "INVALID_VALUE", "labels[\"a b\"]", 1, 18},
    {"{\"labels\":{\"\":1}}", "INVALID_VALUE", "labels[\"\"]", 1, 15},
    {"{\"labels\":{\"q\\\"\":1}}", "INVALID_VALUE", "labels[\"q\\\"\"]", 1, 18},
    {"{\"byInt32\":{\"x\":\"\"}}", "INVALID_VALUE", "byInt32.x", 1, 13},
    {"{\"byInt32\":{\"2147483648\":\"\"}}", "INVALID_VALUE", "byInt32[\"2147483648\"]", 1, 13},
    {"{\"byBool\":{\"True\":1}}", "INVALID_VALUE", "byBool.True", 1, 12},
    {"{\"leavesByName\":{\"p\":{\"count\":\"x\"}}}", "INVALID_VALUE", "leavesByName.p.count", 1,
     31},
};

static void values_of_the_wrong_type_are_refused_by_path(void **state)
{
    (void)state;
    REFUSED(wrong_types);
}

static void times_are_checked(void **state)
{
    static const char *const times[] = {
        "",
        "2022-03-25",
        "2022-03-25T00:00:00",
        "2022-03-25 00:00:00Z",
        "2022-03-25t00:00:00Z",
        "2022-03-25T00:00:00z",
        "2022-03-25T00:00:00.Z",
        "2022-03-25T00:00:00.1234567890Z",
        "2022-03-25T00:00Z",
        "2022-3-25T00:00:00Z",
        "2022-13-01T00:00:00Z",
        "2022-02-29T00:00:00Z",
        "2022-04-31T00:00:00Z",
        "2022-03-00T00:00:00Z",
        "2022-03-25T24:00:00Z",
        "2022-03-25T00:60:00Z",
        "2022-03-25T00:00:60Z",
        "2022-03-25T00:00:00+7:00",
        "2022-03-25T00:00:00+24:00",
        "2022-03-25T00:00:00+07:60",
        "2022-03-25T00:00:00+0700",
        "2022-03-25T00:00:00ZZ",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
    };
    char text[TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        (void)snprintf(text, sizeof(text), "{\"createTime\":\"%s\"}", times[i]);
        assert_refused(&(struct refusal){text, "INVALID_VALUE", "createTime", 1, 15});
    }
}

static void durations_and_masks_are_checked(void **state)
{
    static const char *const durations[] = {
        "",
        "s",
        "1",
        "1.s",
        ".5s",
        "+1s",
        "1.0.s",
        "1 s",
        "1.1234567890s",
        "315576000001s",
        "-315576000001s",
        "--1s",
        "1S",
        "1e3s",
        "315576000000.1234567890s",
        "9999999999999999999999s",
    };
    static const char *const masks[] = {",",    "a,", ",a",  "a,,b", "a b",  "a;b", "\\u00e9",
                                        "a__b", "a_", "a_1", "a_B",  "a_.b", "b,_"};
    char text[TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        (void)snprintf(text, sizeof(text), "{\"timeout\":\"%s\"}", durations[i]);
        assert_refused(&(struct refusal){text, "INVALID_VALUE", "timeout", 1, 12});
    }
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        (void)snprintf(text, sizeof(text), "{\"updateMask\":\"%s\"}", masks[i]);
        assert_refused(&(struct refusal){text, "INVALID_VALUE", "updateMask", 1, 15});
    }
}

static void an_any_needs_a_known_type(void **state)
{
    static const struct refusal table[] = {
        {"{\"detail\":{\"count\":1}}", "INVALID_VALUE", "detail", 1, 11},
        {"{\"detail\":{\"@type\":1}}", "INVALID_VALUE", "detail[\"@type\"]", 1, 20},
        {"{\"detail\":{\"@type\":\"x/y.Z\"}}", "INVALID_VALUE", "detail[\"@type\"]", 1, 20},
        {"{\"detail\":{\"@type\":\"dongkhoi.test.Leaf\"}}", "INVALID_VALUE", "detail[\"@type\"]", 1,
         20},
        {"{\"detail\":{\"@type\":\"t/dongkhoi.test.Leaf\",\"x\":1}}", "UNKNOWN_FIELD", "detail.x",
         1, 43},
        {"{\"detail\":{\"@type\":\"t/dongkhoi.test.Leaf\",\"@type\":\"t/dongkhoi.test.Leaf\"}}",
         "DUPLICATE_FIELD", "detail[\"@type\"]", 1, 43},
        {"{\"detail\":{\"@type\":\"t/google.protobuf.Duration\"}}", "INVALID_VALUE", "detail", 1,
         11},
        {"{\"detail\":{\"@type\":\"t/google.protobuf.Duration\",\"seconds\":1}}", "UNKNOWN_FIELD",
         "detail.seconds", 1, 49},
        {"{\"detail\":{\"@type\":\"t/google.protobuf.Duration\",\"value\":1}}", "INVALID_VALUE",
         "detail.value", 1, 57},
        {"{\"detail\":{\"@type\":\"t/"
         "google.protobuf.Duration\",\"value\":\"1s\",\"value\":\"1s\"}}",
         "DUPLICATE_FIELD", "detail.value", 1, 62},
        {"{\"detail\":[]}", "INVALID_VALUE", "detail", 1, 11},
    };

    (void)state;
    REFUSED(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_no_json_is_refused_at_its_place),
        cmocka_unit_test(strings_that_are_none_are_refused_at_their_byte),
        cmocka_unit_test(a_zero_byte_is_no_text),
        cmocka_unit_test(members_unknown_or_twice_are_refused_by_path),
        cmocka_unit_test(values_of_the_wrong_type_are_refused_by_path),
        cmocka_unit_test(times_are_checked),
        cmocka_unit_test(durations_and_masks_are_checked),
        cmocka_unit_test(an_any_needs_a_known_type),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
