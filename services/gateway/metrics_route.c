/*
 * metrics_route.c - /metrics: the gateway's own, or those that a service answers.
 *
 *     ?of=indicators -> GetMetrics of the service -> (nng thread) reply -> mailbox -> its text
 */
#include "answer.h"
#include "dongkhoi/rpc/v1/metrics.pb-c.h"
#include "gateway.h"
#include "pb/decode.h"

#include <string.h>

enum { METRICS_TIMEOUT_MS = 5000 };

static const char text_type[] = "text/plain; version=0.0.4; charset=utf-8";

struct scrape {
    struct letter letter; /* first: the letter is the scrape */
    struct gateway_loop *loop;
    struct http_request *request;
    struct status failure;
    struct rpc_reply *reply;
};

static void respond(struct http_request *request, struct slice text)
{
    http_respond(request, 200, text_type, text);
}

static void answer_own(struct gateway_loop *loop, struct http_request *request)
{
    struct buffer *text = http_output(request);

    /* A loop that serves clients may run before gateway->server is set. */
    gateway_metrics_write(loop->gateway,
                          loop->is_for_metrics ? loop->gateway->server : http_server_of(request),
                          text);
    if (buffer_failed(text)) {
        answer_status(request, status_out_of_memory(), NULL);
        return;
    }
    respond(request, buffer_slice(text));
}

static struct status read_reply(struct scrape *scrape, struct arena *arena, struct slice *ret_text)
{
    struct rpc_answer answer;
    void *message = NULL;

    TRY(scrape->failure);
    TRY(rpc_reply_parse(scrape->reply, arena, &answer));
    TRY(answer.status);
    TRY(message_decode(arena, &dongkhoi__rpc__v1__get_metrics_response__descriptor, answer.payload,
                       &message));
    *ret_text = slice_from(((const Dongkhoi__Rpc__V1__GetMetricsResponse *)message)->text);
    return STATUS_NONE;
}

static void deliver(struct letter *letter)
{
    struct scrape *scrape = (struct scrape *)letter;
    struct http_request *request = scrape->request;
    struct buffer *output = http_output(request);
    struct slice text = {0};

    arena_reset(scrape->loop->scratch);
    struct status status = read_reply(scrape, scrape->loop->scratch, &text);
    if (status.code == STATUS_OK) {
        buffer_append(output, text.data, text.length);
        status = buffer_failed(output) ? status_out_of_memory() : STATUS_NONE;
    }
    if (status.code == STATUS_OK) {
        respond(request, buffer_slice(output));
    } else {
        answer_failure(request, status, NULL, false);
    }
    rpc_reply_free(scrape->reply);
}

static void on_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct scrape *scrape = arg;

    scrape->failure = status;
    scrape->reply = reply;
    /* The mailbox is open while a request waits. */
    if (mailbox_post(scrape->loop->mailbox, &scrape->letter) != 0) {
        rpc_reply_free(reply);
    }
}

static void ask(struct gateway_loop *loop, struct http_request *request,
                const struct backend *backend)
{
    const Dongkhoi__Rpc__V1__GetMetricsRequest payload =
        DONGKHOI__RPC__V1__GET_METRICS_REQUEST__INIT;
    const struct rpc_request call = {
        .method = "dongkhoi.rpc.v1.MetricsService/GetMetrics",
        .timeout_ms = METRICS_TIMEOUT_MS,
        .payload = &payload.base,
    };
    struct scrape *scrape = ARENA_NEW(request->arena, struct scrape);

    scrape->letter.deliver = deliver;
    scrape->loop = loop;
    scrape->request = request;
    const struct status status = rpc_client_call(backend->client, &call, on_reply, scrape);
    if (status.code != STATUS_OK) {
        answer_failure(request, status, NULL, false);
    }
}

static void refuse(struct http_request *request, const struct gateway *gateway)
{
    const char *names = "gateway";

    for (size_t i = 0; i < gateway->backend_count && names != NULL; i++) {
        names = arena_printf(request->arena, "%s, %s", names, gateway->backends[i].name);
    }
    answer_status(request,
                  status_make(request->arena, STATUS_INVALID_ARGUMENT, "UNKNOWN_PROGRAM", "of",
                              "the one parameter is of, and it is one of: %s",
                              names != NULL ? names : "gateway"),
                  NULL);
}

void metrics_start(struct gateway_loop *loop, struct http_request *request)
{
    struct gateway *gateway = loop->gateway;
    const struct slice query = request->head.query;
    const size_t key_length = sizeof("of=") - 1;

    if (query.length == 0 || slice_is(query, "of=gateway")) {
        answer_own(loop, request);
        return;
    }
    for (size_t i = 0; i < gateway->backend_count; i++) {
        const char *name = gateway->backends[i].name;

        if (query.length == key_length + strlen(name) &&
            strncmp(query.data, "of=", key_length) == 0 &&
            memcmp(query.data + key_length, name, strlen(name)) == 0) {
            ask(loop, request, &gateway->backends[i]);
            return;
        }
    }
    refuse(request, gateway);
}
