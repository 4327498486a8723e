/* answer.c - HTTP codes, error bodies, entity tags. */
#include "answer.h"

#include "base/digest.h"
#include "base/log.h"
#include "call_headers.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/json.h"
#include "pb/message.h"
#include "rpc/rpc_server.h"

#include <string.h>

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

static void append_details(struct buffer *body, const struct Google__Rpc__Status *detail)
{
    buffer_append_text(body, ",\"details\":[");
    for (size_t i = 0; detail != NULL && i < detail->n_details; i++) {
        if (i > 0) {
            buffer_append_char(body, ',');
        }
        json_encode(body, &detail->details[i]->base);
    }
    buffer_append_char(body, ']');
}

static void answer_error(struct http_request *request, int http_code, struct status status,
                         const struct Google__Rpc__Status *detail)
{
    struct buffer *body = http_output(request);
    const char *message = status.message != NULL ? status.message : "";

    buffer_clear(body);
    buffer_printf(body, "{\"error\":{\"code\":%d,\"status\":\"%s\",\"message\":", http_code,
                  status_code_name(status.code));
    json_append_string(body, slice_from(message));
    append_details(body, detail);
    buffer_append_text(body, "}}\n");
    if (http_code == 429 || http_code == 503) {
        http_add_header(request, "Retry-After", slice_from("1"));
    }
    http_respond(request, http_code, json_type,
                 buffer_failed(body) ? slice_from("{\"error\":{}}\n") : buffer_slice(body));
}

void answer_status_as(struct http_request *request, int http_code, struct status status,
                      const char *const *metadata)
{
    answer_error(request, http_code, status, status_to_wire(request->arena, status, metadata));
}

void answer_status(struct http_request *request, struct status status, const char *const *metadata)
{
    answer_status_as(request, http_code_of(status, false), status, metadata);
}

void answer_failure(struct http_request *request, struct status status,
                    const struct Google__Rpc__Status *detail, bool has_if_match)
{
    const int http_code = http_code_of(status, has_if_match);

    if (http_code == 500) {
        /* Whatever went wrong inside is not for strangers. */
        log_event(LOG_ERROR, "service_failed", "reason", status.reason, "message", status.message,
                  NULL);
        status.message = "the service failed";
        status.field = NULL;
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

void answer_message(struct http_request *request, const ProtobufCMessage *message)
{
    struct buffer *body = http_output(request);

    json_encode(body, message);
    buffer_append_char(body, '\n');
    if (buffer_failed(body)) {
        answer_status(request, status_out_of_memory(), NULL);
        return;
    }
    if (is_read(request)) {
        const char *entity_tag = entity_tag_for(request, message);

        if (entity_tag != NULL) {
            answer_constant(request, json_type, buffer_slice(body), entity_tag);
            return;
        }
    }
    http_respond(request, 200, json_type, buffer_slice(body));
}

void answer_constant(struct http_request *request, const char *content_type, struct slice body,
                     const char *entity_tag)
{
    http_add_header(request, "ETag", slice_from(entity_tag));
    if (if_none_match(&request->head, slice_from(entity_tag))) {
        http_respond(request, 304, NULL, (struct slice){0});
        return;
    }
    http_respond(request, 200, content_type, body);
}
