/* fieldmask_test.c - masks checked, made and merged. */
#include "unit.h"

#include "everything.h"
#include "pb/fieldmask.h"
#include "pb/message.h"

#include <string.h>

enum { LIMIT_BYTES = 1 << 20 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    return arena != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static Everything *read(const char *text)
{
    void *message = NULL;

    assert_ok(json_decode(arena, EVERYTHING, slice_from(text), &message));
    return message;
}

static struct status check(const char *path)
{
    char *copy = arena_strdup(arena, path);

    return fieldmask_check(arena, EVERYTHING, &copy, 1);
}

static void merge(Everything *to, const Everything *from, const char *path)
{
    char *copy = arena_strdup(arena, path);

    assert_ok(check(path));
    assert_ok(fieldmask_merge(arena, &to->base, &from->base, &copy, 1));
}

static void paths_lead_to_fields_by_either_name(void **state)
{
    static const char *const good[] = {
        "*",
        "int32_value",
        "int32Value",
        "leaf",
        "leaf.display_name",
        "leaf.displayName",
        "leaf.planPercent",
        "strings",
        "labels",
        "create_time",
        "chosen_leaf.count",
        "node.children",
        "double_wrapper",
        "detail",
        "node.by_name",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_ok(check(good[i]));
    }
    assert_ok(fieldmask_check(arena, EVERYTHING, NULL, 0));
}

static void paths_that_lead_nowhere_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        ".",
        "leaf.",
        ".leaf",
        "leaf..count",
        "nope",
        "leaf.nope",
        "leaf.*",
        "labels.a",
        "strings.0",
        "leaves.count",
        "create_time.seconds",
        "double_wrapper.value",
        "int32_value.x",
        "Leaf",
        "leaf,count",
        "detail.value",
        "**",
        "leaf.plan_percent.value",
        "\xff",
    };
    char *both[2] = {arena_strdup(arena, "*"), arena_strdup(arena, "leaf")};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct status status = check(bad[i]);
        if (status.code != STATUS_INVALID_ARGUMENT) {
            fail_msg("%s", bad[i]);
        }
        assert_string_equal(status.reason, "INVALID_FIELD_MASK");
        assert_string_equal(status.field, "updateMask");
    }
    assert_non_null(strstr(check("leaf.nope").message, "leaf.nope"));
    assert_status(fieldmask_check(arena, EVERYTHING, both, 2), STATUS_INVALID_ARGUMENT,
                  "INVALID_FIELD_MASK");
}

static void the_default_mask_is_what_is_present(void **state)
{
    const Everything *message = read("{\"int32Value\":0,\"stringValue\":\"x\",\"leaf\":{},"
                                     "\"strings\":[],\"bools\":[false],\"chosenNumber\":0,"
                                     "\"doubleWrapper\":0,\"stringWrapper\":null}");
    static const char *const wanted[] = {"string_value", "leaf", "bools", "chosen_number",
                                         "double_wrapper"};
    char **paths = NULL;
    size_t count = 0;

    (void)state;
    assert_ok(fieldmask_from_present(arena, &message->base, &paths, &count));
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(paths[i], wanted[i]);
    }
}

static void named_fields_are_set_and_cleared_and_others_stay(void **state)
{
    Everything *to = read("{\"int32Value\":1,\"stringValue\":\"old\",\"strings\":[\"a\"],"
                          "\"doubleWrapper\":1,\"labels\":{\"a\":\"b\"}}");
    const Everything *from = read("{\"int32Value\":2,\"labels\":{\"c\":\"d\",\"e\":\"f\"}}");

    (void)state;
    merge(to, from, "int32Value");
    assert_int_equal(to->int32_value, 2);
    assert_string_equal(to->string_value, "old");
    merge(to, from, "stringValue");
    assert_string_equal(to->string_value, "");
    merge(to, from, "strings");
    assert_int_equal(to->n_strings, 0);
    merge(to, from, "double_wrapper");
    assert_null(to->double_wrapper);
    merge(to, from, "labels");
    assert_int_equal(to->n_labels, 2);
}

static void a_path_into_a_message_keeps_its_other_fields(void **state)
{
    Everything *to = read("{\"leaf\":{\"displayName\":\"a\",\"count\":1,\"planPercent\":1}}");
    const Everything *from = read("{\"leaf\":{\"count\":2}}");
    const Dongkhoi__Test__Leaf *shared = to->leaf;

    (void)state;
    merge(to, from, "leaf.count");
    assert_int_equal(to->leaf->count, 2);
    assert_string_equal(to->leaf->display_name, "a");
    merge(to, from, "leaf.planPercent");
    assert_null(to->leaf->plan_percent);
    assert_int_equal(shared->count, 1);
    assert_non_null(shared->plan_percent);
}

static void an_unset_message_clears_what_a_path_into_it_names(void **state)
{
    Everything *to = read("{\"leaf\":{\"displayName\":\"a\",\"count\":1}}");
    const Everything *from = read("{}");

    (void)state;
    merge(to, from, "leaf.count");
    assert_int_equal(to->leaf->count, 0);
    assert_string_equal(to->leaf->display_name, "a");
    to = read("{}");
    merge(to, from, "leaf.count");
    assert_null(to->leaf);
    from = read("{\"leaf\":{\"count\":5}}");
    merge(to, from, "leaf.count");
    assert_int_equal(to->leaf->count, 5);
}

static void oneofs_change_their_member(void **state)
{
    Everything *to = read("{\"chosenText\":\"a\"}");
    const Everything *from = read("{\"chosenLeaf\":{\"count\":4}}");

    (void)state;
    merge(to, from, "chosenNumber");
    assert_int_equal(to->choice_case, DONGKHOI__TEST__EVERYTHING__CHOICE_CHOSEN_TEXT);
    merge(to, from, "chosenLeaf.count");
    assert_int_equal(to->choice_case, DONGKHOI__TEST__EVERYTHING__CHOICE_CHOSEN_LEAF);
    assert_int_equal(to->chosen_leaf->count, 4);
    merge(to, read("{}"), "chosenLeaf");
    assert_int_equal(to->choice_case, DONGKHOI__TEST__EVERYTHING__CHOICE__NOT_SET);
}

static void a_star_replaces_all(void **state)
{
    Everything *to = read("{\"int32Value\":1,\"chosenText\":\"a\",\"strings\":[\"x\"]}");
    const Everything *from = read("{\"boolValue\":true,\"chosenNumber\":3}");

    (void)state;
    merge(to, from, "*");
    assert_true(message_equals(&to->base, &from->base));
}

static void short_memory_is_said(void **state)
{
    Everything *to = read("{}");
    const Everything *from = read("{\"leaf\":{\"count\":2}}");
    char path[] = "leaf.count";
    char *paths[] = {path};

    (void)state;
    for (size_t limit = 0;; limit += 16) {
        struct arena *small = arena_new(limit);
        char **present = NULL;
        size_t count = 0;
        const struct status merged =
            status_within(small, fieldmask_merge(small, &to->base, &from->base, paths, 1));
        const struct status made =
            status_within(small, fieldmask_from_present(small, &from->base, &present, &count));
        const bool is_ok = merged.code == STATUS_OK && made.code == STATUS_OK;
        arena_free(small);
        to->leaf = NULL;
        if (is_ok) {
            return;
        }
        assert_true(merged.code == STATUS_OK || merged.code == STATUS_RESOURCE_EXHAUSTED);
        assert_true(made.code == STATUS_OK || made.code == STATUS_RESOURCE_EXHAUSTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_fields_by_either_name),
        cmocka_unit_test(paths_that_lead_nowhere_are_refused),
        cmocka_unit_test(the_default_mask_is_what_is_present),
        cmocka_unit_test(named_fields_are_set_and_cleared_and_others_stay),
        cmocka_unit_test(a_path_into_a_message_keeps_its_other_fields),
        cmocka_unit_test(an_unset_message_clears_what_a_path_into_it_names),
        cmocka_unit_test(oneofs_change_their_member),
        cmocka_unit_test(a_star_replaces_all),
        cmocka_unit_test(short_memory_is_said),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
