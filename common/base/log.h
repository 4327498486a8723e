/*
 * log.h - one JSON object a line on standard error; programs log, libraries do not.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* The program's name in every line and the least level that is written; call once, at start. */
void log_init(const char *program, enum log_level least);

/* Whether an event of this level is written. */
bool log_writes(enum log_level level);

/* As given to log_init(). */
const char *log_program(void);

/* "debug", "info", "warning" or "error"; false for anything else. */
bool log_level_parse(const char *text, enum log_level *ret_level);

/*
 * event says what happened, in snake_case ("service_started"). Then pairs of key and value, both
 * strings, ended by NULL:  log_event(LOG_INFO, "listening", "address", text, NULL);
 * A line leaves whole (log_sink.h); any thread. Invalid UTF-8 in a value is replaced.
 */
__attribute__((sentinel)) void log_event(enum log_level level, const char *event, ...);

#endif
