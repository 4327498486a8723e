/*
 * http_head.h - the head of an HTTP/1.1 request: a strict check of its bytes, then llhttp.
 *
 * What two readers could understand differently is refused here, whatever llhttp thinks of it:
 * bare CR or LF, folded lines, control bytes, two lengths, two Hosts.
 */
#ifndef HTTP_HTTP_HEAD_H
#define HTTP_HTTP_HEAD_H

#include "base/arena.h"
#include "base/reason.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HTTP_FIELDS_MAX = 100,
    HTTP_HEAD_MAX_BYTES = 16 << 10,
};

struct http_field {
    struct slice name;
    struct slice value; /* without white space around it */
};

/* Slices point into the bytes that were parsed. */
struct http_head {
    struct slice method; /* "GET" */
    struct slice path;   /* as sent, with its escapes, which are valid; begins with "/", or "*" */
    struct slice query;  /* as sent, without "?"; empty when there is none */
    /* Whom it is for, "localhost:8080": of a target that names a host, else of the Host field.
     * Empty when HTTP/1.0 has neither. */
    struct slice host;
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t field_count;
    unsigned minor_version; /* 0 or 1 of HTTP/1.x */
    bool keep_alive;
    bool expects_continue;
    bool is_chunked;
    uint64_t content_length; /* 0 without the field */
};

/* Why a request is refused by the server itself; texts are literals. */
struct http_refusal {
    const struct reason *reason; /* its HTTP code is what is answered */
    const char *message;
};

enum http_scan_result {
    HTTP_SCAN_MORE, /* the head goes on */
    HTTP_SCAN_DONE,
    HTTP_SCAN_REFUSED,
};

/* How far the search for the end of a head came; zeros at its first byte. */
struct http_scan {
    size_t offset; /* bytes looked at; the length of the head when it is done */
    size_t line_start;
    unsigned lines;
};

/*
 * Looks on from where scan stands; data always begins at the head's first byte. Judges every line
 * as it comes, so that a bad one is refused before the head ends.
 */
enum http_scan_result http_head_scan(struct http_scan *scan, const char *data, size_t length,
                                     struct http_refusal *ret_refusal);

/* Reads a head that http_head_scan() is done with. False: refused. */
bool http_head_parse(struct slice bytes, struct http_head *ret_head,
                     struct http_refusal *ret_refusal);

/* The value of the first field of this name (any case); false when there is none. */
bool http_head_find(const struct http_head *head, const char *name, struct slice *ret_value);

/* True when both are equal but for the case of ASCII letters. */
bool http_equals_ignoring_case(struct slice a, const char *b);

/* True when both name the same host and port (RFC 9110, 4.2.3); one without a port has this one,
 * such as "80". */
bool http_same_host(struct slice a, struct slice b, const char *default_port);

/* Without the spaces and tabs at its ends (OWS: RFC 9110, 5.6.3). */
struct slice http_trim(struct slice text);

#endif
