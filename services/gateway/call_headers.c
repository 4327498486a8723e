/* call_headers.c - deadlines, keys and tags. */
#include "call_headers.h"

#include <string.h>

static struct status invalid(struct arena *arena, const char *name, const char *expected)
{
    return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_HEADER", NULL, "%s %s", name,
                       expected);
}

/* ret_found is false without the header. */
static struct status find_once(struct arena *arena, const struct http_head *head, const char *name,
                               struct slice *ret_value, bool *ret_found)
{
    unsigned count = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equals_ignoring_case(head->fields[i].name, name)) {
            *ret_value = head->fields[i].value;
            count++;
        }
    }
    *ret_found = count == 1;
    return count > 1 ? invalid(arena, name, "is given twice") : STATUS_NONE;
}

/* Decimal digits at *at, which moves past them; false without one. Large values are cut. */
static bool read_digits(struct slice text, size_t *at, uint64_t *ret_value)
{
    const size_t start = *at;
    uint64_t value = 0;

    while (*at < text.length && text.data[*at] >= '0' && text.data[*at] <= '9') {
        if (value < UINT64_C(1000000000000)) {
            value = value * 10 + (uint64_t)(text.data[*at] - '0');
        }
        (*at)++;
    }
    *ret_value = value;
    return *at > start;
}

/* "10" or "0.25", in seconds. */
static bool seconds_parse(struct slice text, uint64_t *ret_us)
{
    size_t at = 0;
    uint64_t whole = 0;
    uint64_t us = 0;

    if (!read_digits(text, &at, &whole)) {
        return false;
    }
    if (at < text.length) {
        uint64_t unit = 100000;

        if (text.data[at++] != '.' || at == text.length) {
            return false;
        }
        for (; at < text.length; at++, unit /= 10) {
            if (text.data[at] < '0' || text.data[at] > '9') {
                return false;
            }
            us += unit * (uint64_t)(text.data[at] - '0');
        }
    }
    *ret_us = whole * 1000000 + us;
    return true;
}

/* At most eight digits and a unit, as gRPC writes it: "250m". */
static bool grpc_timeout_parse(struct slice text, uint64_t *ret_us)
{
    static const struct {
        char unit;
        uint64_t us;
    } units[] = {
        {'H', UINT64_C(3600000000)}, {'M', 60000000}, {'S', 1000000}, {'m', 1000}, {'u', 1}};
    size_t at = 0;
    uint64_t value = 0;

    if (!read_digits(text, &at, &value) || at > 8 || at + 1 != text.length) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text.data[at] == units[i].unit) {
            *ret_us = value * units[i].us;
            return true;
        }
    }
    *ret_us = (value + 999) / 1000;
    return text.data[at] == 'n';
}

static void shorten(uint32_t *timeout_ms, uint64_t us)
{
    const uint64_t ms = us / 1000 > 0 ? us / 1000 : 1;

    if (ms < *timeout_ms) {
        *timeout_ms = (uint32_t)ms;
    }
}

static struct status read_timeout(struct arena *arena, const struct http_head *head,
                                  uint32_t *ret_timeout_ms)
{
    struct slice text = {0};
    uint32_t timeout_ms = TIMEOUT_MAX_MS;
    bool has_seconds = false;
    bool has_grpc = false;
    uint64_t us = 0;

    TRY(find_once(arena, head, "Request-Timeout", &text, &has_seconds));
    if (has_seconds) {
        if (!seconds_parse(text, &us) || us == 0) {
            return invalid(
                arena, "Request-Timeout",
                "is not a number of seconds over 0 in plain decimals, such as 10 or 0.25 (over "
                "60 is as 60)");
        }
        shorten(&timeout_ms, us);
    }
    TRY(find_once(arena, head, "grpc-timeout", &text, &has_grpc));
    if (has_grpc) {
        if (!grpc_timeout_parse(text, &us) || us == 0) {
            return invalid(arena, "grpc-timeout", "is not 1 to 8 digits and one of H M S m u n");
        }
        shorten(&timeout_ms, us);
    }
    *ret_timeout_ms = has_seconds || has_grpc ? timeout_ms : TIMEOUT_DEFAULT_MS;
    return STATUS_NONE;
}

static bool is_visible(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return text.length > 0;
}

static struct status read_key(struct arena *arena, const struct http_head *head,
                              const char **ret_key)
{
    struct slice text = {0};
    bool found = false;

    TRY(find_once(arena, head, "Idempotency-Key", &text, &found));
    if (!found) {
        return STATUS_NONE;
    }
    if (!is_visible(text) || text.length > IDEMPOTENCY_KEY_MAX_BYTES) {
        return invalid(arena, "Idempotency-Key", "is not 1 to 255 visible ASCII characters");
    }
    *ret_key = arena_copy(arena, text);
    return STATUS_NONE;
}

/* One tag with or without quotes. The tag of a GET is the etag, a dot and a hash. */
static struct status read_if_match(struct arena *arena, const struct http_head *head,
                                   struct call_headers *headers)
{
    struct slice text = {0};

    TRY(find_once(arena, head, "If-Match", &text, &headers->has_if_match));
    if (!headers->has_if_match) {
        return STATUS_NONE;
    }
    /* A tag that is spelled "*" stays in its quotes: without, it would be any. */
    if (text.length >= 2 && text.data[0] == '"' && text.data[text.length - 1] == '"' &&
        !slice_is(text, "\"*\"")) {
        text = (struct slice){text.data + 1, text.length - 2};
    }
    if (!is_visible(text) || memchr(text.data, ',', text.length) != NULL) {
        return invalid(arena, "If-Match", "is not one entity tag");
    }
    const char *dot = memrchr(text.data, '.', text.length);
    if (dot != NULL && dot > text.data) {
        text.length = (size_t)(dot - text.data);
    }
    headers->if_match = arena_copy(arena, text);
    return STATUS_NONE;
}

struct status call_headers_read(struct arena *arena, const struct http_head *head, bool is_write,
                                struct call_headers *ret_headers)
{
    struct call_headers headers = {.idempotency_key = "", .if_match = ""};

    TRY(read_timeout(arena, head, &headers.timeout_ms));
    if (is_write) {
        TRY(read_key(arena, head, &headers.idempotency_key));
        TRY(read_if_match(arena, head, &headers));
        TRY(find_once(arena, head, "Content-Type", &headers.content_type,
                      &headers.has_content_type));
    }
    *ret_headers = headers;
    return STATUS_NONE;
}

static bool list_has(struct slice list, struct slice entity_tag)
{
    size_t at = 0;

    while (at < list.length) {
        const char c = list.data[at];

        if (c == ' ' || c == '\t' || c == ',') {
            at++;
            continue;
        }
        if (c == 'W' && at + 1 < list.length && list.data[at + 1] == '/') {
            at += 2;
        }
        const char *start = list.data + at;
        const size_t left = list.length - at;
        const char *quote = left > 1 && *start == '"' ? memchr(start + 1, '"', left - 1) : NULL;
        if (quote == NULL) {
            return false;
        }
        const struct slice tag = {start, (size_t)(quote + 1 - start)};
        if (slice_equals(tag, entity_tag)) {
            return true;
        }
        at += tag.length;
    }
    return false;
}

bool if_none_match(const struct http_head *head, struct slice entity_tag)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http_field *field = &head->fields[i];

        if (http_equals_ignoring_case(field->name, "If-None-Match") &&
            (slice_is(field->value, "*") || list_has(field->value, entity_tag))) {
            return true;
        }
    }
    return false;
}
