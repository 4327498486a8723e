/*
 * trace.h - who asked whom: the context of W3C Trace Context, levels 1 and 2.
 *
 *     traceparent: 00-<32 digits: trace>-<16 digits: span of the caller>-<2 digits: flags>
 *
 * One trace goes through all programs; each program that works for it has a span of its own, which
 * is the parent of the spans that it asks. tracestate is not carried: nobody behind reads it.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TRACE_ID_DIGITS = 32,
    SPAN_ID_DIGITS = 16,
    TRACEPARENT_BYTES = 56, /* the text with its NUL */
};

/* All texts end with NUL; a trace of zeros is none. */
struct trace {
    char trace_id[TRACE_ID_DIGITS + 1];
    char parent_id[SPAN_ID_DIGITS + 1]; /* the caller's span; "" at the start of a trace */
    char span_id[SPAN_ID_DIGITS + 1];
    uint8_t flags;
};

/*
 * Reads a traceparent as strictly as the specification: lower-case digits, no ids of zeros, nothing
 * behind the flags in version 00, and in a later one only behind a dash. Fills trace_id, parent_id
 * and those of the flags that are known. False, and nothing filled, for what is none.
 */
bool trace_parse(struct slice traceparent, struct trace *ret_trace);

/* A new trace with a span. Ids are random enough to be different, not to be secret. Any thread. */
void trace_begin(struct trace *ret_trace);

/* A span of one's own in a trace that was read. */
void trace_continue(struct trace *trace);

/* The traceparent for those who are asked, and for the answer: of our own span. */
void trace_format(const struct trace *trace, char text[TRACEPARENT_BYTES]);

#endif
