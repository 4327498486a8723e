/* wellknown.c - times, durations, field masks and bytes as JSON strings. */
#include "pb/wellknown.h"

#include "base/clock.h"
#include "pb/json.h"

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

enum { NANOS_PER_SECOND = 1000000000, DAY_SECONDS = 86400, DATE_CHARS = 10 };

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
#define TIMESTAMP_MIN_SECONDS (-INT64_C(62135596800))
#define TIMESTAMP_MAX_SECONDS INT64_C(253402300799)

/* google/protobuf/duration.proto: about 10,000 years. */
#define DURATION_MAX_SECONDS INT64_C(315576000000)

enum wellknown wellknown_of(const ProtobufCMessageDescriptor *type)
{
    static const char package[] = "google.protobuf.";
    static const struct {
        const char *name;
        enum wellknown kind;
    } kinds[] = {
        {"DoubleValue", WELLKNOWN_WRAPPER}, {"Timestamp", WELLKNOWN_TIMESTAMP},
        {"Int32Value", WELLKNOWN_WRAPPER},  {"Duration", WELLKNOWN_DURATION},
        {"Int64Value", WELLKNOWN_WRAPPER},  {"FieldMask", WELLKNOWN_FIELD_MASK},
        {"StringValue", WELLKNOWN_WRAPPER}, {"Any", WELLKNOWN_ANY},
        {"BoolValue", WELLKNOWN_WRAPPER},   {"FloatValue", WELLKNOWN_WRAPPER},
        {"UInt32Value", WELLKNOWN_WRAPPER}, {"UInt64Value", WELLKNOWN_WRAPPER},
        {"BytesValue", WELLKNOWN_WRAPPER},
    };

    if (strncmp(type->name, package, sizeof(package) - 1) != 0) {
        return WELLKNOWN_NONE;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(type->name + sizeof(package) - 1, kinds[i].name) == 0) {
            return kinds[i].kind;
        }
    }
    return WELLKNOWN_NONE;
}

static char *put_digits(char *to, unsigned value, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        to[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + count;
}

/* Nothing, or a point and 3, 6 or 9 digits. */
static char *put_nanos(char *to, unsigned nanos)
{
    if (nanos == 0) {
        return to;
    }
    *to++ = '.';
    if (nanos % 1000000 == 0) {
        return put_digits(to, nanos / 1000000, 3);
    }
    return nanos % 1000 == 0 ? put_digits(to, nanos / 1000, 6) : put_digits(to, nanos, 9);
}

size_t timestamp_text(int64_t seconds, int32_t nanos, char text[WELLKNOWN_TEXT_BYTES])
{
    if (seconds < TIMESTAMP_MIN_SECONDS || seconds > TIMESTAMP_MAX_SECONDS || nanos < 0 ||
        nanos >= NANOS_PER_SECOND) {
        return 0;
    }
    const int64_t day = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0 ? 1 : 0);
    const unsigned of_day = (unsigned)(seconds - day * DAY_SECONDS);
    char *to = text + DATE_CHARS;

    date_format((int32_t)day, text);
    *to++ = 'T';
    to = put_digits(to, of_day / 3600, 2);
    *to++ = ':';
    to = put_digits(to, of_day / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, of_day % 60, 2);
    to = put_nanos(to, (unsigned)nanos);
    *to++ = 'Z';
    return (size_t)(to - text);
}

size_t duration_text(int64_t seconds, int32_t nanos, char text[WELLKNOWN_TEXT_BYTES])
{
    char *to = text;
    uint64_t left = (uint64_t)(seconds < 0 ? -(seconds + 1) : seconds) + (seconds < 0 ? 1 : 0);
    unsigned digits = 1;

    if (left > (uint64_t)DURATION_MAX_SECONDS || nanos <= -NANOS_PER_SECOND ||
        nanos >= NANOS_PER_SECOND || (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) {
        return 0;
    }
    if (seconds < 0 || nanos < 0) {
        *to++ = '-';
    }
    for (uint64_t power = 10; power <= left; power *= 10) {
        digits++;
    }
    for (unsigned i = digits; i > 0; i--) {
        to[i - 1] = (char)('0' + left % 10);
        left /= 10;
    }
    to = put_nanos(to + digits, (unsigned)(nanos < 0 ? -nanos : nanos));
    *to++ = 's';
    return (size_t)(to - text);
}

/* Takes all digits in front, at most max of them; returns how many, 0 also when there are more. */
static unsigned take_digits(struct slice *text, unsigned max, int64_t *ret_value)
{
    int64_t value = 0;
    unsigned count = 0;

    while (text->length > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
        if (++count > max) {
            return 0;
        }
        value = value * 10 + (text->data[0] - '0');
        text->data++;
        text->length--;
    }
    *ret_value = value;
    return count;
}

/* A point and 1 to 9 digits, or nothing. */
static bool take_nanos(struct slice *text, int32_t *ret_nanos)
{
    int64_t nanos = 0;

    if (slice_take(text, '.')) {
        const unsigned count = take_digits(text, 9, &nanos);
        if (count == 0) {
            return false;
        }
        for (unsigned i = count; i < 9; i++) {
            nanos *= 10;
        }
    }
    *ret_nanos = (int32_t)nanos;
    return true;
}

/* "Z" or "+07:00", in seconds. */
static bool take_offset(struct slice *text, int64_t *ret_offset)
{
    int64_t hours = 0;
    int64_t minutes = 0;

    if (slice_take(text, 'Z')) {
        *ret_offset = 0;
        return true;
    }
    const bool is_west = slice_take(text, '-');
    if (!is_west && !slice_take(text, '+')) {
        return false;
    }
    if (take_digits(text, 2, &hours) != 2 || !slice_take(text, ':') ||
        take_digits(text, 2, &minutes) != 2 || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_offset = (is_west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool timestamp_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    int32_t day = 0;
    int32_t nanos = 0;
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t offset = 0;

    if (text.length < DATE_CHARS ||
        !date_parse((struct slice){.data = text.data, .length = DATE_CHARS}, &day)) {
        return false;
    }
    text.data += DATE_CHARS;
    text.length -= DATE_CHARS;
    if (!slice_take(&text, 'T') || take_digits(&text, 2, &hour) != 2 || !slice_take(&text, ':') ||
        take_digits(&text, 2, &minute) != 2 || !slice_take(&text, ':') ||
        take_digits(&text, 2, &second) != 2 || hour > 23 || minute > 59 || second > 59 ||
        !take_nanos(&text, &nanos) || !take_offset(&text, &offset) || text.length > 0) {
        return false;
    }
    const int64_t seconds =
        (int64_t)day * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset;
    if (seconds < TIMESTAMP_MIN_SECONDS || seconds > TIMESTAMP_MAX_SECONDS) {
        return false;
    }
    *ret_seconds = seconds;
    *ret_nanos = nanos;
    return true;
}

bool duration_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    const bool is_negative = slice_take(&text, '-');
    int64_t seconds = 0;
    int32_t nanos = 0;

    if (take_digits(&text, 12, &seconds) == 0 || !take_nanos(&text, &nanos) ||
        !slice_take(&text, 's') || text.length > 0 || seconds > DURATION_MAX_SECONDS) {
        return false;
    }
    *ret_seconds = is_negative ? -seconds : seconds;
    *ret_nanos = is_negative ? -nanos : nanos;
    return true;
}

static struct status invalid(const char *message)
{
    return (struct status){
        .code = STATUS_INVALID_ARGUMENT, .reason = "INVALID_VALUE", .message = message};
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_mask_char(char c)
{
    return is_lower(c) || is_upper(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '*';
}

/* "displayName" becomes "display_name". */
static char *proto_path(struct arena *arena, struct slice path)
{
    char *copy = arena_alloc(arena, 2 * path.length + 1);
    char *to = copy;

    for (size_t i = 0; i < path.length; i++) {
        const char c = path.data[i];
        if (is_upper(c)) {
            *to++ = '_';
            *to++ = (char)(c - 'A' + 'a');
        } else {
            *to++ = c;
        }
    }
    return copy;
}

/* Whether a path comes back from lowerCamelCase as it was. */
static bool path_comes_back(const char *path)
{
    for (const char *c = path; *c != '\0'; c++) {
        if (!is_mask_char(*c) || is_upper(*c) || (*c == '_' && !is_lower(c[1]))) {
            return false;
        }
    }
    return true;
}

static struct status mask_parse(struct arena *arena, struct slice text, char ***ret_paths,
                                size_t *ret_count)
{
    size_t count = text.length > 0 ? 1 : 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == ',') {
            count++;
        } else if (!is_mask_char(text.data[i])) {
            return invalid("must be paths of fields joined by commas");
        }
    }
    char **paths = arena_array(arena, count, sizeof(paths[0]));
    for (size_t i = 0; i < count; i++) {
        const char *comma = memchr(text.data, ',', text.length);
        const size_t length = comma != NULL ? (size_t)(comma - text.data) : text.length;
        if (length == 0) {
            return invalid("must not hold an empty path");
        }
        paths[i] = proto_path(arena, (struct slice){.data = text.data, .length = length});
        if (!path_comes_back(paths[i])) {
            return invalid("must not hold a path with a \"_\" that no lower-case letter follows");
        }
        const size_t taken = comma != NULL ? length + 1 : length;
        text.data += taken;
        text.length -= taken;
    }
    *ret_paths = paths;
    *ret_count = count;
    return STATUS_NONE;
}

struct status wellknown_parse(struct arena *arena, enum wellknown kind, struct slice text,
                              ProtobufCMessage *message)
{
    Google__Protobuf__Timestamp *time = (Google__Protobuf__Timestamp *)message;
    Google__Protobuf__Duration *duration = (Google__Protobuf__Duration *)message;
    Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)message;

    if (kind == WELLKNOWN_TIMESTAMP) {
        return timestamp_parse(text, &time->seconds, &time->nanos)
                   ? STATUS_NONE
                   : invalid("must be a time such as \"2022-03-25T07:00:00+07:00\", from year 0001 "
                             "to 9999 and with at most 9 decimals");
    }
    if (kind == WELLKNOWN_DURATION) {
        return duration_parse(text, &duration->seconds, &duration->nanos)
                   ? STATUS_NONE
                   : invalid(
                         "must be seconds such as \"3.5s\", at most 315576000000.999999999s and "
                         "with at most 9 decimals");
    }
    return mask_parse(arena, text, &mask->paths, &mask->n_paths);
}

bool mask_append(struct buffer *buffer, char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buffer_append_char(buffer, ',');
        }
        if (paths[i][0] == '\0' || !path_comes_back(paths[i])) {
            return false;
        }
        char *to = buffer_reserve(buffer, strlen(paths[i]) + 1);
        if (to != NULL) {
            buffer_grow(buffer, json_name(paths[i], to));
        }
    }
    return true;
}

void base64_append(struct buffer *buffer, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t encoded = (length + 2) / 3 * 4;
    char *to = buffer_reserve(buffer, encoded);

    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < length; i += 3) {
        const size_t left = length - i;
        const unsigned bits = (unsigned)bytes[i] << 16 | (left > 1 ? bytes[i + 1] : 0U) << 8 |
                              (left > 2 ? bytes[i + 2] : 0U);
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[bits & 63] : '=';
    }
    buffer_grow(buffer, encoded);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

struct status base64_parse(struct arena *arena, struct slice text, ProtobufCBinaryData *ret_bytes)
{
    size_t length = text.length;
    unsigned bits = 0;
    unsigned count = 0;

    if (length > 0 && length % 4 == 0) {
        length -= text.data[length - 1] != '=' ? 0 : text.data[length - 2] == '=' ? 2 : 1;
    }
    uint8_t *bytes = arena_alloc(arena, length / 4 * 3 + 3);
    uint8_t *to = bytes;
    bool is_valid = length % 4 != 1;
    for (size_t i = 0; is_valid && i < length; i++) {
        const int digit = base64_digit(text.data[i]);
        is_valid = digit >= 0;
        bits = bits << 6 | ((unsigned)digit & 63);
        count += 6;
        if (count >= 8) {
            count -= 8;
            *to++ = (uint8_t)(bits >> count);
        }
    }
    /* Bits that no byte takes are zero, so that bytes have one text. */
    is_valid = is_valid && (bits & ((1U << count) - 1)) == 0;
    if (!is_valid) {
        bytes = NULL;
    }
    *ret_bytes =
        (ProtobufCBinaryData){.len = bytes != NULL ? (size_t)(to - bytes) : 0, .data = bytes};
    return STATUS_NONE;
}
