/*
 * histogram.h - durations in buckets of 1/64 of their size: percentiles to 1.6 %, in fixed memory.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_BUCKETS = 60 * HISTOGRAM_STEPS };

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t sum_ns;
    uint64_t max_ns;
};

void histogram_add(struct histogram *histogram, uint64_t value_ns);

/* The least duration that the given share of all, 0 to 1, did not exceed; 0 when there is none. */
uint64_t histogram_percentile(const struct histogram *histogram, double share);

/* {"mean": 1.0, "p50": 1.0, "p99": …, "p999": …, "max": …}, in microseconds. */
void histogram_print(const struct histogram *histogram, FILE *file);

#endif
