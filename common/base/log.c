/* log.c - a line is made on the stack and leaves in one write. */
#include "base/log.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* A longer write to a pipe could be mixed with another program's; the rest of a value is cut. */
enum { LINE_MAX_BYTES = PIPE_BUF };

/* What closes a line that was cut: an ellipsis, a quote, a brace and the line's end. */
#define LINE_CUT "\xe2\x80\xa6\"}\n"

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t length;
    bool cut; /* inside of a string */
};

static struct {
    const char *program;
    enum log_level least;
} settings = {.program = "", .least = LOG_INFO};

void log_init(const char *program, enum log_level least)
{
    settings.program = program;
    settings.least = least;
}

bool log_writes(enum log_level level)
{
    return level >= settings.least;
}

static bool line_append(struct line *line, const char *bytes, size_t length)
{
    if (line->cut || length > sizeof(line->bytes) - (sizeof(LINE_CUT) - 1) - line->length) {
        return false;
    }
    memcpy(line->bytes + line->length, bytes, length);
    line->length += length;
    return true;
}

/* The text of one character in a JSON string, RFC 8259, 7. Returns how many bytes it took. */
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

static void line_string(struct line *line, const char *value)
{
    struct slice text = slice_from(value);

    if (!line_append(line, "\"", 1)) {
        return;
    }
    while (text.length > 0) {
        char escaped[8];
        size_t length = 0;
        const size_t taken = escape(text, escaped, &length);
        if (!line_append(line, escaped, length)) {
            line->cut = true;
            return;
        }
        text.data += taken;
        text.length -= taken;
    }
    line->cut = !line_append(line, "\"", 1);
}

/* A pair of which not even the key fits is left out whole. */
static void line_pair(struct line *line, const char *key, const char *value)
{
    const size_t before = line->length;

    if (!line_append(line, ",", before > 1 ? 1 : 0)) {
        return;
    }
    line_string(line, key);
    if (line->cut || !line_append(line, ":", 1)) {
        line->length = before;
        line->cut = false;
        return;
    }
    const size_t colon = line->length;
    line_string(line, value);
    if (line->length == colon) {
        line->length = before;
    }
}

static void line_write(struct line *line)
{
    const char *end = line->cut ? LINE_CUT : "}\n";
    const size_t length = strlen(end);

    memcpy(line->bytes + line->length, end, length);
    line->length += length;
    /* There is nobody to tell when it fails. */
    while (write(STDERR_FILENO, line->bytes, line->length) < 0 && errno == EINTR) {
    }
}

void log_event(enum log_level level, const char *event, ...)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    struct line line = {.length = 0};
    char time[TIME_TEXT_BYTES];
    va_list args;

    if (level < settings.least) {
        return;
    }
    const int kept_errno = errno;
    time_format(clock_now_us(), time);
    (void)line_append(&line, "{", 1);
    line_pair(&line, "time", time);
    line_pair(&line, "level", levels[level]);
    line_pair(&line, "program", settings.program);
    line_pair(&line, "event", event);
    va_start(args, event);
    for (const char *key = va_arg(args, const char *); key != NULL && !line.cut;
         key = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);
        if (value == NULL) {
            break;
        }
        line_pair(&line, key, value);
    }
    va_end(args);
    line_write(&line);
    errno = kept_errno;
}
