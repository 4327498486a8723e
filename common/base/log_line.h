/*
 * log_line.h - a line of the log that is made piece by piece, for lines that are written often:
 *
 *     log_line_begin(&line, LOG_INFO, "request");
 *     log_line_number(&line, "status", 200);
 *     log_line_end(&line);
 *
 * Ask log_writes() first. What does not fit is left out or cut; a line is always one valid object.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include "base/log.h"
#include "base/slice.h"

#include <limits.h>
#include <stdint.h>

/* A longer write to a pipe could be mixed with another program's. */
enum { LOG_LINE_MAX_BYTES = PIPE_BUF };

/* Lives on the stack; not initialised before log_line_begin(). */
struct log_line {
    enum log_level level;
    size_t length;
    bool is_cut; /* inside of a string */
    char bytes[LOG_LINE_MAX_BYTES];
};

void log_line_begin(struct log_line *line, enum log_level level, const char *event);

/* Invalid UTF-8 in a value is replaced. */
void log_line_text(struct log_line *line, const char *key, struct slice value);
void log_line_number(struct log_line *line, const char *key, int64_t value);
/* Microseconds as a number of milliseconds: 0.123. */
void log_line_ms(struct log_line *line, const char *key, int64_t value_us);
void log_line_true(struct log_line *line, const char *key);

/* Writes it. Any thread. */
void log_line_end(struct log_line *line);

#endif
