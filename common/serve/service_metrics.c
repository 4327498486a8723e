/* service_metrics.c - a row for each method that a service answers, and gauges when asked. */
#include "serve/service_metrics.h"

#include "base/memory.h"
#include "base/metrics_process.h"
#include "serve/journal_service.h"
#include "serve/version_service.h"
#include "store/store_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODES = STATUS_UNAUTHENTICATED + 1, TEXT_MAX_BYTES = 8 << 20, PROGRAM_BYTES = 64 };

/* Codes with which the service itself is at fault, and OK: always shown. */
enum {
    CODES_SHOWN = 1U << STATUS_OK | 1U << STATUS_DEADLINE_EXCEEDED | 1U << STATUS_INTERNAL |
                  1U << STATUS_RESOURCE_EXHAUSTED | 1U << STATUS_UNAVAILABLE,
};

/* Rows behind those of the service's own methods. The durations of those before TIMED_ROWS are
 * observed: the rest are questions between programs, of which one is held on purpose. */
enum {
    ROW_JOURNAL,
    ROW_UNKNOWN,
    TIMED_ROWS,
    ROW_HEALTH = TIMED_ROWS,
    ROW_METRICS,
    ROW_RENEW,
    ROW_WATCH,
    MORE_ROWS
};

static const char *const more_methods[MORE_ROWS] = {
    [ROW_JOURNAL] = JOURNAL_METHOD,
    [ROW_UNKNOWN] = "/unknown",
    [ROW_HEALTH] = "dongkhoi.rpc.v1.HealthService/CheckHealth",
    [ROW_METRICS] = METRICS_METHOD,
    [ROW_RENEW] = RENEW_METHOD,
    [ROW_WATCH] = WATCH_METHOD,
};

struct service_metrics {
    struct service_metrics_options options;
    char program[PROGRAM_BYTES];
    const char *codes[CODES];
    struct metric *requests;
    struct metric *seconds;
    struct metric *parts;
    struct metric *lease_waits;
    size_t method_count;
    size_t prefix_length; /* of the full names of methods, to their slash */
    struct metric_row rows[];
};

enum { PART_QUEUE, PART_SERVICE, PART_STORE, PARTS, NS_PER_US = 1000 };

static const struct metric_row part_rows[PARTS] = {
    [PART_QUEUE] = {{"queue"}},
    [PART_SERVICE] = {{"service"}},
    [PART_STORE] = {{"store"}},
};

static const char *short_name(const char *full_name)
{
    const char *slash = strrchr(full_name, '/');

    return slash != NULL ? slash + 1 : full_name;
}

static struct status families_add(struct service_metrics *service, struct metrics *metrics)
{
    const struct metric_options requests = {
        .name = "dongkhoi_rpc_requests_total",
        .help = "Calls that were answered, by method and google.rpc.Code.",
        .labels = {"service", "method"},
        .rows = service->rows,
        .row_count = service->method_count + MORE_ROWS,
        .column_label = "code",
        .columns = service->codes,
        .column_count = CODES,
        .columns_always = CODES_SHOWN,
    };
    const struct metric_options seconds = {
        .name = "dongkhoi_rpc_request_seconds",
        .help = "Time from a call's arrival to its answer, with all waits.",
        .labels = {"service", "method"},
        .rows = service->rows,
        .row_count = service->method_count + TIMED_ROWS,
        METRIC_DURATION_OPTIONS,
    };
    const struct metric_options parts = {
        .name = "dongkhoi_rpc_part_seconds",
        .help = "The same in its parts: waiting, in the service, in the store.",
        .labels = {"part"},
        .rows = part_rows,
        .row_count = PARTS,
        METRIC_DURATION_OPTIONS,
    };
    const struct metric_options lease_waits = {
        .name = "dongkhoi_lease_wait_seconds",
        .help = "Time that answers were held until no gateway could show an older version.",
        METRIC_DURATION_OPTIONS,
    };

    TRY(metrics_add(metrics, &requests, &service->requests));
    TRY(metrics_add(metrics, &seconds, &service->seconds));
    TRY(metrics_add(metrics, &parts, &service->parts));
    return metrics_add(metrics, &lease_waits, &service->lease_waits);
}

struct status service_metrics_new(const struct service_metrics_options *options,
                                  struct service_metrics **ret_metrics)
{
    size_t count = 0;

    while (dispatch_table_at(options->table, count) != NULL) {
        count++;
    }
    struct service_metrics *service =
        memory_zeroed(sizeof(*service) + (count + MORE_ROWS) * sizeof(service->rows[0]));
    service->options = *options;
    service->method_count = count;
    service->prefix_length = strlen(options->service->descriptor->name) + 1;
    (void)snprintf(service->program, sizeof(service->program), "dongkhoi-%s",
                   options->service->name);
    for (int code = 0; code < CODES; code++) {
        service->codes[code] = status_code_name((enum status_code)code);
    }
    for (size_t i = 0; i < count + MORE_ROWS; i++) {
        const char *method =
            i < count ? dispatch_table_at(options->table, i)->full_name : more_methods[i - count];
        service->rows[i] = (struct metric_row){{options->service->name, short_name(method)}};
    }
    const struct status status = families_add(service, options->metrics);
    if (status.code != STATUS_OK) {
        free(service);
        return status;
    }
    *ret_metrics = service;
    return STATUS_NONE;
}

void service_metrics_free(struct service_metrics *metrics)
{
    free(metrics);
}

/* The rows of the service's own methods are in the order of their names. */
static size_t row_of(const struct service_metrics *metrics, const char *method)
{
    size_t low = 0;
    size_t high = metrics->method_count;

    if (high > 0 && strncmp(method, dispatch_table_at(metrics->options.table, 0)->full_name,
                            metrics->prefix_length) == 0) {
        const char *name = method + metrics->prefix_length;

        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            const int order = strcmp(name, metrics->rows[middle].values[1]);

            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
    }
    for (size_t i = 0; i < MORE_ROWS; i++) {
        if (strcmp(method, more_methods[i]) == 0) {
            return metrics->method_count + i;
        }
    }
    return metrics->method_count + ROW_UNKNOWN;
}

size_t service_metrics_count(struct service_metrics *metrics, const char *method,
                             enum status_code code)
{
    const size_t row = row_of(metrics, method);
    const size_t column = (size_t)code < CODES ? (size_t)code : STATUS_UNKNOWN;

    metric_count(metrics->requests, row, column, 1);
    return row;
}

void service_metrics_time(struct service_metrics *metrics, size_t row,
                          const struct call_context *context, const struct rpc_timing *timing)
{
    const struct parked *parked = &context->parked;

    if (row < metrics->method_count + TIMED_ROWS) {
        metric_observe_since(metrics->seconds, row, context->clock.arrived_ns);
    }
    metric_observe(metrics->parts, PART_QUEUE, (uint64_t)timing->queue_us * NS_PER_US);
    metric_observe(metrics->parts, PART_SERVICE, (uint64_t)timing->service_us * NS_PER_US);
    metric_observe(metrics->parts, PART_STORE, (uint64_t)timing->store_us * NS_PER_US);
    if (parked->parked_ns != 0) {
        metric_observe_since(metrics->lease_waits, 0, parked->parked_ns);
    }
}

static void write_gauge(struct buffer *text, const char *name, const char *help, double value)
{
    metrics_write_one(text, name, METRIC_GAUGE, help, value);
}

static void write_queues(const struct service_metrics_options *options, unsigned calls_under_way,
                         struct buffer *text)
{
    const struct gate_load load = gate_load(options->gate);

    write_gauge(text, "dongkhoi_rpc_calls_under_way", "Calls that came and are not answered yet.",
                calls_under_way);
    write_gauge(text, "dongkhoi_rpc_calls_limit",
                "Calls that may be under way; more are refused or wait in nng.",
                options->calls_max);
    write_gauge(text, "dongkhoi_pool_queue_length", "Calls that wait for a thread of the pool.",
                pool_queued(options->pool));
    write_gauge(text, "dongkhoi_pool_queue_limit",
                "Calls that may wait for the pool; more are refused.",
                pool_queue_max(options->pool));
    write_gauge(text, "dongkhoi_lease_parked_answers",
                "Answers that are held until their version is stable.", load.parked);
    write_gauge(text, "dongkhoi_lease_held_watches",
                "Questions of gateways that are held until there is another version.",
                load.watches);
    write_gauge(text, "dongkhoi_lease_holders",
                "Gateways that may answer from their cache without asking.", load.leases);
}

static void write_peers(const struct service_metrics_options *options, struct buffer *text)
{
    const char *unreachable[PEERS_MAX];
    const size_t count = peers_unreachable(options->peers, unreachable);

    if (options->service->peer_count == 0) {
        return;
    }
    metrics_write_head(text, "dongkhoi_peer_connected", METRIC_GAUGE,
                       "1 while there is a connection to a service that this one asks, else 0.");
    for (size_t i = 0; i < options->service->peer_count; i++) {
        const char *const labels[] = {"peer", options->service->peers[i].name, NULL};
        bool is_connected = true;

        for (size_t k = 0; k < count; k++) {
            is_connected = is_connected && strcmp(unreachable[k], labels[1]) != 0;
        }
        metrics_write_sample(text, "dongkhoi_peer_connected", labels, is_connected);
    }
}

struct status service_metrics_text(struct service_metrics *metrics, struct arena *arena,
                                   unsigned calls_under_way, char **ret_text)
{
    struct buffer text;

    buffer_init(&text, TEXT_MAX_BYTES);
    metrics_process_write(&text, metrics->program);
    write_queues(&metrics->options, calls_under_way, &text);
    write_peers(&metrics->options, &text);
    store_metrics_write(metrics->options.store, &text);
    metrics_write(metrics->options.metrics, &text);
    char *copy = buffer_failed(&text) ? NULL : arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    if (copy == NULL) {
        return status_out_of_memory();
    }
    *ret_text = copy;
    return STATUS_NONE;
}
