/*
 * http_head.c - a head in two passes: http_head_scan() judges each line when its end arrives, and
 * http_head_parse() has llhttp find the parts of a head that is whole, then checks what they say
 * together. llhttp alone would let lines pass that other servers read differently.
 */
#include "http/http_head.h"

#include <llhttp.h>
#include <string.h>
#include <strings.h>

static bool refuse(struct http_refusal *ret_refusal, const char *message)
{
    *ret_refusal = (struct http_refusal){REASON_MALFORMED_REQUEST, message};
    return false;
}

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!is_token_char((unsigned char)text.data[i])) {
            return false;
        }
    }
    return text.length > 0;
}

bool http_equals_ignoring_case(struct slice a, const char *b)
{
    return a.length == strlen(b) && strncasecmp(a.data, b, a.length) == 0;
}

/* The target is printable ASCII without "#", and each "%" is an escape. */
static bool target_check(struct slice target, struct http_refusal *ret_refusal)
{
    for (size_t i = 0; i < target.length; i++) {
        const unsigned char c = (unsigned char)target.data[i];

        if (c <= ' ' || c >= 0x7f || c == '#') {
            return refuse(ret_refusal, "the request target has a byte that must be escaped as %XX");
        }
        if (c == '%' && (i + 2 >= target.length || !is_hex(target.data[i + 1]) ||
                         !is_hex(target.data[i + 2]))) {
            return refuse(ret_refusal, "a % in the request target is not followed by two "
                                       "hexadecimal digits");
        }
    }
    return true;
}

/* method SP target SP HTTP/1.x, with single spaces (RFC 9112, 3). */
static bool request_line_check(struct slice line, struct http_refusal *ret_refusal)
{
    const char *end = line.data + line.length;
    const char *first = memchr(line.data, ' ', line.length);
    const char *second = first != NULL ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;

    if (second == NULL) {
        return refuse(ret_refusal, "the request line is not: method, space, target, space, "
                                   "HTTP/1.1");
    }
    const struct slice method = {line.data, (size_t)(first - line.data)};
    const struct slice target = {first + 1, (size_t)(second - first - 1)};
    const struct slice version = {second + 1, (size_t)(end - second - 1)};

    if (!is_token(method)) {
        return refuse(ret_refusal, "the method is not a token");
    }
    if (target.length == 0) {
        return refuse(ret_refusal, "the request target is empty");
    }
    if (!slice_is(version, "HTTP/1.1") && !slice_is(version, "HTTP/1.0")) {
        if (version.length == 8 && memcmp(version.data, "HTTP/", 5) == 0 &&
            version.data[6] == '.') {
            *ret_refusal = (struct http_refusal){REASON_UNSUPPORTED_VERSION,
                                                 "only HTTP/1.0 and HTTP/1.1 are spoken here"};
            return false;
        }
        return refuse(ret_refusal, "the request line does not end in HTTP/1.1");
    }
    return target_check(target, ret_refusal);
}

static bool field_line_check(struct slice line, struct http_refusal *ret_refusal)
{
    const char *colon = memchr(line.data, ':', line.length);

    if (line.data[0] == ' ' || line.data[0] == '\t') {
        return refuse(ret_refusal, "a header line is folded");
    }
    if (colon == NULL) {
        return refuse(ret_refusal, "a header line has no colon");
    }
    if (!is_token((struct slice){line.data, (size_t)(colon - line.data)})) {
        return refuse(ret_refusal, "a header name is not a token directly before the colon");
    }
    return true;
}

/* The line that ends before the CR at end: the empty one ends the head, the first is the request
 * line. */
static enum http_scan_result scan_line(struct http_scan *scan, const char *data, size_t end,
                                       struct http_refusal *ret_refusal)
{
    const struct slice line = {data + scan->line_start, end - scan->line_start};

    if (line.length == 0) {
        if (scan->lines > 0) {
            return HTTP_SCAN_DONE;
        }
        (void)refuse(ret_refusal, "the request line is empty");
        return HTTP_SCAN_REFUSED;
    }
    if (!(scan->lines == 0 ? request_line_check(line, ret_refusal)
                           : field_line_check(line, ret_refusal))) {
        return HTTP_SCAN_REFUSED;
    }
    scan->lines++;
    scan->line_start = end + 2;
    return HTTP_SCAN_MORE;
}

enum http_scan_result http_head_scan(struct http_scan *scan, const char *data, size_t length,
                                     struct http_refusal *ret_refusal)
{
    while (scan->offset < length) {
        const size_t at = scan->offset;
        const unsigned char c = (unsigned char)data[at];
        const bool after_cr = at > 0 && data[at - 1] == '\r';

        if (after_cr != (c == '\n')) {
            (void)refuse(ret_refusal,
                         after_cr ? "a CR is not followed by LF" : "a LF is not preceded by CR");
            return HTTP_SCAN_REFUSED;
        }
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f) {
            (void)refuse(ret_refusal, "the head has a control byte");
            return HTTP_SCAN_REFUSED;
        }
        scan->offset++;
        if (c == '\n') {
            const enum http_scan_result result = scan_line(scan, data, at - 1, ret_refusal);

            if (result != HTTP_SCAN_MORE) {
                return result;
            }
        }
    }
    return HTTP_SCAN_MORE;
}

bool http_head_find(const struct http_head *head, const char *name, struct slice *ret_value)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equals_ignoring_case(head->fields[i].name, name)) {
            *ret_value = head->fields[i].value;
            return true;
        }
    }
    return false;
}

/* What llhttp's callbacks fill. */
struct reading {
    llhttp_t parser;
    struct http_head *head;
    struct slice target;
    bool too_many_fields;
    bool is_complete;
    bool keep_alive;
};

static int on_url(llhttp_t *parser, const char *at, size_t length)
{
    struct reading *reading = parser->data;

    reading->target = (struct slice){at, length};
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t length)
{
    struct reading *reading = parser->data;
    struct http_head *head = reading->head;

    if (head->field_count == HTTP_FIELDS_MAX) {
        reading->too_many_fields = true;
        return HPE_USER;
    }
    head->fields[head->field_count++] = (struct http_field){
        .name = {at, length},
        .value = {at + length, 0},
    };
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t length)
{
    struct reading *reading = parser->data;
    struct http_head *head = reading->head;

    while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t')) {
        length--;
    }
    if (head->field_count > 0) {
        head->fields[head->field_count - 1].value = (struct slice){at, length};
    }
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct reading *reading = parser->data;

    reading->is_complete = true;
    reading->keep_alive = llhttp_should_keep_alive(parser) != 0;
    return 0;
}

/* host [":" port] of RFC 3986, 3.2. */
static bool host_is_valid(struct slice host)
{
    size_t at = 0;

    if (host.length > 0 && host.data[0] == '[') {
        for (at = 1; at < host.length &&
                     (is_hex(host.data[at]) || host.data[at] == ':' || host.data[at] == '.');) {
            at++;
        }
        if (at < 3 || at == host.length || host.data[at] != ']') {
            return false;
        }
        at++;
    } else {
        for (; at < host.length && host.data[at] != ':'; at++) {
            const unsigned char c = (unsigned char)host.data[at];

            if (!(is_token_char(c) || strchr("()=,;", c) != NULL) || strchr("#^`|", c) != NULL) {
                return false;
            }
            if (c == '%' && (at + 2 >= host.length || !is_hex(host.data[at + 1]) ||
                             !is_hex(host.data[at + 2]))) {
                return false;
            }
        }
        if (at == 0) {
            return false;
        }
    }
    if (at == host.length) {
        return true;
    }
    if (host.data[at++] != ':' || host.length - at > 5) {
        return false;
    }
    for (; at < host.length; at++) {
        if (host.data[at] < '0' || host.data[at] > '9') {
            return false;
        }
    }
    return true;
}

/* Takes the target apart: host (of an absolute one), path and query. */
static bool target_split(struct slice target, struct http_head *head,
                         struct http_refusal *ret_refusal)
{
    static const char scheme[] = "http://";
    const size_t scheme_length = sizeof(scheme) - 1;

    if (target.length >= scheme_length && strncasecmp(target.data, scheme, scheme_length) == 0) {
        const char *start = target.data + scheme_length;
        const char *end = target.data + target.length;
        const char *slash = start;

        while (slash < end && *slash != '/' && *slash != '?') {
            slash++;
        }
        head->host = (struct slice){start, (size_t)(slash - start)};
        if (!host_is_valid(head->host)) {
            return refuse(ret_refusal, "the request target names no valid host");
        }
        target = (struct slice){slash, (size_t)(end - slash)};
        if (target.length == 0 || target.data[0] != '/') {
            head->path = slice_from("/");
            head->query = target.length > 0 ? (struct slice){target.data + 1, target.length - 1}
                                            : (struct slice){target.data, 0};
            return true;
        }
    }
    const bool is_asterisk = slice_is(target, "*") && slice_is(head->method, "OPTIONS");
    if (target.length == 0 || (target.data[0] != '/' && !is_asterisk)) {
        return refuse(ret_refusal, "the request target does not begin with a slash");
    }
    const char *mark = memchr(target.data, '?', target.length);
    head->path = target;
    head->query = (struct slice){target.data + target.length, 0};
    if (mark != NULL) {
        head->path.length = (size_t)(mark - target.data);
        head->query = (struct slice){mark + 1, target.length - head->path.length - 1};
    }
    return true;
}

static bool length_parse(struct slice text, uint64_t *ret_length)
{
    uint64_t length = 0;

    /* 18 digits fit 64 bits and are more than any body may have. */
    if (text.length == 0 || text.length > 18) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        length = length * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_length = length;
    return true;
}

/* Checked before the values are: llhttp stops at a second length and gives no value for it. */
static bool framed_once(unsigned lengths, unsigned encodings, struct http_refusal *ret_refusal)
{
    if (lengths > 1 || encodings > 1) {
        return refuse(ret_refusal, lengths > 1 ? "the Content-Length is given twice"
                                               : "the Transfer-Encoding is given twice");
    }
    if (lengths > 0 && encodings > 0) {
        return refuse(ret_refusal, "there are a Content-Length and a Transfer-Encoding");
    }
    return true;
}

/* The Host field. A target such as "http://a/" names a host, too, and a client sends the same in
 * both (RFC 9112, 3.2). One that sends two hosts may want a proxy and us to see different ones. */
static bool take_host(struct http_head *head, struct slice value, struct http_refusal *ret_refusal)
{
    if (!host_is_valid(value)) {
        return refuse(ret_refusal, "the Host is not a host with an optional port");
    }
    if (head->host.length > 0 && !http_same_host(head->host, value, "80")) {
        *ret_refusal = (struct http_refusal){REASON_CONTRADICTING_HOSTS,
                                             "the Host is another than that of the request target"};
        return false;
    }
    head->host = value;
    return true;
}

/* What the fields together must be (RFC 9112, 3.2 and 6.3; RFC 9110, 10.1.1). */
static bool fields_check(struct http_head *head, struct http_refusal *ret_refusal)
{
    unsigned hosts = 0;
    unsigned lengths = 0;
    unsigned encodings = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        const struct slice name = head->fields[i].name;
        const struct slice value = head->fields[i].value;

        if (http_equals_ignoring_case(name, "host")) {
            if (++hosts > 1) {
                return refuse(ret_refusal, "there are two Host headers");
            }
            if (!take_host(head, value, ret_refusal)) {
                return false;
            }
        } else if (http_equals_ignoring_case(name, "content-length")) {
            lengths++;
            if (!framed_once(lengths, encodings, ret_refusal)) {
                return false;
            }
            if (!length_parse(value, &head->content_length)) {
                return refuse(ret_refusal, "the Content-Length is not a decimal number");
            }
        } else if (http_equals_ignoring_case(name, "transfer-encoding")) {
            encodings++;
            head->is_chunked = true;
            if (!framed_once(lengths, encodings, ret_refusal)) {
                return false;
            }
            if (!http_equals_ignoring_case(value, "chunked")) {
                return refuse(ret_refusal, "the Transfer-Encoding is not exactly: chunked");
            }
        } else if (http_equals_ignoring_case(name, "expect") && head->minor_version > 0) {
            head->expects_continue = true;
            if (!http_equals_ignoring_case(value, "100-continue")) {
                *ret_refusal = (struct http_refusal){REASON_EXPECTATION_FAILED,
                                                     "the only Expect is: 100-continue"};
                return false;
            }
        }
    }
    if (hosts == 0 && head->minor_version > 0) {
        return refuse(ret_refusal, "the Host header is missing");
    }
    if (encodings > 0 && head->minor_version == 0) {
        return refuse(ret_refusal, "HTTP/1.0 has no Transfer-Encoding");
    }
    return true;
}

bool http_head_parse(struct slice bytes, struct http_head *ret_head,
                     struct http_refusal *ret_refusal)
{
    static const llhttp_settings_t settings = {
        .on_url = on_url,
        .on_header_field = on_header_field,
        .on_header_value = on_header_value,
        .on_headers_complete = on_headers_complete,
    };
    struct reading reading = {.head = ret_head};
    const char *space = memchr(bytes.data, ' ', bytes.length);

    ret_head->method = (struct slice){bytes.data, (size_t)(space - bytes.data)};
    ret_head->host = (struct slice){0};
    ret_head->field_count = 0;
    ret_head->is_chunked = false;
    ret_head->expects_continue = false;
    ret_head->content_length = 0;
    llhttp_init(&reading.parser, HTTP_REQUEST, &settings);
    reading.parser.data = &reading;
    const llhttp_errno_t result = llhttp_execute(&reading.parser, bytes.data, bytes.length);

    if (reading.too_many_fields) {
        *ret_refusal = (struct http_refusal){REASON_HEAD_TOO_LARGE, "there are over 100 headers"};
        return false;
    }
    if (result == HPE_INVALID_METHOD || slice_is(ret_head->method, "CONNECT")) {
        *ret_refusal = (struct http_refusal){REASON_UNKNOWN_VERB, "the method is not known here"};
        return false;
    }
    ret_head->minor_version = llhttp_get_http_minor(&reading.parser);
    ret_head->keep_alive = reading.keep_alive;
    if (reading.target.data != NULL && !target_split(reading.target, ret_head, ret_refusal)) {
        return false;
    }
    if (!fields_check(ret_head, ret_refusal)) {
        return false;
    }
    if (!reading.is_complete || (result != HPE_OK && result != HPE_PAUSED_UPGRADE)) {
        return refuse(ret_refusal, "the head is not valid HTTP/1.1");
    }
    return true;
}

/* Leaves out the default port: with "80", "a:80" and "a:" become "a". */
static struct slice without_port(struct slice host, const char *port)
{
    const size_t digits = strlen(port);

    if (host.length > digits && memcmp(host.data + host.length - digits, port, digits) == 0 &&
        host.data[host.length - digits - 1] == ':') {
        host.length -= digits;
    }
    if (host.length > 0 && host.data[host.length - 1] == ':') {
        host.length--;
    }
    return host;
}

bool http_same_host(struct slice a, struct slice b, const char *default_port)
{
    const struct slice first = without_port(a, default_port);
    const struct slice second = without_port(b, default_port);

    return first.length == second.length && strncasecmp(first.data, second.data, first.length) == 0;
}

struct slice http_trim(struct slice text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}
