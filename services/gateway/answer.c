/* answer.c - HTTP codes, error bodies, entity tags. */
#include "answer.h"

#include "account.h"
#include "base/digest.h"
#include "base/log.h"
#include "call_headers.h"
#include "coding.h"
#include "gateway_metrics.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "language.h"
#include "media.h"
#include "page_link.h"
#include "pb/json.h"
#include "pb/message.h"
#include "reasons.h"
#include "rpc/rpc_status.h"

#include <string.h>

static const char json_type[] = "application/json; charset=utf-8";

void answer_init(void)
{
    json_register_any(&google__rpc__error_info__descriptor);
    json_register_any(&google__rpc__bad_request__descriptor);
    json_register_any(&google__rpc__localized_message__descriptor);
}

bool is_worth_retrying(int http_code, struct status status)
{
    return (http_code == 429 || http_code == 503) && status.reason != REASON_ANSWER_TOO_LARGE &&
           status.reason != REASON_REQUEST_TOO_COSTLY;
}

int http_code_of(struct status status, bool has_if_match)
{
    /* RFC 9110, 13.1.1: only who has sent If-Match is told that it has failed. */
    return has_if_match && status.reason == REASON_ETAG_MISMATCH ? 412 : status_http_code(status);
}

/* The details as they are on the wire, with the Vietnamese sentence for who asked for it. */
static void append_details(struct http_request *request, struct status status)
{
    struct buffer *body = http_output(request);
    const struct Google__Rpc__Status *wire = status_to_wire(request->arena, status);
    enum language asked = language_choose(&request->head, LANGUAGE_EN);
    enum language given = LANGUAGE_EN;
    const char *between = "";

    buffer_append_text(body, ",\"details\":[");
    for (size_t i = 0; wire != NULL && i < wire->n_details; i++) {
        if (detail_is_localized(wire->details[i])) {
            if (asked != LANGUAGE_VI) {
                continue;
            }
            given = LANGUAGE_VI;
        }
        buffer_append_text(body, between);
        json_encode(body, &wire->details[i]->base);
        between = ",";
    }
    buffer_append_char(body, ']');
    http_add_header(request, "Content-Language", slice_from(language_tag(given)));
    http_add_header(request, "Vary", slice_from("Accept, Accept-Language"));
}

static void answer_error(struct http_request *request, int http_code, struct status status)
{
    struct buffer *body = http_output(request);
    const char *message = status.message != NULL ? status.message : "";

    account_reason(request, status);
    buffer_clear(body);
    buffer_printf(body, "{\"error\":{\"code\":%d,\"status\":\"%s\",\"message\":", http_code,
                  status_code_name(status.code));
    json_append_string(body, slice_from(message));
    append_details(request, status);
    buffer_append_text(body, "}}\n");
    if (is_worth_retrying(http_code, status)) {
        http_add_header(request, "Retry-After", slice_from("1"));
    }
    http_respond(request, http_code, json_type,
                 buffer_failed(body) ? slice_from("{\"error\":{}}\n") : buffer_slice(body));
}

void answer_status(struct http_request *request, struct status status)
{
    static const char *const possible_bodies[] = {"possibleTypes", "application/json", NULL};

    if (status.reason == REASON_UNSUPPORTED_MEDIA_TYPE) {
        status.metadata = possible_bodies;
        /* RFC 9110, 15.5.16 */
        http_add_header(request, "Accept", slice_from(possible_bodies[1]));
    }
    answer_error(request, status_http_code(status), status);
}

struct status status_for_strangers(struct status status)
{
    log_event(LOG_ERROR, "service_failed", "reason", status_reason(status)->name, "message",
              status.message, NULL);
    status.message = "the service failed";
    status.field = NULL;
    status.metadata = NULL;
    status.vietnamese = reason_of_code(status.code)->vietnamese;
    return status;
}

void answer_failure(struct http_request *request, struct status status, bool has_if_match)
{
    const int http_code = http_code_of(status, has_if_match);

    answer_error(request, http_code, http_code == 500 ? status_for_strangers(status) : status);
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
 * The ETag: the resource's etag, a dot, and a hash of the body. Some fields, such as an occupancy,
 * are computed when the resource is read, and the etag alone would not change with them.
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
    struct status status =
        status_make(request->arena, REASON_NOT_ACCEPTABLE, NULL,
                    "nothing that Accept names can be had here; possible: %s", names);
    status.metadata = metadata;
    answer_status(request, status);
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
        answer_failure(request, status, false);
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

struct constant constant_make(const char *content_type, struct slice plain, struct slice gzip)
{
    struct constant constant = {.content_type = content_type, .plain = plain, .gzip = gzip};

    entity_tag_of(plain, constant.plain_tag);
    entity_tag_of(gzip, constant.gzip_tag);
    return constant;
}

void answer_constant(struct http_request *request, const struct constant *constant)
{
    const bool is_gzip = coding_is_gzip(&request->head);
    const struct slice tag = slice_from(is_gzip ? constant->gzip_tag : constant->plain_tag);

    http_add_header(request, "Vary", slice_from("Accept-Encoding"));
    http_add_header(request, "ETag", tag);
    if (if_none_match(&request->head, tag)) {
        http_respond(request, 304, NULL, (struct slice){0});
        return;
    }
    if (is_gzip) {
        http_add_header(request, "Content-Encoding", slice_from("gzip"));
    }
    http_respond_constant(request, 200, constant->content_type,
                          is_gzip ? constant->gzip : constant->plain);
}
