/* map_test.c - maps whose wire has a key more than once: the last entry is the one that counts. */
#include "unit.h"

#include "everything.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "pb/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 64 << 20, TEXT_LIMIT_BYTES = 1 << 20 };

typedef Dongkhoi__Test__Everything__LabelsEntry Label;

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

/* The message as it comes back from its wire form. */
static Everything *decoded(const Everything *message)
{
    struct slice bytes;
    void *again = NULL;

    assert_ok(message_pack(arena, &message->base, &bytes));
    assert_ok(message_decode(arena, EVERYTHING, bytes, &again));
    return again;
}

/* One entry for each text such as "k=v". */
static void add_labels(Everything *message, const char *const *texts, size_t count)
{
    message->n_labels = count;
    message->labels = arena_array(arena, count, sizeof(message->labels[0]));
    for (size_t i = 0; i < count; i++) {
        Label *label = ARENA_NEW(arena, Label);
        dongkhoi__test__everything__labels_entry__init(label);
        const size_t key = strcspn(texts[i], "=");
        label->key = arena_copy(arena, (struct slice){.data = texts[i], .length = key});
        label->value = arena_strdup(arena, texts[i] + key + 1);
        message->labels[i] = label;
    }
}

static void the_last_entry_of_a_key_stays_where_it_stands(void **state)
{
    static const struct {
        const char *texts[6];
        const char *json;
    } table[] = {
        {{"a=1", "a=2"}, "\"labels\":{\"a\":\"2\"}"},
        {{"b=1", "a=2", "b=3"}, "\"labels\":{\"a\":\"2\",\"b\":\"3\"}"},
        {{"b=1", "b=2", "a=3", "c=4", "a=5"}, "\"labels\":{\"b\":\"2\",\"c\":\"4\",\"a\":\"5\"}"},
        {{"=1", "a=2", "=3", "a=4", "=5"}, "\"labels\":{\"a\":\"4\",\"\":\"5\"}"},
        {{"c=1", "a=2", "b=3"}, "\"labels\":{\"c\":\"1\",\"a\":\"2\",\"b\":\"3\"}"},
        {{"a=1", "b=2", "c=3"}, "\"labels\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        Everything message = DONGKHOI__TEST__EVERYTHING__INIT;
        struct buffer text;
        size_t count = 0;

        while (table[i].texts[count] != NULL) {
            count++;
        }
        add_labels(&message, table[i].texts, count);
        buffer_init(&text, TEXT_LIMIT_BYTES);
        assert_true(json_encode(&text, &decoded(&message)->base));
        buffer_append_char(&text, '\0');
        if (strstr(text.data, table[i].json) == NULL) {
            fail_msg("%s is not in %s", table[i].json, text.data);
        }
        buffer_done(&text);
    }
}

static void keys_of_numbers_are_compared_as_numbers(void **state)
{
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;
    Dongkhoi__Test__Everything__ByBoolEntry flags[3];
    Dongkhoi__Test__Everything__ByBoolEntry *by_bool[3];
    Dongkhoi__Test__Everything__BySint64Entry numbers[3];
    Dongkhoi__Test__Everything__BySint64Entry *by_sint64[3];
    uint8_t bytes[] = {0, 1, 2};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dongkhoi__test__everything__by_bool_entry__init(&flags[i]);
        dongkhoi__test__everything__by_sint64_entry__init(&numbers[i]);
        flags[i].key = i != 1;
        flags[i].value = (double)i;
        numbers[i].key = i == 1 ? -(INT64_C(5) << 32) : INT64_C(-5);
        numbers[i].value = (ProtobufCBinaryData){.len = 1, .data = &bytes[i]};
        by_bool[i] = &flags[i];
        by_sint64[i] = &numbers[i];
    }
    message.n_by_bool = 3;
    message.by_bool = by_bool;
    message.n_by_sint64 = 3;
    message.by_sint64 = by_sint64;
    const Everything *again = decoded(&message);
    assert_int_equal(again->n_by_bool, 2);
    assert_true(!again->by_bool[0]->key && again->by_bool[0]->value == 1);
    assert_true(again->by_bool[1]->key && again->by_bool[1]->value == 2);
    assert_int_equal(again->n_by_sint64, 2);
    assert_true(again->by_sint64[0]->key == -(INT64_C(5) << 32));
    assert_true(again->by_sint64[1]->key == -5 && again->by_sint64[1]->value.data[0] == 2);
}

/* A key that stands once in each of two parts of its message stands twice in what they make. */
static void a_key_of_a_later_part_of_the_message_wins(void **state)
{
    static const char parts[] = "\x92\x01\x0a\x1a\x08\x0a\x01m\x12\x03\x0a\x01"
                                "1"
                                "\x92\x01\x0a\x1a\x08\x0a\x01m\x12\x03\x0a\x01"
                                "2";
    void *message = NULL;

    (void)state;
    assert_ok(message_decode(arena, EVERYTHING,
                             (struct slice){.data = parts, .length = sizeof(parts) - 1}, &message));
    const Dongkhoi__Test__Node *node = ((Everything *)message)->node;
    assert_int_equal(node->n_by_name, 1);
    assert_string_equal(node->by_name[0]->value->name, "2");
}

/* A search for each entry among all others would not end within the time of a test. */
static void many_entries_are_settled_in_little_time(void **state)
{
    enum { COUNT = 200000, KEYS = 100000 };
    char(*texts)[16] = calloc(COUNT, sizeof(*texts));
    const char **list = calloc(COUNT, sizeof(*list));
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "%zu=%d", i % KEYS, i < KEYS ? 1 : 2);
        list[i] = texts[i];
    }
    add_labels(&message, list, COUNT);
    const Everything *again = decoded(&message);
    assert_int_equal(again->n_labels, KEYS);
    for (size_t i = 0; i < KEYS; i++) {
        assert_string_equal(again->labels[i]->value, "2");
    }
    free(list);
    free(texts);
}

static void whatever_allocation_fails_no_key_stands_twice(void **state)
{
    static const char *const texts[] = {"b=1", "a=2", "b=3", "a=4"};
    Everything message = DONGKHOI__TEST__EVERYTHING__INIT;
    struct slice bytes;
    size_t limit = 0;

    (void)state;
    add_labels(&message, texts, 4);
    assert_ok(message_pack(arena, &message.base, &bytes));
    for (bool is_full = true; is_full; limit += 16) {
        struct arena *small = arena_new(limit);
        void *again = NULL;
        const struct status status = message_decode(small, EVERYTHING, bytes, &again);
        is_full = status.code == STATUS_RESOURCE_EXHAUSTED;
        if (!is_full) {
            assert_ok(status);
            assert_int_equal(((Everything *)again)->n_labels, 2);
        }
        arena_free(small);
    }
    assert_true(limit > sizeof(Everything));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(the_last_entry_of_a_key_stays_where_it_stands),
        TEST(keys_of_numbers_are_compared_as_numbers),
        TEST(a_key_of_a_later_part_of_the_message_wins),
        TEST(many_entries_are_settled_in_little_time),
        TEST(whatever_allocation_fails_no_key_stands_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
