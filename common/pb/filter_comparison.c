/* filter_comparison.c - "path comparator value": taken apart, and checked against the type. */
#include "pb/filter_tree.h"

#include "base/text.h"
#include "pb/field.h"
#include "pb/json_number.h"
#include "pb/json_scalar.h"
#include "pb/json_string.h"
#include "pb/message.h"
#include "pb/wellknown.h"

enum { SHOWN_BYTES = 64 };

/* A path as it is written. */
struct segments {
    const char *at;
    const char *end;
    struct slice names[FILTER_STEPS_MAX];
    const char *name_at[FILTER_STEPS_MAX];
    size_t count;
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of the text that an error shows, cut between code points. */
static int shown(struct slice text)
{
    size_t length = text.length < SHOWN_BYTES ? text.length : SHOWN_BYTES;

    while (length < text.length && length > 0 &&
           ((unsigned char)text.data[length] & 0xc0) == 0x80) {
        length--;
    }
    return (int)length;
}

static struct status fail_found(struct filter_parser *parser, const char *expected)
{
    const struct slice rest = slice_from(parser->at);
    const size_t length = utf8_code_point_bytes(rest);

    if (length == 0) {
        return filter_fail(parser, parser->at, "expected %s, found the end of the filter",
                           expected);
    }
    return filter_fail(parser, parser->at, "expected %s, found \"%.*s\"", expected, (int)length,
                       rest.data);
}

struct status filter_quoted(struct filter_parser *parser, struct filter_word *ret_word)
{
    const char quote = *parser->at;
    const char *open = parser->at++;
    char *copy = arena_alloc(parser->arena, strlen(parser->at) + 1);
    size_t length = 0;
    bool is_star = false;

    *ret_word =
        (struct filter_word){.at = open, .is_quoted = true, .is_open_start = *parser->at == '*'};
    for (; *parser->at != quote; parser->at++) {
        is_star = *parser->at == '*';
        if (*parser->at == '\\') {
            parser->at++;
            if (*parser->at == '\0' || strchr("\\\"'*", *parser->at) == NULL) {
                return fail_found(parser, "one of \\ \" ' * after a backslash");
            }
        }
        if (*parser->at == '\0') {
            return filter_fail(parser, parser->at, "the quote at byte %zu is not closed",
                               (size_t)(open - parser->start) + 1);
        }
        copy[length++] = *parser->at;
    }
    parser->at++;
    ret_word->is_open_end = is_star;
    ret_word->text = (struct slice){.data = copy, .length = length};
    return STATUS_NONE;
}

static struct status parse_segments(struct filter_parser *parser, struct segments *segments)
{
    segments->at = parser->at;
    for (;;) {
        if (segments->count == FILTER_STEPS_MAX) {
            return filter_fail(parser, parser->at, "a path of more than %d names",
                               FILTER_STEPS_MAX);
        }
        struct slice *name = &segments->names[segments->count];
        segments->name_at[segments->count] = parser->at;
        if (segments->count > 0 && (*parser->at == '"' || *parser->at == '\'')) {
            struct filter_word word;
            TRY(filter_quoted(parser, &word));
            *name = word.text;
        } else {
            const char *from = parser->at;
            while (is_name_char(*parser->at)) {
                parser->at++;
            }
            *name = (struct slice){.data = from, .length = (size_t)(parser->at - from)};
            if (name->length == 0) {
                return fail_found(parser, "the name of a field");
            }
        }
        segments->count++;
        segments->end = parser->at;
        if (*parser->at != '.') {
            return STATUS_NONE;
        }
        parser->at++;
    }
}

static struct status parse_operator(struct filter_parser *parser, const struct segments *segments,
                                    enum filter_operator *ret_operator)
{
    static const struct {
        const char *text;
        enum filter_operator comparator;
    } operators[] = {
        {"!=", FILTER_UNEQUAL}, {"<=", FILTER_AT_MOST}, {">=", FILTER_AT_LEAST}, {"<", FILTER_LESS},
        {">", FILTER_GREATER},  {"=", FILTER_EQUAL},    {":", FILTER_HAS},
    };
    const struct slice path = {.data = segments->at,
                               .length = (size_t)(segments->end - segments->at)};

    while (is_space(*parser->at)) {
        parser->at++;
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        const size_t length = strlen(operators[i].text);
        if (strncmp(parser->at, operators[i].text, length) == 0) {
            parser->at += length;
            *ret_operator = operators[i].comparator;
            return STATUS_NONE;
        }
    }
    return filter_fail(parser, segments->at,
                       "expected one of = != < <= > >= : after \"%.*s\"; words without a field "
                       "are not searched for",
                       shown(path), path.data);
}

static struct status parse_word(struct filter_parser *parser, struct filter_word *ret_word)
{
    while (is_space(*parser->at)) {
        parser->at++;
    }
    const char *from = parser->at;
    if (*from == '(') {
        return filter_fail(parser, from, "expected one value; for several write a = 1 OR a = 2");
    }
    if (*from == '"' || *from == '\'') {
        TRY(filter_quoted(parser, ret_word));
    } else {
        while (*parser->at != '\0' && !is_space(*parser->at) &&
               strchr("()\"'=<>!", *parser->at) == NULL) {
            parser->at++;
        }
        const struct slice text = {.data = from, .length = (size_t)(parser->at - from)};
        if (text.length == 0 || slice_is(text, "AND") || slice_is(text, "OR") ||
            slice_is(text, "NOT")) {
            parser->at = from;
            return fail_found(parser, "a value");
        }
        *ret_word = (struct filter_word){.at = from,
                                         .text = text,
                                         .is_open_start = text.data[0] == '*',
                                         .is_open_end = text.data[text.length - 1] == '*'};
    }
    if (*parser->at != '\0' && *parser->at != ')' && !is_space(*parser->at)) {
        return fail_found(parser, "the end of the value (put it in double quotes)");
    }
    return STATUS_NONE;
}

/* The type in which the path goes on behind a value of the field; NULL when it cannot. */
static const ProtobufCMessageDescriptor *type_behind(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
                   wellknown_of(field->descriptor) == WELLKNOWN_NONE
               ? field->descriptor
               : NULL;
}

static struct status parse_key(struct filter_parser *parser, struct slice name, const char *at,
                               struct filter_step *step)
{
    const ProtobufCMessageDescriptor *entry = step->field->descriptor;
    const ProtobufCFieldDescriptor *key = &entry->fields[0];
    void *value =
        key->type == PROTOBUF_C_TYPE_STRING ? (void *)&step->key_text : (void *)&step->key_bits;
    const struct status status = scalar_from_text(parser->arena, key, name, value);

    if (status.code == STATUS_INVALID_ARGUMENT) {
        return filter_fail(parser, at, "the key of %s %s", step->field->name, status.message);
    }
    step->has_key = true;
    return status.code == STATUS_OK && step->key_text != NULL
               ? text_to_nfc(parser->arena, step->key_text, &step->key_text)
               : status;
}

static struct status resolve(struct filter_parser *parser, const struct segments *segments,
                             struct filter_comparison *comparison)
{
    const ProtobufCMessageDescriptor *type = parser->type;

    for (size_t i = 0; i < segments->count; i++) {
        const struct slice name = segments->names[i];
        const ProtobufCFieldDescriptor *field = type != NULL ? json_field(type, name) : NULL;
        if (field == NULL) {
            return filter_fail(parser, segments->name_at[i], "there is no field \"%.*s\"%s",
                               shown(name), name.data, i > 0 ? " at this place" : "");
        }
        struct filter_step *step = &comparison->steps[comparison->step_count++];
        *step = (struct filter_step){.field = field, .is_map = message_field_is_map(type, field)};
        type = type_behind(field);
        if (step->is_map) {
            const ProtobufCMessageDescriptor *entry = field->descriptor;
            type = NULL;
            if (i + 1 < segments->count) {
                i++;
                TRY(parse_key(parser, segments->names[i], segments->name_at[i], step));
                type = type_behind(&entry->fields[1]);
            }
        }
    }
    return STATUS_NONE;
}

/* The path in proto names, where it leads through single fields only. */
static struct status set_path(struct filter_parser *parser, struct filter_comparison *comparison)
{
    const char *path = NULL;

    for (size_t i = 0; i < comparison->step_count; i++) {
        const ProtobufCFieldDescriptor *field = comparison->steps[i].field;
        if (field_is_repeated(field)) {
            return STATUS_NONE;
        }
        path = i == 0 ? field->name : arena_printf(parser->arena, "%s.%s", path, field->name);
    }
    comparison->path = path;
    return STATUS_NONE;
}

static bool is_through_repeated(const struct filter_comparison *comparison)
{
    for (size_t i = 0; i < comparison->step_count; i++) {
        if (field_is_repeated(comparison->steps[i].field) && !comparison->steps[i].has_key) {
            return true;
        }
    }
    return false;
}

struct status filter_comparison_parse(struct filter_parser *parser,
                                      struct filter_comparison **ret_comparison)
{
    struct filter_comparison *comparison = ARENA_NEW(parser->arena, struct filter_comparison);
    struct segments segments = {.count = 0};
    struct filter_word word;

    TRY(parse_segments(parser, &segments));
    TRY(parse_operator(parser, &segments, &comparison->comparator));
    TRY(resolve(parser, &segments, comparison));
    TRY(parse_word(parser, &word));
    if (is_through_repeated(comparison) && comparison->comparator != FILTER_HAS) {
        return filter_fail(parser, segments.at, "%.*s is repeated and takes only \":\"",
                           (int)(segments.end - segments.at), segments.at);
    }
    TRY(set_path(parser, comparison));
    TRY(filter_literal_parse(parser, &word, comparison));
    *ret_comparison = comparison;
    return STATUS_NONE;
}
