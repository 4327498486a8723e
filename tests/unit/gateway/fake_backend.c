/* fake_backend.c - answers from a table of names. */
#include "fake_backend.h"

#include "api.h"
#include "base/clock.h"
#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "pb/message.h"
#include "pb/schema.h"
#include "rpc/rpc_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20, HELD_MAX = 256 };

struct fake_backend {
    struct arena *arena;
    const struct schema *schema;
    struct rpc_server *server;
    char address[64];
    pthread_mutex_t lock; /* guards the fields below */
    struct fake_call last;
    double leased;
    bool serving;
    bool writable;
    struct rpc_call *held[HELD_MAX];
    unsigned held_count;
};

static const struct {
    const char *id;
    struct status status;
} refusals[] = {
    {"missing", {STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND", "there is no such cluster", NULL}},
    {"mismatch", {STATUS_ABORTED, "ETAG_MISMATCH", "the etag is another", "etag"}},
    {"reused", {STATUS_INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED", "the key was used", NULL}},
    {"large", {STATUS_RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE", "too large for one", NULL}},
    {"costly", {STATUS_RESOURCE_EXHAUSTED, "REQUEST_TOO_COSTLY", "too much memory", NULL}},
    {"full", {STATUS_RESOURCE_EXHAUSTED, "QUEUE_FULL", "too many writes wait", NULL}},
    {"secret", {STATUS_INTERNAL, "BUG", "secret at 0x1234", "secret"}},
    {"possible", {STATUS_FAILED_PRECONDITION, "STAGE_NOT_POSSIBLE", "not that stage", "stage"}},
};

static const struct schema_method *method_find(const struct fake_backend *backend, const char *name)
{
    size_t count = 0;
    const struct schema_service *services = schema_services(backend->schema, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < services[i].method_count; k++) {
            if (strcmp(services[i].methods[k].full_name, name) == 0) {
                return &services[i].methods[k];
            }
        }
    }
    return NULL;
}

static void remember(struct fake_backend *backend, const struct rpc_call_info *info,
                     const ProtobufCMessage *request)
{
    struct fake_call *last = &backend->last;
    struct buffer json;

    buffer_init(&json, sizeof(last->payload) - 1);
    json_encode(&json, request);
    (void)snprintf(last->method, sizeof(last->method), "%s", info->method);
    (void)snprintf(last->idempotency_key, sizeof(last->idempotency_key), "%s",
                   info->idempotency_key);
    (void)snprintf(last->if_match, sizeof(last->if_match), "%s", info->if_match);
    (void)snprintf(last->traceparent, sizeof(last->traceparent), "%s", info->traceparent);
    (void)snprintf(last->payload, sizeof(last->payload), "%.*s", SLICE_ARGS(buffer_slice(&json)));
    last->left_ms = info->deadline_boot_ms - clock_boot_ms();
    last->count++;
    buffer_done(&json);
}

static void answer_health(struct fake_backend *backend, struct rpc_call *call)
{
    Dongkhoi__Rpc__V1__CheckHealthResponse response =
        DONGKHOI__RPC__V1__CHECK_HEALTH_RESPONSE__INIT;

    response.service = (char *)(uintptr_t) "fake";
    response.serving = backend->serving;
    response.writable = backend->writable;
    rpc_call_answer(call, &(struct rpc_result){.message = &response.base});
}

static void answer_message(struct fake_backend *backend, struct rpc_call *call,
                           const struct schema_method *method, const char *name, bool replayed)
{
    ProtobufCMessage *response = message_new(rpc_call_arena(call), method->output->type);

    if (strcmp(method->output->name, "dongkhoi.clusters.v1.Cluster") == 0) {
        Dongkhoi__Clusters__V1__Cluster *cluster = (Dongkhoi__Clusters__V1__Cluster *)response;

        cluster->name = (char *)(uintptr_t)name;
        cluster->etag = (char *)(uintptr_t) "e1";
        cluster->leased_hectares = backend->leased;
    }
    rpc_call_answer(
        call, &(struct rpc_result){
                  .message = response, .service = "clusters", .seq = 7, .replayed = replayed});
}

static void answer_by_id(struct fake_backend *backend, struct rpc_call *call,
                         const struct schema_method *method, const char *name)
{
    static const char *const metadata[] = {"possibleStages", "APPRAISAL", NULL};
    const char *slash = strrchr(name, '/');
    const char *id = slash != NULL ? slash + 1 : name;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].id, id) == 0) {
            rpc_call_answer(
                call, &(struct rpc_result){.status = refusals[i].status, .metadata = metadata});
            return;
        }
    }
    if (strcmp(id, "garbage") == 0) {
        rpc_call_answer(call, &(struct rpc_result){.payload = slice_from("\x0a\xff\xff")});
    } else if (strcmp(id, "held") == 0 && backend->held_count < HELD_MAX) {
        backend->held[backend->held_count++] = call;
    } else {
        answer_message(backend, call, method, name, strcmp(id, "replayed") == 0);
    }
}

static const char *name_in(const ProtobufCMessage *request)
{
    const ProtobufCMessage *cluster = message_child(request, "cluster");
    const char *name = message_string(request, "name");

    return name[0] == '\0' && cluster != NULL ? message_string(cluster, "name") : name;
}

static void on_call(void *arg, struct rpc_call *call)
{
    struct fake_backend *backend = arg;
    const struct rpc_call_info *info = rpc_call_info(call);
    const struct schema_method *method = method_find(backend, info->method);
    void *request = NULL;

    (void)pthread_mutex_lock(&backend->lock);
    if (strstr(info->method, "CheckHealth") != NULL) {
        answer_health(backend, call);
    } else if (method == NULL ||
               message_decode(rpc_call_arena(call), method->input->type, info->payload, &request)
                       .code != STATUS_OK) {
        rpc_call_answer(call,
                        &(struct rpc_result){.status = {STATUS_UNIMPLEMENTED, "NONE", "", NULL}});
    } else {
        remember(backend, info, request);
        answer_by_id(backend, call, method, name_in(request));
    }
    (void)pthread_mutex_unlock(&backend->lock);
}

struct fake_backend *fake_backend_open(void)
{
    struct fake_backend *backend = calloc(1, sizeof(*backend));
    const struct rpc_server_options options = {
        .address = "tcp://127.0.0.1:0", .on_call = on_call, .arg = backend};

    backend->arena = arena_new(ARENA_BYTES);
    backend->serving = backend->writable = true;
    (void)pthread_mutex_init(&backend->lock, NULL);
    if (schema_load(backend->arena, api_descriptor_set(), api_services, api_service_count,
                    &backend->schema)
                .code != STATUS_OK ||
        rpc_server_open(&options, backend->arena, &backend->server).code != STATUS_OK) {
        abort();
    }
    (void)snprintf(backend->address, sizeof(backend->address), "tcp://127.0.0.1:%u",
                   rpc_server_port(backend->server));
    return backend;
}

void fake_backend_close(struct fake_backend *backend)
{
    fake_backend_release(backend);
    (void)rpc_server_close(backend->server, 2000);
    (void)pthread_mutex_destroy(&backend->lock);
    arena_free(backend->arena);
    free(backend);
}

const char *fake_backend_address(const struct fake_backend *backend)
{
    return backend->address;
}

void fake_backend_set_leased(struct fake_backend *backend, double hectares)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->leased = hectares;
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_set_health(struct fake_backend *backend, bool serving, bool writable)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->serving = serving;
    backend->writable = writable;
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_release(struct fake_backend *backend)
{
    (void)pthread_mutex_lock(&backend->lock);
    for (unsigned i = 0; i < backend->held_count; i++) {
        const struct schema_method *method =
            method_find(backend, rpc_call_info(backend->held[i])->method);

        answer_message(backend, backend->held[i], method, "clusters/held", false);
    }
    backend->held_count = 0;
    (void)pthread_mutex_unlock(&backend->lock);
}

struct fake_call fake_backend_last(struct fake_backend *backend)
{
    (void)pthread_mutex_lock(&backend->lock);
    const struct fake_call last = backend->last;
    (void)pthread_mutex_unlock(&backend->lock);
    return last;
}
