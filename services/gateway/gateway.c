/* gateway.c - wires HTTP, routes and services together. */
#include "gateway.h"

#include "account.h"
#include "admission.h"
#include "answer.h"
#include "base/build_id.h"
#include "base/digest.h"
#include "base/memory.h"
#include "cache.h"
#include "openapi/document.h"
#include "origin.h"
#include "page_view.h"
#include "patience.h"
#include "reasons.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENT_CLOSE_MS = 1000, METRICS_CLOSE_MS = 1000, METRICS_CONNECTIONS_MAX = 64 };

struct backend *gateway_backend(struct gateway *gateway, const struct schema_method *method)
{
    for (size_t i = 0; i < gateway->backend_count; i++) {
        const size_t length = strlen(gateway->backends[i].package);

        if (strncmp(method->full_name, gateway->backends[i].package, length) == 0 &&
            method->full_name[length] == '.') {
            return &gateway->backends[i];
        }
    }
    return NULL;
}

struct backend *gateway_backend_of(struct gateway *gateway, const char *package)
{
    for (size_t i = 0; i < gateway->backend_count; i++) {
        if (strcmp(gateway->backends[i].package, package) == 0) {
            return &gateway->backends[i];
        }
    }
    return NULL;
}

static void healthz(struct gateway_loop *loop, struct http_request *request)
{
    (void)loop;
    http_respond(request, 200, "application/json; charset=utf-8",
                 slice_from("{\"status\":\"ok\"}\n"));
}

static void openapi(struct gateway_loop *loop, struct http_request *request)
{
    answer_constant(request, &loop->gateway->openapi);
}

/* What the gateway answers itself. */
static const struct {
    const char *path;
    enum gateway_row row;
    void (*serve)(struct gateway_loop *loop, struct http_request *request);
} local_routes[] = {
    {"/", ROW_PAGE, page_start},
    {"/healthz", ROW_HEALTHZ, healthz},
    {"/readyz", ROW_READYZ, readiness_start},
    {"/openapi.json", ROW_OPENAPI, openapi},
    {"/metrics", ROW_METRICS, metrics_start},
};

static void answer_wrong_verb(struct http_request *request, const char *allow)
{
    const struct status status = status_make(request->arena, REASON_METHOD_NOT_ALLOWED, NULL,
                                             "%.*s is not possible here; possible: %s",
                                             SLICE_ARGS(request->head.method), allow);

    http_add_header(request, "Allow", slice_from(allow));
    answer_status(request, status);
}

/* With DONGKHOI_METRICS_LISTEN /metrics is at that address only, beside /healthz and /readyz. */
static bool is_served_here(const struct gateway_loop *loop, enum gateway_row row)
{
    if (loop->is_for_metrics) {
        return row == ROW_METRICS || row == ROW_HEALTHZ || row == ROW_READYZ;
    }
    return row != ROW_METRICS || !loop->gateway->has_metrics_server;
}

static bool serve_locally(struct gateway_loop *loop, struct http_request *request)
{
    for (size_t i = 0; i < sizeof(local_routes) / sizeof(local_routes[0]); i++) {
        if (!slice_is(request->head.path, local_routes[i].path) ||
            !is_served_here(loop, local_routes[i].row)) {
            continue;
        }
        request->handler_row = local_routes[i].row;
        if (slice_is(request->head.method, "GET") || slice_is(request->head.method, "HEAD")) {
            local_routes[i].serve(loop, request);
        } else {
            answer_wrong_verb(request, "GET, HEAD");
        }
        return true;
    }
    return false;
}

/* "OPTIONS *" asks for what the whole server can do (RFC 9110, 9.3.7). */
static bool answer_options(struct http_request *request)
{
    if (!slice_is(request->head.method, "OPTIONS") || !slice_is(request->head.path, "*")) {
        return false;
    }
    http_add_header(request, "Allow", slice_from("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    http_respond(request, 204, NULL, (struct slice){0});
    return true;
}

static void answer_no_route(struct http_request *request)
{
    answer_status(request, status_make(request->arena, REASON_ROUTE_NOT_FOUND, NULL,
                                       "there is no route %.*s", SLICE_ARGS(request->head.path)));
}

static void on_metrics_request(void *arg, struct http_request *request)
{
    const struct gateway *gateway = arg;

    account_open(request);
    if (!origin_is_acceptable(request, gateway->hosts)) {
        return;
    }
    if (!serve_locally(request->loop_data, request)) {
        answer_no_route(request);
    }
}

void gateway_go(struct gateway_loop *loop, struct http_request *request,
                const struct router_match *match)
{
    if (feed_has_method(match->route->method)) {
        feed_start(loop, request, match);
    } else {
        exchange_start(loop, request, match);
    }
}

/* The services that an answer needs, as far as it is known. */
static unsigned backends_needed(const struct gateway_loop *loop, const struct router_match *match)
{
    const struct schema_method *method = match->route->method;

    if (feed_has_method(method)) {
        return feed_backends(loop->gateway);
    }
    const struct backend *own = gateway_backend(loop->gateway, method);
    const unsigned backend = 1U << (unsigned)(own - loop->gateway->backends);
    return match->route->verb == VERB_GET ? cache_needs(loop->cache, method, backend) : backend;
}

static void on_request(void *arg, struct http_request *request)
{
    const struct gateway *gateway = arg;
    struct gateway_loop *loop = request->loop_data;
    struct router_match match;

    account_open(request);
    if (!origin_is_acceptable(request, gateway->hosts) || answer_options(request) ||
        serve_locally(loop, request)) {
        return;
    }
    switch (router_find(gateway->router, request->head.method, request->head.path, &match)) {
    case ROUTER_FOUND:
        account_method(request, match.route->method->full_name);
        request->handler_row = gateway_metrics_row(&gateway->metrics, match.route->method);
        /* Judged before the call: nothing may be done whose answer the client would not accept. */
        if (!answer_is_acceptable(request, match.route->method->output->type)) {
            return;
        }
        if (!patience_waits(loop->patience, request, &match, backends_needed(loop, &match),
                            gateway_go)) {
            gateway_go(loop, request, &match);
        }
        return;
    case ROUTER_OTHER_VERB:
        answer_wrong_verb(request, match.allow);
        return;
    case ROUTER_UNKNOWN:
        answer_no_route(request);
        return;
    }
}

static void on_refusal(void *arg, struct http_request *request, const struct http_refusal *refusal)
{
    (void)arg;
    account_open(request);
    answer_status(request, status_of(refusal->reason, refusal->message));
}

static void on_answer(void *arg, struct http_request *request)
{
    struct gateway_loop *loop = request->loop_data;

    answer_add_policy(request);
    account_on_answer(arg, request);
    admission_leave(loop->admission, request);
}

static void on_end(void *arg, struct http_request *request, bool is_sent)
{
    struct gateway *gateway = arg;
    struct gateway_loop *loop = request->loop_data;

    admission_leave(loop->admission, request);
    gateway_metrics_end(&gateway->metrics, request);
    if (gateway->logs_requests) {
        account_log(request, is_sent);
    }
}

static void loop_free(struct gateway_loop *loop)
{
    arena_free(loop->scratch);
    free(loop);
}

/* At the end of each turn of a loop: sends the calls that were gathered during the turn. */
static void on_turn_end(uv_prepare_t *turn)
{
    const struct gateway *gateway = turn->data;

    for (size_t i = 0; i < gateway->backend_count; i++) {
        rpc_client_flush(gateway->backends[i].client);
    }
}

static void on_turn_closed(uv_handle_t *handle)
{
    free(handle);
}

static uv_prepare_t *turn_open(uv_loop_t *uv, struct gateway *gateway)
{
    uv_prepare_t *turn = memory_zeroed(sizeof(*turn));

    (void)uv_prepare_init(uv, turn);
    (void)uv_prepare_start(turn, on_turn_end);
    turn->data = gateway;
    return turn;
}

static void turn_close(uv_prepare_t *turn)
{
    uv_close((uv_handle_t *)turn, on_turn_closed);
}

static struct status loop_open(struct gateway *gateway, uv_loop_t *uv, bool is_for_metrics,
                               void **ret_loop)
{
    struct gateway_loop *loop = memory_zeroed(sizeof(*loop));

    loop->gateway = gateway;
    loop->uv = uv;
    loop->is_for_metrics = is_for_metrics;
    loop->scratch = arena_new(SCRATCH_BYTES);
    if (mailbox_open(uv, &loop->mailbox) != 0) {
        loop_free(loop);
        return status_out_of_memory();
    }
    loop->turn = turn_open(uv, loop->gateway);
    struct status status = status_out_of_memory();
    loop->patience = patience_open(loop, uv);
    loop->admission = admission_open(loop, uv, gateway->metrics.row_count);
    if (loop->turn != NULL && loop->patience != NULL && loop->admission != NULL) {
        status = is_for_metrics ? STATUS_NONE : cache_open(loop, uv, &loop->cache);
    }
    if (status.code != STATUS_OK) {
        admission_close(loop->admission);
        patience_close(loop->patience);
        if (loop->turn != NULL) {
            turn_close(loop->turn);
        }
        mailbox_close(loop->mailbox);
        loop_free(loop);
        return status;
    }
    *ret_loop = loop;
    return STATUS_NONE;
}

static struct status on_loop(void *arg, uv_loop_t *uv, void **ret_loop)
{
    return loop_open(arg, uv, false, ret_loop);
}

static struct status on_metrics_loop(void *arg, uv_loop_t *uv, void **ret_loop)
{
    return loop_open(arg, uv, true, ret_loop);
}

static void on_loop_end(void *arg, void *loop_data)
{
    struct gateway_loop *loop = loop_data;

    (void)arg;
    admission_close(loop->admission);
    patience_close(loop->patience);
    cache_close(loop->cache);
    turn_close(loop->turn);
    mailbox_close(loop->mailbox);
    loop_free(loop);
}

/* Every method must have a service to go to. */
static struct status check_backends(struct gateway *gateway, struct arena *arena)
{
    size_t count = 0;
    const struct schema_service *services = schema_services(gateway->schema, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < services[i].method_count; k++) {
            if (!feed_has_method(&services[i].methods[k]) &&
                gateway_backend(gateway, &services[i].methods[k]) == NULL) {
                return status_make(arena, REASON_NO_BACKEND, NULL, "no service is known for %s",
                                   services[i].methods[k].full_name);
            }
        }
    }
    return STATUS_NONE;
}

static struct status open_clients(struct gateway *gateway, struct arena *arena)
{
    for (size_t i = 0; i < gateway->backend_count; i++) {
        const struct rpc_client_options options = {
            .service = gateway->backends[i].name,
            .addresses = gateway->backends[i].addresses,
            .max_in_flight = BACKEND_CALLS_MAX,
            .is_flushed = true,
        };

        TRY(rpc_client_open(&options, arena, &gateway->backends[i].client));
        gateway->backends[i].lease =
            lease_client_new(gateway->backends[i].client, gateway->backends[i].name, gateway->id);
        if (gateway->backends[i].lease == NULL) {
            return status_out_of_memory();
        }
    }
    return STATUS_NONE;
}

static void close_clients(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->backend_count; i++) {
        lease_client_stop(gateway->backends[i].lease);
        rpc_client_close(gateway->backends[i].client, CLIENT_CLOSE_MS);
        lease_client_free(gateway->backends[i].lease);
    }
}

/* Marks which of the two addresses a failure is about. */
static struct status of_address(struct status status, const char *name)
{
    if (status.code == STATUS_INVALID_ARGUMENT || status.code == STATUS_UNAVAILABLE) {
        status.field = name;
    }
    return status;
}

/* Checks both addresses before either is listened on. */
static struct status check_addresses(const struct gateway *gateway,
                                     const struct gateway_options *options, struct arena *arena)
{
    TRY(of_address(http_address_check(options->listen, NULL, arena), "listen"));
    if (gateway->has_metrics_server) {
        TRY(of_address(http_address_check(options->metrics_listen, options->listen, arena),
                       "metrics_listen"));
    }
    return STATUS_NONE;
}

static struct status serve(struct gateway *gateway, const struct gateway_options *options,
                           struct arena *arena)
{
    struct http_server_options server = {
        .address = options->listen,
        .loops = options->loops,
        .limits = options->limits,
        .arg = gateway,
        .on_request = on_request,
        .on_refusal = on_refusal,
        .on_answer = on_answer,
        .on_end = on_end,
        .on_loop = on_loop,
        .on_loop_end = on_loop_end,
    };

    TRY(http_networks_parse(options->trusted_proxies != NULL ? options->trusted_proxies : "", arena,
                            &server.trusted_proxies));
    gateway->has_metrics_server =
        options->metrics_listen != NULL && options->metrics_listen[0] != '\0';
    TRY(check_addresses(gateway, options, arena));
    TRY(open_clients(gateway, arena));
    TRY(http_server_open(&server, arena, &gateway->server));
    if (!gateway->has_metrics_server) {
        return STATUS_NONE;
    }
    server.address = options->metrics_listen;
    server.loops = 1;
    server.limits.connections_max = METRICS_CONNECTIONS_MAX;
    server.on_request = on_metrics_request;
    server.on_loop = on_metrics_loop;
    const struct status status = http_server_open(&server, arena, &gateway->metrics_server);
    if (status.code != STATUS_OK) {
        (void)http_server_close(gateway->server, METRICS_CLOSE_MS);
    }
    return status;
}

static void set_up_cache(struct gateway *gateway, const struct gateway_options *options)
{
    const unsigned loops = options->loops != 0 ? options->loops : uv_available_parallelism();
    uint8_t hash[DIGEST_BYTES];

    /* The schema is a part of the build. */
    digest(build_id(), hash);
    hex_encode(hash, (sizeof(gateway->rendering_hash) - 1) / 2, gateway->rendering_hash);
    gateway_id_make(gateway->id);
    gateway->cache_bytes = options->cache_bytes / loops;
    gateway->loop_count = loops;
    gateway->hosts = options->hosts != NULL ? options->hosts : "";
    gateway->redis = options->redis;
    gateway->redis_password = options->redis_password;
    gateway->patience_ms = options->patience_ms;
    gateway->audit_every = options->audit_every;
    gateway->logs_requests = options->logs_requests;
    gateway->has_peer_shares = options->limits.has_peer_shares;
}

struct status gateway_open(const struct gateway_options *options, struct arena *arena,
                           struct gateway **ret_gateway)
{
    struct gateway *gateway = ARENA_NEW(arena, struct gateway);

    if (options->backend_count > BACKENDS_MAX) {
        return status_out_of_memory();
    }
    gateway->schema = options->schema;
    gateway->backend_count = options->backend_count;
    memcpy(gateway->backends, options->backends,
           options->backend_count * sizeof(options->backends[0]));
    set_up_cache(gateway, options);
    answer_init();
    feed_register_types(gateway->schema);
    TRY(check_backends(gateway, arena));
    TRY(router_new(arena, gateway->schema, &gateway->router));
    gateway->openapi = constant_make("application/json; charset=utf-8", openapi_document(),
                                     openapi_document_gzip());
    struct status status = gateway_metrics_open(&gateway->metrics, gateway->schema, arena);
    if (status.code == STATUS_OK) {
        status = serve(gateway, options, arena);
    }
    if (status.code != STATUS_OK) {
        close_clients(gateway);
        gateway_metrics_close(&gateway->metrics);
        return status;
    }
    *ret_gateway = gateway;
    return STATUS_NONE;
}

bool gateway_close(struct gateway *gateway, unsigned bound_ms)
{
    if (gateway == NULL) {
        return true;
    }
    if (!http_server_close(gateway->server, bound_ms) ||
        !http_server_close(gateway->metrics_server, METRICS_CLOSE_MS)) {
        return false;
    }
    close_clients(gateway);
    gateway_metrics_close(&gateway->metrics);
    return true;
}
