/*
 * metrics_process.h - what every program says of its own process: build, start, memory, CPU,
 * descriptors, threads. The names are those of Prometheus' own client libraries.
 */
#ifndef BASE_METRICS_PROCESS_H
#define BASE_METRICS_PROCESS_H

#include "base/buffer.h"

/* program: "dongkhoi-gateway". What the system does not tell is left out. Any thread. */
void metrics_process_write(struct buffer *text, const char *program);

#endif
