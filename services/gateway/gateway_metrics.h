/*
 * gateway_metrics.h - what a gateway counts: requests by route, reads by where they were answered,
 * Redis. Any thread.
 */
#ifndef GATEWAY_GATEWAY_METRICS_H
#define GATEWAY_GATEWAY_METRICS_H

#include "base/metrics.h"
#include "http/http_server.h"
#include "pb/schema.h"
#include "redis_tier.h"

struct gateway;

/* Rows of what the gateway answers itself; those of the methods follow. */
enum gateway_row {
    ROW_UNKNOWN, /* no route, or refused before one was looked for */
    ROW_PAGE,
    ROW_HEALTHZ,
    ROW_READYZ,
    ROW_OPENAPI,
    ROW_METRICS,
    ROWS_LOCAL,
};

enum cache_tier { TIER_MEMORY, TIER_REDIS, TIER_SHARED, TIER_SERVICE, TIERS };

/* Why a read goes to its service, for metrics and Cache-Status. */
enum forward {
    FORWARD_NOT, /* it does not, as far as is known */
    FORWARD_MISS,
    FORWARD_STALE,
    FORWARD_REQUEST,
    FORWARD_BYPASS,
    FORWARDS,
};

/* "miss", "stale", "request", "bypass". */
const char *forward_name(enum forward forward);

enum { SCHEMA_SERVICES_MAX = 16 };

struct gateway_metrics {
    struct metrics *registry;
    struct metric *requests;
    struct metric *seconds;
    struct metric *reads;    /* columns: enum cache_tier */
    struct metric *forwards; /* columns: why, enum forward, without FORWARD_NOT */
    struct metric *audits;
    struct metric *audit_differences;
    struct redis_metrics redis;
    atomic_size_t cache_bytes; /* of all loops */
    atomic_size_t cache_entries;

    const struct schema_service *services;
    size_t service_count;
    unsigned first_rows[SCHEMA_SERVICES_MAX];
    size_t row_count;
};

/* The arena must outlive the gateway. */
struct status gateway_metrics_open(struct gateway_metrics *metrics, const struct schema *schema,
                                   struct arena *arena);
void gateway_metrics_close(struct gateway_metrics *metrics);

/* Of a request that is for this method. */
unsigned gateway_metrics_row(const struct gateway_metrics *metrics,
                             const struct schema_method *method);

/* From on_end() of the server; the row is in request->handler_row. */
void gateway_metrics_end(struct gateway_metrics *metrics, const struct http_request *request);

/* A read goes to its service; not FORWARD_NOT. */
void gateway_metrics_forward(struct gateway_metrics *metrics, enum forward forward);

/* All metrics of the gateway; server: the one that clients come to. */
void gateway_metrics_write(struct gateway *gateway, const struct http_server *server,
                           struct buffer *text);

/* metrics_route.c: answers /metrics, of the gateway or, with ?of=, of a service. */
struct gateway_loop;
void metrics_start(struct gateway_loop *loop, struct http_request *request);

#endif
