/* answer.c - HTTP codes, error bodies, entity tags. */
#include "answer.h"

#include "account.h"
#include "base/digest.h"
#include "base/log.h"
#include "call_headers.h"
#include "gateway_metrics.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "language.h"
#include "localize.h"
#include "media.h"
#include "page_link.h"
#include "pb/json.h"
#include "pb/message.h"
#include "rpc/rpc_server.h"

#include <string.h>

enum { SENTENCE_MAX_BYTES = 64 << 10 };

static const char json_type[] = "application/json; charset=utf-8";

void answer_init(void)
{
    json_register_any(&google__rpc__error_info__descriptor);
    json_register_any(&google__rpc__bad_request__descriptor);
}

static bool reason_is(struct status status, const char *reason)
{
    return status.reason != NULL && strcmp(status.reason, reason) == 0;
}

bool is_worth_retrying(int http_code, struct status status)
{
    return (http_code == 429 || http_code == 503) && !reason_is(status, "ANSWER_TOO_LARGE") &&
           !reason_is(status, "REQUEST_TOO_COSTLY");
}

int http_code_of(struct status status, bool has_if_match)
{
    switch (status.code) {
    case STATUS_OK:
        return 200;
    case STATUS_CANCELLED:
        return 499;
    case STATUS_INVALID_ARGUMENT:
        if (reason_is(status, "IDEMPOTENCY_KEY_REUSED")) {
            return 422;
        }
        if (reason_is(status, "NOT_ACCEPTABLE")) {
            return 406;
        }
        return reason_is(status, "UNSUPPORTED_MEDIA_TYPE") ? 415 : 400;
    case STATUS_FAILED_PRECONDITION:
    case STATUS_OUT_OF_RANGE:
        return 400;
    case STATUS_DEADLINE_EXCEEDED:
        return 504;
    case STATUS_NOT_FOUND:
        return 404;
    case STATUS_ABORTED:
        return has_if_match && reason_is(status, "ETAG_MISMATCH") ? 412 : 409;
    case STATUS_ALREADY_EXISTS:
        return 409;
    case STATUS_PERMISSION_DENIED:
        return 403;
    case STATUS_UNAUTHENTICATED:
        return 401;
    case STATUS_RESOURCE_EXHAUSTED:
        return 429;
    case STATUS_UNIMPLEMENTED:
        return 501;
    case STATUS_UNAVAILABLE:
        return 503;
    case STATUS_UNKNOWN:
    case STATUS_INTERNAL:
    case STATUS_DATA_LOSS:
        break;
    }
    return 500;
}

/* A google.rpc.LocalizedMessage. */
static void append_localized(struct http_request *request, struct status status,
                             const struct Google__Rpc__Status *detail)
{
    struct buffer *body = http_output(request);
    struct buffer sentence;

    buffer_init(&sentence, SENTENCE_MAX_BYTES);
    localize_vi(request->arena, &sentence, status, detail);
    buffer_append_text(body, "{\"@type\":\"type.googleapis.com/google.rpc.LocalizedMessage\","
                             "\"locale\":\"vi\",\"message\":");
    json_append_string(body, buffer_slice(&sentence));
    buffer_append_char(body, '}');
    buffer_done(&sentence);
}

static void append_details(struct http_request *request, struct status status,
                           const struct Google__Rpc__Status *detail)
{
    struct buffer *body = http_output(request);
    const bool is_vietnamese = language_choose(&request->head, LANGUAGE_EN) == LANGUAGE_VI;

    buffer_append_text(body, ",\"details\":[");
    for (size_t i = 0; detail != NULL && i < detail->n_details; i++) {
        if (i > 0) {
            buffer_append_char(body, ',');
        }
        json_encode(body, &detail->details[i]->base);
    }
    if (is_vietnamese) {
        if (detail != NULL && detail->n_details > 0) {
            buffer_append_char(body, ',');
        }
        append_localized(request, status, detail);
    }
    buffer_append_char(body, ']');
    http_add_header(request, "Content-Language",
                    slice_from(language_tag(is_vietnamese ? LANGUAGE_VI : LANGUAGE_EN)));
    http_add_header(request, "Vary", slice_from("Accept, Accept-Language"));
}

static void answer_error(struct http_request *request, int http_code, struct status status,
                         const struct Google__Rpc__Status *detail)
{
    struct buffer *body = http_output(request);
    const char *message = status.message != NULL ? status.message : "";

    account_reason(request, status.reason);
    buffer_clear(body);
    buffer_printf(body, "{\"error\":{\"code\":%d,\"status\":\"%s\",\"message\":", http_code,
                  status_code_name(status.code));
    json_append_string(body, slice_from(message));
    append_details(request, status, detail);
    buffer_append_text(body, "}}\n");
    if (is_worth_retrying(http_code, status)) {
        http_add_header(request, "Retry-After", slice_from("1"));
    }
    http_respond(request, http_code, json_type,
                 buffer_failed(body) ? slice_from("{\"error\":{}}\n") : buffer_slice(body));
}

void answer_status_as(struct http_request *request, int http_code, struct status status,
                      const char *const *metadata)
{
    static const char *const possible_bodies[] = {"possibleTypes", "application/json", NULL};

    if (http_code == 415) {
        metadata = possible_bodies;
        /* RFC 9110, 15.5.16 */
        http_add_header(request, "Accept", slice_from(possible_bodies[1]));
    }
    answer_error(request, http_code, status, status_to_wire(request->arena, status, metadata));
}

void answer_status(struct http_request *request, struct status status, const char *const *metadata)
{
    answer_status_as(request, http_code_of(status, false), status, metadata);
}

struct status status_for_strangers(struct status status)
{
    log_event(LOG_ERROR, "service_failed", "reason", status.reason, "message", status.message,
              NULL);
    status.message = "the service failed";
    status.field = NULL;
    return status;
}

void answer_failure(struct http_request *request, struct status status,
                    const struct Google__Rpc__Status *detail, bool has_if_match)
{
    const int http_code = http_code_of(status, has_if_match);

    if (http_code == 500) {
        status = status_for_strangers(status);
        detail = NULL;
    }
    if (detail == NULL) {
        detail = status_to_wire(request->arena, status, NULL);
    }
    answer_error(request, http_code, status, detail);
}

void entity_tag_of(struct slice body, char entity_tag[ENTITY_TAG_BYTES])
{
    uint8_t hash[DIGEST_BYTES];

    digest(body, hash);
    entity_tag[0] = '"';
    hex_encode(hash, 8, entity_tag + 1);
    entity_tag[17] = '"';
    entity_tag[18] = '\0';
}

/*
 * The resource's etag alone does not change with what is computed into a resource on reading
 * (such as an occupancy), so the body's hash stands behind it.
 */
static const char *entity_tag_for(struct http_request *request, const ProtobufCMessage *message)
{
    const char *etag = message_string(message, "etag");
    char hash[ENTITY_TAG_BYTES];

    entity_tag_of(buffer_slice(http_output(request)), hash);
    return etag[0] != '\0' ? arena_printf(request->arena, "\"%s.%s", etag, hash + 1)
                           : arena_strdup(request->arena, hash);
}

static bool is_read(const struct http_request *request)
{
    return slice_is(request->head.method, "GET") || slice_is(request->head.method, "HEAD");
}

static void answer_not_acceptable(struct http_request *request, unsigned offered)
{
    const char *names = media_names(request->arena, offered);

    const char *const metadata[] = {"possibleTypes", names, NULL};
    answer_status(request,
                  status_make(request->arena, STATUS_INVALID_ARGUMENT, "NOT_ACCEPTABLE", NULL,
                              "nothing that Accept names can be had here; possible: %s", names),
                  metadata);
}

bool answer_is_acceptable(struct http_request *request, const ProtobufCMessageDescriptor *type)
{
    const unsigned offered = media_of(type);
    enum media media = MEDIA_JSON;

    if (media_choose(&request->head, offered, &media)) {
        return true;
    }
    answer_not_acceptable(request, offered);
    return false;
}

struct status answer_render(struct http_request *request, const ProtobufCMessage *message,
                            struct rendering *ret_rendering)
{
    struct rendering rendering = {.media = MEDIA_JSON};

    (void)media_choose(&request->head, media_of(message->descriptor), &rendering.media);
    TRY(media_render(request->arena, http_output(request), message, rendering.media));
    rendering.body = buffer_slice(http_output(request));
    http_add_header(request, "Vary", slice_from("Accept"));
    if (rendering.media != MEDIA_JSON) {
        page_link_add(request, message);
    }
    rendering.entity_tag = entity_tag_for(request, message);
    TRY(status_within(request->arena, STATUS_NONE));
    if (is_read(request)) {
        http_add_header(request, "ETag", slice_from(rendering.entity_tag));
    }
    rendering.fields = http_fields(request);
    *ret_rendering = rendering;
    return STATUS_NONE;
}

void answer_rendered(struct http_request *request, const struct rendering *rendering)
{
    if (is_read(request) && if_none_match(&request->head, slice_from(rendering->entity_tag))) {
        http_respond(request, 304, NULL, (struct slice){0});
        return;
    }
    http_respond(request, 200, media_content_type(rendering->media), rendering->body);
}

void answer_message(struct http_request *request, const ProtobufCMessage *message)
{
    struct rendering rendering;
    const struct status status = answer_render(request, message, &rendering);

    if (status.code != STATUS_OK) {
        answer_failure(request, status, NULL, false);
    } else {
        answer_rendered(request, &rendering);
    }
}

void answer_add_policy(struct http_request *request)
{
#define NOSNIFF "X-Content-Type-Options: nosniff\r\n"
    static const char kept[] = NOSNIFF "Cache-Control: no-cache\r\n";
    static const char not_kept[] = NOSNIFF "Cache-Control: no-store\r\n";
#undef NOSNIFF
    const unsigned row = request->handler_row;
    const bool is_of_now = row == ROW_HEALTHZ || row == ROW_READYZ || row == ROW_METRICS;

    if (request->code < 400 && is_read(request) && !is_of_now) {
        http_add_fields(request, (struct slice){kept, sizeof(kept) - 1});
    } else {
        http_add_fields(request, (struct slice){not_kept, sizeof(not_kept) - 1});
    }
}

void answer_cache_status(struct http_request *request, const char *text)
{
    http_add_fields(request, slice_from("Cache-Status: dongkhoi; "));
    http_add_fields(request, slice_from(text));
    http_add_fields(request, slice_from("\r\n"));
}

void answer_constant(struct http_request *request, const char *content_type, struct slice body,
                     const char *entity_tag)
{
    http_add_header(request, "ETag", slice_from(entity_tag));
    if (if_none_match(&request->head, slice_from(entity_tag))) {
        http_respond(request, 304, NULL, (struct slice){0});
        return;
    }
    http_respond_constant(request, 200, content_type, body);
}
