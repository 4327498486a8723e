/* filter_match.c - follows a path through a message and compares what is at its end. */
#include "pb/filter_match.h"

#include "pb/field.h"
#include "pb/message.h"

#include <google/protobuf/timestamp.pb-c.h>

/* When the path leads to nothing (an unset message, a missing key) the comparison is neither true
 * nor false: only != holds. */
enum outcome { OUTCOME_MISSING, OUTCOME_FALSE, OUTCOME_TRUE };

static enum outcome outcome_of(bool is_true)
{
    return is_true ? OUTCOME_TRUE : OUTCOME_FALSE;
}

static enum outcome ordered(enum filter_operator comparator, int order)
{
    switch (comparator) {
    case FILTER_EQUAL:
    case FILTER_HAS:
        return outcome_of(order == 0);
    case FILTER_UNEQUAL:
        return outcome_of(order != 0);
    case FILTER_LESS:
        return outcome_of(order < 0);
    case FILTER_AT_MOST:
        return outcome_of(order <= 0);
    case FILTER_GREATER:
        return outcome_of(order > 0);
    case FILTER_AT_LEAST:
        return outcome_of(order >= 0);
    }
    return OUTCOME_FALSE;
}

static enum outcome compare_text(const struct filter_comparison *comparison, const char *text)
{
    const struct filter_literal *literal = &comparison->literal;
    const struct slice wanted = literal->text;
    const struct slice found = slice_from(text != NULL ? text : "");
    bool is_match = false;

    if (!literal->is_open_start && !literal->is_open_end) {
        return ordered(comparison->comparator, strcmp(found.data, wanted.data));
    }
    if (literal->is_open_start && literal->is_open_end) {
        is_match = strstr(found.data, wanted.data) != NULL;
    } else if (found.length >= wanted.length) {
        const size_t skip = literal->is_open_start ? found.length - wanted.length : 0;
        is_match = memcmp(found.data + skip, wanted.data, wanted.length) == 0;
    }
    return outcome_of(is_match != (comparison->comparator == FILTER_UNEQUAL));
}

static int64_t signed_value(const ProtobufCFieldDescriptor *field, const void *value)
{
    int64_t wide = 0;
    int32_t narrow = 0;

    if (field_value_bytes(field) == sizeof(wide)) {
        memcpy(&wide, value, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, value, sizeof(narrow));
    return narrow;
}

static uint64_t unsigned_value(const ProtobufCFieldDescriptor *field, const void *value)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;

    if (field_value_bytes(field) == sizeof(wide)) {
        memcpy(&wide, value, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, value, sizeof(narrow));
    return narrow;
}

/* NaN is unequal to everything and in no order. */
static enum outcome compare_real(const struct filter_comparison *comparison, const void *value)
{
    const double wanted = comparison->literal.real;
    const double found = comparison->leaf->type == PROTOBUF_C_TYPE_FLOAT
                             ? (double)*(const float *)value
                             : *(const double *)value;

    if (found != found || wanted != wanted) {
        return outcome_of(comparison->comparator == FILTER_UNEQUAL);
    }
    return ordered(comparison->comparator, found < wanted ? -1 : found > wanted ? 1 : 0);
}

static enum outcome compare_time(const struct filter_comparison *comparison,
                                 const Google__Protobuf__Timestamp *time)
{
    const struct filter_literal *literal = &comparison->literal;
    const int order = time->seconds < literal->integer   ? -1
                      : time->seconds > literal->integer ? 1
                      : time->nanos < literal->nanos     ? -1
                      : time->nanos > literal->nanos     ? 1
                                                         : 0;

    return ordered(comparison->comparator, order);
}

static enum outcome compare_scalar(const struct filter_comparison *comparison, const void *value)
{
    const int64_t wanted = comparison->literal.integer;

    switch (comparison->value) {
    case FILTER_SIGNED: {
        int64_t found = signed_value(comparison->leaf, value);
        if (comparison->leaf->type == PROTOBUF_C_TYPE_BOOL) {
            found = found != 0;
        }
        return ordered(comparison->comparator, found < wanted ? -1 : found > wanted ? 1 : 0);
    }
    case FILTER_UNSIGNED: {
        const uint64_t found = unsigned_value(comparison->leaf, value);
        const uint64_t bare = (uint64_t)wanted;
        return ordered(comparison->comparator, found < bare ? -1 : found > bare ? 1 : 0);
    }
    case FILTER_REAL:
        return compare_real(comparison, value);
    case FILTER_TEXT:
        return compare_text(comparison, *(const char *const *)value);
    case FILTER_PRESENCE:
    case FILTER_TIME:
        break;
    }
    return OUTCOME_FALSE;
}

/* value is where a value of the path's last field, or the key of a map's entry, is kept. */
static enum outcome compare_value(const struct filter_comparison *comparison, const void *value)
{
    if (comparison->value != FILTER_TIME && !comparison->is_wrapped) {
        return compare_scalar(comparison, value);
    }
    const ProtobufCMessage *child = *(const ProtobufCMessage *const *)value;
    if (child == NULL) {
        return OUTCOME_MISSING;
    }
    return comparison->value == FILTER_TIME
               ? compare_time(comparison, (const Google__Protobuf__Timestamp *)child)
               : compare_scalar(comparison, field_member(child, comparison->leaf));
}

static bool key_equals(const struct filter_step *step, const ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0];
    const void *value = field_member(entry, key);

    if (key->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        return strcmp(text != NULL ? text : "", step->key_text) == 0;
    }
    return memcmp(value, &step->key_bits, field_value_bytes(key)) == 0;
}

static enum outcome match_step(const struct filter_comparison *comparison, size_t index,
                               const ProtobufCMessage *message);

/* A value that the step leads to: goes on below it, or compares it. */
static enum outcome match_value(const struct filter_comparison *comparison, size_t index,
                                const void *value)
{
    if (index + 1 == comparison->step_count) {
        return comparison->value == FILTER_PRESENCE ? OUTCOME_TRUE
                                                    : compare_value(comparison, value);
    }
    const ProtobufCMessage *child = *(const ProtobufCMessage *const *)value;
    return child != NULL ? match_step(comparison, index + 1, child) : OUTCOME_MISSING;
}

static enum outcome match_map(const struct filter_comparison *comparison, size_t index,
                              ProtobufCMessage **entries, size_t count)
{
    const struct filter_step *step = &comparison->steps[index];

    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;
        if (step->has_key) {
            if (key_equals(step, entries[i])) {
                return match_value(comparison, index, field_member(entries[i], &fields[1]));
            }
        } else if (match_value(comparison, index, field_member(entries[i], &fields[0])) ==
                   OUTCOME_TRUE) {
            return OUTCOME_TRUE;
        }
    }
    return step->has_key ? OUTCOME_MISSING : OUTCOME_FALSE;
}

static enum outcome match_step(const struct filter_comparison *comparison, size_t index,
                               const ProtobufCMessage *message)
{
    const struct filter_step *step = &comparison->steps[index];
    const bool is_last = index + 1 == comparison->step_count;
    char *values = NULL;
    const size_t count = field_values(message, step->field, &values);

    if (step->is_map) {
        return match_map(comparison, index, (ProtobufCMessage **)(void *)values, count);
    }
    if (!field_is_repeated(step->field)) {
        if (is_last && comparison->value == FILTER_PRESENCE) {
            return outcome_of(message_has(message, step->field));
        }
        return count > 0 ? match_value(comparison, index, values) : OUTCOME_MISSING;
    }
    const size_t size = field_value_bytes(step->field);
    for (size_t i = 0; i < count; i++) {
        if (match_value(comparison, index, values + i * size) == OUTCOME_TRUE) {
            return OUTCOME_TRUE;
        }
    }
    return OUTCOME_FALSE;
}

bool filter_comparison_matches(const struct filter_comparison *comparison,
                               const ProtobufCMessage *message)
{
    const enum outcome outcome = match_step(comparison, 0, message);

    return outcome == OUTCOME_TRUE ||
           (outcome == OUTCOME_MISSING && comparison->comparator == FILTER_UNEQUAL);
}
