/*
 * exchange.c - the life of one API request in the gateway:
 *
 *     headers and message read -> call sent -> (nng thread) reply -> mailbox -> answer
 *
 * Reads go through the cache instead (read.c). The exchange lives in the request's arena; the
 * request lives until it is answered.
 */
#include "account.h"
#include "admission.h"
#include "answer.h"
#include "cache.h"
#include "call_headers.h"
#include "gateway.h"
#include "patience.h"
#include "pb/decode.h"
#include "transcode.h"

#include <string.h>

#define MALFORMED_REPLY status_of(REASON_MALFORMED_REPLY, NULL)

struct exchange {
    struct letter letter; /* first: the letter is the exchange */
    struct gateway_loop *loop;
    struct http_request *request;
    struct router_match match;
    const struct schema_method *method;
    struct call_headers headers;
    bool mask_is_implied;
    struct status failure; /* of the call itself */
    struct rpc_reply *reply;
};

static bool goes_again(struct exchange *exchange, struct status status)
{
    struct gateway_loop *loop = exchange->loop;
    const struct backend *own = gateway_backend(loop->gateway, exchange->method);
    const unsigned backends = 1U << (unsigned)(own - loop->gateway->backends);

    return patience_retries(loop->patience, exchange->request, &exchange->match, backends,
                            gateway_go, status);
}

static void answer_parsed(struct exchange *exchange, const struct rpc_answer *answer)
{
    struct http_request *request = exchange->request;
    void *message = NULL;

    if (answer->replayed) {
        http_add_header(request, "Idempotency-Replayed", slice_from("true"));
    }
    if (answer->status.code != STATUS_OK) {
        answer_failure(request, answer->status, exchange->headers.has_if_match);
        return;
    }
    const struct status decoded = message_decode(
        exchange->loop->scratch, exchange->method->output->type, answer->payload, &message);
    if (decoded.code == STATUS_OK) {
        answer_message(request, message);
    } else if (decoded.code == STATUS_RESOURCE_EXHAUSTED) {
        answer_failure(request, decoded, false);
    } else {
        answer_failure(request, MALFORMED_REPLY, false);
    }
}

/* The call itself failed: no answer came. */
static void answer_call_failure(struct exchange *exchange, struct status status)
{
    if (goes_again(exchange, status)) {
        return;
    }
    answer_cache_status(exchange->request, "fwd=method");
    answer_failure(exchange->request, status, exchange->headers.has_if_match);
}

static void on_exchange_letter(struct letter *letter)
{
    struct exchange *exchange = (struct exchange *)letter;
    struct rpc_reply *reply = exchange->reply;
    struct arena *scratch = exchange->loop->scratch;
    struct rpc_answer answer;

    if (reply == NULL) {
        answer_call_failure(exchange, exchange->failure);
        return;
    }
    arena_reset(scratch);
    const struct status parsed = rpc_reply_parse(reply, scratch, &answer);
    if (parsed.code == STATUS_OK && goes_again(exchange, answer.status)) {
        rpc_reply_free(reply);
        return;
    }
    answer_cache_status(exchange->request, "fwd=method");
    if (parsed.code == STATUS_OK) {
        account_call(exchange->request, answer.timing);
        answer_parsed(exchange, &answer);
    } else {
        answer_failure(exchange->request, parsed, false);
    }
    rpc_reply_free(reply);
}

static void on_exchange_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct exchange *exchange = arg;

    exchange->failure = status;
    exchange->reply = reply;
    /* The mailbox is open while a request waits. */
    if (mailbox_post(exchange->loop->mailbox, &exchange->letter) != 0) {
        rpc_reply_free(reply);
    }
}

static struct status call_backend(struct exchange *exchange, const ProtobufCMessage *message)
{
    const struct call_headers *headers = &exchange->headers;
    const struct backend *backend = gateway_backend(exchange->loop->gateway, exchange->method);
    const struct rpc_request request = {
        .method = exchange->method->full_name,
        .idempotency_key = headers->idempotency_key,
        .traceparent = account_traceparent(exchange->request),
        .if_match = headers->if_match,
        .mask_is_implied = exchange->mask_is_implied,
        .timeout_ms = headers->timeout_ms,
        .company = exchange->method->batching == BATCHING_WITH_WRITES ? RPC_WITH_WRITES : RPC_ALONE,
        .payload = message,
    };

    return rpc_client_call(backend->client, &request, on_exchange_reply, exchange);
}

static struct status exchange_begin(struct exchange *exchange, const struct router_match *match)
{
    const struct http_request *request = exchange->request;
    struct arena *scratch = exchange->loop->scratch;
    struct transcode_source source = {
        .match = match,
        .query = request->head.query,
        .body = request->body,
    };
    ProtobufCMessage *message = NULL;

    TRY(status_within(request->arena,
                      call_headers_read(request->arena, &request->head,
                                        match->route->verb != VERB_GET, &exchange->headers)));
    exchange->headers.timeout_ms = patience_left_ms(request, exchange->headers.timeout_ms);
    source.content_type = exchange->headers.content_type;
    source.has_content_type = exchange->headers.has_content_type;
    TRY(transcode_request(scratch, &source, &message));
    TRY(transcode_mask(scratch, &source, message, &exchange->mask_is_implied));
    return call_backend(exchange, message);
}

void exchange_start(struct gateway_loop *loop, struct http_request *request,
                    const struct router_match *match)
{
    if (match->route->verb == VERB_GET) {
        read_start(loop, request, match);
        return;
    }
    if (!admission_enter(loop->admission, request, match, gateway_go)) {
        return;
    }
    struct exchange *exchange = ARENA_NEW(request->arena, struct exchange);
    exchange->letter.deliver = on_exchange_letter;
    exchange->loop = loop;
    exchange->request = request;
    exchange->match = *match;
    exchange->method = match->route->method;
    arena_reset(loop->scratch);
    const struct status status = exchange_begin(exchange, match);
    if (status.code != STATUS_OK && !goes_again(exchange, status)) {
        answer_status(request, status);
    }
}
