/* json_set_test.c - fields set from the text of a URL. */
#include "unit.h"

#include "everything.h"
#include "pb/json.h"
#include "pb/message.h"

#include <math.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 20 };

static struct arena *arena;
static Everything *message;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    message = message_new(arena, EVERYTHING);
    return message != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct status set(const char *path, const char *text)
{
    return json_set_from_text(arena, &message->base, slice_from(path), slice_from(text));
}

static void scalars_take_their_text_without_quotes(void **state)
{
    (void)state;
    assert_ok(set("double_value", "1.5"));
    assert_ok(set("floatValue", "NaN"));
    assert_ok(set("int32Value", "-7"));
    assert_ok(set("uint64Value", "18446744073709551615"));
    assert_ok(set("boolValue", "true"));
    assert_ok(set("string_value", "2022-12"));
    assert_ok(set("bytesValue", "_-8"));
    assert_ok(set("color", "COLOR_RED"));
    assert_true(message->double_value == 1.5);
    assert_true(isnan(message->float_value));
    assert_int_equal(message->int32_value, -7);
    assert_true(message->uint64_value == UINT64_MAX);
    assert_true(message->bool_value);
    assert_string_equal(message->string_value, "2022-12");
    assert_int_equal(message->bytes_value.len, 2);
    assert_int_equal(message->color, 1);
    assert_ok(set("color", "2"));
    assert_int_equal(message->color, 2);
}

static void wrappers_times_and_masks_take_theirs(void **state)
{
    (void)state;
    assert_ok(set("doubleWrapper", "0"));
    assert_ok(set("stringWrapper", ""));
    assert_ok(set("createTime", "2022-03-25T00:00:00Z"));
    assert_ok(set("timeout", "1.5s"));
    assert_ok(set("updateMask", "a,bC"));
    assert_true(message->double_wrapper->value == 0);
    assert_string_equal(message->string_wrapper->value, "");
    assert_true(message->create_time->seconds == 1648166400);
    assert_int_equal(message->timeout->nanos, 500000000);
    assert_string_equal(message->update_mask->paths[1], "b_c");
}

static void paths_make_the_messages_on_their_way(void **state)
{
    (void)state;
    assert_ok(set("leaf.count", "3"));
    assert_ok(set("leaf.planPercent", "95.3"));
    assert_ok(set("chosenLeaf.display_name", "x"));
    assert_int_equal(message->leaf->count, 3);
    assert_true(message->leaf->plan_percent->value == 95.3);
    assert_int_equal(message->choice_case, DONGKHOI__TEST__EVERYTHING__CHOICE_CHOSEN_LEAF);
    assert_string_equal(message->chosen_leaf->display_name, "x");
}

static void repeated_fields_grow_by_each_text(void **state)
{
    (void)state;
    assert_ok(set("int32s", "1"));
    assert_ok(set("int32s", "2"));
    assert_ok(set("strings", ""));
    assert_ok(set("strings", "b"));
    assert_ok(set("times", "2022-03-25T00:00:00Z"));
    assert_ok(set("wideNumbers", "9223372036854775807"));
    assert_int_equal(message->n_int32s, 2);
    assert_int_equal(message->int32s[1], 2);
    assert_string_equal(message->strings[0], "");
    assert_int_equal(message->n_times, 1);
    assert_true(message->wide_numbers[0]->value == INT64_MAX);
    assert_status(set("int32s", "x"), STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
    assert_int_equal(message->n_int32s, 2);
}

static void what_does_not_fit_is_refused_by_path(void **state)
{
    static const struct {
        const char *path;
        const char *text;
        const char *reason;
        const char *field;
    } table[] = {
        {"", "1", "UNKNOWN_FIELD", ""},
        {".", "1", "UNKNOWN_FIELD", "."},
        {"nope", "1", "UNKNOWN_FIELD", "nope"},
        {"leaf.", "1", "UNKNOWN_FIELD", "leaf."},
        {"leaf.nope", "1", "UNKNOWN_FIELD", "leaf.nope"},
        {"leaf.count.x", "1", "UNKNOWN_FIELD", "leaf.count.x"},
        {"int32_value.x", "1", "UNKNOWN_FIELD", "int32Value.x"},
        {"leaves.count", "1", "UNKNOWN_FIELD", "leaves.count"},
        {"labels.a", "1", "UNKNOWN_FIELD", "labels.a"},
        {"create_time.seconds", "1", "UNKNOWN_FIELD", "createTime.seconds"},
        {"\xff", "1", "UNKNOWN_FIELD", "(path)"},
        {"labels", "x", "INVALID_VALUE", "labels"},
        {"leaf", "{}", "INVALID_VALUE", "leaf"},
        {"leaves", "{}", "INVALID_VALUE", "leaves"},
        {"detail", "x", "INVALID_VALUE", "detail"},
        {"int32_value", "", "INVALID_VALUE", "int32Value"},
        {"int32_value", "2147483648", "INVALID_VALUE", "int32Value"},
        {"int32_value", "+1", "INVALID_VALUE", "int32Value"},
        {"int32_value", "\"1\"", "INVALID_VALUE", "int32Value"},
        {"bool_value", "True", "INVALID_VALUE", "boolValue"},
        {"bool_value", "1", "INVALID_VALUE", "boolValue"},
        {"string_value", "\xff", "INVALID_VALUE", "stringValue"},
        {"color", "RED", "INVALID_VALUE", "color"},
        {"color", "9", "INVALID_VALUE", "color"},
        {"create_time", "2022-13-01T00:00:00Z", "INVALID_VALUE", "createTime"},
        {"create_time", "", "INVALID_VALUE", "createTime"},
        {"double_wrapper", "x", "INVALID_VALUE", "doubleWrapper"},
        {"update_mask", "a,,b", "INVALID_VALUE", "updateMask"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct status status = set(table[i].path, table[i].text);
        if (status.code != STATUS_INVALID_ARGUMENT || strcmp(status.reason, table[i].reason) != 0 ||
            strcmp(status.field, table[i].field) != 0) {
            fail_msg("%s=%s: %s %s", table[i].path, table[i].text, status_code_name(status.code),
                     status.message != NULL ? status.message : "");
        }
    }
    assert_status(json_set_from_text(arena, &message->base, slice_from("stringValue"),
                                     (struct slice){.data = "a\0b", .length = 3}),
                  STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
}

static void a_second_member_of_a_oneof_is_refused(void **state)
{
    (void)state;
    assert_ok(set("chosenText", "a"));
    assert_status(set("chosenNumber", "1"), STATUS_INVALID_ARGUMENT, "DUPLICATE_FIELD");
    assert_status(set("chosenLeaf.count", "1"), STATUS_INVALID_ARGUMENT, "DUPLICATE_FIELD");
    assert_ok(set("chosenText", "b"));
    assert_string_equal(message->chosen_text, "b");
}

static void what_an_object_says_is_found_whatever_its_value(void **state)
{
    static const struct {
        const char *text;
        bool found;
    } cases[] = {
        {"{}", false},
        {" { \"boolValue\" : true } ", true},
        {"{\"strings\":[\"boolValue\"],\"bool_value\":false}", true},
        {"{\"boolV\\u0061lue\":null}", true},
        {"{\"leaf\":{\"count\":1},\"stringValue\":\"boolValue\"}", false},
    };
    const ProtobufCMessageDescriptor *type = &dongkhoi__test__everything__descriptor;
    const ProtobufCFieldDescriptor *field = message_field(type, slice_from("bool_value"));

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool found = !cases[i].found;

        assert_ok(json_has_member(arena, type, slice_from(cases[i].text), field, &found));
        assert_int_equal(found, cases[i].found);
    }
}

static void the_paths_of_an_object_are_those_of_all_its_members(void **state)
{
    static const struct {
        const char *text;
        const char *paths;
    } cases[] = {
        {"{}", ""},
        {"{\"boolValue\":false,\"int32_value\":0,\"stringValue\":\"\",\"color\":null}",
         "bool_value int32_value string_value color "},
        {"{\"leaf\":{\"pl\\u0061nPercent\":null,\"count\":0}}", "leaf.plan_percent leaf.count "},
        {"{\"leaf\":{}}", ""},
        {"{\"leaf\":null,\"nothing\":{}}", "leaf nothing "},
        {"{\"leaves\":[{\"count\":1}],\"labels\":{\"a\":\"b\"},\"doubles\":[]}",
         "leaves labels doubles "},
        {"{\"int64Wrapper\":null,\"createTime\":\"2022-01-01T00:00:00Z\",\"updateMask\":\"a\"}",
         "int64_wrapper create_time update_mask "},
    };
    const ProtobufCMessageDescriptor *type = &dongkhoi__test__everything__descriptor;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct slice text = slice_from(cases[i].text);
        char **paths = NULL;
        char all[200] = "";
        size_t count = 0;
        void *decoded = NULL;

        assert_ok(json_decode(arena, type, text, &decoded));
        assert_ok(json_present_paths(arena, type, text, &paths, &count));
        for (size_t k = 0; k < count; k++) {
            (void)strcat(strcat(all, paths[k]), " ");
        }
        assert_string_equal(all, cases[i].paths);
    }
}

static void short_memory_is_said(void **state)
{
    (void)state;
    for (size_t limit = 0;; limit += 16) {
        struct arena *small = arena_new(limit);
        Everything target = DONGKHOI__TEST__EVERYTHING__INIT;
        const struct status status = status_within(
            small, json_set_from_text(small, &target.base, slice_from("leaf.planPercent"),
                                      slice_from("95.3")));
        const bool is_ok = status.code == STATUS_OK;
        if (!is_ok) {
            assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        }
        arena_free(small);
        if (is_ok) {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_take_their_text_without_quotes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrappers_times_and_masks_take_theirs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_make_the_messages_on_their_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_fields_grow_by_each_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused_by_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_member_of_a_oneof_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_an_object_says_is_found_whatever_its_value, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_paths_of_an_object_are_those_of_all_its_members, set_up,
                                        tear_down),
        cmocka_unit_test(short_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
