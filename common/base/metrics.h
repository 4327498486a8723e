/*
 * metrics.h - counters and histograms of fixed size, and the text that shows them.
 *
 * A family has a fixed table of series: its labels come from tables of the program, never from
 * input. Counting is one or two atomic additions in a shard that few threads share; it neither
 * locks, allocates nor fails. Families are added before any thread counts; everything else: any
 * thread. A metric of NULL is one that nobody wants: counting in it does nothing.
 *
 * The text is Prometheus' format 0.0.4. Names are literals in base units (seconds, bytes), those of
 * counters end in _total. Sums of a histogram may be a few observations ahead of its buckets.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buffer.h"
#include "base/status.h"

#include <stdint.h>

struct metrics;
struct metric;

enum { METRIC_LABELS_MAX = 2, METRIC_BOUNDS_MAX = 24 };

/* The values of one row's labels. */
struct metric_row {
    const char *values[METRIC_LABELS_MAX];
};

/* All that it points to must outlive the registry. */
struct metric_options {
    const char *name;
    const char *help;
    const char *labels[METRIC_LABELS_MAX]; /* NULL: no more */
    const struct metric_row *rows;         /* NULL: one without labels */
    size_t row_count;

    /* Counters: a further label with these values, at most 32; NULL: none. Columns with a bit here
     * are always shown, the others once they were counted. */
    const char *column_label;
    const char *const *columns;
    size_t column_count;
    uint32_t columns_always;

    /* Histograms: upper bounds, rising; observations are shown divided by divisor. */
    const uint64_t *bounds;
    size_t bound_count;
    double divisor;
};

struct metrics *metrics_new(void);
/* metrics may be NULL. */
void metrics_free(struct metrics *metrics);

/* A counter, or with bounds a histogram. RESOURCE_EXHAUSTED without memory. */
struct status metrics_add(struct metrics *metrics, const struct metric_options *options,
                          struct metric **ret_metric);

void metric_count(struct metric *metric, size_t row, size_t column, uint64_t count);
void metric_observe(struct metric *metric, size_t row, uint64_t value);
/* The nanoseconds since a clock_elapsed_ns(). */
void metric_observe_since(struct metric *metric, size_t row, int64_t start_ns);

/* A counter's value, or the number of a histogram's observations. */
uint64_t metric_value(const struct metric *metric, size_t row, size_t column);

/* Bounds for durations in nanoseconds: 100 us to 10 s. */
enum { METRIC_DURATION_BOUNDS = 16 };
extern const uint64_t metric_duration_bounds_ns[METRIC_DURATION_BOUNDS];
#define METRIC_DURATION_OPTIONS                                                                    \
    .bounds = metric_duration_bounds_ns, .bound_count = METRIC_DURATION_BOUNDS, .divisor = 1e9

/* All families in the order in which they were added. */
void metrics_write(const struct metrics *metrics, struct buffer *text);

/* For what is read when it is asked for. */
enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
void metrics_write_head(struct buffer *text, const char *name, enum metric_type type,
                        const char *help);
/* labels: pairs of name and value, NULL-ended; or NULL. */
void metrics_write_sample(struct buffer *text, const char *name, const char *const *labels,
                          double value);
/* Both, for one sample without labels. */
void metrics_write_one(struct buffer *text, const char *name, enum metric_type type,
                       const char *help, double value);

#endif
