/*
 * answer.h - from a status or a message to the HTTP answer. The one place where a status becomes
 * an HTTP code and an error body, which is always JSON: its message is English, and a client that
 * asks for Vietnamese gets that in a LocalizedMessage. Loop thread.
 */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include "base/status.h"
#include "http/http_server.h"
#include "media.h"

#include <protobuf-c/protobuf-c.h>

/* Call once, at start: the types that stand in error details. */
void answer_init(void);

/* A failure of the gateway's own. A 415 says by itself which types are possible. */
void answer_status(struct http_request *request, struct status status);

/* A failure of the service's, or of the call to it. */
void answer_failure(struct http_request *request, struct status status, bool has_if_match);

/* Logs a failure from inside (HTTP 500), and leaves of it what is not secret. */
struct status status_for_strangers(struct status status);

/* False: Accept takes no form that messages of this type have, and the request is answered so
 * (406). Ask before anything is done. */
bool answer_is_acceptable(struct http_request *request, const ProtobufCMessageDescriptor *type);

/* 200 with the message in the form that Accept asks for, else as JSON; a GET gets an ETag, and 304
 * where If-None-Match names it. */
void answer_message(struct http_request *request, const ProtobufCMessage *message);

/* A message in the form that Accept asks for, in the request's own memory. */
struct rendering {
    enum media media;
    const char *entity_tag; /* with its quotes */
    struct slice fields;    /* header lines: Vary, ETag, Link */
    struct slice body;
};

/* Renders for many: adds the fields to the answer, but does not give it. Call it before any other
 * header is added. */
struct status answer_render(struct http_request *request, const ProtobufCMessage *message,
                            struct rendering *ret_rendering);

/* Gives what was rendered: 200, or 304 where If-None-Match names it. */
void answer_rendered(struct http_request *request, const struct rendering *rendering);

/*
 * What every answer says last: that its type is to be believed (nosniff), and who may keep it.
 * Reads, the page and the document may be kept but are asked for again each time (no-cache; they
 * have entity tags); failures, answers to writes, and how the programs are may not (no-store).
 */
void answer_add_policy(struct http_request *request);

/* Says in Cache-Status (RFC 9211) where the answer came from: "hit; detail=memory". */
void answer_cache_status(struct http_request *request, const char *text);

/* The first 16 digits of the SHA-256, in quotes. */
enum { ENTITY_TAG_BYTES = 19 };
void entity_tag_of(struct slice body, char entity_tag[ENTITY_TAG_BYTES]);

/* One text in two forms, each with an entity tag; the bytes outlive all requests. */
struct constant {
    const char *content_type;
    struct slice plain;
    struct slice gzip;
    char plain_tag[ENTITY_TAG_BYTES];
    char gzip_tag[ENTITY_TAG_BYTES];
};

/* content_type must be a literal. */
struct constant constant_make(const char *content_type, struct slice plain, struct slice gzip);

/* 200 with the text, compressed for those who would rather have it so; or 304 where If-None-Match
 * names the form that they would get. */
void answer_constant(struct http_request *request, const struct constant *constant);

/* The HTTP code of a failure; 412 where the If-Match of the request does not hold. */
int http_code_of(struct status status, bool has_if_match);

/* Whether the same request may succeed a little later; not one for which the only cure is to ask
 * for less. */
bool is_worth_retrying(int http_code, struct status status);

#endif
