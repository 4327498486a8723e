/* message_copy_test.c - tests message_equals.c, and the copies that message.c makes. */
#include "message_fixture.h"

#include "pb/message.h"
#include "sample.h"

#include <math.h>

static void every_field_is_copied(void **state)
{
    Samples__Sample *from = sample_full(arena);
    Samples__Sample *to = fresh();

    (void)state;
    assert_true(message_set_string(&to->base, "choice_text", "before"));
    for (unsigned i = 0; i < TYPE->n_fields; i++) {
        message_copy_field(&to->base, &from->base, &TYPE->fields[i]);
        assert_true(message_field_equals(&to->base, &from->base, &TYPE->fields[i]));
    }
    assert_true(message_equals(&to->base, &from->base));
    /* What is unset in from is cleared, but another member of the oneof stays. */
    const Samples__Sample *none = fresh();
    message_copy_field(&to->base, &none->base, field_of("choice_text"));
    assert_int_equal(to->choice_case, SAMPLES__SAMPLE__CHOICE_CHOICE_NUMBER);
    message_copy_field(&to->base, &none->base, field_of("choice_number"));
    assert_int_equal(to->choice_case, 0);
    message_copy_field(&to->base, &none->base, field_of("string_list"));
    assert_int_equal(to->n_string_list, 0);
    assert_int_equal(from->n_string_list, 2);
}

static void a_difference_in_any_field_is_seen(void **state)
{
    Samples__Sample *full = sample_full(arena);

    (void)state;
    for (unsigned i = 0; i < TYPE->n_fields; i++) {
        Samples__Sample *other = message_clone(arena, &full->base);
        if (!message_has(&full->base, &TYPE->fields[i])) {
            continue;
        }
        message_clear(&other->base, &TYPE->fields[i]);
        if (message_equals(&full->base, &other->base)) {
            fail_msg("%s", TYPE->fields[i].name);
        }
    }
    Samples__Sample *other = message_clone(arena, &full->base);
    other->int32_list[2]--;
    assert_false(message_equals(&full->base, &other->base));
    other = message_clone(arena, &full->base);
    other->bytes_list[1].data[0] = 7;
    assert_false(message_equals(&full->base, &other->base));
    other = message_clone(arena, &full->base);
    other->inner_list[1]->child->shape = SAMPLES__SAMPLE__INNER__SHAPE__SHAPE_ROUND;
    assert_false(message_equals(&full->base, &other->base));
    assert_false(message_equals(&full->base, &inner_with("")->base));
}

static void equality_is_by_value(void **state)
{
    Samples__Sample *a = fresh();
    Samples__Sample *b = fresh();

    (void)state;
    a->double_value = (double)NAN;
    b->double_value = -(double)NAN;
    assert_true(message_equals(&a->base, &b->base));
    b->double_value = 1;
    assert_false(message_equals(&a->base, &b->base));
    a->double_value = 0.0;
    b->double_value = -0.0;
    assert_true(message_equals(&a->base, &b->base));
    a->name = arena_strdup(arena, "");
    assert_true(message_equals(&a->base, &b->base));
    /* An empty message is not none. */
    a->inner = inner_with("");
    assert_false(message_equals(&a->base, &b->base));
    b->inner = inner_with("");
    assert_true(message_equals(&a->base, &b->base));
    /* The order of a list counts. */
    int32_t up[] = {1, 2};
    int32_t down[] = {2, 1};
    a->n_int32_list = b->n_int32_list = 2;
    a->int32_list = up;
    b->int32_list = down;
    assert_false(message_equals(&a->base, &b->base));
}

static Samples__Sample *with_labels(size_t count, bool reverse, const char *last_value)
{
    Samples__Sample *sample = fresh();

    sample->n_labels = count;
    sample->labels = arena_array(arena, count, sizeof(*sample->labels));
    for (size_t i = 0; i < count; i++) {
        Samples__Sample__LabelsEntry *entry =
            message_new(arena, &samples__sample__labels_entry__descriptor);
        entry->key = arena_printf(arena, "%zu", i);
        entry->value = i + 1 == count ? arena_strdup(arena, last_value) : entry->key;
        sample->labels[reverse ? count - 1 - i : i] = entry;
    }
    return sample;
}

static void maps_are_equal_in_any_order(void **state)
{
    const Samples__Sample *up = with_labels(20000, false, "x");
    const Samples__Sample *down = with_labels(20000, true, "x");
    const Samples__Sample *other = with_labels(20000, true, "y");

    (void)state;
    assert_true(message_equals(&up->base, &down->base));
    assert_false(message_equals(&up->base, &other->base));
    assert_false(message_equals(&up->base, &with_labels(19999, true, "x")->base));
    /* Comparing sorts copies. */
    assert_string_equal(down->labels[19999]->key, "0");
}

static void maps_with_keys_of_numbers_are_compared_too(void **state)
{
    Samples__Sample *samples[2] = {fresh(), fresh()};

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        samples[s]->n_inner_by_number = 300;
        samples[s]->inner_by_number = arena_array(arena, 300, sizeof(*samples[s]->inner_by_number));
        for (int i = 0; i < 300; i++) {
            Samples__Sample__InnerByNumberEntry *entry =
                message_new(arena, &samples__sample__inner_by_number_entry__descriptor);
            entry->key = i - 150;
            entry->value = inner_with(arena_printf(arena, "%d", i));
            samples[s]->inner_by_number[s == 0 ? i : 299 - i] = entry;
        }
    }
    assert_true(message_equals(&samples[0]->base, &samples[1]->base));
    samples[0]->inner_by_number[7]->value = NULL;
    assert_false(message_equals(&samples[0]->base, &samples[1]->base));
}

static void a_clone_shares_nothing(void **state)
{
    struct arena *other = arena_new(LIMIT_BYTES);
    Samples__Sample *full = sample_full(arena);
    Samples__Sample *same = sample_full(other);
    Samples__Sample *copy = message_clone(other, &full->base);

    (void)state;
    assert_true(message_equals(&full->base, &copy->base));
    full->bytes_value.data = NULL;
    full->bytes_value.len = 0;
    full->name[0] = '#';
    full->string_list[1][0] = '#';
    full->inner_list[1]->text[0] = '#';
    full->labels[0]->value[0] = '#';
    full->amount->value = 0;
    /* The sanitizer sees what still points into the arena. */
    arena_reset(arena);
    assert_true(message_equals(&same->base, &copy->base));
    arena_free(other);
}

static void a_clone_of_a_oneof_has_its_member_only(void **state)
{
    Samples__Sample *sample = fresh();

    (void)state;
    /* As a number the union is no pointer. */
    assert_true(message_set_int(&sample->base, "choice_number", INT64_C(0x0123456789abcdef)));
    Samples__Sample *copy = message_clone(arena, &sample->base);
    assert_true(copy->choice_number == INT64_C(0x0123456789abcdef));
    assert_true(message_set_child(&sample->base, "choice_inner", inner_with("i")));
    copy = message_clone(arena, &sample->base);
    assert_string_equal(copy->choice_inner->text, "i");
    assert_ptr_not_equal(copy->choice_inner, sample->choice_inner);
    sample->choice_case = SAMPLES__SAMPLE__CHOICE_CHOICE_BYTES;
    sample->choice_bytes =
        (ProtobufCBinaryData){.len = 1, .data = (uint8_t *)arena_alloc(arena, 1)};
    copy = message_clone(arena, &sample->base);
    assert_int_equal(copy->choice_bytes.len, 1);
    assert_ptr_not_equal(copy->choice_bytes.data, sample->choice_bytes.data);
}

static void a_clone_is_whole_also_past_the_limit(void **state)
{
    const Samples__Sample *full = sample_full(arena);
    size_t limit = 0;

    (void)state;
    for (;; limit += 16) {
        struct arena *small = arena_new(limit);
        const Samples__Sample *copy = message_clone(small, &full->base);
        const bool made = !arena_exhausted(small);
        assert_true(message_equals(&full->base, &copy->base));
        arena_free(small);
        if (made) {
            break;
        }
    }
    assert_true(limit > sizeof(*full));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
        TEST(every_field_is_copied),
        TEST(a_difference_in_any_field_is_seen),
        TEST(equality_is_by_value),
        TEST(maps_are_equal_in_any_order),
        TEST(maps_with_keys_of_numbers_are_compared_too),
        TEST(a_clone_shares_nothing),
        TEST(a_clone_of_a_oneof_has_its_member_only),
        TEST(a_clone_is_whole_also_past_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
