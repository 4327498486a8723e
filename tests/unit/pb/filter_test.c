/* filter_test.c - what filters match, and what they require. */
#include "unit.h"

#include "everything.h"
#include "pb/filter.h"
#include "pb/message.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 22 };

static struct arena *arena;
static const Everything *sample;

static const char sample_text[] =
    "{\"doubleValue\":1.5,\"floatValue\":0.1,\"int32Value\":-5,\"int64Value\":"
    "\"-9223372036854775808\",\"uint64Value\":\"18446744073709551615\",\"uint32Value\":4294967295,"
    "\"boolValue\":true,\"stringValue\":\"B\u1ebfn Tre\",\"color\":\"COLOR_RED\","
    "\"leaf\":{\"displayName\":\"2022-03-25\",\"count\":3,\"planPercent\":95.3},"
    "\"strings\":[\"a\",\"bc\"],\"int32s\":[1,2],\"leaves\":[{\"count\":1},{\"count\":7}],"
    "\"labels\":{\"district\":\"829\",\"a "
    "b\":\"c\",\"B\u1ebfn\":\"x\"},\"byInt32\":{\"7\":\"seven\"},"
    "\"leavesByName\":{\"p\":{\"count\":4}},\"chosenNumber\":\"0\","
    "\"createTime\":\"2022-03-25T00:00:00.5Z\",\"timeout\":\"3.5s\",\"doubles\":[\"NaN\"],"
    "\"stringWrapper\":\"w\",\"int64Wrapper\":\"0\",\"bytesValue\":\"AA==\"}";

static int set_up(void **state)
{
    void *message = NULL;

    (void)state;
    arena = arena_new(LIMIT_BYTES);
    const struct status status = json_decode(arena, EVERYTHING, slice_from(sample_text), &message);
    sample = message;
    return status.code == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct filter *parsed(const char *text)
{
    const struct filter *filter = NULL;
    const struct status status = filter_parse(arena, EVERYTHING, text, &filter);

    if (status.code != STATUS_OK) {
        fail_msg("%s: %s", text, status.message);
    }
    return filter;
}

static void assert_matches(const char *const *filters, size_t count, bool expected)
{
    for (size_t i = 0; i < count; i++) {
        if (filter_matches(parsed(filters[i]), &sample->base) != expected) {
            fail_msg("%s", filters[i]);
        }
    }
}

#define MATCHING(...)                                                                              \
    do {                                                                                           \
        static const char *const filters_[] = {__VA_ARGS__};                                       \
        assert_matches(filters_, sizeof(filters_) / sizeof(filters_[0]), true);                    \
    } while (0)
#define NOT_MATCHING(...)                                                                          \
    do {                                                                                           \
        static const char *const filters_[] = {__VA_ARGS__};                                       \
        assert_matches(filters_, sizeof(filters_) / sizeof(filters_[0]), false);                   \
    } while (0)

static void an_empty_filter_matches_all(void **state)
{
    (void)state;
    MATCHING("", "  \t\n ");
}

static void numbers_compare_exactly_over_their_whole_range(void **state)
{
    (void)state;
    MATCHING("int32_value = -5", "int32Value=-5", "int32_value:-5", "int32_value != 5",
             "int32_value < 0", "int32_value <= -5", "int32_value >= -5", "int32_value > -6",
             "int32_value = -5.0", "int32_value = -0.5e1", "int64_value = -9223372036854775808",
             "int64_value < -9223372036854775807", "uint64_value = 18446744073709551615",
             "uint64_value > 9223372036854775807", "uint32_value = 4294967295",
             "double_value = 1.5", "double_value > -1e300", "double_value < Infinity",
             "float_value = 0.1", "double_value != NaN");
    NOT_MATCHING("int32_value = 5", "int32_value > -5", "int64_value > -9223372036854775808",
                 "uint64_value < 18446744073709551615", "double_value = 1.4", "double_value = NaN",
                 "double_value < NaN", "float_value != 0.1", "int32_value >= 0");
}

static void bools_and_enums_compare_by_name(void **state)
{
    (void)state;
    MATCHING("bool_value = true", "bool_value != false", "color = COLOR_RED",
             "color = \"COLOR_RED\"", "color != COLOR_GREEN", "color:COLOR_RED");
    NOT_MATCHING("bool_value = false", "color = COLOR_UNSPECIFIED", "color != COLOR_RED");
}

static void strings_compare_exactly_or_by_wildcard(void **state)
{
    (void)state;
    MATCHING("string_value = \"B\u1ebfn Tre\"", "string_value = 'B\u1ebfn Tre'",
             /* The same letters decomposed. */
             "string_value = \"Be\u0302\u0301n Tre\"", "string_value = \"B\u1ebf*\"",
             "string_value = \"*Tre\"", "string_value = \"*n T*\"", "string_value : \"*Tre\"",
             "string_value != \"*x\"", "string_value = *", "string_value = \"*\"",
             "leaf.display_name > 2022-03-24", "leaf.display_name <= \"2022-03-25\"",
             "leaf.displayName = 2022-*", "string_value < \"C\"");
    NOT_MATCHING("string_value = \"b\u1ebfn tre\"", "string_value = \"B\u1ebfn\"",
                 "string_value = \"*B\u1ebfn\"", "string_value = \"Tre*\"",
                 "string_value = \"B*e\"", "string_value = \"\\*\"", "string_value = \"\"",
                 "string_value != \"*Tre\"", "leaf.display_name < \"2022-03-25\"",
                 "string_value = \"*B\u1ebfn Tre, B\u1ebfn Tre\"");
}

static void times_compare_in_their_order(void **state)
{
    (void)state;
    MATCHING("create_time > 2022-03-25T00:00:00Z", "create_time < \"2022-03-25T00:00:01Z\"",
             "create_time = \"2022-03-25T07:00:00.5+07:00\"", "timeout = 3.5s", "timeout > \"3s\"",
             "create_time != \"2022-03-25T00:00:00Z\"");
    NOT_MATCHING("create_time > \"2022-03-25T07:00:00.5+07:00\"", "timeout < 3.5s");
}

static void unset_is_only_unequal(void **state)
{
    (void)state;
    MATCHING("leaf.plan_percent = 95.3", "double_wrapper != 0", "NOT double_wrapper = 0",
             "-double_wrapper > 0", "int64_wrapper = 0", "string_wrapper = w", "node.name != \"x\"",
             "NOT node.name = \"\"", "chosen_number = 0", "chosen_text != \"\"",
             "labels.none != \"x\"");
    NOT_MATCHING("double_wrapper = 0", "double_wrapper < 1", "double_wrapper >= 0",
                 "node.name = \"\"", "chosen_text = \"\"", "labels.none = \"\"",
                 "string_wrapper != w", "chosen_leaf.count = 0");
}

static void presence_is_asked_with_a_star(void **state)
{
    (void)state;
    MATCHING("leaf:*", "string_value:*", "int32_value:*", "strings:*", "labels:*",
             "labels.district:*", "create_time:*", "int64_wrapper:*", "chosen_number:*",
             "leaf.plan_percent:*", "bytes_value:*", "leaves.count:*", "leaves_by_name.p:*");
    NOT_MATCHING("node:*", "node.name:*", "sint32_value:*", "byteses:*", "by_bool:*",
                 "labels.none:*", "double_wrapper:*", "chosen_text:*", "detail:*",
                 "leaves.plan_percent:*");
}

static void repeated_fields_and_maps_are_asked_for_what_they_have(void **state)
{
    (void)state;
    MATCHING("strings:a", "strings:\"b*\"", "int32s:2", "leaves.count:7", "labels:district",
             "labels.district:\"829\"", "labels.district = \"829\"", "labels.\"a b\" = c",
             "labels.'a b' = c", "by_int32:7", "by_int32.7 = seven", "leaves_by_name.p.count = 4",
             "leaves_by_name.p.count > 3", "labels.\"Be\u0302\u0301n\" = x",
             "labels.\"Be\u0302\u0301n\":x", "labels.district != \"1\"");
    NOT_MATCHING("strings:b", "int32s:3", "leaves.count:2", "labels:none",
                 "labels.district:\"830\"", "by_int32:8", "by_int32.8 = seven", "doubles:1",
                 "leaves_by_name.p.count = 5", "leaves_by_name.q.count = 4");
}

static void or_binds_tighter_than_and(void **state)
{
    (void)state;
    /* T: int32_value = -5, F: int32_value = 0. */
    MATCHING("int32_value = -5 OR int32_value = 0 AND int32_value = -5",
             "int32_value = -5 AND int32_value = 0 OR int32_value = -5",
             "int32_value = -5 int32_value = 0 OR int32_value = -5",
             "NOT int32_value = 0 OR int32_value = 0", "-int32_value = 0 int32_value = -5",
             "NOT (int32_value = 0 OR int32_value = 1)", "-(int32_value=0)",
             "(((int32_value = -5)))", "NOT(int32_value = 0)",
             "(int32_value = 0 AND int32_value = 0) OR int32_value = -5");
    NOT_MATCHING("int32_value = -5 OR int32_value = -5 AND int32_value = 0",
                 "int32_value = 0 AND int32_value = -5 OR int32_value = -5",
                 "int32_value = -5 int32_value = 0",
                 "int32_value = -5 OR int32_value = 0 int32_value = 0",
                 "NOT int32_value = -5 AND int32_value = -5", "-int32_value = -5",
                 "NOT (int32_value = -5 OR int32_value = 0)");
}

static void text_in_quotes_may_hold_anything(void **state)
{
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;
    char text[] = "a \"b\" 'c' \\ * ( AND )";

    (void)state;
    message.string_value = text;
    assert_true(filter_matches(parsed("string_value = \"a \\\"b\\\" 'c' \\\\ \\* ( AND )\""),
                               &message.base));
    assert_true(
        filter_matches(parsed("string_value = 'a \"b\" \\'c\\' \\\\ \\* ( AND )'"), &message.base));
}

static void a_number_without_quotes_is_text_for_a_string(void **state)
{
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;
    char text[] = "834";

    (void)state;
    message.string_value = text;
    assert_true(filter_matches(parsed("string_value = 834"), &message.base));
    assert_false(filter_matches(parsed("string_value = 834.0"), &message.base));
}

static void assert_requires(const char *text, const char *path, const char *expected)
{
    const char *value = NULL;
    const bool is_required = filter_requires(parsed(text), path, &value);

    if (is_required != (expected != NULL)) {
        fail_msg("%s", text);
    }
    if (is_required) {
        assert_string_equal(value, expected);
    }
}

static void a_requirement_is_claimed_only_where_it_holds(void **state)
{
    (void)state;
    assert_requires("string_value = x", "string_value", "x");
    assert_requires("stringValue = \"x\"", "string_value", "x");
    assert_requires("string_value : x", "string_value", "x");
    assert_requires("color = COLOR_RED", "color", "COLOR_RED");
    assert_requires("leaf.displayName = x", "leaf.display_name", "x");
    assert_requires("int32_value > 1 AND string_value = x", "string_value", "x");
    assert_requires("int32_value > 1 string_value = x", "string_value", "x");
    assert_requires("(int32_value > 1 AND (string_value = x))", "string_value", "x");
    assert_requires("string_value = x OR string_value = x", "string_value", "x");
    assert_requires("int32_value = 1 OR int32_value = 2 AND string_value = x", "string_value", "x");
    assert_requires("string_value = \"Be\u0302\u0301n\"", "string_value", "B\u1ebfn");

    assert_requires("", "string_value", NULL);
    assert_requires("string_value = x", "color", NULL);
    assert_requires("string_value != x", "string_value", NULL);
    assert_requires("string_value >= x", "string_value", NULL);
    assert_requires("string_value = \"x*\"", "string_value", NULL);
    assert_requires("string_value = *", "string_value", NULL);
    assert_requires("string_value:*", "string_value", NULL);
    assert_requires("NOT string_value = x", "string_value", NULL);
    assert_requires("-string_value = x", "string_value", NULL);
    assert_requires("NOT (int32_value > 1 AND string_value = x)", "string_value", NULL);
    assert_requires("string_value = x OR string_value = y", "string_value", NULL);
    assert_requires("string_value = x OR int32_value = 1", "string_value", NULL);
    assert_requires("int32_value = 1 OR string_value = x", "string_value", NULL);
    assert_requires("int32_value = 5", "int32_value", NULL);
    assert_requires("strings:x", "strings", NULL);
    assert_requires("labels.district = x", "labels.district", NULL);
    assert_requires("labels:string_value", "string_value", NULL);
    assert_requires("leaves.display_name:x", "leaves.display_name", NULL);
    assert_requires("string_value = \"\\*\"", "string_value", "*");
}

static void orders_are_paths_with_a_direction(void **state)
{
    struct order_key keys[ORDER_KEYS_MAX];
    size_t count = 9;

    (void)state;
    assert_ok(order_parse(arena, EVERYTHING, "", keys, &count));
    assert_int_equal(count, 0);
    assert_ok(order_parse(arena, EVERYTHING, "  ", keys, &count));
    assert_int_equal(count, 0);
    assert_ok(order_parse(arena, EVERYTHING,
                          " stringValue , leaf.display_name  desc,createTime asc", keys, &count));
    assert_int_equal(count, 3);
    assert_string_equal(keys[0].path, "string_value");
    assert_false(keys[0].descending);
    assert_string_equal(keys[1].path, "leaf.display_name");
    assert_true(keys[1].descending);
    assert_string_equal(keys[2].path, "create_time");
    assert_false(keys[2].descending);
}

static void orders_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *text;
        int byte;
    } table[] = {
        {",", 1},
        {"string_value,", 14},
        {",string_value", 1},
        {"string_value,,color", 14},
        {"nope", 1},
        {"color, nope desc", 8},
        {"color DESC", 7},
        {"color desc asc", 12},
        {"color int32_value", 7},
        {"color;int32_value", 1},
        {"leaf", 1},
        {"leaf.", 1},
        {"leaf.nope", 1},
        {"strings", 1},
        {"labels.a", 1},
        {"leaves.count", 1},
        {"color,color desc", 7},
        {"color,stringValue,string_value", 19},
        {"color,int32_value,int64_value,string_value,bool_value", 44},
    };
    struct order_key keys[ORDER_KEYS_MAX];
    size_t count = 9;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char place[32];
        const struct status status = order_parse(arena, EVERYTHING, table[i].text, keys, &count);
        (void)snprintf(place, sizeof(place), "(byte %d)", table[i].byte);
        if (status.code != STATUS_INVALID_ARGUMENT || strstr(status.message, place) == NULL) {
            fail_msg("%s: %s", table[i].text, status.message != NULL ? status.message : "OK");
        }
        assert_string_equal(status.reason->name, "INVALID_ORDER_BY");
        assert_string_equal(status.field, "orderBy");
        assert_int_equal(count, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_filter_matches_all),
        cmocka_unit_test(numbers_compare_exactly_over_their_whole_range),
        cmocka_unit_test(bools_and_enums_compare_by_name),
        cmocka_unit_test(strings_compare_exactly_or_by_wildcard),
        cmocka_unit_test(times_compare_in_their_order),
        cmocka_unit_test(unset_is_only_unequal),
        cmocka_unit_test(presence_is_asked_with_a_star),
        cmocka_unit_test(repeated_fields_and_maps_are_asked_for_what_they_have),
        cmocka_unit_test(or_binds_tighter_than_and),
        cmocka_unit_test(text_in_quotes_may_hold_anything),
        cmocka_unit_test(a_number_without_quotes_is_text_for_a_string),
        cmocka_unit_test(a_requirement_is_claimed_only_where_it_holds),
        cmocka_unit_test(orders_are_paths_with_a_direction),
        cmocka_unit_test(orders_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
