/* gateway_metrics.c - a row for each route, and gauges when asked. */
#include "gateway_metrics.h"

#include "base/metrics_process.h"
#include "gateway.h"

#include <assert.h>
#include <string.h>

enum { CLASSES = 4, FORWARD_REASONS = 4 };

static const char *const classes[CLASSES] = {"2xx", "3xx", "4xx", "5xx"};
static const char *const tiers[TIERS] = {
    [TIER_MEMORY] = "memory",
    [TIER_REDIS] = "redis",
    [TIER_SHARED] = "shared",
    [TIER_SERVICE] = "service",
};
static const char *const forward_reasons[FORWARD_REASONS] = {"miss", "stale", "request", "bypass"};
static const char *const redis_losses[REDIS_LOSSES] = {
    [REDIS_TOO_LATE] = "late",
    [REDIS_FAILED] = "failed",
};
static const char *const local_names[ROWS_LOCAL] = {
    [ROW_UNKNOWN] = "unknown", [ROW_PAGE] = "page",       [ROW_HEALTHZ] = "healthz",
    [ROW_READYZ] = "readyz",   [ROW_OPENAPI] = "openapi", [ROW_METRICS] = "metrics",
};

enum { ALL_COLUMNS = 0xff };

static const struct metric_options reads_options = {
    .name = "dongkhoi_cache_reads_total",
    .help = "Reads by where their answer came from; shared: of another read's call.",
    .column_label = "tier",
    .columns = tiers,
    .column_count = TIERS,
    .columns_always = ALL_COLUMNS,
};
static const struct metric_options forwards_options = {
    .name = "dongkhoi_cache_forwards_total",
    .help = "Reads that were sent to their service, by why: nothing kept, kept of an older "
            "version, the client wants it so, or no version could be had.",
    .column_label = "reason",
    .columns = forward_reasons,
    .column_count = FORWARD_REASONS,
    .columns_always = ALL_COLUMNS,
};
static const struct metric_options audits_options = {
    .name = "dongkhoi_cache_audits_total",
    .help = "Cached answers that were compared with what the service says.",
};
static const struct metric_options audit_differences_options = {
    .name = "dongkhoi_cache_audit_differences_total",
    .help = "Cached answers that were not what the service says; each is a bug.",
};
static const struct metric_options redis_lookup_options = {
    .name = "dongkhoi_redis_lookup_seconds",
    .help = "Time of look-ups in Redis, also of those that were given up.",
    METRIC_DURATION_OPTIONS,
};
static const struct metric_options redis_losses_options = {
    .name = "dongkhoi_redis_losses_total",
    .help = "Connections to Redis that were given up, or could not be made: late or failed.",
    .column_label = "reason",
    .columns = redis_losses,
    .column_count = REDIS_LOSSES,
    .columns_always = ALL_COLUMNS,
};

/* "clusters" of "dongkhoi.clusters.v1.ClusterService"; NULL without memory. */
static const char *short_name(struct arena *arena, const char *full_name)
{
    const char *start = strchr(full_name, '.');

    start = start != NULL ? start + 1 : full_name;
    return arena_copy(arena, (struct slice){start, strcspn(start, ".")});
}

static struct status rows_fill(struct gateway_metrics *metrics, struct arena *arena,
                               struct metric_row *rows)
{
    size_t row = ROWS_LOCAL;

    for (size_t i = 0; i < ROWS_LOCAL; i++) {
        rows[i] = (struct metric_row){{"gateway", local_names[i]}};
    }
    for (size_t i = 0; i < metrics->service_count; i++) {
        const struct schema_service *service = &metrics->services[i];
        const char *name = short_name(arena, service->name);

        metrics->first_rows[i] = (unsigned)row;
        for (size_t k = 0; k < service->method_count; k++) {
            rows[row++] = (struct metric_row){{name, service->methods[k].name}};
        }
    }
    assert(row == metrics->row_count);
    return STATUS_NONE;
}

static struct status requests_add(struct gateway_metrics *metrics, const struct metric_row *rows)
{
    const struct metric_options requests = {
        .name = "dongkhoi_http_requests_total",
        .help = "Requests that have ended, by route and class of the HTTP status.",
        .labels = {"service", "method"},
        .rows = rows,
        .row_count = metrics->row_count,
        .column_label = "status",
        .columns = classes,
        .column_count = CLASSES,
        .columns_always = ALL_COLUMNS,
    };
    const struct metric_options seconds = {
        .name = "dongkhoi_http_request_seconds",
        .help = "Time from a request's last byte to the end of its answer.",
        .labels = {"service", "method"},
        .rows = rows,
        .row_count = metrics->row_count,
        METRIC_DURATION_OPTIONS,
    };

    TRY(metrics_add(metrics->registry, &requests, &metrics->requests));
    return metrics_add(metrics->registry, &seconds, &metrics->seconds);
}

struct status gateway_metrics_open(struct gateway_metrics *metrics, const struct schema *schema,
                                   struct arena *arena)
{
    const struct {
        const struct metric_options *options;
        struct metric **ret_metric;
    } others[] = {
        {&reads_options, &metrics->reads},
        {&forwards_options, &metrics->forwards},
        {&audits_options, &metrics->audits},
        {&audit_differences_options, &metrics->audit_differences},
        {&redis_lookup_options, &metrics->redis.lookup_seconds},
        {&redis_losses_options, &metrics->redis.losses},
    };

    metrics->services = schema_services(schema, &metrics->service_count);
    assert(metrics->service_count <= SCHEMA_SERVICES_MAX);
    metrics->row_count = ROWS_LOCAL;
    for (size_t i = 0; i < metrics->service_count; i++) {
        metrics->row_count += metrics->services[i].method_count;
    }
    struct metric_row *rows = arena_array(arena, metrics->row_count, sizeof(*rows));
    metrics->registry = metrics_new();
    TRY(rows_fill(metrics, arena, rows));
    TRY(requests_add(metrics, rows));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        TRY(metrics_add(metrics->registry, others[i].options, others[i].ret_metric));
    }
    return STATUS_NONE;
}

void gateway_metrics_close(struct gateway_metrics *metrics)
{
    metrics_free(metrics->registry);
    metrics->registry = NULL;
}

unsigned gateway_metrics_row(const struct gateway_metrics *metrics,
                             const struct schema_method *method)
{
    for (size_t i = 0; i < metrics->service_count; i++) {
        if (method->service == &metrics->services[i]) {
            return metrics->first_rows[i] + (unsigned)(method - metrics->services[i].methods);
        }
    }
    return ROW_UNKNOWN;
}

void gateway_metrics_end(struct gateway_metrics *metrics, const struct http_request *request)
{
    const unsigned class = (unsigned)request->code / 100;

    if (request->received_ns == 0 || class < 2 || class > 5) {
        return; /* it never came whole */
    }
    metric_count(metrics->requests, request->handler_row, class - 2, 1);
    metric_observe(metrics->seconds, request->handler_row, uv_hrtime() - request->received_ns);
}

void gateway_metrics_forward(struct gateway_metrics *metrics, const char *reason)
{
    for (size_t i = 0; i < FORWARD_REASONS; i++) {
        if (strcmp(reason, forward_reasons[i]) == 0) {
            metric_count(metrics->forwards, 0, i, 1);
        }
    }
}

static void write_gauge(struct buffer *text, const char *name, const char *help, double value)
{
    metrics_write_one(text, name, METRIC_GAUGE, help, value);
}

static void write_backends(struct gateway *gateway, struct buffer *text, const char *name,
                           const char *help, double (*value_of)(const struct backend *backend))
{
    metrics_write_head(text, name, METRIC_GAUGE, help);
    for (size_t i = 0; i < gateway->backend_count; i++) {
        const char *const labels[] = {"service", gateway->backends[i].name, NULL};

        metrics_write_sample(text, name, labels, value_of(&gateway->backends[i]));
    }
}

static double connections_of(const struct backend *backend)
{
    return rpc_client_connections(backend->client);
}

static double calls_of(const struct backend *backend)
{
    return rpc_client_under_way(backend->client);
}

static double lease_of(const struct backend *backend)
{
    return lease_client_is_held(backend->lease);
}

static double seq_of(const struct backend *backend)
{
    return (double)lease_client_known(backend->lease).seq;
}

static void write_sheds(const struct http_server *server, struct buffer *text)
{
    static const char name[] = "dongkhoi_http_connections_shed_total";
    static const char *const kinds[HTTP_SHEDS] = {
        [HTTP_SHED_READERS] = "not_reading",
        [HTTP_SHED_IDLE] = "idle",
        [HTTP_SHED_CROWDS] = "share",
    };

    metrics_write_head(text, name, METRIC_COUNTER,
                       "Connections that were closed or refused for the sake of others: they did "
                       "not take their answers, asked nothing while places were wanted, or were of "
                       "an address that has its share.");
    for (unsigned kind = 0; kind < HTTP_SHEDS; kind++) {
        const char *const labels[] = {"reason", kinds[kind], NULL};

        metrics_write_sample(text, name, labels, (double)http_server_shed(server, kind));
    }
}

void gateway_metrics_write(struct gateway *gateway, const struct http_server *server,
                           struct buffer *text)
{
    struct gateway_metrics *metrics = &gateway->metrics;

    metrics_process_write(text, "dongkhoi-gateway");
    write_gauge(text, "dongkhoi_http_connections", "Connections of clients that are open.",
                http_server_connections(server));
    write_gauge(text, "dongkhoi_http_connections_limit",
                "Connections of clients that may be open; more are refused.",
                http_server_connections_max(server));
    write_gauge(text, "dongkhoi_http_bytes", "Bytes that requests and their answers hold.",
                (double)http_server_bytes(server));
    write_gauge(text, "dongkhoi_http_bytes_limit",
                "Bytes that they may hold; past it those who do not read are reset.",
                (double)http_server_bytes_max(server));
    write_sheds(server, text);
    write_backends(gateway, text, "dongkhoi_backend_connections",
                   "Connections to a service that takes calls.", connections_of);
    write_backends(gateway, text, "dongkhoi_backend_calls_under_way",
                   "Calls to a service that are not answered yet.", calls_of);
    write_gauge(text, "dongkhoi_backend_calls_limit",
                "Calls to a service that may be under way; more are refused.", BACKEND_CALLS_MAX);
    write_backends(gateway, text, "dongkhoi_lease_held",
                   "1 while a lease allows to answer from the cache without asking, else 0.",
                   lease_of);
    write_backends(gateway, text, "dongkhoi_lease_known_seq",
                   "Sequence number of the version that is known of a service.", seq_of);
    write_gauge(text, "dongkhoi_cache_bytes", "Bytes of answers that are kept in memory.",
                (double)atomic_load(&metrics->cache_bytes));
    write_gauge(text, "dongkhoi_cache_limit_bytes", "Bytes of answers that may be kept.",
                (double)gateway->cache_bytes * gateway->loop_count);
    write_gauge(text, "dongkhoi_cache_entries", "Answers that are kept in memory.",
                (double)atomic_load(&metrics->cache_entries));
    write_gauge(text, "dongkhoi_redis_connections_ready",
                "Loops of the gateway that have a connection to Redis.",
                atomic_load(&metrics->redis.ready));
    write_gauge(text, "dongkhoi_redis_connections_wanted",
                "Loops of the gateway that want one: all, or none when there is to be no Redis.",
                gateway->redis != NULL && gateway->redis[0] != '\0' ? gateway->loop_count : 0);
    metrics_write(metrics->registry, text);
}
