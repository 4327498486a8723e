/* sample.c - the extremes of every type. */
#include "sample.h"

#include "pb/message.h"

static char *copy(struct arena *arena, const char *text)
{
    return arena_strdup(arena, text);
}

static void fill_lists(struct arena *arena, Samples__Sample *sample)
{
    static int32_t int32s[] = {0, -1, 2147483647};
    static int64_t sint64s[] = {-1, 1, INT64_MIN};
    static uint32_t fixed32s[] = {1, UINT32_MAX};
    static double doubles[] = {0.1, -0.0};
    static protobuf_c_boolean bools[] = {1, 0, 1};
    static Samples__Color colors[] = {SAMPLES__COLOR__COLOR_RED, SAMPLES__COLOR__COLOR_BLACK};
    static ProtobufCBinaryData bytes[] = {{0, NULL}, {2, (uint8_t *)"\0\xff"}};
    char **strings = arena_array(arena, 2, sizeof(*strings));
    Samples__Sample__Inner **inners = arena_array(arena, 2, sizeof(*inners));

    strings[0] = copy(arena, "");
    strings[1] = copy(arena, "Bến Tre");
    inners[0] = message_new(arena, &samples__sample__inner__descriptor);
    inners[1] = message_new(arena, &samples__sample__inner__descriptor);
    inners[1]->text = copy(arena, "x");
    inners[1]->child = inners[0];
    sample->n_int32_list = 3, sample->int32_list = int32s;
    sample->n_sint64_list = 3, sample->sint64_list = sint64s;
    sample->n_fixed32_list = 2, sample->fixed32_list = fixed32s;
    sample->n_double_list = 2, sample->double_list = doubles;
    sample->n_bool_list = 3, sample->bool_list = bools;
    sample->n_color_list = 2, sample->color_list = colors;
    sample->n_string_list = 2, sample->string_list = strings;
    sample->n_bytes_list = 2, sample->bytes_list = bytes;
    sample->n_inner_list = 2, sample->inner_list = inners;
}

Samples__Sample *sample_full(struct arena *arena)
{
    Samples__Sample *sample = message_new(arena, &samples__sample__descriptor);
    Samples__Sample__LabelsEntry *label =
        message_new(arena, &samples__sample__labels_entry__descriptor);

    label->key = copy(arena, "k");
    label->value = copy(arena, "v");
    sample->labels = arena_array(arena, 1, sizeof(*sample->labels));
    sample->labels[0] = label;
    sample->n_labels = 1;
    sample->inner = message_new(arena, &samples__sample__inner__descriptor);
    sample->inner->text = copy(arena, "trong");
    sample->amount = message_new(arena, &google__protobuf__double_value__descriptor);
    sample->amount->value = 95.3;
    sample->name = copy(arena, "samples/một");
    sample->int32_value = INT32_MIN;
    sample->int64_value = INT64_MIN;
    sample->uint32_value = UINT32_MAX;
    sample->uint64_value = UINT64_MAX;
    sample->sint32_value = INT32_MIN;
    sample->sint64_value = INT64_MIN;
    sample->fixed32_value = 0xdeadbeef;
    sample->fixed64_value = UINT64_MAX - 1;
    sample->sfixed32_value = -2;
    sample->sfixed64_value = -3;
    sample->float_value = 1.5F;
    sample->double_value = 1e300;
    sample->bool_value = 1;
    sample->bytes_value = (ProtobufCBinaryData){3, (uint8_t *)"a\0b"};
    sample->color = SAMPLES__COLOR__COLOR_BLACK;
    sample->choice_case = SAMPLES__SAMPLE__CHOICE_CHOICE_NUMBER;
    sample->choice_number = -5;
    fill_lists(arena, sample);
    return sample;
}
