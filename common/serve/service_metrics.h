/*
 * service_metrics.h - what a service says of its calls, queues, leases and peers. Any thread.
 */
#ifndef SERVE_SERVICE_METRICS_H
#define SERVE_SERVICE_METRICS_H

#include "base/metrics.h"
#include "serve/call_context.h"
#include "serve/dispatch_table.h"
#include "serve/gate.h"
#include "serve/peer.h"
#include "serve/pool.h"

#define METRICS_METHOD "dongkhoi.rpc.v1.MetricsService/GetMetrics"

struct service_metrics;

/* All must outlive it. */
struct service_metrics_options {
    const struct service *service;
    const struct dispatch_table *table;
    struct metrics *metrics;
    struct store *store;
    struct pool *pool;
    struct peers *peers; /* may be NULL */
    struct gate *gate;
    unsigned calls_max;
};

/* Adds the families to options->metrics. */
struct status service_metrics_new(const struct service_metrics_options *options,
                                  struct service_metrics **ret_metrics);
/* metrics may be NULL. */
void service_metrics_free(struct service_metrics *metrics);

/* A call is answered. Returns the row of its method. */
size_t service_metrics_count(struct service_metrics *metrics, const char *method,
                             enum status_code code);
/* And took so long. */
void service_metrics_time(struct service_metrics *metrics, size_t row,
                          const struct call_context *context, const struct rpc_timing *timing);

/* Appends all metrics of the program. */
void service_metrics_write(struct service_metrics *metrics, const struct rpc_server_load *load,
                           unsigned calls_under_way, struct buffer *text);

#endif
