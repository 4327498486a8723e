/* message_test.c - tests message.c: fields, what is reached by name, NFC and packing. */
#include "message_fixture.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "pb/message.h"
#include "sample.h"

#include <math.h>
#include <string.h>

static void fields_are_found_by_their_whole_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TYPE->n_fields; i++) {
        assert_ptr_equal(field_of(TYPE->fields[i].name), &TYPE->fields[i]);
    }
    assert_null(message_field(TYPE, slice_from("")));
    assert_null(message_field(TYPE, slice_from("nam")));
    assert_null(message_field(TYPE, slice_from("names")));
    assert_null(message_field(TYPE, slice_from("int32Value")));
    assert_null(message_field(TYPE, slice_from("zzz")));
    assert_null(message_field(TYPE, (struct slice){.data = "name\0", .length = 5}));
    assert_non_null(message_field(TYPE, (struct slice){.data = "name.x", .length = 4}));
    assert_null(message_field(&google__protobuf__method_options__descriptor, slice_from("")));
}

static void every_field_is_held_or_not_and_can_be_cleared(void **state)
{
    Samples__Sample *full = sample_full(arena);
    const Samples__Sample *none = fresh();

    (void)state;
    for (unsigned i = 0; i < TYPE->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &TYPE->fields[i];
        const bool filled =
            strncmp(field->name, "choice_", 7) != 0 || strcmp(field->name, "choice_number") == 0;
        const bool left_out = strcmp(field->name, "inner_by_number") == 0 ||
                              strcmp(field->name, "owner") == 0 ||
                              strcmp(field->name, "parent") == 0;
        if (message_has(&full->base, field) != (filled && !left_out)) {
            fail_msg("%s", field->name);
        }
        assert_false(message_has(&none->base, field));
        message_clear(&full->base, field);
        assert_false(message_has(&full->base, field));
    }
    assert_true(message_equals(&full->base, &none->base));
    assert_int_equal(full->choice_case, 0);
    assert_string_equal(full->name, "");
}

static void a_member_of_a_oneof_is_held_even_when_it_is_zero(void **state)
{
    Samples__Sample *sample = fresh();

    (void)state;
    assert_true(message_set_int(&sample->base, "choice_number", 0));
    assert_true(message_has(&sample->base, field_of("choice_number")));
    assert_false(message_has(&sample->base, field_of("choice_text")));
    /* Clearing another member leaves it alone. */
    message_clear(&sample->base, field_of("choice_text"));
    assert_true(message_has(&sample->base, field_of("choice_number")));
    assert_false(message_equals(&sample->base, &fresh()->base));
}

static void minus_zero_is_no_value(void **state)
{
    Samples__Sample *sample = fresh();

    (void)state;
    sample->double_value = -0.0;
    sample->float_value = -0.0F;
    assert_false(message_has(&sample->base, field_of("double_value")));
    assert_false(message_has(&sample->base, field_of("float_value")));
    sample->double_value = (double)NAN;
    assert_true(message_has(&sample->base, field_of("double_value")));
}

static void proto2_fields_have_their_presence_and_default(void **state)
{
    const ProtobufCMessageDescriptor *type = &google__protobuf__field_options__descriptor;
    Google__Protobuf__FieldOptions *options = message_new(arena, type);
    const ProtobufCFieldDescriptor *ctype = message_field(type, slice_from("ctype"));
    const ProtobufCFieldDescriptor *packed = message_field(type, slice_from("packed"));

    (void)state;
    assert_false(message_has(&options->base, ctype));
    assert_true(message_set_int(&options->base, "ctype", 0));
    assert_true(message_has(&options->base, ctype));
    assert_true(message_set_int(&options->base, "packed", 1));
    Google__Protobuf__FieldOptions *other = message_new(arena, type);
    assert_false(message_equals(&options->base, &other->base));
    message_copy_field(&other->base, &options->base, packed);
    message_copy_field(&other->base, &options->base, ctype);
    assert_true(message_equals(&options->base, &other->base));
    message_clear(&options->base, packed);
    assert_false(options->has_packed);
    assert_int_equal(options->packed, 0);
    Google__Protobuf__FieldDescriptorProto *proto =
        message_new(arena, &google__protobuf__field_descriptor_proto__descriptor);
    const ProtobufCFieldDescriptor *name =
        message_field(proto->base.descriptor, slice_from("name"));
    assert_false(message_has(&proto->base, name));
    assert_true(message_set_string(&proto->base, "name", ""));
    assert_true(message_has(&proto->base, name));
    message_clear(&proto->base, name);
    assert_null(proto->name);
    assert_string_equal(message_string(&proto->base, "name"), "");
}

static void whatever_allocation_fails_packing_says_so(void **state)
{
    const Samples__Sample *full = sample_full(arena);
    struct slice bytes = {0};
    size_t limit = 0;

    (void)state;
    for (;; limit += 16) {
        struct arena *small = arena_new(limit);
        const struct status status = message_pack(small, &full->base, &bytes);
        arena_free(small);
        if (status.code == STATUS_OK) {
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_null(bytes.data);
    }
    assert_int_equal(bytes.length, protobuf_c_message_get_packed_size(&full->base));
    assert_ok(message_pack(arena, &fresh()->base, &bytes));
    assert_int_equal(bytes.length, 0);
}

static void strings_are_reached_by_name(void **state)
{
    Samples__Sample *sample = fresh();
    char text[] = "x";

    (void)state;
    assert_string_equal(message_string(&sample->base, "name"), "");
    assert_true(message_set_string(&sample->base, "name", text));
    assert_ptr_equal(message_string(&sample->base, "name"), text);
    assert_string_equal(message_string(&sample->base, "choice_text"), "");
    assert_true(message_set_string(&sample->base, "choice_text", text));
    assert_int_equal(sample->choice_case, SAMPLES__SAMPLE__CHOICE_CHOICE_TEXT);
    assert_true(message_set_string(&sample->base, "choice_text", protobuf_c_empty_string));
    struct slice bytes = {0};
    assert_ok(message_pack(arena, &sample->base, &bytes));
    assert_int_equal(bytes.length, 6); /* the name, and the member although it is empty */
    assert_true(message_set_int(&sample->base, "choice_number", 5));
    assert_string_equal(message_string(&sample->base, "choice_text"), "");
    assert_string_equal(message_string(&sample->base, "none"), "");
    assert_string_equal(message_string(&sample->base, "int32_value"), "");
    assert_string_equal(message_string(&sample->base, "string_list"), "");
    assert_false(message_set_string(&sample->base, "none", text));
    assert_false(message_set_string(&sample->base, "bytes_value", text));
    assert_false(message_set_string(&sample->base, "string_list", text));
}

static void children_are_reached_by_name(void **state)
{
    Samples__Sample *sample = fresh();
    Samples__Sample__Inner *inner = inner_with("x");

    (void)state;
    assert_null(message_child(&sample->base, "inner"));
    assert_true(message_set_child(&sample->base, "inner", inner));
    assert_ptr_equal(message_child(&sample->base, "inner"), inner);
    assert_true(message_set_child(&sample->base, "inner", NULL));
    assert_null(message_child(&sample->base, "inner"));
    assert_true(message_set_child(&sample->base, "choice_inner", inner));
    assert_ptr_equal(message_child(&sample->base, "choice_inner"), inner);
    assert_true(message_set_int(&sample->base, "choice_number", -1));
    assert_null(message_child(&sample->base, "choice_inner"));
    assert_true(message_set_child(&sample->base, "choice_inner", NULL));
    assert_int_equal(sample->choice_number, -1);
    assert_null(message_child(&sample->base, "inner_list"));
    assert_null(message_child(&sample->base, "name"));
    assert_false(message_set_child(&sample->base, "none", inner));
    assert_false(message_set_child(&sample->base, "inner_list", inner));
}

static void integers_are_reached_by_name_and_fit(void **state)
{
    static const char *const narrow[] = {"int32_value", "sint32_value", "sfixed32_value", "color"};
    static const char *const wide[] = {"int64_value", "sint64_value", "sfixed64_value"};
    Samples__Sample *sample = fresh();

    (void)state;
    for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
        assert_int_equal(message_int(&sample->base, narrow[i], 9), 0);
        assert_true(message_set_int(&sample->base, narrow[i], INT32_MIN));
        assert_false(message_set_int(&sample->base, narrow[i], INT64_C(1) << 31));
        assert_true(message_int(&sample->base, narrow[i], 9) == INT32_MIN);
    }
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        assert_true(message_set_int(&sample->base, wide[i], INT64_MIN));
        assert_true(message_int(&sample->base, wide[i], 9) == INT64_MIN);
    }
    assert_true(message_set_int(&sample->base, "bool_value", 1));
    assert_int_equal(message_int(&sample->base, "bool_value", 9), 1);
    assert_int_equal(message_int(&sample->base, "choice_number", 9), 0);
    assert_int_equal(message_int(&sample->base, "none", 9), 9);
    assert_int_equal(message_int(&sample->base, "name", 9), 9);
    assert_int_equal(message_int(&sample->base, "double_value", 9), 9);
    assert_int_equal(message_int(&sample->base, "int32_list", 9), 9);
    assert_false(message_set_int(&sample->base, "int32_list", 1));
    assert_false(message_set_int(&sample->base, "none", 1));
    assert_false(message_set_int(&sample->base, "name", 1));
}

static void lists_are_reached_by_name(void **state)
{
    Samples__Sample *sample = sample_full(arena);
    ProtobufCMessage *items[] = {&inner_with("a")->base};
    size_t count = 42;

    (void)state;
    assert_ptr_equal(message_list(&sample->base, "inner_list", &count), sample->inner_list);
    assert_int_equal(count, 2);
    assert_true(message_set_list(&sample->base, "inner_list", items, 1));
    assert_string_equal(sample->inner_list[0]->text, "a");
    assert_int_equal(sample->n_inner_list, 1);
    assert_null(message_list(&sample->base, "string_list", &count));
    assert_int_equal(count, 0);
    assert_null(message_list(&sample->base, "inner", &count));
    assert_null(message_list(&sample->base, "none", &count));
    assert_false(message_set_list(&sample->base, "string_list", items, 1));
    assert_false(message_set_list(&sample->base, "none", items, 1));
}

static void maps_are_told_from_lists(void **state)
{
    (void)state;
    assert_true(message_field_is_map(TYPE, field_of("labels")));
    assert_true(message_field_is_map(TYPE, field_of("inner_by_number")));
    assert_false(message_field_is_map(TYPE, field_of("inner_list")));
    assert_false(message_field_is_map(TYPE, field_of("inner")));
    assert_false(message_field_is_map(TYPE, field_of("string_list")));
    assert_false(message_field_is_map(TYPE, field_of("amount")));
}

static Samples__Sample *decomposed(void)
{
    Samples__Sample *sample = fresh();
    Samples__Sample__LabelsEntry *label =
        message_new(arena, &samples__sample__labels_entry__descriptor);

    label->key = arena_strdup(arena, "e\xcc\x82\xcc\x81");
    label->value = arena_strdup(arena, "o\xcc\x9b\xcc\x89");
    sample->labels = arena_array(arena, 1, sizeof(*sample->labels));
    sample->labels[0] = label;
    sample->n_labels = 1;
    sample->name = arena_strdup(arena, "Be\xcc\x82\xcc\x81n Tre");
    sample->n_string_list = 2;
    sample->string_list = arena_array(arena, 2, sizeof(char *));
    sample->string_list[0] = arena_strdup(arena, "đã");
    sample->string_list[1] = arena_strdup(arena, "a\xcc\x81");
    sample->inner = inner_with("");
    sample->inner->child = inner_with("u\xcc\xa3");
    sample->bytes_value.len = 3;
    sample->bytes_value.data = (uint8_t *)arena_strdup(arena, "e\xcc\x81");
    assert_true(message_set_string(&sample->base, "choice_text", arena_strdup(arena, "i\xcc\x89")));
    return sample;
}

static void every_string_becomes_nfc_and_bytes_do_not(void **state)
{
    Samples__Sample *sample = decomposed();

    (void)state;
    assert_ok(message_to_nfc(arena, &sample->base));
    assert_string_equal(sample->name, "Bến Tre");
    assert_string_equal(sample->labels[0]->key, "ế");
    assert_string_equal(sample->labels[0]->value, "ở");
    assert_string_equal(sample->string_list[0], "đã");
    assert_string_equal(sample->string_list[1], "á");
    assert_string_equal(sample->inner->child->text, "ụ");
    assert_string_equal(sample->choice_text, "ỉ");
    assert_int_equal(sample->bytes_value.len, 3);
    assert_memory_equal(sample->bytes_value.data, "e\xcc\x81", 3);
    /* A number in a oneof with strings is no string. */
    sample = sample_full(arena);
    assert_ok(message_to_nfc(arena, &sample->base));
    assert_true(message_equals(&sample->base, &sample_full(arena)->base));
}

static void a_control_character_in_any_string_is_refused_by_its_path(void **state)
{
    static const struct {
        const char *text;
        bool is_refused;
    } cases[] = {{"a\tb\nc\r\nd", false}, {"a\rb", true},  {"a\r", true},
                 {"\x01", true},          {"a\x1f", true}, {"\x7f\xc2\x85", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Samples__Sample *sample = decomposed();

        sample->inner->child->text = (char *)(uintptr_t)cases[i].text;
        const struct status status = message_to_nfc(arena, &sample->base);
        assert_int_equal(status.code == STATUS_OK, !cases[i].is_refused);
        if (cases[i].is_refused) {
            assert_string_equal(status.reason, "INVALID_VALUE");
            assert_string_equal(status.field, "inner.child.text");
        }
        sample = decomposed();
        sample->string_list[1] = (char *)(uintptr_t)cases[i].text;
        const struct status in_list = message_to_nfc(arena, &sample->base);
        assert_int_equal(in_list.code == STATUS_OK, !cases[i].is_refused);
        if (cases[i].is_refused) {
            assert_string_equal(in_list.field, "stringList[1]");
        }
    }
}

static void whatever_allocation_fails_nfc_says_so(void **state)
{
    size_t limit = 0;

    (void)state;
    for (;; limit += 16) {
        struct arena *small = arena_new(limit);
        Samples__Sample *sample = decomposed();
        const struct status status = status_within(small, message_to_nfc(small, &sample->base));
        arena_free(small);
        arena_reset(arena);
        if (status.code == STATUS_OK) {
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    }
    assert_true(limit > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
        TEST(fields_are_found_by_their_whole_name),
        TEST(every_field_is_held_or_not_and_can_be_cleared),
        TEST(a_member_of_a_oneof_is_held_even_when_it_is_zero),
        TEST(minus_zero_is_no_value),
        TEST(proto2_fields_have_their_presence_and_default),
        TEST(whatever_allocation_fails_packing_says_so),
        TEST(strings_are_reached_by_name),
        TEST(children_are_reached_by_name),
        TEST(integers_are_reached_by_name_and_fit),
        TEST(lists_are_reached_by_name),
        TEST(maps_are_told_from_lists),
        TEST(every_string_becomes_nfc_and_bytes_do_not),
        TEST(a_control_character_in_any_string_is_refused_by_its_path),
        TEST(whatever_allocation_fails_nfc_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
