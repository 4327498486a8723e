/* readiness.c - asks every service at once how it is, and what time it is there; the last answer
 * answers. */
#include "answer.h"
#include "clock_difference.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "gateway.h"
#include "pb/decode.h"
#include "pb/json.h"

enum { HEALTH_TIMEOUT_MS = 1000 };

struct readiness;

/* One service's part. */
struct health {
    struct letter letter; /* first: the letter is the health */
    struct readiness *readiness;
    const struct backend *backend;
    struct status failure;
    struct rpc_reply *reply;
    const char *problem;     /* NULL: it serves reads and writes */
    int64_t clock_offset_us; /* of its clock, to one that goes on evenly; 0: it did not say */
    Dongkhoi__Rpc__V1__CheckHealthResponse *response;
};

struct readiness {
    struct gateway_loop *loop;
    struct http_request *request;
    size_t waiting;
    size_t count;
    struct health healths[BACKENDS_MAX];
};

static void answer_not_ready(struct readiness *readiness)
{
    struct http_request *request = readiness->request;
    const char *metadata[2 * BACKENDS_MAX + 1] = {NULL};
    const char *message = "";
    size_t pairs = 0;

    for (size_t i = 0; i < readiness->count && message != NULL; i++) {
        const struct health *health = &readiness->healths[i];

        if (health->problem != NULL) {
            message =
                arena_printf(request->arena, "%s%s%s %s", message, message[0] != '\0' ? "; " : "",
                             health->backend->name, health->problem);
            metadata[2 * pairs] = health->backend->name;
            metadata[2 * pairs + 1] = health->problem;
            pairs++;
        }
    }
    answer_status(
        request,
        (struct status){.code = STATUS_UNAVAILABLE, .reason = "NOT_READY", .message = message},
        metadata);
}

/* A warning and no more: the service may be right, and all the others wrong. */
static void compare_clocks(struct readiness *readiness)
{
    int64_t offsets_us[BACKENDS_MAX];
    struct health *healths[BACKENDS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < readiness->count; i++) {
        if (readiness->healths[i].clock_offset_us != 0) {
            healths[count] = &readiness->healths[i];
            offsets_us[count++] = readiness->healths[i].clock_offset_us;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const double seconds = (double)clock_difference_us(offsets_us, count, i) / 1e6;
        Dongkhoi__Rpc__V1__CheckHealthResponse *response = healths[i]->response;
        char *text = seconds != 0
                         ? arena_printf(readiness->request->arena,
                                        "%s%sthe clock is %.1f s %s those of the other services",
                                        response->warning, response->warning[0] != '\0' ? "; " : "",
                                        seconds < 0 ? -seconds : seconds,
                                        seconds < 0 ? "behind" : "ahead of")
                         : NULL;

        response->warning = text != NULL ? text : response->warning;
    }
}

static void answer_ready(struct readiness *readiness)
{
    struct http_request *request = readiness->request;
    struct buffer *body = http_output(request);

    compare_clocks(readiness);
    buffer_append_text(body, "{\"status\":\"ok\",\"services\":[");
    for (size_t i = 0; i < readiness->count; i++) {
        if (i > 0) {
            buffer_append_char(body, ',');
        }
        json_encode(body, &readiness->healths[i].response->base);
    }
    buffer_append_text(body, "]}\n");
    if (buffer_failed(body)) {
        answer_status(request, status_out_of_memory(), NULL);
        return;
    }
    http_respond(request, 200, "application/json; charset=utf-8", buffer_slice(body));
}

static void settle(struct readiness *readiness)
{
    if (--readiness->waiting > 0) {
        return;
    }
    for (size_t i = 0; i < readiness->count; i++) {
        if (readiness->healths[i].problem != NULL) {
            answer_not_ready(readiness);
            return;
        }
    }
    answer_ready(readiness);
}

static void judge(struct health *health)
{
    struct arena *arena = health->readiness->request->arena;
    struct rpc_answer answer;
    void *message = NULL;

    health->problem = "does not answer";
    if (health->reply == NULL || rpc_reply_parse(health->reply, arena, &answer).code != STATUS_OK ||
        answer.status.code != STATUS_OK ||
        message_decode(arena, &dongkhoi__rpc__v1__check_health_response__descriptor, answer.payload,
                       &message)
                .code != STATUS_OK) {
        return;
    }
    health->response = message;
    health->problem = NULL;
    if (health->response->clock_us != 0) {
        health->clock_offset_us = health->response->clock_us - (int64_t)(uv_hrtime() / 1000);
    }
    if (!health->response->serving) {
        health->problem = "does not serve";
    } else if (!health->response->writable && health->response->clock_behind_us > 0) {
        const char *text =
            arena_printf(arena, "takes no writes, since its clock is %lld s behind its journal",
                         (long long)health->response->clock_behind_us / 1000000);
        health->problem = text != NULL ? text : "takes no writes";
    } else if (!health->response->writable) {
        health->problem = "is read-only";
    } else if (health->response->n_unreachable > 0) {
        const char *text =
            arena_printf(arena, "is not connected to %s", health->response->unreachable[0]);
        health->problem = text != NULL ? text : "is not connected";
    }
}

static void deliver(struct letter *letter)
{
    struct health *health = (struct health *)letter;

    judge(health);
    rpc_reply_free(health->reply);
    settle(health->readiness);
}

static void on_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct health *health = arg;

    health->failure = status;
    health->reply = reply;
    if (mailbox_post(health->readiness->loop->mailbox, &health->letter) != 0) {
        rpc_reply_free(reply);
    }
}

void readiness_start(struct gateway_loop *loop, struct http_request *request)
{
    struct gateway *gateway = loop->gateway;
    struct readiness *readiness = ARENA_NEW(request->arena, struct readiness);
    const Dongkhoi__Rpc__V1__CheckHealthRequest payload =
        DONGKHOI__RPC__V1__CHECK_HEALTH_REQUEST__INIT;
    const struct rpc_request check = {
        .method = "dongkhoi.rpc.v1.HealthService/CheckHealth",
        .timeout_ms = HEALTH_TIMEOUT_MS,
        .payload = &payload.base,
    };

    readiness->loop = loop;
    readiness->request = request;
    readiness->count = gateway->backend_count;
    /* One for this function: no answer may come before all were asked. */
    readiness->waiting = readiness->count + 1;
    for (size_t i = 0; i < readiness->count; i++) {
        struct health *health = &readiness->healths[i];

        health->letter.deliver = deliver;
        health->readiness = readiness;
        health->backend = &gateway->backends[i];
        if (rpc_client_call(health->backend->client, &check, on_reply, health).code != STATUS_OK) {
            health->problem = "does not answer";
            settle(readiness);
        }
    }
    settle(readiness);
}
