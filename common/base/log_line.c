/* log_line.c - JSON written by hand into a line on the stack: a request writes one, so it must not
 * cost memory or a lock. Most bytes are copied as they are. */
#include "base/log_line.h"

#include "base/clock.h"
#include "base/log_sink.h"
#include "base/text.h"

#include <stdio.h>

/* What closes a line that was cut: an ellipsis, a quote, a brace and the line's end. */
#define LINE_CUT "\xe2\x80\xa6\"}\n"

enum { SECOND_US = 1000000, SECOND_TEXT_BYTES = 19, NUMBER_MAX_BYTES = 24 };

static size_t room(const struct log_line *line)
{
    return line->is_cut ? 0 : sizeof(line->bytes) - (sizeof(LINE_CUT) - 1) - line->length;
}

static bool append(struct log_line *line, const char *bytes, size_t length)
{
    if (length > room(line)) {
        return false;
    }
    memcpy(line->bytes + line->length, bytes, length);
    line->length += length;
    return true;
}

/* How many bytes at the start stand in a JSON string as they are; RFC 8259, 7. */
static size_t plain_length(struct slice text)
{
    size_t length = 0;

    while (length < text.length) {
        const unsigned char c = (unsigned char)text.data[length];

        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            break;
        }
        length++;
    }
    return length;
}

/* The text of one character in a JSON string. Returns how many bytes it took. */
static size_t escape(struct slice text, char escaped[8], size_t *ret_length)
{
    const unsigned char c = (unsigned char)text.data[0];
    const size_t taken = utf8_code_point_bytes(text);

    if (taken == 0) {
        *ret_length = (size_t)snprintf(escaped, 8, "\xef\xbf\xbd");
        return 1;
    }
    if (c < 0x20 || c == 0x7f) {
        *ret_length = (size_t)snprintf(escaped, 8, "\\u%04x", c);
    } else if (c == '"' || c == '\\') {
        *ret_length = (size_t)snprintf(escaped, 8, "\\%c", c);
    } else {
        memcpy(escaped, text.data, taken);
        *ret_length = taken;
    }
    return taken;
}

static void append_string(struct log_line *line, struct slice text)
{
    if (!append(line, "\"", 1)) {
        return;
    }
    while (text.length > 0) {
        char escaped[8];
        const char *bytes = text.data;
        size_t length = plain_length(text);
        size_t taken = length;

        if (length == 0) {
            taken = escape(text, escaped, &length);
            bytes = escaped;
        } else if (length > room(line)) {
            length = room(line);
        }
        if (!append(line, bytes, length) || (bytes != escaped && length < taken)) {
            line->is_cut = true;
            return;
        }
        text.data += taken;
        text.length -= taken;
    }
    line->is_cut = !append(line, "\"", 1);
}

/* False when not even the key fits: the pair is left out whole. */
static bool append_key(struct log_line *line, const char *key)
{
    const size_t before = line->length;

    if (!append(line, ",", before > 1 ? 1 : 0)) {
        return false;
    }
    append_string(line, slice_from(key));
    if (line->is_cut || !append(line, ":", 1)) {
        line->length = before;
        line->is_cut = false;
        return false;
    }
    return true;
}

void log_line_text(struct log_line *line, const char *key, struct slice value)
{
    const size_t before = line->length;

    if (!append_key(line, key)) {
        return;
    }
    const size_t colon = line->length;
    append_string(line, value);
    if (line->length == colon) {
        line->length = before;
    }
}

static void append_bare(struct log_line *line, const char *key, const char *bytes, size_t length)
{
    const size_t before = line->length;

    if (append_key(line, key) && !append(line, bytes, length)) {
        line->length = before;
    }
}

/* The digits of a number at the end of text; returns where they begin. */
static char *digits_before(char *end, uint64_t value, int least)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
        least--;
    } while (value > 0 || least > 0);
    return end;
}

void log_line_number(struct log_line *line, const char *key, int64_t value)
{
    char text[NUMBER_MAX_BYTES];
    char *const end = text + sizeof(text);
    char *start = digits_before(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);

    if (value < 0) {
        *--start = '-';
    }
    append_bare(line, key, start, (size_t)(end - start));
}

void log_line_ms(struct log_line *line, const char *key, int64_t value_us)
{
    char text[NUMBER_MAX_BYTES];
    char *const end = text + sizeof(text);
    const uint64_t us = value_us > 0 ? (uint64_t)value_us : 0;
    char *start = digits_before(end, us % 1000, 3);

    *--start = '.';
    start = digits_before(start, us / 1000, 1);
    append_bare(line, key, start, (size_t)(end - start));
}

void log_line_true(struct log_line *line, const char *key)
{
    append_bare(line, key, "true", 4);
}

/* The time with six decimals. Date and time of day are formatted once a second by each thread. */
static void append_time(struct log_line *line)
{
    static _Thread_local int64_t second;
    static _Thread_local char text[TIME_TEXT_BYTES];
    const int64_t now_us = clock_now_us();

    if (now_us / SECOND_US != second || text[0] == '\0') {
        second = now_us / SECOND_US;
        time_format(second * SECOND_US, text);
    }
    char *const end = text + SECOND_TEXT_BYTES + 8;
    end[-1] = 'Z';
    (void)digits_before(end - 1, (uint64_t)(now_us % SECOND_US), 6);
    text[SECOND_TEXT_BYTES] = '.';
    (void)append(line, "{\"time\":\"", 9);
    (void)append(line, text, SECOND_TEXT_BYTES + 8);
    (void)append(line, "\"", 1);
}

void log_line_begin(struct log_line *line, enum log_level level, const char *event)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};

    line->level = level;
    line->length = 0;
    line->is_cut = false;
    append_time(line);
    log_line_text(line, "level", slice_from(levels[level]));
    log_line_text(line, "program", slice_from(log_program()));
    log_line_text(line, "event", slice_from(event));
}

void log_line_end(struct log_line *line)
{
    const char *end = line->is_cut ? LINE_CUT : "}\n";
    const size_t length = strlen(end);

    memcpy(line->bytes + line->length, end, length);
    line->length += length;
    log_sink_write(line->bytes, line->length, line->level);
}
