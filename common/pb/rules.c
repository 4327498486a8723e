/*
 * rules.c - a walk over the fields of a message that are set, and those that must be. Where it is
 * in the request is a chain of spots on the stack, which becomes a text only for a refusal.
 */
#include "pb/rules.h"

#include "base/clock.h"
#include "pb/field.h"
#include "pb/message.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

static const size_t NO_INDEX = SIZE_MAX;

struct spot {
    const struct spot *above; /* NULL at the top */
    const char *name;
    size_t index; /* in a repeated field, else NO_INDEX */
    bool is_top;  /* where the message that is looked at stands */
};

/* Of one message and of what is below it. */
struct walk {
    struct arena *arena;
    int64_t now_us;
};

/* The message names the field within its resource, the path leads to it from the request. */
#define REFUSE(walk, reason, spot, format, ...)                                                    \
    status_make((walk)->arena, (reason), path_of((walk), (spot), true), "%s " format,              \
                path_of((walk), (spot), false) __VA_OPT__(, ) __VA_ARGS__)

static struct status message_walk(const struct walk *walk, const struct schema_message *about,
                                  const ProtobufCMessage *message, const struct spot *spot);

/* "cluster.displayName.vi"; without the top "displayName.vi". */
static const char *path_of(const struct walk *walk, const struct spot *spot, bool with_top)
{
    const bool has_above = spot->above != NULL && (with_top || !spot->above->is_top);
    const char *above = has_above ? path_of(walk, spot->above, with_top) : "";
    const char *dot = has_above ? "." : "";
    return spot->index == NO_INDEX
               ? arena_printf(walk->arena, "%s%s%s", above, dot, spot->name)
               : arena_printf(walk->arena, "%s%s%s[%zu]", above, dot, spot->name, spot->index);
}

/* The proto names reasons of base/reasons.def. */
static const struct reason *reason_named(const struct walk *walk, const char *name)
{
    return reason_from_name(walk->arena, name, STATUS_INVALID_ARGUMENT);
}

static struct status refuse_missing(const struct walk *walk, const struct schema_field *about,
                                    const struct spot *spot)
{
    const struct reason *reason = about->rules != NULL
                                      ? reason_named(walk, about->rules->required_reason)
                                      : REASON_FIELD_REQUIRED;
    const char *path = path_of(walk, spot, true);

    return status_make(walk->arena, reason, path, "%s is required", path);
}

/* Blanks say nothing either. */
static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* Bytes that do not continue a code point. */
size_t text_characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

/* RFC 3986, 3: a scheme, a colon and something after it. */
bool is_absolute_uri(const char *text)
{
    const char *c = text;

    if (!isalpha((unsigned char)*c)) {
        return false;
    }
    while (isalnum((unsigned char)*c) || *c == '+' || *c == '-' || *c == '.') {
        c++;
    }
    if (*c != ':' || c[1] == '\0') {
        return false;
    }
    for (; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

static struct status format_check(const struct walk *walk, const struct schema_rules *rules,
                                  const char *text, const struct spot *spot)
{
    int32_t day = 0;
    int year = 0;
    int month = 0;

    switch (rules->format) {
    case FORMAT_DATE:
        if (!date_parse(slice_from(text), &day)) {
            return REFUSE(walk, REASON_INVALID_DATE, spot,
                          "is no date of the form YYYY-MM-DD: \"%s\"", text);
        }
        break;
    case FORMAT_MONTH:
        if (!month_parse(slice_from(text), &year, &month)) {
            return REFUSE(walk, REASON_INVALID_MONTH, spot,
                          "is no month of the form YYYY-MM: \"%s\"", text);
        }
        break;
    case FORMAT_URI:
        if (!is_absolute_uri(text)) {
            return REFUSE(walk, REASON_INVALID_URI, spot, "must be an absolute URI");
        }
        break;
    case FORMAT_ANY:
        break;
    }
    return STATUS_NONE;
}

/* Compiled for each text: few fields have a pattern, and glibc's matcher takes a lock in each. */
static bool pattern_matches(const char *pattern, const char *text)
{
    regex_t regex;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        return false;
    }
    const bool matches = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

/* A day or month is compared with as much of today. */
static struct status past_check(const struct walk *walk, const char *date, const struct spot *spot)
{
    char today[DATE_TEXT_BYTES];

    date_format(date_of_time(walk->now_us), today);
    if (strncmp(date, today, strlen(date)) > 0) {
        return REFUSE(walk, REASON_DATE_IN_FUTURE, spot, "%s is in the future; today is %s", date,
                      today);
    }
    return STATUS_NONE;
}

static struct status text_check(const struct walk *walk, const struct schema_rules *rules,
                                const char *text, const struct spot *spot)
{
    const size_t length = rules->max_length != 0 ? text_characters(text) : 0;

    if (length > rules->max_length) {
        return REFUSE(walk, REASON_TEXT_TOO_LONG, spot, "has %zu characters; at most %zu are kept",
                      length, rules->max_length);
    }
    TRY(format_check(walk, rules, text, spot));
    if (rules->past) {
        TRY(past_check(walk, text, spot));
    }
    if (rules->pattern != NULL && !pattern_matches(rules->pattern, text)) {
        return REFUSE(walk, reason_named(walk, rules->pattern_reason), spot,
                      "must match %s: \"%s\"", rules->pattern, text);
    }
    return STATUS_NONE;
}

/* False for a type that is no number. */
static bool number_read(const ProtobufCFieldDescriptor *field, const void *value,
                        double *ret_number)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        *ret_number = *(const int32_t *)value;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        *ret_number = *(const uint32_t *)value;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        *ret_number = (double)*(const int64_t *)value;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *ret_number = (double)*(const uint64_t *)value;
        return true;
    case PROTOBUF_C_TYPE_DOUBLE:
        *ret_number = *(const double *)value;
        return true;
    case PROTOBUF_C_TYPE_FLOAT:
        *ret_number = (double)*(const float *)value;
        return true;
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    default:
        return false;
    }
}

static struct status range_check(const struct walk *walk, const struct schema_rules *rules,
                                 const ProtobufCFieldDescriptor *field, const void *value,
                                 const struct spot *spot)
{
    double number = 0;

    if (!rules->has_range || !number_read(field, value, &number) ||
        (number >= rules->minimum && number <= rules->maximum)) {
        return STATUS_NONE;
    }
    const bool whole =
        field->type != PROTOBUF_C_TYPE_DOUBLE && field->type != PROTOBUF_C_TYPE_FLOAT;
    return REFUSE(walk, REASON_OUT_OF_RANGE, spot, "must be %sfrom %.15g to %.15g",
                  whole ? "" : "a number ", rules->minimum, rules->maximum);
}

static struct status enum_value_check(const struct walk *walk,
                                      const ProtobufCFieldDescriptor *field, int value,
                                      const struct spot *spot)
{
    if (protobuf_c_enum_descriptor_get_value(field->descriptor, value) == NULL) {
        return REFUSE(walk, REASON_INVALID_VALUE, spot, "has no value %d", value);
    }
    return STATUS_NONE;
}

/* google.protobuf.DoubleValue and its kind: the message stands for its one field. */
static bool is_wrapper(const struct schema_message *about)
{
    return strncmp(about->name, "google.protobuf.", strlen("google.protobuf.")) == 0 &&
           about->field_count == 1;
}

static struct status child_check(const struct walk *walk, const struct schema_field *about,
                                 const ProtobufCMessage *child, const struct spot *spot)
{
    const struct schema_message *type = about->message;

    if (type == NULL || type->resource_pattern != NULL || type->is_input) {
        return STATUS_NONE;
    }
    if (about->rules != NULL && is_wrapper(type)) {
        const ProtobufCFieldDescriptor *field = type->fields[0].descriptor;
        return range_check(walk, about->rules, field, field_member(child, field), spot);
    }
    return message_walk(walk, type, child, spot);
}

/* One value of the field; at is where it is kept. */
static struct status value_check(const struct walk *walk, const struct schema_field *about,
                                 const void *at, const struct spot *spot)
{
    const ProtobufCFieldDescriptor *field = about->descriptor;

    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return child_check(walk, about, *(const ProtobufCMessage *const *)at, spot);
    }
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        return enum_value_check(walk, field, *(const int *)at, spot);
    }
    if (field->type != PROTOBUF_C_TYPE_STRING) {
        return about->rules != NULL ? range_check(walk, about->rules, field, at, spot)
                                    : STATUS_NONE;
    }
    const char *text = *(const char *const *)at;
    if ((about->behavior & FIELD_REQUIRED) != 0 && is_blank(text)) {
        return refuse_missing(walk, about, spot);
    }
    return about->rules != NULL && text[0] != '\0' ? text_check(walk, about->rules, text, spot)
                                                   : STATUS_NONE;
}

static struct status field_check(const struct walk *walk, const struct schema_field *about,
                                 const ProtobufCMessage *message, const struct spot *above)
{
    const ProtobufCFieldDescriptor *field = about->descriptor;
    struct spot spot = {.above = above, .name = about->json_name, .index = NO_INDEX};
    char *values = NULL;

    if (!message_has(message, field)) {
        return (about->behavior & FIELD_REQUIRED) != 0 ? refuse_missing(walk, about, &spot)
                                                       : STATUS_NONE;
    }
    if (about->is_map) {
        return STATUS_NONE;
    }
    const size_t count = field_values(message, field, &values);
    for (size_t i = 0; i < count; i++) {
        spot.index = field_is_repeated(field) ? i : NO_INDEX;
        TRY(value_check(walk, about, values + i * field_value_bytes(field), &spot));
    }
    return STATUS_NONE;
}

static struct status message_walk(const struct walk *walk, const struct schema_message *about,
                                  const ProtobufCMessage *message, const struct spot *spot)
{
    for (size_t i = 0; i < about->field_count; i++) {
        const struct schema_field *field = &about->fields[i];
        if (field->descriptor != NULL && (field->behavior & FIELD_OUTPUT_ONLY) == 0) {
            TRY(field_check(walk, field, message, spot));
        }
    }
    return STATUS_NONE;
}

struct status rules_check(struct arena *arena, const struct schema_message *about,
                          const ProtobufCMessage *message, const char *field, int64_t now_us)
{
    const struct walk walk = {.arena = arena, .now_us = now_us};
    const struct spot top = {.name = field, .index = NO_INDEX, .is_top = true};

    return message_walk(&walk, about, message, field != NULL ? &top : NULL);
}
