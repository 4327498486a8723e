/* origin.c - Host against the gateway's names; Sec-Fetch-Site, else Origin, against Host. */
#include "origin.h"

#include "answer.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { NAMES_MAX = 64, NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };

static const char NAMES_ALLOWED[] =
    "names without port, up to 64 with commas between them, such as "
    "dongkhoi.example.vn,gateway, or empty";

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Labels with dots between them; "_" is none of DNS, but names of containers have it. */
static bool is_name(struct slice name)
{
    size_t label = 0;

    for (size_t i = 0; i < name.length; i++) {
        if (name.data[i] == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
        } else if (!is_label_char(name.data[i]) || ++label > LABEL_MAX_BYTES) {
            return false;
        }
    }
    return label > 0 && name.length <= NAME_MAX_BYTES;
}

/* The next of the names between commas; false after the last one. */
static bool name_next(const char **names, struct slice *ret_name)
{
    const char *start = *names;

    if (start == NULL) {
        return false;
    }
    *ret_name = (struct slice){start, strcspn(start, ",")};
    *names = start[ret_name->length] == ',' ? start + ret_name->length + 1 : NULL;
    return true;
}

const char *hosts_check(const char *names)
{
    struct slice name;
    unsigned count = 0;

    if (names[0] == '\0') {
        return NULL;
    }
    while (name_next(&names, &name)) {
        if (++count > NAMES_MAX || !is_name(name)) {
            return NAMES_ALLOWED;
        }
    }
    return NULL;
}

/* An IPv4 address, or an IPv6 address in its brackets. */
static bool is_address(struct slice host)
{
    const bool is_v6 = host.length > 2 && host.data[0] == '[' && host.data[host.length - 1] == ']';
    const size_t bracket = is_v6 ? 1 : 0;
    struct in6_addr address; /* room for either */
    char text[INET6_ADDRSTRLEN];

    if (host.length - 2 * bracket >= sizeof(text)) {
        return false;
    }
    memcpy(text, host.data + bracket, host.length - 2 * bracket);
    text[host.length - 2 * bracket] = '\0';
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, &address) == 1;
}

static struct slice host_without_port(struct slice host)
{
    const char *end =
        memchr(host.data, host.length > 0 && host.data[0] == '[' ? ']' : ':', host.length);

    if (end != NULL) {
        host.length = (size_t)(end - host.data) + (*end == ']');
    }
    return host;
}

bool host_is_served(struct slice host, const char *names)
{
    struct slice name;

    host = host_without_port(host);
    if (host.length == 0) {
        return false;
    }
    if (is_address(host)) {
        return true;
    }
    /* "localhost." is the same name, from the root of all names on. */
    if (host.length > 1 && host.data[host.length - 1] == '.') {
        host.length--;
    }
    if (http_equals_ignoring_case(host, "localhost")) {
        return true;
    }
    while (name_next(&names, &name)) {
        if (name.length == host.length && strncasecmp(name.data, host.data, name.length) == 0) {
            return true;
        }
    }
    return false;
}

/* The origin is a page of this very host: RFC 6454, 6.2. The scheme may differ, since TLS may end
 * before us. */
static bool is_own_origin(struct slice origin, struct slice host)
{
    static const struct {
        const char *text;
        const char *port;
    } schemes[] = {{"http://", "80"}, {"https://", "443"}};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const size_t length = strlen(schemes[i].text);

        if (origin.length > length &&
            http_equals_ignoring_case((struct slice){origin.data, length}, schemes[i].text)) {
            const struct slice from = {origin.data + length, origin.length - length};

            return http_same_host(from, host, schemes[i].port);
        }
    }
    return false;
}

/*
 * Sec-Fetch-Site decides where it is one of its four values (W3C Fetch Metadata, 2.2; others are to
 * be ignored), since the browser knows better than a comparison of names. It is sent over TLS and
 * to the own machine only, so the Origin decides in all other cases; browsers send that with every
 * write.
 */
bool is_cross_site(const struct http_head *head)
{
    bool is_own_site = false;
    bool is_other_origin = false;

    for (size_t i = 0; i < head->field_count; i++) {
        const struct slice name = head->fields[i].name;
        const struct slice value = head->fields[i].value;

        if (http_equals_ignoring_case(name, "Sec-Fetch-Site")) {
            if (slice_is(value, "cross-site") || slice_is(value, "same-site")) {
                return true;
            }
            is_own_site = is_own_site || slice_is(value, "same-origin") || slice_is(value, "none");
        } else if (http_equals_ignoring_case(name, "Origin")) {
            is_other_origin = is_other_origin || !is_own_origin(value, head->host);
        }
    }
    return is_other_origin && !is_own_site;
}

/* The methods that change nothing (RFC 9110, 9.2.1), of those that are known here. */
static bool is_safe(struct slice method)
{
    return slice_is(method, "GET") || slice_is(method, "HEAD") || slice_is(method, "OPTIONS");
}

static void answer_unknown_host(struct http_request *request)
{
    const char *host = arena_copy(request->arena, request->head.host);

    const char *const metadata[] = {"host", host, NULL};
    answer_status_as(request, 421,
                     status_make(request->arena, STATUS_INVALID_ARGUMENT, "UNKNOWN_HOST", NULL,
                                 "%s is no name of this gateway: ask for its address, or let "
                                 "DONGKHOI_HOSTS have the name",
                                 host),
                     metadata);
}

bool origin_is_acceptable(struct http_request *request, const char *names)
{
    const struct http_head *head = &request->head;

    /* Only programs send HTTP/1.0 without a Host, such as the probes of load balancers. */
    if (head->host.length > 0 && !host_is_served(head->host, names)) {
        answer_unknown_host(request);
        return false;
    }
    if (!is_safe(head->method) && is_cross_site(head)) {
        answer_status(request,
                      (struct status){.code = STATUS_PERMISSION_DENIED,
                                      .reason = "CROSS_SITE_WRITE",
                                      .message = "a browser asks for this on behalf of a page of "
                                                 "another site, which may not write here"},
                      NULL);
        return false;
    }
    return true;
}
