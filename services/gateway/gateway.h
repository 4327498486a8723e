/*
 * gateway.h - one HTTP server in front of the services.
 *
 * struct gateway is made at start and then read by all loops; struct gateway_loop belongs to one
 * loop's thread. Replies cross from nng's threads into the loop through its mailbox.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "answer.h"
#include "base/arena.h"
#include "gateway_metrics.h"
#include "http/http_server.h"
#include "lease_client.h"
#include "loop/mailbox.h"
#include "pb/schema.h"
#include "router.h"
#include "rpc/rpc_client.h"

enum { BACKENDS_MAX = 8, BACKEND_CALLS_MAX = 1024, SCRATCH_BYTES = 64 << 20 };

/* One service that the gateway calls. */
struct backend {
    const char *name;      /* "indicators" */
    const char *package;   /* "dongkhoi.indicators.v1" */
    const char *addresses; /* comma-separated nng addresses */
    struct rpc_client *client;
    struct lease_client *lease;
};

struct admission;
struct cache;
struct patience;

struct gateway {
    const struct schema *schema;
    const struct router *router;
    struct backend backends[BACKENDS_MAX];
    size_t backend_count;
    struct constant openapi; /* the document */
    struct http_server *server;
    struct http_server *metrics_server; /* NULL: server has the route */
    bool has_metrics_server;
    char id[GATEWAY_ID_BYTES]; /* of this process, for leases */
    char rendering_hash[17];   /* of the API and this build: others may render otherwise */
    size_t cache_bytes;        /* of one loop */
    const char *hosts;         /* the names that it answers for */
    const char *redis;
    const char *redis_password;
    unsigned audit_every;
    unsigned patience_ms;
    bool logs_requests;
    bool has_peer_shares; /* of the limits */
    unsigned loop_count;
    struct gateway_metrics metrics;
};

struct gateway_loop {
    struct gateway *gateway;
    uv_loop_t *uv;
    bool is_for_metrics; /* of metrics_server; has no cache */
    struct mailbox *mailbox;
    uv_prepare_t *turn;
    struct arena *scratch; /* for the length of one callback */
    struct cache *cache;
    struct patience *patience;
    struct admission *admission;
};

struct gateway_options {
    const char *listen;         /* "127.0.0.1:8080" */
    unsigned loops;             /* 0: one per core */
    const char *metrics_listen; /* where /metrics is then, and not at listen; NULL or "": there */
    const char
        *hosts; /* names that it answers for, with commas; NULL or "": no name but localhost */
    struct http_limits limits;
    const char *trusted_proxies;    /* addresses and networks; NULL or "": none */
    const struct backend *backends; /* without clients */
    size_t backend_count;
    const struct schema *schema; /* must outlive the gateway */
    size_t cache_bytes;          /* of answers that all loops together keep; 0: none */
    const char *redis;           /* "127.0.0.1:6379"; NULL or "": none */
    const char *redis_password;  /* NULL or "": none */
    unsigned audit_every;        /* one in so many cached answers is checked; 0: none */
    unsigned patience_ms; /* for which requests wait for a service that was lost; 0: they do not */
    bool logs_requests;   /* a line for each */
};

/* Opens the clients and serves. The arena must outlive the gateway. Of an address where nothing can
 * listen: the errors of http_address_check() with "listen" or "metrics_listen" for a field, before
 * anything listens. */
struct status gateway_open(const struct gateway_options *options, struct arena *arena,
                           struct gateway **ret_gateway);

/* Drains: every request that came is answered. False when bound_ms was not enough: only _exit()
 * is left. gateway may be NULL. */
bool gateway_close(struct gateway *gateway, unsigned bound_ms);

/* The backend of a method; NULL when its package has none. */
struct backend *gateway_backend(struct gateway *gateway, const struct schema_method *method);

/* The backend of a package, "dongkhoi.clusters.v1"; NULL when there is none. */
struct backend *gateway_backend_of(struct gateway *gateway, const char *package);

/* Starts the answer to a request for a route, at once. */
void gateway_go(struct gateway_loop *loop, struct http_request *request,
                const struct router_match *match);

/* exchange.c: answers a request for a route by a call to its service. */
void exchange_start(struct gateway_loop *loop, struct http_request *request,
                    const struct router_match *match);

/* feed.c: answers for the methods of ChangeService, which no single service has. */
void feed_start(struct gateway_loop *loop, struct http_request *request,
                const struct router_match *match);
/* Call once, at start: resources stand in changes as what they are. */
void feed_register_types(const struct schema *schema);
bool feed_has_method(const struct schema_method *method);

/* feed.c: the services that a page of changes needs, as bits. */
unsigned feed_backends(const struct gateway *gateway);

/* page.c: answers "/". */
void page_start(struct gateway_loop *loop, struct http_request *request);

/* readiness.c: answers /readyz. */
void readiness_start(struct gateway_loop *loop, struct http_request *request);

#endif
