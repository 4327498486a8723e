/*
 * call_headers.h - what the headers of a request say about the call that it makes.
 *
 * Errors: INVALID_ARGUMENT INVALID_HEADER, naming the header.
 */
#ifndef GATEWAY_CALL_HEADERS_H
#define GATEWAY_CALL_HEADERS_H

#include "base/arena.h"
#include "base/status.h"
#include "http/http_head.h"

#include <stdint.h>

enum {
    TIMEOUT_DEFAULT_MS = 10000,
    TIMEOUT_MAX_MS = 60000,
    IDEMPOTENCY_KEY_MAX_BYTES = 255,
};

struct call_headers {
    uint32_t timeout_ms; /* Request-Timeout or grpc-timeout, the shorter one; 1 to the maximum */
    const char *idempotency_key; /* "" for none */
    const char *if_match;        /* the resource's etag without quotes, "*" for any; "" for none */
    bool has_if_match;
    struct slice content_type; /* points into the head */
    bool has_content_type;
};

/* is_write: Idempotency-Key, If-Match and Content-Type count for writes only. */
struct status call_headers_read(struct arena *arena, const struct http_head *head, bool is_write,
                                struct call_headers *ret_headers);

/* True when If-None-Match lists this entity tag (with its quotes), or "*"; compared weakly (RFC
 * 9110, 13.1.2). */
bool if_none_match(const struct http_head *head, struct slice entity_tag);

#endif
