/*
 * log_sink.h - where the lines of the log go: to standard error, by a thread of their own.
 *
 *     log_sink_write() --> a bounded buffer --the thread, many lines a write--> standard error
 *
 * Nobody waits for a reader that is slow or gone: what has no room is dropped and counted, and a
 * line says how many ("log_lines_dropped"). Before the start each line is written at once.
 */
#ifndef BASE_LOG_SINK_H
#define BASE_LOG_SINK_H

#include "base/log.h"

#include <stddef.h>

/* Once, when the program's signals are set. Without memory or threads lines go on as before. */
void log_sink_start(void);

/* A whole line. Any thread; after the start it never waits. */
void log_sink_write(const char *line, size_t length, enum log_level level);

/* Writes what is left, for at most bound_ms. What comes later is lost when that was not enough. */
void log_sink_stop(unsigned bound_ms);

/* Lines that were dropped since the start. Any thread. */
unsigned long log_sink_dropped(void);

#endif
