/* message_equals.c - comparison by value; the entries of maps are sorted for it. */
#include "pb/field.h"
#include "pb/map.h"
#include "pb/message.h"

#include <stdlib.h>
#include <string.h>

static bool bytes_equal(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool strings_equal(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool doubles_equal(double a, double b)
{
    return a == b || (a != a && b != b);
}

static bool values_equal(const ProtobufCFieldDescriptor *field, const void *a, const void *b)
{
    const ProtobufCMessage *left = NULL;
    const ProtobufCMessage *right = NULL;

    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return strings_equal(*(char *const *)a, *(char *const *)b);
    case PROTOBUF_C_TYPE_BYTES:
        return bytes_equal(a, b);
    case PROTOBUF_C_TYPE_DOUBLE:
        return doubles_equal(*(const double *)a, *(const double *)b);
    case PROTOBUF_C_TYPE_FLOAT:
        return doubles_equal((double)*(const float *)a, (double)*(const float *)b);
    case PROTOBUF_C_TYPE_MESSAGE:
        left = *(ProtobufCMessage *const *)a;
        right = *(ProtobufCMessage *const *)b;
        return left == right || (left != NULL && right != NULL && message_equals(left, right));
    default:
        return memcmp(a, b, field_value_bytes(field)) == 0;
    }
}

static int entry_compare(const void *a, const void *b)
{
    return map_key_compare(*(ProtobufCMessage *const *)a, *(ProtobufCMessage *const *)b);
}

static bool lists_equal(const ProtobufCFieldDescriptor *field, const char *a, const char *b,
                        size_t count)
{
    const size_t size = field_value_bytes(field);

    for (size_t i = 0; i < count; i++) {
        if (!values_equal(field, a + i * size, b + i * size)) {
            return false;
        }
    }
    return true;
}

/* The way when there is no memory to sort: compares each with each. */
static bool entries_contain(ProtobufCMessage *const *entries, size_t count,
                            const ProtobufCMessage *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (entry_compare(&entries[i], &wanted) == 0) {
            return message_equals(entries[i], wanted);
        }
    }
    return false;
}

static bool maps_equal(const ProtobufCFieldDescriptor *field, const char *a, const char *b,
                       size_t count)
{
    const size_t size = count * sizeof(ProtobufCMessage *);

    if (lists_equal(field, a, b, count)) {
        return true;
    }
    char *left = malloc(size);
    char *right = malloc(size);
    bool equal = true;
    if (left != NULL && right != NULL) {
        memcpy(left, a, size);
        memcpy(right, b, size);
        qsort(left, count, sizeof(ProtobufCMessage *), entry_compare);
        qsort(right, count, sizeof(ProtobufCMessage *), entry_compare);
        equal = lists_equal(field, left, right, count);
    } else {
        for (size_t i = 0; i < count && equal; i++) {
            equal = entries_contain((ProtobufCMessage *const *)(const void *)b, count,
                                    ((ProtobufCMessage *const *)(const void *)a)[i]);
        }
    }
    free(left);
    free(right);
    return equal;
}

bool message_field_equals(const ProtobufCMessage *a, const ProtobufCMessage *b,
                          const ProtobufCFieldDescriptor *field)
{
    const protobuf_c_boolean *flag_a = field_flag(a, field);
    const protobuf_c_boolean *flag_b = field_flag(b, field);
    char *left = NULL;
    char *right = NULL;
    const size_t count = field_values(a, field, &left);

    if (count != field_values(b, field, &right)) {
        return false;
    }
    if (flag_a != NULL && (*flag_a != 0) != (*flag_b != 0)) {
        return false;
    }
    return message_field_is_map(a->descriptor, field) ? maps_equal(field, left, right, count)
                                                      : lists_equal(field, left, right, count);
}

bool message_equals(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    if (a->descriptor != b->descriptor) {
        return false;
    }
    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        if (!message_field_equals(a, b, &a->descriptor->fields[i])) {
            return false;
        }
    }
    return true;
}
