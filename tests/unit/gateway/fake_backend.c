/* fake_backend.c - answers from a table of names. */
#include "fake_backend.h"

#include "api.h"
#include "base/clock.h"
#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "dongkhoi/rpc/v1/version.pb-c.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "pb/message.h"
#include "pb/schema.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct reason REASON_BUG[1] = {{"BUG", STATUS_INTERNAL, 0, "", NULL}};
/* Of a service that was built when answers had no Vietnamese sentence. */
static const struct reason REASON_OLD[1] = {{"OLD", STATUS_FAILED_PRECONDITION, 0, "", NULL}};
static const struct reason REASON_NONE[1] = {{"NONE", STATUS_UNIMPLEMENTED, 0, "", NULL}};

/* As the clusters service has it: a reason that the gateway's tables do not have. */
static const struct reason REASON_STAGE_NOT_POSSIBLE[1] = {
    {"STAGE_NOT_POSSIBLE", STATUS_FAILED_PRECONDITION, 0, "not that stage",
     "Cụm công nghiệp đang ở bước khác[. Các bước có thể: {possibleStages}]."}};

enum { ARENA_BYTES = 64 << 20, HELD_MAX = 256 };

#define YEAR_10000_SECONDS INT64_C(253402300800)

/* A read that was computed and not answered yet. */
struct held {
    struct rpc_call *call;
    uint64_t seq;
    uint64_t hash;
    double leased;
    bool has_peer;
    struct rpc_version peer;
    char name[64];
};

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
    struct held held[HELD_MAX];
    unsigned held_count;
    bool is_holding;
    bool is_silent;
    unsigned delay_ms;
    bool has_peer;
    struct rpc_version peer;
    uint64_t seq;
    uint64_t hash;
    uint32_t lease_ms;
    bool no_versions;
    struct fake_versions versions;
    struct rpc_call *watches[HELD_MAX];
    unsigned watch_count;
};

static const struct {
    const char *id;
    struct status status;
} refusals[] = {
    {"missing",
     {.code = STATUS_NOT_FOUND,
      .reason = REASON_RESOURCE_NOT_FOUND,
      .message = "there is no such cluster"}},
    {"mismatch",
     {.code = STATUS_ABORTED,
      .reason = REASON_ETAG_MISMATCH,
      .message = "the etag is another",
      .field = "etag"}},
    {"reused",
     {.code = STATUS_INVALID_ARGUMENT,
      .reason = REASON_IDEMPOTENCY_KEY_REUSED,
      .message = "the key was used"}},
    {"large",
     {.code = STATUS_RESOURCE_EXHAUSTED,
      .reason = REASON_ANSWER_TOO_LARGE,
      .message = "too large for one"}},
    {"costly",
     {.code = STATUS_RESOURCE_EXHAUSTED,
      .reason = REASON_REQUEST_TOO_COSTLY,
      .message = "too much memory"}},
    {"full",
     {.code = STATUS_RESOURCE_EXHAUSTED,
      .reason = REASON_QUEUE_FULL,
      .message = "too many writes wait"}},
    {"old",
     {.code = STATUS_FAILED_PRECONDITION, .reason = REASON_OLD, .message = "said in English only"}},
    {"secret",
     {.code = STATUS_INTERNAL,
      .reason = REASON_BUG,
      .message = "secret at 0x1234",
      .field = "secret"}},
    {"possible",
     {.code = STATUS_FAILED_PRECONDITION,
      .reason = REASON_STAGE_NOT_POSSIBLE,
      .message = "not that stage",
      .field = "stage"}},
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

static void answer_held(const struct held *held, const struct schema_method *method, bool replayed)
{
    struct rpc_call *call = held->call;
    ProtobufCMessage *response = message_new(rpc_call_arena(call), method->output->type);
    Google__Protobuf__Timestamp year_10000 = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    year_10000.seconds = YEAR_10000_SECONDS;
    if (strcmp(method->output->name, "dongkhoi.clusters.v1.Cluster") == 0) {
        Dongkhoi__Clusters__V1__Cluster *cluster = (Dongkhoi__Clusters__V1__Cluster *)response;

        cluster->name = (char *)(uintptr_t)held->name;
        cluster->etag = (char *)(uintptr_t) "e1";
        cluster->leased_hectares = held->leased;
        if (strcmp(held->name, "clusters/late") == 0) {
            cluster->create_time = &year_10000;
        }
    }
    rpc_call_answer(call, &(struct rpc_result){.message = response,
                                               .service = "clusters",
                                               .seq = held->seq,
                                               .hash = held->hash,
                                               .peer_versions = &held->peer,
                                               .peer_version_count = held->has_peer,
                                               .replayed = replayed});
}

static struct held compute(const struct fake_backend *backend, struct rpc_call *call,
                           const char *name)
{
    struct held held = {
        .call = call, .seq = backend->seq, .hash = backend->hash, .leased = backend->leased};

    (void)snprintf(held.name, sizeof(held.name), "%s", name);
    held.has_peer = backend->has_peer;
    held.peer = backend->peer;
    return held;
}

static void answer_message(struct fake_backend *backend, struct rpc_call *call,
                           const struct schema_method *method, const char *name, bool replayed)
{
    const struct held held = compute(backend, call, name);

    answer_held(&held, method, replayed);
}

static void answer_by_id(struct fake_backend *backend, struct rpc_call *call,
                         const struct schema_method *method, const char *name)
{
    static const char *const metadata[] = {"possibleStages", "APPRAISAL", NULL};
    const char *slash = strrchr(name, '/');
    const char *id = slash != NULL ? slash + 1 : name;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].id, id) == 0) {
            struct rpc_result result = {.status = refusals[i].status};

            result.status.metadata = metadata;
            rpc_call_answer(call, &result);
            return;
        }
    }
    if (strcmp(id, "garbage") == 0) {
        rpc_call_answer(call, &(struct rpc_result){.payload = slice_from("\x0a\xff\xff")});
    } else if ((backend->is_holding || strcmp(id, "held") == 0) && backend->held_count < HELD_MAX) {
        backend->held[backend->held_count++] = compute(backend, call, name);
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

static void must_decode(struct arena *arena_, const ProtobufCMessageDescriptor *type,
                        struct slice payload, void **ret_message)
{
    if (message_decode(arena_, type, payload, ret_message).code != STATUS_OK) {
        abort();
    }
}

static void note_known(struct fake_backend *backend, const char *gateway, uint64_t seq)
{
    backend->versions.known_seq = seq;
    (void)snprintf(backend->versions.gateway, sizeof(backend->versions.gateway), "%s", gateway);
}

static void answer_renewal(struct fake_backend *backend, struct rpc_call *call)
{
    Dongkhoi__Rpc__V1__Version version = DONGKHOI__RPC__V1__VERSION__INIT;
    Dongkhoi__Rpc__V1__RenewLeaseResponse response = DONGKHOI__RPC__V1__RENEW_LEASE_RESPONSE__INIT;
    const Dongkhoi__Rpc__V1__RenewLeaseRequest *request = NULL;
    void *message = NULL;

    must_decode(rpc_call_arena(call), &dongkhoi__rpc__v1__renew_lease_request__descriptor,
                rpc_call_info(call)->payload, &message);
    request = message;
    note_known(backend, request->gateway, request->known_seq);
    backend->versions.renewals++;
    version.seq = backend->seq;
    version.hash = backend->hash;
    response.version = &version;
    response.lease_ms = backend->lease_ms;
    if (backend->delay_ms > 0) {
        const unsigned delay_us = backend->delay_ms * 1000;

        (void)pthread_mutex_unlock(&backend->lock);
        (void)usleep(delay_us);
        (void)pthread_mutex_lock(&backend->lock);
    }
    rpc_call_answer(call, &(struct rpc_result){.message = &response.base});
}

static void answer_watches(struct fake_backend *backend)
{
    for (unsigned i = 0; i < backend->watch_count; i++) {
        Dongkhoi__Rpc__V1__Version version = DONGKHOI__RPC__V1__VERSION__INIT;
        Dongkhoi__Rpc__V1__WatchVersionResponse response =
            DONGKHOI__RPC__V1__WATCH_VERSION_RESPONSE__INIT;

        version.seq = backend->seq;
        version.hash = backend->hash;
        response.version = &version;
        rpc_call_answer(backend->watches[i], &(struct rpc_result){.message = &response.base});
    }
    backend->watch_count = 0;
}

static void hold_watch(struct fake_backend *backend, struct rpc_call *call)
{
    const Dongkhoi__Rpc__V1__WatchVersionRequest *request = NULL;
    void *message = NULL;

    must_decode(rpc_call_arena(call), &dongkhoi__rpc__v1__watch_version_request__descriptor,
                rpc_call_info(call)->payload, &message);
    request = message;
    note_known(backend, request->gateway, request->known_seq);
    backend->versions.watches++;
    if (backend->watch_count == HELD_MAX) {
        answer_watches(backend);
    }
    backend->watches[backend->watch_count++] = call;
    if (request->known_seq != backend->seq && !backend->is_silent) {
        answer_watches(backend);
    }
}

static void publish(struct fake_backend *backend, uint64_t seq, uint64_t hash)
{
    backend->seq = seq;
    backend->hash = hash;
    if (!backend->is_silent) {
        answer_watches(backend);
    }
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
    } else if (strstr(info->method, "RenewLease") != NULL && !backend->no_versions) {
        answer_renewal(backend, call);
    } else if (strstr(info->method, "WatchVersion") != NULL && !backend->no_versions) {
        hold_watch(backend, call);
    } else if (method == NULL ||
               message_decode(rpc_call_arena(call), method->input->type, info->payload, &request)
                       .code != STATUS_OK) {
        rpc_call_answer(call, &(struct rpc_result){.status = {.code = STATUS_UNIMPLEMENTED,
                                                              .reason = REASON_NONE,
                                                              .message = ""}});
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
    backend->seq = 7;
    backend->hash = 77;
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

void fake_backend_set_lease(struct fake_backend *backend, uint32_t lease_ms)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->lease_ms = lease_ms;
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_forget_versions(struct fake_backend *backend)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->no_versions = true;
    answer_watches(backend);
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_set_peer(struct fake_backend *backend, uint64_t seq, uint64_t hash)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->has_peer = true;
    backend->peer = (struct rpc_version){"indicators", seq, hash};
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_set_silent(struct fake_backend *backend, bool is_silent)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->is_silent = is_silent;
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_delay_renewals(struct fake_backend *backend, unsigned delay_ms)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->delay_ms = delay_ms;
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_hold(struct fake_backend *backend, bool is_holding)
{
    (void)pthread_mutex_lock(&backend->lock);
    backend->is_holding = is_holding;
    (void)pthread_mutex_unlock(&backend->lock);
}

void fake_backend_restore(struct fake_backend *backend, uint64_t seq, uint64_t hash)
{
    (void)pthread_mutex_lock(&backend->lock);
    publish(backend, seq, hash);
    (void)pthread_mutex_unlock(&backend->lock);
}

struct fake_versions fake_backend_versions(struct fake_backend *backend)
{
    (void)pthread_mutex_lock(&backend->lock);
    struct fake_versions versions = backend->versions;

    versions.seq = backend->seq;
    versions.hash = backend->hash;
    (void)pthread_mutex_unlock(&backend->lock);
    return versions;
}

void fake_backend_close(struct fake_backend *backend)
{
    fake_backend_release(backend);
    fake_backend_forget_versions(backend);
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
    publish(backend, backend->seq + 1, backend->hash + 1);
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
            method_find(backend, rpc_call_info(backend->held[i].call)->method);

        answer_held(&backend->held[i], method, false);
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
