/* metrics_test.c - tests metrics.c and metrics_process.c. */
#include "unit.h"

#include "base/metrics.h"
#include "base/metrics_process.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct metric_row rows[] = {{{"clusters", "Get"}}, {{"clusters", "List"}}};
static const char *const codes[] = {"OK", "NOT_FOUND", "INTERNAL"};
static const uint64_t bounds[] = {10, 100, 1000};

static const struct metric_options counter_options = {
    .name = "requests_total",
    .help = "Requests.",
    .labels = {"service", "method"},
    .rows = rows,
    .row_count = 2,
    .column_label = "code",
    .columns = codes,
    .column_count = 3,
    .columns_always = 1U << 0 | 1U << 2,
};

static const struct metric_options histogram_options = {
    .name = "wait_seconds",
    .help = "Waits.",
    .bounds = bounds,
    .bound_count = 3,
    .divisor = 100,
};

/* The text of the registry; ends with NUL and is to be freed. */
static char *text_of(const struct metrics *metrics)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    metrics_write(metrics, &text);
    buffer_append_char(&text, '\0');
    assert_false(buffer_failed(&text));
    return text.data;
}

static struct metric *add(struct metrics *metrics, const struct metric_options *options)
{
    struct metric *metric = NULL;

    assert_int_equal(metrics_add(metrics, options, &metric).code, STATUS_OK);
    return metric;
}

static void a_counter_shows_its_rows_and_the_columns_that_were_counted(void **state)
{
    struct metrics *metrics = metrics_new();
    struct metric *counter = add(metrics, &counter_options);

    (void)state;
    metric_count(counter, 0, 0, 2);
    metric_count(counter, 1, 1, 1);
    metric_count(counter, 0, 0, 3);
    assert_int_equal(metric_value(counter, 0, 0), 5);
    char *text = text_of(metrics);
    assert_string_equal(
        text, "# HELP requests_total Requests.\n"
              "# TYPE requests_total counter\n"
              "requests_total{service=\"clusters\",method=\"Get\",code=\"OK\"} 5\n"
              "requests_total{service=\"clusters\",method=\"Get\",code=\"INTERNAL\"} 0\n"
              "requests_total{service=\"clusters\",method=\"List\",code=\"OK\"} 0\n"
              "requests_total{service=\"clusters\",method=\"List\",code=\"NOT_FOUND\"} 1\n"
              "requests_total{service=\"clusters\",method=\"List\",code=\"INTERNAL\"} 0\n");
    free(text);
    metrics_free(metrics);
}

static void a_histogram_counts_up_to_each_bound_and_all(void **state)
{
    const uint64_t values[] = {0, 10, 11, 100, 1000, 1001, UINT32_MAX};
    struct metrics *metrics = metrics_new();
    struct metric *histogram = add(metrics, &histogram_options);

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        metric_observe(histogram, 0, values[i]);
    }
    assert_int_equal(metric_value(histogram, 0, 0), 7);
    char *text = text_of(metrics);
    assert_string_equal(text, "# HELP wait_seconds Waits.\n"
                              "# TYPE wait_seconds histogram\n"
                              "wait_seconds_bucket{le=\"0.1\"} 2\n"
                              "wait_seconds_bucket{le=\"1\"} 4\n"
                              "wait_seconds_bucket{le=\"10\"} 5\n"
                              "wait_seconds_bucket{le=\"+Inf\"} 7\n"
                              "wait_seconds_sum 42949694.17\n"
                              "wait_seconds_count 7\n");
    free(text);
    metrics_free(metrics);
}

static void the_bounds_of_durations_rise_from_100_microseconds_to_10_seconds(void **state)
{
    const struct metric_options options = {
        .name = "x_seconds", .help = "", METRIC_DURATION_OPTIONS};
    struct metrics *metrics = metrics_new();

    (void)state;
    (void)add(metrics, &options);
    for (size_t i = 1; i < METRIC_DURATION_BOUNDS; i++) {
        assert_true(metric_duration_bounds_ns[i] > metric_duration_bounds_ns[i - 1]);
    }
    char *text = text_of(metrics);
    assert_non_null(strstr(text, "{le=\"0.0001\"} 0\n"));
    assert_non_null(strstr(text, "{le=\"0.00025\"} 0\n"));
    assert_non_null(strstr(text, "{le=\"2.5\"} 0\n"));
    assert_non_null(strstr(text, "{le=\"10\"} 0\n"));
    free(text);
    metrics_free(metrics);
}

static void what_would_break_the_text_is_escaped(void **state)
{
    static const char *const labels[] = {"path", "C:\\a\n\"b\"", NULL};
    struct buffer text;

    (void)state;
    buffer_init(&text, 1 << 20);
    metrics_write_head(&text, "x", METRIC_GAUGE, "one\ntwo \\ \"three\"");
    metrics_write_sample(&text, "x", labels, 1.5);
    buffer_append_char(&text, '\0');
    assert_string_equal(text.data, "# HELP x one\\ntwo \\\\ \"three\"\n"
                                   "# TYPE x gauge\n"
                                   "x{path=\"C:\\\\a\\n\\\"b\\\"\"} 1.5\n");
    buffer_done(&text);
}

static void numbers_are_written_as_the_format_asks(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "x 0\n"},
        {-3, "x -3\n"},
        {123456789012, "x 123456789012\n"},
        {0.25, "x 0.25\n"},
        {1e300, "x 1e+300\n"},
        {__builtin_inf(), "x +Inf\n"},
        {-__builtin_inf(), "x -Inf\n"},
        {__builtin_nan(""), "x NaN\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer text;

        buffer_init(&text, 1 << 10);
        metrics_write_sample(&text, "x", NULL, cases[i].value);
        buffer_append_char(&text, '\0');
        assert_string_equal(text.data, cases[i].text);
        buffer_done(&text);
    }
}

static void a_metric_that_nobody_wants_counts_nothing(void **state)
{
    (void)state;
    metric_count(NULL, 0, 0, 1);
    metric_observe(NULL, 0, 1);
    metrics_free(NULL);
}

enum { THREADS = 12, ROUNDS = 20000 };

struct both {
    struct metric *counter;
    struct metric *histogram;
};

static void *count_many(void *arg)
{
    const struct both *both = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        metric_count(both->counter, i % 2, i % 3, 1);
        metric_observe(both->histogram, 0, i % 2000);
    }
    return NULL;
}

/* More threads than shards, so that some share one. */
static void nothing_is_lost_when_many_threads_count(void **state)
{
    struct metrics *metrics = metrics_new();
    struct both both = {add(metrics, &counter_options), add(metrics, &histogram_options)};
    pthread_t threads[THREADS];
    uint64_t counted = 0;

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, &both), 0);
    }
    free(text_of(metrics)); /* reading meanwhile */
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t row = 0; row < 2; row++) {
        for (size_t column = 0; column < 3; column++) {
            counted += metric_value(both.counter, row, column);
        }
    }
    assert_int_equal(counted, THREADS * ROUNDS);
    assert_int_equal(metric_value(both.histogram, 0, 0), THREADS * ROUNDS);
    char *text = text_of(metrics);
    char sum[64];
    (void)snprintf(sum, sizeof(sum), "wait_seconds_sum %.0f\n",
                   THREADS * (ROUNDS / 2000) * 1999.0 * 10);
    assert_non_null(strstr(text, sum));
    free(text);
    metrics_free(metrics);
}

static double value_in(const char *text, const char *name)
{
    char start[128];

    (void)snprintf(start, sizeof(start), "\n%s ", name);
    const char *at = strstr(text, start);
    assert_non_null(at);
    return strtod(at + strlen(start), NULL);
}

static void a_process_says_what_it_is_and_uses(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 1 << 16);
    metrics_process_write(&text, "a-program");
    buffer_append_char(&text, '\0');
    assert_non_null(strstr(text.data, "\ndongkhoi_build_info{program=\"a-program\",version=\""));
    const double now = (double)time(NULL);
    const double started = value_in(text.data, "process_start_time_seconds");
    assert_true(started > now - 120 && started < now + 2);
    assert_true(value_in(text.data, "process_resident_memory_bytes") > 500000);
    assert_true(value_in(text.data, "process_virtual_memory_bytes") > 1000000);
    assert_true(value_in(text.data, "process_threads") >= 1);
    assert_true(value_in(text.data, "process_cpu_seconds_total") >= 0);
    assert_true(value_in(text.data, "process_open_fds") >= 3);
    assert_true(value_in(text.data, "process_max_fds") >= 3);
    buffer_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_shows_its_rows_and_the_columns_that_were_counted),
        cmocka_unit_test(a_histogram_counts_up_to_each_bound_and_all),
        cmocka_unit_test(the_bounds_of_durations_rise_from_100_microseconds_to_10_seconds),
        cmocka_unit_test(what_would_break_the_text_is_escaped),
        cmocka_unit_test(numbers_are_written_as_the_format_asks),
        cmocka_unit_test(a_metric_that_nobody_wants_counts_nothing),
        cmocka_unit_test(nothing_is_lost_when_many_threads_count),
        cmocka_unit_test(a_process_says_what_it_is_and_uses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
