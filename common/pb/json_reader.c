/* json_reader.c - the grammar of RFC 8259, and where in the text a fault is. */
#include "pb/json_reader.h"

#include "base/buffer.h"
#include "base/text.h"
#include "pb/json.h"

#include <stdarg.h>
#include <stdint.h>

/* A path names at most this much of a key, and ends after this many bytes in all. */
enum { KEY_SHOWN_BYTES = 64, PATH_MAX_BYTES = 2048 };

void json_reader_init(struct json_reader *reader, struct arena *arena, struct slice text)
{
    *reader = (struct json_reader){
        .arena = arena,
        .start = text.data,
        .end = text.length > 0 ? text.data + text.length : text.data,
        .at = text.data,
    };
}

static struct slice shown_key(struct slice key)
{
    size_t length = 0;

    while (length < key.length) {
        const struct slice rest = {.data = key.data + length, .length = key.length - length};
        const size_t bytes = utf8_code_point_bytes(rest);
        if (bytes == 0 || length + bytes > KEY_SHOWN_BYTES) {
            break;
        }
        length += bytes;
    }
    return (struct slice){.data = key.data, .length = length};
}

static bool is_word(struct slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        const char c = name.data[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.length > 0;
}

static void append_field(struct buffer *path, const char *proto_name)
{
    char *to = NULL;

    if (path->length > 0) {
        buffer_append_char(path, '.');
    }
    to = buffer_reserve(path, strlen(proto_name) + 1);
    if (to != NULL) {
        buffer_grow(path, json_name(proto_name, to));
    }
}

/* As deep as the text is nested, which is bounded. */
static void append_path(struct buffer *path, const struct json_step *step)
{
    if (step == NULL) {
        return;
    }
    append_path(path, step->up);
    if (step->proto_name != NULL) {
        append_field(path, step->proto_name);
        return;
    }
    if (step->name.data == NULL) {
        buffer_printf(path, "[%zu]", step->index);
        return;
    }
    const struct slice name = shown_key(step->name);
    if (is_word(name)) {
        if (path->length > 0) {
            buffer_append_char(path, '.');
        }
        buffer_append(path, name.data, name.length);
    } else {
        buffer_append_char(path, '[');
        json_append_string(path, name);
        buffer_append_char(path, ']');
    }
}

/* NULL for the value at the root. */
static const char *path_text(struct json_reader *reader)
{
    struct buffer path;

    if (reader->step == NULL) {
        return NULL;
    }
    buffer_init(&path, PATH_MAX_BYTES);
    append_path(&path, reader->step);
    const char *text = arena_copy(reader->arena, buffer_slice(&path));
    buffer_done(&path);
    return text;
}

struct status json_reader_locate(struct json_reader *reader, const char *at, struct status status)
{
    size_t line = 1;
    size_t column = 1;

    if (status.code != STATUS_INVALID_ARGUMENT) {
        return status;
    }
    for (const char *c = reader->start; c < at; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n' ? 1 : 0;
    }
    const char *path = path_text(reader);
    status.message =
        arena_printf(reader->arena, "%s%s%s (line %zu, column %zu)", path != NULL ? path : "",
                     path != NULL ? ": " : "", status.message, line, column);
    status.field = path;
    return status;
}

struct status json_reader_fail(struct json_reader *reader, const char *at, const char *reason,
                               const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *message = arena_vprintf(reader->arena, format, args);
    va_end(args);
    return json_reader_locate(
        reader, at,
        (struct status){.code = STATUS_INVALID_ARGUMENT, .reason = reason, .message = message});
}

/* Says what stands at the position instead of what was expected. */
static struct status fail_expected(struct json_reader *reader, const char *at, const char *expected)
{
    if (at >= reader->end) {
        return json_reader_fail(reader, at, "MALFORMED_JSON",
                                "expected %s, found the end of the text", expected);
    }
    const unsigned char c = (unsigned char)*at;
    if (c > ' ' && c < 0x7f) {
        return json_reader_fail(reader, at, "MALFORMED_JSON", "expected %s, found '%c'", expected,
                                c);
    }
    return json_reader_fail(reader, at, "MALFORMED_JSON", "expected %s, found the byte 0x%02x",
                            expected, c);
}

/* The next byte after white space, not taken; -1 at the end. */
static int peek(struct json_reader *reader)
{
    while (reader->at < reader->end) {
        const char c = *reader->at;
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return (unsigned char)c;
        }
        reader->at++;
    }
    return -1;
}

struct status json_reader_kind(struct json_reader *reader, enum json_kind *ret_kind)
{
    const int c = peek(reader);

    if (c == '{') {
        *ret_kind = JSON_OBJECT;
    } else if (c == '[') {
        *ret_kind = JSON_ARRAY;
    } else if (c == '"') {
        *ret_kind = JSON_STRING;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        *ret_kind = JSON_NUMBER;
    } else if (c == 't' || c == 'f') {
        *ret_kind = JSON_BOOL;
    } else if (c == 'n') {
        *ret_kind = JSON_NULL;
    } else {
        return fail_expected(reader, reader->at, "a value");
    }
    return STATUS_NONE;
}

struct status json_reader_enter(struct json_reader *reader)
{
    if (reader->depth >= JSON_DEPTH_MAX) {
        return json_reader_fail(reader, reader->at, "MALFORMED_JSON",
                                "nested deeper than %d levels", JSON_DEPTH_MAX);
    }
    reader->depth++;
    reader->at++;
    return STATUS_NONE;
}

struct status json_reader_next(struct json_reader *reader, char close, bool is_first,
                               bool *ret_more)
{
    const int c = peek(reader);

    if (c == close) {
        reader->at++;
        reader->depth--;
        *ret_more = false;
        return STATUS_NONE;
    }
    if (!is_first) {
        if (c != ',') {
            return fail_expected(reader, reader->at, close == '}' ? "',' or '}'" : "',' or ']'");
        }
        reader->at++;
    }
    *ret_more = true;
    return STATUS_NONE;
}

struct status json_reader_name(struct json_reader *reader, struct slice *ret_name,
                               const char **ret_at)
{
    if (peek(reader) != '"') {
        return fail_expected(reader, reader->at, "a name in double quotes");
    }
    *ret_at = reader->at;
    TRY(json_reader_string(reader, ret_name));
    if (peek(reader) != ':') {
        return fail_expected(reader, reader->at, "':'");
    }
    reader->at++;
    return STATUS_NONE;
}

/* The value of four hexadecimal digits; -1 when they are none. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;

    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static bool is_high_surrogate(int32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(int32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Passes over the escape at the reader ("\" is not yet taken), and checks it. */
static struct status pass_escape(struct json_reader *reader)
{
    const char *at = reader->at;

    if (at + 1 >= reader->end) {
        return fail_expected(reader, at + 1, "an escape");
    }
    if (at[1] != 'u') {
        if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL) {
            return fail_expected(reader, at + 1, "one of \" \\ / b f n r t u after a backslash");
        }
        reader->at += 2;
        return STATUS_NONE;
    }
    const int32_t unit = hex4(at + 2, reader->end);
    if (unit < 0) {
        return json_reader_fail(reader, at, "MALFORMED_JSON",
                                "expected four hexadecimal digits after \\u");
    }
    if (unit == 0) {
        return json_reader_fail(reader, at, "INVALID_VALUE", "must not hold U+0000");
    }
    reader->at += 6;
    if (is_high_surrogate(unit)) {
        const bool has_next = reader->end - reader->at >= 6 && reader->at[0] == '\\' &&
                              reader->at[1] == 'u' &&
                              is_low_surrogate(hex4(reader->at + 2, reader->end));
        if (!has_next) {
            return json_reader_fail(reader, at, "MALFORMED_JSON", "half of a surrogate pair");
        }
        reader->at += 6;
    } else if (is_low_surrogate(unit)) {
        return json_reader_fail(reader, at, "MALFORMED_JSON", "half of a surrogate pair");
    }
    return STATUS_NONE;
}

/* From after the opening quote to after the closing one. */
static struct status pass_string(struct json_reader *reader, struct slice *ret_raw,
                                 bool *ret_escaped)
{
    const char *from = reader->at;

    *ret_escaped = false;
    while (reader->at < reader->end) {
        const unsigned char c = (unsigned char)*reader->at;
        if (c == '"') {
            *ret_raw = (struct slice){.data = from, .length = (size_t)(reader->at - from)};
            reader->at++;
            return STATUS_NONE;
        }
        if (c == '\\') {
            *ret_escaped = true;
            TRY(pass_escape(reader));
        } else if (c < ' ') {
            return json_reader_fail(reader, reader->at, "MALFORMED_JSON",
                                    "the control character 0x%02x must be escaped", c);
        } else if (c < 0x80) {
            reader->at++;
        } else {
            const struct slice rest = {.data = reader->at,
                                       .length = (size_t)(reader->end - reader->at)};
            const size_t length = utf8_code_point_bytes(rest);
            if (length == 0) {
                return json_reader_fail(reader, reader->at, "MALFORMED_JSON",
                                        "invalid UTF-8: the byte 0x%02x", c);
            }
            reader->at += length;
        }
    }
    return fail_expected(reader, reader->at, "'\"'");
}

static char *put_code_point(char *to, int32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* Puts what the checked escape at "\" stands for and returns where it ends. */
static const char *unescape(const char *at, const char *end, char **to)
{
    static const char codes[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";

    if (at[1] != 'u') {
        *(*to)++ = values[strchr(codes, at[1]) - codes];
        return at + 2;
    }
    int32_t c = hex4(at + 2, end);
    at += 6;
    if (is_high_surrogate(c)) {
        c = 0x10000 + ((c - 0xd800) << 10) + (hex4(at + 2, end) - 0xdc00);
        at += 6;
    }
    *to = put_code_point(*to, c);
    return at;
}

struct status json_reader_string(struct json_reader *reader, struct slice *ret_string)
{
    struct slice raw;
    bool is_escaped = false;

    reader->at++;
    TRY(pass_string(reader, &raw, &is_escaped));
    if (!is_escaped) {
        *ret_string = raw;
        return STATUS_NONE;
    }
    /* No escape is shorter than what it stands for. */
    char *copy = arena_alloc(reader->arena, raw.length + 1);
    char *to = copy;
    const char *end = raw.data + raw.length;
    for (const char *at = raw.data; at < end;) {
        if (*at == '\\') {
            at = unescape(at, end, &to);
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
    *ret_string = (struct slice){.data = copy, .length = (size_t)(to - copy)};
    return STATUS_NONE;
}

struct status json_reader_string_copy(struct json_reader *reader, char **ret_string)
{
    struct slice string;

    TRY(json_reader_string(reader, &string));
    const bool is_in_text = (uintptr_t)string.data >= (uintptr_t)reader->start &&
                            (uintptr_t)string.data <= (uintptr_t)reader->end;
    *ret_string = is_in_text ? arena_copy(reader->arena, string) : (char *)(uintptr_t)string.data;
    return STATUS_NONE;
}

/* Passes over the digits at the reader; false when there is none. */
static bool pass_digits(struct json_reader *reader)
{
    const char *from = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return reader->at > from;
}

static bool pass_char(struct json_reader *reader, char wanted)
{
    if (reader->at < reader->end && *reader->at == wanted) {
        reader->at++;
        return true;
    }
    return false;
}

struct status json_reader_number(struct json_reader *reader, struct slice *ret_number)
{
    const char *from = reader->at;

    (void)pass_char(reader, '-');
    if (!pass_char(reader, '0') && !pass_digits(reader)) {
        return fail_expected(reader, reader->at, "a digit");
    }
    if (pass_char(reader, '.') && !pass_digits(reader)) {
        return fail_expected(reader, reader->at, "a digit");
    }
    if (pass_char(reader, 'e') || pass_char(reader, 'E')) {
        if (!pass_char(reader, '+')) {
            (void)pass_char(reader, '-');
        }
        if (!pass_digits(reader)) {
            return fail_expected(reader, reader->at, "a digit");
        }
    }
    *ret_number = (struct slice){.data = from, .length = (size_t)(reader->at - from)};
    return STATUS_NONE;
}

static struct status pass_word(struct json_reader *reader, const char *word)
{
    for (const char *c = word; *c != '\0'; c++) {
        if (!pass_char(reader, *c)) {
            return fail_expected(reader, reader->at, word);
        }
    }
    return STATUS_NONE;
}

struct status json_reader_bool(struct json_reader *reader, bool *ret_value)
{
    const bool value = *reader->at == 't';

    TRY(pass_word(reader, value ? "true" : "false"));
    *ret_value = value;
    return STATUS_NONE;
}

struct status json_reader_null(struct json_reader *reader)
{
    return pass_word(reader, "null");
}

/* Recursion is bounded by json_reader_enter(). */
static struct status skip_nested(struct json_reader *reader, bool is_object)
{
    bool more = false;

    TRY(json_reader_enter(reader));
    for (bool is_first = true;; is_first = false) {
        TRY(json_reader_next(reader, is_object ? '}' : ']', is_first, &more));
        if (!more) {
            return STATUS_NONE;
        }
        if (is_object) {
            struct slice name;
            const char *at = NULL;
            TRY(json_reader_name(reader, &name, &at));
        }
        TRY(json_reader_skip(reader));
    }
}

struct status json_reader_skip(struct json_reader *reader)
{
    enum json_kind kind;
    struct slice slice;
    bool value = false;

    TRY(json_reader_kind(reader, &kind));
    switch (kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return skip_nested(reader, kind == JSON_OBJECT);
    case JSON_STRING:
        reader->at++;
        return pass_string(reader, &slice, &value);
    case JSON_NUMBER:
        return json_reader_number(reader, &slice);
    case JSON_BOOL:
        return json_reader_bool(reader, &value);
    case JSON_NULL:
        return json_reader_null(reader);
    }
    return STATUS_NONE;
}

struct status json_reader_end(struct json_reader *reader)
{
    return peek(reader) < 0 ? STATUS_NONE
                            : fail_expected(reader, reader->at, "the end of the text");
}
