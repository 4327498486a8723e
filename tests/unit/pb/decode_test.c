/* decode_test.c - tests decode.c and wire.c, also against what protobuf-c itself packs. */
#include "unit.h"

#include "pb/decode.h"
#include "pb/message.h"
#include "sample.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 16 << 20 };

#define TYPE (&samples__sample__descriptor)
#define BYTES(literal) ((struct slice){.data = (literal), .length = sizeof(literal) - 1})

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

static struct status decode(struct slice bytes, Samples__Sample **ret_sample)
{
    void *message = NULL;
    const struct status status = message_decode(arena, TYPE, bytes, &message);

    *ret_sample = message;
    return status;
}

static Samples__Sample *decoded(struct slice bytes)
{
    Samples__Sample *sample = NULL;

    assert_ok(decode(bytes, &sample));
    return sample;
}

static void assert_malformed(struct slice bytes, const char *field)
{
    /* A copy of the very size lets the sanitizer see a read past the end. */
    char *exact = malloc(bytes.length > 0 ? bytes.length : 1);
    Samples__Sample *sample = NULL;

    if (bytes.length > 0) {
        memcpy(exact, bytes.data, bytes.length);
    }
    const struct status status =
        decode((struct slice){.data = exact, .length = bytes.length}, &sample);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "MALFORMED_MESSAGE");
    assert_null(sample);
    if (field == NULL) {
        assert_null(status.field);
    } else {
        assert_string_equal(status.field, field);
    }
    free(exact);
}

static struct slice packed(const Samples__Sample *sample)
{
    struct slice bytes = {0};

    assert_ok(message_pack(arena, &sample->base, &bytes));
    return bytes;
}

static void what_is_packed_is_read_back(void **state)
{
    const Samples__Sample *sample = sample_full(arena);

    (void)state;
    const Samples__Sample *copy = decoded(packed(sample));
    assert_true(message_equals(&sample->base, &copy->base));
    assert_int_equal(copy->base.n_unknown_fields, 0);
}

static void every_cut_of_a_message_is_refused_or_read_but_never_overrun(void **state)
{
    const Samples__Sample *sample = sample_full(arena);

    (void)state;
    const struct slice whole = packed(sample);
    for (size_t length = 0; length < whole.length; length++) {
        char *exact = malloc(length > 0 ? length : 1);
        Samples__Sample *cut = NULL;
        memcpy(exact, whole.data, length);
        const struct status status = decode((struct slice){.data = exact, .length = length}, &cut);
        assert_true(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT);
        free(exact);
    }
}

static ProtobufCMessage *repacked(struct arena *own, const ProtobufCMessage *message)
{
    struct slice bytes = {0};
    void *again = NULL;

    assert_ok(message_pack(own, message, &bytes));
    assert_ok(message_decode(own, message->descriptor, bytes, &again));
    return again;
}

/* What both take they read alike. */
static void assert_as_protobuf_c(const ProtobufCMessage *message, const char *bytes, size_t length)
{
    ProtobufCMessage *theirs =
        protobuf_c_message_unpack(message->descriptor, NULL, length, (const uint8_t *)bytes);

    if (theirs != NULL) {
        assert_true(message_equals(message, theirs));
        protobuf_c_message_free_unpacked(theirs, NULL);
    }
}

static void every_changed_byte_is_refused_or_read_as_by_protobuf_c(void **state)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x0b, 0x0c};
    const Samples__Sample *sample = sample_full(arena);

    (void)state;
    const struct slice whole = packed(sample);
    char *changed = malloc(whole.length);
    for (size_t i = 0; i < whole.length; i++) {
        for (size_t v = 0; v < sizeof(values); v++) {
            struct arena *own = arena_new(1 << 20);
            void *message = NULL;
            memcpy(changed, whole.data, whole.length);
            changed[i] = (char)values[v];
            const struct status status = message_decode(
                own, TYPE, (struct slice){.data = changed, .length = whole.length}, &message);
            if (status.code == STATUS_OK) {
                assert_true(message_equals(message, message_clone(own, message)));
                assert_true(message_equals(message, repacked(own, message)));
                assert_as_protobuf_c(message, changed, whole.length);
            }
            arena_free(own);
        }
    }
    free(changed);
}

static void an_empty_message_has_defaults(void **state)
{
    const Samples__Sample *sample = decoded((struct slice){.data = NULL, .length = 0});

    (void)state;
    assert_string_equal(sample->name, "");
    assert_null(sample->inner);
    assert_int_equal(sample->n_labels, 0);
    assert_int_equal(sample->choice_case, 0);
}

static void malformed_wire_is_refused(void **state)
{
    (void)state;
    assert_malformed(BYTES("\x80"), NULL);         /* a tag without end */
    assert_malformed(BYTES("\x10"), NULL);         /* no value */
    assert_malformed(BYTES("\x10\x80\x80"), NULL); /* a varint without end */
    assert_malformed(BYTES("\x0a\x05"              /* a length past the end */
                           "abc"),
                     NULL);
    assert_malformed(BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), NULL);
    assert_malformed(BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), NULL);
    assert_malformed(BYTES("\x45\x01\x02\x03"), NULL); /* fixed32 of three bytes */
    assert_malformed(BYTES("\x49\x01\x02\x03\x04\x05\x06\x07"), NULL);
    assert_malformed(BYTES("\x00\x01"), NULL);                 /* field number 0 */
    assert_malformed(BYTES("\x80\x80\x80\x80\x10\x01"), NULL); /* field number 2^29 */
    assert_malformed(BYTES("\x0b\x0c"), NULL);                 /* a group */
    assert_malformed(BYTES("\xa3\x06\xa4\x06"), NULL);         /* an unknown group */
    assert_malformed(BYTES("\x16\x00"), NULL);                 /* wire type 6 */
    assert_malformed(BYTES("\x17\x00"), NULL);
}

static void a_varint_has_at_most_ten_bytes_and_64_bits(void **state)
{
    (void)state;
    assert_malformed(BYTES("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), NULL);
    assert_malformed(BYTES("\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), NULL);
    assert_true(decoded(BYTES("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))->int64_value == -1);
    /* Longer than need be, but a varint. */
    assert_true(decoded(BYTES("\x18\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00"))->int64_value == 1);
    assert_true(decoded(BYTES("\x98\x80\x80\x00\x05"))->int64_value == 5);
}

static void numbers_are_cut_to_their_type(void **state)
{
    (void)state;
    assert_int_equal(decoded(BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))->int32_value,
                     -1);
    assert_int_equal(decoded(BYTES("\x10\x85\x80\x80\x80\x10"))->int32_value, 5);
    assert_int_equal(decoded(BYTES("\x30\xff\xff\xff\xff\xff\x01"))->sint32_value, INT32_MIN);
    assert_int_equal(decoded(BYTES("\x70\x80\x80\x80\x80\x80\x80\x01"))->bool_value, 1);
    assert_int_equal(decoded(BYTES("\x80\x01\x63"))->color, 99);
}

static void a_wire_type_that_is_not_the_fields_is_refused_with_its_path(void **state)
{
    (void)state;
    assert_malformed(BYTES("\x08\x01"), "name");
    assert_malformed(BYTES("\x12\x01\x01"), "int32Value"); /* singular is never packed */
    assert_malformed(BYTES("\x15\x01\x01\x01\x01"), "int32Value");
    assert_malformed(BYTES("\x8a\x01\x02\x08\x01"), "inner.text");
    assert_malformed(BYTES("\xf2\x01\x00\xf2\x01\x02\x08\x01"), "innerList[1].text");
    assert_malformed(BYTES("\xb5\x01\x01\x01\x01\x01"), "int32List[0]");
}

static void strings_are_utf8_without_nul(void **state)
{
    (void)state;
    assert_malformed(BYTES("\x0a\x01\xff"), "name");
    assert_malformed(BYTES("\x0a\x03"
                           "a\0b"),
                     "name");
    assert_malformed(BYTES("\x0a\x02\xc0\x80"), "name");
    assert_malformed(BYTES("\x0a\x03\xed\xa0\x80"), "name");
    assert_malformed(BYTES("\x0a\x04\xf4\x90\x80\x80"), "name");
    assert_malformed(BYTES("\x0a\x02\xe1\xba"), "name");
    assert_malformed(BYTES("\x8a\x01\x03\x0a\x01\xff"), "inner.text");
    assert_malformed(BYTES("\x92\x01\x01\x80"), "choiceText");
    assert_malformed(BYTES("\xe2\x01\x01"
                           "a\xe2\x01\x01\x80"),
                     "stringList[1]");
    assert_malformed(BYTES("\xfa\x01\x03\x0a\x01\xff"), "labels[0].key");
    assert_int_equal(decoded(BYTES("\x7a\x02\xff\x00"))->bytes_value.len, 2);
}

static void packed_and_unpacked_numbers_mix(void **state)
{
    const Samples__Sample *sample = decoded(
        BYTES("\xb0\x01\x01\xb2\x01\x03\x02\xac\x02\xb0\x01\x03\xb2\x01\x00\xb2\x01\x01\x04"));

    (void)state;
    assert_int_equal(sample->n_int32_list, 5);
    assert_int_equal(sample->int32_list[0], 1);
    assert_int_equal(sample->int32_list[1], 2);
    assert_int_equal(sample->int32_list[2], 300);
    assert_int_equal(sample->int32_list[3], 3);
    assert_int_equal(sample->int32_list[4], 4);
}

static void packed_numbers_that_are_cut_are_refused(void **state)
{
    (void)state;
    assert_malformed(BYTES("\xb2\x01\x02\x01\x80"), "int32List[1]");
    assert_malformed(BYTES("\xb2\x01\x01\x80"), "int32List[0]");
    assert_malformed(BYTES("\xc2\x01\x05\x01\x00\x00\x00\x02"), "fixed32List[1]");
    assert_malformed(BYTES("\xc2\x01\x03\x01\x00\x00"), "fixed32List[0]");
    assert_malformed(BYTES("\xca\x01\x07\x01\x00\x00\x00\x00\x00\x00"), "doubleList[0]");
    assert_malformed(BYTES("\xb2\x01\x0b\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
                     "int32List[0]");
}

static void a_message_that_comes_twice_is_merged(void **state)
{
    /* inner {text "a" numbers 1} then {numbers 2, 3 child {text "c"}} then {child {shape 1}} */
    const Samples__Sample *sample = decoded(BYTES("\x8a\x01\x05\x0a\x01"
                                                  "a\x10\x01"
                                                  "\x8a\x01\x09\x12\x02\x02\x03\x1a\x03\x0a\x01"
                                                  "c"
                                                  "\x8a\x01\x04\x1a\x02\x20\x01"));
    const Samples__Sample__Inner *inner = sample->inner;

    (void)state;
    assert_string_equal(inner->text, "a");
    assert_int_equal(inner->n_numbers, 3);
    assert_int_equal(inner->numbers[0], 1);
    assert_int_equal(inner->numbers[2], 3);
    assert_string_equal(inner->child->text, "c");
    assert_int_equal(inner->child->shape, 1);
    /* protobuf-c would forget the number of the first part. */
    sample = decoded(BYTES("\x8a\x02\x09\x09\x00\x00\x00\x00\x00\x00\xf8\x3f\x8a\x02\x00"));
    assert_true(sample->amount->value == 1.5);
}

static void the_last_scalar_wins(void **state)
{
    const Samples__Sample *sample = decoded(BYTES("\x10\x01\x0a\x01"
                                                  "a\x10\x02\x0a\x01"
                                                  "b"));

    (void)state;
    assert_int_equal(sample->int32_value, 2);
    assert_string_equal(sample->name, "b");
}

static void the_last_member_of_a_oneof_wins(void **state)
{
    const Samples__Sample *sample = decoded(BYTES("\xa0\x01\xff\xff\xff\xff\x0f\x92\x01\x01"
                                                  "t"));

    (void)state;
    assert_int_equal(sample->choice_case, SAMPLES__SAMPLE__CHOICE_CHOICE_TEXT);
    assert_string_equal(sample->choice_text, "t");
    /* number, then message: what was there is no pointer. */
    sample = decoded(BYTES("\xa0\x01\xff\xff\xff\xff\x0f\x9a\x01\x03\x0a\x01i"));
    assert_int_equal(sample->choice_case, SAMPLES__SAMPLE__CHOICE_CHOICE_INNER);
    assert_string_equal(sample->choice_inner->text, "i");
    /* message, other, message: the first is forgotten; message, message: they merge. */
    sample = decoded(BYTES("\x9a\x01\x03\x0a\x01i\xa0\x01\x01\x9a\x01\x02\x20\x01"));
    assert_string_equal(sample->choice_inner->text, "");
    sample = decoded(BYTES("\x9a\x01\x03\x0a\x01i\x9a\x01\x02\x20\x01"));
    assert_string_equal(sample->choice_inner->text, "i");
    assert_int_equal(sample->choice_inner->shape, 1);
    /* bytes, message: the union is wider than the pointer. */
    sample = decoded(BYTES("\xaa\x01\x03zzz\x9a\x01\x00"));
    assert_string_equal(sample->choice_inner->text, "");
}

static void an_empty_member_of_a_oneof_is_still_set_when_packed_again(void **state)
{
    static const struct slice samples[] = {
        BYTES("\x92\x01\x00"),
        BYTES("\x9a\x01\x00"),
        BYTES("\xa0\x01\x00"),
        BYTES("\xaa\x01\x00"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const Samples__Sample *sample = decoded(samples[i]);
        struct slice bytes = {0};
        assert_int_equal(sample->choice_case, SAMPLES__SAMPLE__CHOICE_CHOICE_TEXT + i);
        assert_ok(message_pack(arena, &sample->base, &bytes));
        assert_true(slice_equals(bytes, samples[i]));
        assert_ok(message_pack(arena, message_clone(arena, &sample->base), &bytes));
        assert_true(slice_equals(bytes, samples[i]));
    }
}

static void an_entry_of_a_map_is_complete(void **state)
{
    const Samples__Sample *sample = decoded(BYTES("\xfa\x01\x00\x82\x02\x02\x08\x05"));

    (void)state;
    assert_string_equal(sample->labels[0]->key, "");
    assert_string_equal(sample->labels[0]->value, "");
    assert_int_equal(sample->inner_by_number[0]->key, 5);
    assert_string_equal(sample->inner_by_number[0]->value->text, "");
}

/* depth messages within each other: "inner" of a sample, then "child" again and again. */
static struct slice nest(unsigned depth, char *end)
{
    size_t length = 0;

    for (unsigned i = 0; i < depth; i++) {
        const bool outer = i + 1 == depth;
        char head[8];
        size_t size = 0;
        if (outer) {
            head[size++] = (char)0x8a;
            head[size++] = 0x01;
        } else {
            head[size++] = 0x1a;
        }
        size_t rest = length;
        do {
            head[size++] = (char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
            rest >>= 7;
        } while (rest > 0);
        memcpy(end - length - size, head, size);
        length += size;
    }
    return (struct slice){.data = end - length, .length = length};
}

static void nesting_is_read_up_to_its_limit(void **state)
{
    enum { ROOM = 1 << 20 };
    char *room = malloc(ROOM);
    Samples__Sample *sample = NULL;

    (void)state;
    assert_ok(decode(nest(DECODE_DEPTH_MAX, room + ROOM), &sample));
    struct status status = decode(nest(DECODE_DEPTH_MAX + 1, room + ROOM), &sample);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "nested too deep"));
    status = decode(nest(200000, room + ROOM), &sample);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    free(room);
}

static void unknown_fields_are_skipped_and_counted(void **state)
{
    char flood[3 * (DECODE_UNKNOWN_MAX + 1)];
    Samples__Sample *sample = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(flood); i += 3) {
        memcpy(flood + i, "\xc0\x3e\x00", 3);
    }
    assert_ok(decode((struct slice){.data = flood, .length = sizeof(flood) - 3}, &sample));
    assert_int_equal(sample->base.n_unknown_fields, 0);
    assert_malformed((struct slice){.data = flood, .length = sizeof(flood)}, NULL);
    /* Over all messages together. */
    char many[6 * (DECODE_UNKNOWN_MAX + 1)];
    for (size_t i = 0; i < sizeof(many); i += 6) {
        memcpy(many + i, "\xf2\x01\x03\xc0\x3e\x00", 6);
    }
    assert_malformed((struct slice){.data = many, .length = sizeof(many)}, "innerList[256]");
}

static void a_flood_of_elements_is_refused(void **state)
{
    const size_t count = DECODE_ELEMENTS_MAX + 1;
    char *flood = calloc(1, count + 8);
    struct arena *large = arena_new(64 << 20);
    void *message = NULL;

    (void)state;
    /* A packed list of zeros: its length as a varint of four bytes. */
    memcpy(flood, "\xb2\x01\x81\x80\xc0\x00", 6);
    assert_status(
        message_decode(large, TYPE, (struct slice){.data = flood, .length = count + 6}, &message),
        STATUS_RESOURCE_EXHAUSTED, "REQUEST_TOO_COSTLY");
    flood[2] = (char)0x80;
    assert_ok(
        message_decode(large, TYPE, (struct slice){.data = flood, .length = count + 5}, &message));
    assert_int_equal(((Samples__Sample *)message)->n_int32_list, DECODE_ELEMENTS_MAX);
    arena_free(large);
    free(flood);
}

static void empty_messages_cost_no_more_than_the_arena(void **state)
{
    enum { COUNT = 300000 };
    char *flood = malloc(3 * COUNT);
    void *message = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        memcpy(flood + 3 * i, "\xf2\x01\x00", 3);
    }
    assert_status(
        message_decode(arena, TYPE, (struct slice){.data = flood, .length = 3 * COUNT}, &message),
        STATUS_RESOURCE_EXHAUSTED, "REQUEST_TOO_COSTLY");
    /* The last of them may have been past the limit. */
    assert_true(arena_used_bytes(arena) <= LIMIT_BYTES + 2 * sizeof(Samples__Sample));
    free(flood);
}

static void whatever_allocation_fails_the_call_says_so(void **state)
{
    const Samples__Sample *sample = sample_full(arena);
    size_t limit = 0;

    (void)state;
    const struct slice bytes = packed(sample);
    for (;; limit += 16) {
        struct arena *small = arena_new(limit);
        void *message = NULL;
        const struct status status = message_decode(small, TYPE, bytes, &message);
        if (status.code == STATUS_OK) {
            assert_true(message_equals(&sample->base, message));
            arena_free(small);
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_string_equal(status.reason, "REQUEST_TOO_COSTLY");
        assert_null(message);
        arena_free(small);
    }
    assert_true(limit > sizeof(Samples__Sample));
}

static void a_refusal_in_a_full_arena_still_says_why(void **state)
{
    const struct slice bytes = BYTES("\x8a\x01\x02\x08\x01");

    (void)state;
    for (size_t limit = 0; limit < 2048; limit += 16) {
        struct arena *small = arena_new(limit);
        void *message = NULL;
        const struct status status = message_decode(small, TYPE, bytes, &message);
        assert_true(status.code == STATUS_RESOURCE_EXHAUSTED ||
                    status.code == STATUS_INVALID_ARGUMENT);
        assert_non_null(status.message);
        assert_null(message);
        arena_free(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_is_packed_is_read_back),
        TEST(every_cut_of_a_message_is_refused_or_read_but_never_overrun),
        TEST(every_changed_byte_is_refused_or_read_as_by_protobuf_c),
        TEST(an_empty_message_has_defaults),
        TEST(malformed_wire_is_refused),
        TEST(a_varint_has_at_most_ten_bytes_and_64_bits),
        TEST(numbers_are_cut_to_their_type),
        TEST(a_wire_type_that_is_not_the_fields_is_refused_with_its_path),
        TEST(strings_are_utf8_without_nul),
        TEST(packed_and_unpacked_numbers_mix),
        TEST(packed_numbers_that_are_cut_are_refused),
        TEST(a_message_that_comes_twice_is_merged),
        TEST(the_last_scalar_wins),
        TEST(the_last_member_of_a_oneof_wins),
        TEST(an_empty_member_of_a_oneof_is_still_set_when_packed_again),
        TEST(an_entry_of_a_map_is_complete),
        TEST(nesting_is_read_up_to_its_limit),
        TEST(unknown_fields_are_skipped_and_counted),
        TEST(a_flood_of_elements_is_refused),
        TEST(empty_messages_cost_no_more_than_the_arena),
        TEST(whatever_allocation_fails_the_call_says_so),
        TEST(a_refusal_in_a_full_arena_still_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
