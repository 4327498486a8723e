/*
 * metrics.c - each family has a block of cells in each shard; a thread adds in the shard of its
 * number, and a reader sums over all of them.
 */
#include "base/metrics.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 8, CACHE_LINE_BYTES = 64 };

const uint64_t metric_duration_bounds_ns[METRIC_DURATION_BOUNDS] = {
    100000,   250000,    500000,    1000000,   2500000,    5000000,    10000000,   25000000,
    50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};

struct metric {
    struct metric_options options;
    size_t rows;
    size_t cells_per_row; /* columns; or buckets with the last one, and the sum */
    size_t cells_per_shard;
    atomic_uint_fast64_t *cells;
    struct metric *next;
};

struct metrics {
    struct metric *first;
    struct metric **last;
};

static atomic_uint thread_count;
static _Thread_local unsigned thread_number; /* 0: none yet */

static size_t shard_of_thread(void)
{
    if (thread_number == 0) {
        thread_number = atomic_fetch_add(&thread_count, 1) % SHARDS + 1;
    }
    return thread_number - 1;
}

struct metrics *metrics_new(void)
{
    struct metrics *metrics = memory_zeroed(sizeof(*metrics));

    metrics->last = &metrics->first;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    while (metrics != NULL && metrics->first != NULL) {
        struct metric *metric = metrics->first;

        metrics->first = metric->next;
        free(metric->cells);
        free(metric);
    }
    free(metrics);
}

struct status metrics_add(struct metrics *metrics, const struct metric_options *options,
                          struct metric **ret_metric)
{
    const size_t per_line = CACHE_LINE_BYTES / sizeof(atomic_uint_fast64_t);
    struct metric *metric = memory_zeroed(sizeof(*metric));

    assert(options->bound_count <= METRIC_BOUNDS_MAX && options->column_count <= 32);
    metric->options = *options;
    metric->rows = options->rows != NULL ? options->row_count : 1;
    metric->cells_per_row = options->bounds != NULL    ? options->bound_count + 2
                            : options->columns != NULL ? options->column_count
                                                       : 1;
    metric->cells_per_shard =
        (metric->rows * metric->cells_per_row + per_line - 1) / per_line * per_line;
    const size_t bytes = SHARDS * metric->cells_per_shard * sizeof(metric->cells[0]);
    metric->cells = aligned_alloc(CACHE_LINE_BYTES, bytes);
    if (metric->cells == NULL) {
        memory_end(bytes);
    }
    memset((void *)metric->cells, 0, bytes);
    *metrics->last = metric;
    metrics->last = &metric->next;
    *ret_metric = metric;
    return STATUS_NONE;
}

static void cell_add(struct metric *metric, size_t cell, uint64_t count)
{
    (void)atomic_fetch_add_explicit(
        &metric->cells[shard_of_thread() * metric->cells_per_shard + cell], count,
        memory_order_relaxed);
}

static uint64_t cell_sum(const struct metric *metric, size_t cell)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < SHARDS; i++) {
        sum += atomic_load_explicit(&metric->cells[i * metric->cells_per_shard + cell],
                                    memory_order_relaxed);
    }
    return sum;
}

void metric_count(struct metric *metric, size_t row, size_t column, uint64_t count)
{
    if (metric != NULL) {
        assert(metric->options.bounds == NULL && row < metric->rows &&
               column < metric->cells_per_row);
        cell_add(metric, row * metric->cells_per_row + column, count);
    }
}

void metric_observe(struct metric *metric, size_t row, uint64_t value)
{
    if (metric == NULL) {
        return;
    }
    const struct metric_options *options = &metric->options;
    const size_t first = row * metric->cells_per_row;
    size_t bucket = 0;

    assert(options->bounds != NULL && row < metric->rows);
    while (bucket < options->bound_count && value > options->bounds[bucket]) {
        bucket++;
    }
    cell_add(metric, first + bucket, 1);
    cell_add(metric, first + options->bound_count + 1, value);
}

uint64_t metric_value(const struct metric *metric, size_t row, size_t column)
{
    uint64_t value = 0;

    if (metric->options.bounds == NULL) {
        return cell_sum(metric, row * metric->cells_per_row + column);
    }
    for (size_t i = 0; i <= metric->options.bound_count; i++) {
        value += cell_sum(metric, row * metric->cells_per_row + i);
    }
    return value;
}

void metric_observe_since(struct metric *metric, size_t row, int64_t start_ns)
{
    if (metric != NULL) {
        metric_observe(metric, row, (uint64_t)(clock_elapsed_ns() - start_ns));
    }
}

/* A backslash and a line end are escaped, in the value of a label also quotes. */
static void write_escaped(struct buffer *text, const char *value, bool is_label)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\\' || (*c == '"' && is_label)) {
            buffer_append_char(text, '\\');
            buffer_append_char(text, *c);
        } else if (*c == '\n') {
            buffer_append_text(text, "\\n");
        } else {
            buffer_append_char(text, *c);
        }
    }
}

void metrics_write_head(struct buffer *text, const char *name, enum metric_type type,
                        const char *help)
{
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

    buffer_append_text(text, "# HELP ");
    buffer_append_text(text, name);
    buffer_append_char(text, ' ');
    write_escaped(text, help, false);
    buffer_append_text(text, "\n# TYPE ");
    buffer_append_text(text, name);
    buffer_append_char(text, ' ');
    buffer_append_text(text, types[type]);
    buffer_append_char(text, '\n');
}

static void write_number(struct buffer *text, double value)
{
    if (isnan(value)) {
        buffer_append_text(text, "NaN");
    } else if (isinf(value)) {
        buffer_append_text(text, value > 0 ? "+Inf" : "-Inf");
    } else {
        /* Whole numbers as they are, others to a double's last sure digit. */
        const bool is_whole = value > -1e15 && value < 1e15 && value == (double)(int64_t)value;

        buffer_printf(text, is_whole ? "%.0f" : "%.15g", value);
    }
}

static void write_label(struct buffer *text, const char *name, const char *value, bool *is_first)
{
    buffer_append_char(text, *is_first ? '{' : ',');
    *is_first = false;
    buffer_append_text(text, name);
    buffer_append_text(text, "=\"");
    write_escaped(text, value, true);
    buffer_append_char(text, '"');
}

static void write_value(struct buffer *text, bool has_labels, double value)
{
    buffer_append_text(text, has_labels ? "} " : " ");
    write_number(text, value);
    buffer_append_char(text, '\n');
}

void metrics_write_sample(struct buffer *text, const char *name, const char *const *labels,
                          double value)
{
    bool is_first = true;

    buffer_append_text(text, name);
    for (size_t i = 0; labels != NULL && labels[i] != NULL; i += 2) {
        write_label(text, labels[i], labels[i + 1], &is_first);
    }
    write_value(text, !is_first, value);
}

void metrics_write_one(struct buffer *text, const char *name, enum metric_type type,
                       const char *help, double value)
{
    metrics_write_head(text, name, type, help);
    metrics_write_sample(text, name, NULL, value);
}

/* One line of a family: its row's labels, and one more unless it is NULL. */
static void write_line(const struct metric *metric, struct buffer *text, const char *suffix,
                       size_t row, const char *label, const char *label_value, double value)
{
    const struct metric_options *options = &metric->options;
    bool is_first = true;

    buffer_append_text(text, options->name);
    buffer_append_text(text, suffix);
    for (size_t i = 0; options->rows != NULL && i < METRIC_LABELS_MAX; i++) {
        if (options->labels[i] != NULL) {
            write_label(text, options->labels[i], options->rows[row].values[i], &is_first);
        }
    }
    if (label != NULL) {
        write_label(text, label, label_value, &is_first);
    }
    write_value(text, !is_first, value);
}

static void write_counter(const struct metric *metric, struct buffer *text)
{
    const struct metric_options *options = &metric->options;

    metrics_write_head(text, options->name, METRIC_COUNTER, options->help);
    for (size_t row = 0; row < metric->rows; row++) {
        for (size_t column = 0; column < metric->cells_per_row; column++) {
            const uint64_t value = cell_sum(metric, row * metric->cells_per_row + column);

            if (options->columns == NULL) {
                write_line(metric, text, "", row, NULL, NULL, (double)value);
            } else if (value > 0 || (options->columns_always >> column & 1) != 0) {
                write_line(metric, text, "", row, options->column_label, options->columns[column],
                           (double)value);
            }
        }
    }
}

static void write_histogram(const struct metric *metric, struct buffer *text)
{
    const struct metric_options *options = &metric->options;

    metrics_write_head(text, options->name, METRIC_HISTOGRAM, options->help);
    for (size_t row = 0; row < metric->rows; row++) {
        const size_t first = row * metric->cells_per_row;
        uint64_t count = 0;

        for (size_t i = 0; i < options->bound_count; i++) {
            char bound[32];

            (void)snprintf(bound, sizeof(bound), "%.12g",
                           (double)options->bounds[i] / options->divisor);
            count += cell_sum(metric, first + i);
            write_line(metric, text, "_bucket", row, "le", bound, (double)count);
        }
        count += cell_sum(metric, first + options->bound_count);
        write_line(metric, text, "_bucket", row, "le", "+Inf", (double)count);
        write_line(metric, text, "_sum", row, NULL, NULL,
                   (double)cell_sum(metric, first + options->bound_count + 1) / options->divisor);
        write_line(metric, text, "_count", row, NULL, NULL, (double)count);
    }
}

void metrics_write(const struct metrics *metrics, struct buffer *text)
{
    for (const struct metric *metric = metrics->first; metric != NULL; metric = metric->next) {
        if (metric->options.bounds != NULL) {
            write_histogram(metric, text);
        } else {
            write_counter(metric, text);
        }
    }
}
