/* filter_literal.c - the value of a comparison as the field's type understands it. */
#include "pb/filter_tree.h"

#include "base/text.h"
#include "pb/field.h"
#include "pb/json_number.h"
#include "pb/json_scalar.h"
#include "pb/wellknown.h"

/* What a path leads to: the values of the field, or the keys of a map without a key. */
static const ProtobufCFieldDescriptor *target_of(const struct filter_comparison *comparison)
{
    const struct filter_step *last = &comparison->steps[comparison->step_count - 1];
    const ProtobufCMessageDescriptor *entry = last->is_map ? last->field->descriptor : NULL;

    return entry == NULL ? last->field : &entry->fields[last->has_key ? 1 : 0];
}

static struct status fail_value(struct filter_parser *parser, const struct filter_word *word,
                                const struct filter_comparison *comparison, const char *must)
{
    return filter_fail(parser, word->at, "%s %s",
                       comparison->steps[comparison->step_count - 1].field->name, must);
}

static struct status parse_text(struct filter_parser *parser, const struct filter_word *word,
                                struct filter_comparison *comparison)
{
    struct filter_literal *literal = &comparison->literal;
    const bool has_wildcards = comparison->comparator == FILTER_EQUAL ||
                               comparison->comparator == FILTER_UNEQUAL ||
                               comparison->comparator == FILTER_HAS;
    struct slice text = word->text;
    const char *nfc = NULL;

    if (has_wildcards && word->is_open_start) {
        literal->is_open_start = true;
        text.data++;
        text.length--;
    }
    if (has_wildcards && word->is_open_end && text.length > 0) {
        literal->is_open_end = true;
        text.length--;
    }
    const char *copy = arena_copy(parser->arena, text);
    TRY(text_to_nfc(parser->arena, copy, &nfc));
    literal->text = slice_from(nfc);
    if (!literal->is_open_start && !literal->is_open_end) {
        literal->name = nfc;
    }
    comparison->value = FILTER_TEXT;
    return STATUS_NONE;
}

/* Names only, and only for equality: their numbers have no meaning to a reader. */
static struct status parse_enum(struct filter_parser *parser, const struct filter_word *word,
                                struct filter_comparison *comparison)
{
    int32_t number = 0;
    const struct status status =
        scalar_from_string(parser->arena, comparison->leaf, word->text, &number);

    if (status.code == STATUS_INVALID_ARGUMENT) {
        return fail_value(parser, word, comparison, status.message);
    }
    if (status.code == STATUS_OK) {
        comparison->literal.integer = number;
        comparison->literal.name =
            protobuf_c_enum_descriptor_get_value(comparison->leaf->descriptor, number)->name;
        comparison->value = FILTER_SIGNED;
    }
    return status;
}

/* The widest value of the kind, from the bytes that the field would keep. */
static void widen(struct filter_comparison *comparison, const void *bytes)
{
    struct filter_literal *literal = &comparison->literal;
    int32_t narrow = 0;
    uint32_t bare = 0;
    float real = 0;

    comparison->value = FILTER_SIGNED;
    switch ((int)comparison->leaf->type) {
    case PROTOBUF_C_TYPE_DOUBLE:
        comparison->value = FILTER_REAL;
        memcpy(&literal->real, bytes, sizeof(literal->real));
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        comparison->value = FILTER_REAL;
        memcpy(&real, bytes, sizeof(real));
        literal->real = (double)real;
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        comparison->value = FILTER_UNSIGNED;
        memcpy(&bare, bytes, sizeof(bare));
        literal->integer = bare;
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        comparison->value = FILTER_UNSIGNED;
        memcpy(&literal->integer, bytes, sizeof(literal->integer));
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        memcpy(&literal->integer, bytes, sizeof(literal->integer));
        break;
    default:
        memcpy(&narrow, bytes, sizeof(narrow));
        literal->integer = narrow;
        break;
    }
}

static struct status parse_number(struct filter_parser *parser, const struct filter_word *word,
                                  struct filter_comparison *comparison)
{
    int64_t bytes = 0;

    if (word->is_quoted) {
        return fail_value(parser, word, comparison,
                          comparison->leaf->type == PROTOBUF_C_TYPE_BOOL
                              ? "must be true or false, without quotes"
                              : "must be a number, without quotes");
    }
    const struct status status =
        scalar_from_text(parser->arena, comparison->leaf, word->text, &bytes);
    if (status.code == STATUS_INVALID_ARGUMENT) {
        return fail_value(parser, word, comparison, status.message);
    }
    if (status.code == STATUS_OK) {
        widen(comparison, &bytes);
    }
    return status;
}

static struct status parse_time(struct filter_parser *parser, const struct filter_word *word,
                                struct filter_comparison *comparison, enum wellknown kind)
{
    struct filter_literal *literal = &comparison->literal;

    comparison->value = FILTER_TIME;
    if (kind == WELLKNOWN_TIMESTAMP) {
        return timestamp_parse(word->text, &literal->integer, &literal->nanos)
                   ? STATUS_NONE
                   : fail_value(parser, word, comparison,
                                "must be a time such as \"2022-03-25T07:00:00+07:00\"");
    }
    return duration_parse(word->text, &literal->integer, &literal->nanos)
               ? STATUS_NONE
               : fail_value(parser, word, comparison, "must be seconds such as \"3.5s\"");
}

static bool is_ordering(enum filter_operator comparator)
{
    return comparator == FILTER_LESS || comparator == FILTER_AT_MOST ||
           comparator == FILTER_GREATER || comparator == FILTER_AT_LEAST;
}

static struct status parse_scalar(struct filter_parser *parser, const struct filter_word *word,
                                  struct filter_comparison *comparison)
{
    const ProtobufCType type = comparison->leaf->type;

    if (type == PROTOBUF_C_TYPE_STRING) {
        return parse_text(parser, word, comparison);
    }
    if (type == PROTOBUF_C_TYPE_BYTES) {
        return fail_value(parser, word, comparison, "holds bytes and takes only \":*\"");
    }
    if (is_ordering(comparison->comparator) &&
        (type == PROTOBUF_C_TYPE_ENUM || type == PROTOBUF_C_TYPE_BOOL)) {
        return fail_value(parser, word, comparison, "has no order and takes only = != :");
    }
    return type == PROTOBUF_C_TYPE_ENUM ? parse_enum(parser, word, comparison)
                                        : parse_number(parser, word, comparison);
}

struct status filter_literal_parse(struct filter_parser *parser, const struct filter_word *word,
                                   struct filter_comparison *comparison)
{
    const ProtobufCFieldDescriptor *target = target_of(comparison);

    if (comparison->comparator == FILTER_HAS && word->is_open_start && word->text.length == 1) {
        comparison->value = FILTER_PRESENCE;
        return STATUS_NONE;
    }
    if (target->type != PROTOBUF_C_TYPE_MESSAGE) {
        comparison->leaf = target;
        return parse_scalar(parser, word, comparison);
    }
    const enum wellknown kind = wellknown_of(target->descriptor);
    if (kind == WELLKNOWN_TIMESTAMP || kind == WELLKNOWN_DURATION) {
        return parse_time(parser, word, comparison, kind);
    }
    if (kind == WELLKNOWN_WRAPPER) {
        const ProtobufCMessageDescriptor *wrapper = target->descriptor;
        comparison->leaf = &wrapper->fields[0];
        comparison->is_wrapped = true;
        return parse_scalar(parser, word, comparison);
    }
    return fail_value(parser, word, comparison, "is an object and takes only \":*\"");
}
