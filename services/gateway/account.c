/* account.c - traces, Server-Timing and the lines of requests. */
#include "account.h"

#include "base/log_line.h"

#include <stdio.h>

enum {
    REASON_MAX_BYTES = 48,
    /* So much of a path that a line has room for it, however it is escaped. */
    PATH_MAX_BYTES = 400,
    METHOD_MAX_BYTES = 32,
    TIMING_MAX_BYTES = 512,
    CLIENT_GONE = 499, /* as others call it: no code was sent */
};

struct account {
    struct trace trace;
    char traceparent[TRACEPARENT_BYTES];
    const char *method; /* NULL: none was found */
    const char *caller;
    enum account_tier tier;
    struct rpc_timing timing;
    char joined_trace_id[TRACE_ID_DIGITS + 1]; /* "" when the calls were its own */
    char reason[REASON_MAX_BYTES];
};

static const char *const tier_names[] = {"none", "service", "redis", "memory"};

static struct account *account_of(const struct http_request *request)
{
    return request->handler_data;
}

/* The one traceparent; two are as none (W3C Trace Context, 3.2). */
static bool trace_of_head(const struct http_head *head, struct trace *ret_trace)
{
    const struct http_field *found = NULL;

    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equals_ignoring_case(head->fields[i].name, "traceparent")) {
            if (found != NULL) {
                return false;
            }
            found = &head->fields[i];
        }
    }
    return found != NULL && trace_parse(found->value, ret_trace);
}

void account_open(struct http_request *request)
{
    struct account *account = ARENA_NEW(request->arena, struct account);

    account->caller = "anonymous";
    if (trace_of_head(&request->head, &account->trace)) {
        trace_continue(&account->trace);
    } else {
        trace_begin(&account->trace);
    }
    trace_format(&account->trace, account->traceparent);
    request->handler_data = account;
}

const char *account_traceparent(const struct http_request *request)
{
    const struct account *account = account_of(request);

    return account != NULL ? account->traceparent : "";
}

void account_method(struct http_request *request, const char *full_name)
{
    struct account *account = account_of(request);

    if (account != NULL) {
        account->method = full_name;
    }
}

void account_tier(struct http_request *request, enum account_tier tier)
{
    struct account *account = account_of(request);

    if (account != NULL) {
        account->tier = tier;
    }
}

static uint32_t add(uint32_t a, uint32_t b)
{
    return a <= UINT32_MAX - b ? a + b : UINT32_MAX;
}

void account_call(struct http_request *request, struct rpc_timing timing)
{
    struct account *account = account_of(request);

    if (account == NULL) {
        return;
    }
    account->tier = ACCOUNT_SERVICE;
    account->timing.queue_us = add(account->timing.queue_us, timing.queue_us);
    account->timing.service_us = add(account->timing.service_us, timing.service_us);
    account->timing.store_us = add(account->timing.store_us, timing.store_us);
}

void account_joined(struct http_request *request, const struct http_request *leader)
{
    struct account *account = account_of(request);
    const struct account *from = account_of(leader);

    if (account != NULL) {
        account->tier = ACCOUNT_SERVICE;
        if (from != NULL) {
            memcpy(account->joined_trace_id, from->trace.trace_id, sizeof(from->trace.trace_id));
        }
    }
}

void account_reason(struct http_request *request, const char *reason)
{
    struct account *account = account_of(request);

    if (account != NULL && reason != NULL) {
        (void)snprintf(account->reason, sizeof(account->reason), "%s", reason);
    }
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
    return value < most ? value : most;
}

struct account_parts account_divide(uint64_t total_us, struct rpc_timing timing)
{
    struct account_parts parts = {.gateway_us = total_us};

    /* Clocks of two programs: what one says of its own time may be a little more than the other
     * saw pass. */
    parts.store_us = at_most(timing.store_us, parts.gateway_us);
    parts.gateway_us -= parts.store_us;
    parts.service_us = at_most(timing.service_us, parts.gateway_us);
    parts.gateway_us -= parts.service_us;
    parts.queue_us = at_most(timing.queue_us, parts.gateway_us);
    parts.gateway_us -= parts.queue_us;
    return parts;
}

static char *put_text(char *at, const char *text)
{
    return stpcpy(at, text);
}

/* Milliseconds with three decimals; 0 is "0". */
static char *put_ms(char *at, uint64_t us)
{
    char digits[24];
    size_t count = 0;

    if (us == 0) {
        return put_text(at, "0");
    }
    for (; us > 0 || count < 4; us /= 10) {
        digits[count++] = (char)('0' + us % 10);
        if (count == 3) {
            digits[count++] = '.';
        }
    }
    if (digits[count - 1] == '.') {
        digits[count++] = '0';
    }
    while (count > 0) {
        *at++ = digits[--count];
    }
    *at = '\0';
    return at;
}

/* https://www.w3.org/TR/server-timing: metrics with dur in milliseconds and desc. */
static void add_fields(struct http_request *request, const struct account *account,
                       uint64_t total_us)
{
    const struct account_parts parts = account_divide(total_us, account->timing);
    char text[TIMING_MAX_BYTES];
    char *at = put_text(text, "Server-Timing: gateway;dur=");

    at = put_ms(at, parts.gateway_us);
    at = put_ms(put_text(at, ", queue;dur="), parts.queue_us);
    at = put_ms(put_text(at, ", service;dur="), parts.service_us);
    at = put_ms(put_text(at, ", store;dur="), parts.store_us);
    if (account->tier != ACCOUNT_NONE) {
        at = put_text(put_text(at, ", cache;desc="), tier_names[account->tier]);
    }
    at = put_text(put_text(at, ", traceparent;desc=\""), account->traceparent);
    at = put_text(put_text(at, "\"\r\ntraceparent: "), account->traceparent);
    at = put_text(at, "\r\n");
    http_add_fields(request, (struct slice){text, (size_t)(at - text)});
}

void account_on_answer(void *arg, struct http_request *request)
{
    const struct account *account = account_of(request);

    (void)arg;
    if (account != NULL) {
        add_fields(request, account, (uv_hrtime() - request->received_ns) / 1000);
    }
}

static void log_parts(struct log_line *line, struct rpc_timing timing)
{
    if (timing.queue_us > 0 || timing.service_us > 0 || timing.store_us > 0) {
        log_line_ms(line, "queue_ms", timing.queue_us);
        log_line_ms(line, "service_ms", timing.service_us);
        log_line_ms(line, "store_ms", timing.store_us);
    }
}

static void log_account(struct log_line *line, const struct account *account)
{
    if (account->method != NULL) {
        log_line_text(line, "rpc", slice_from(account->method));
    }
    log_line_text(line, "caller", slice_from(account->caller));
    log_line_text(line, "cache", slice_from(tier_names[account->tier]));
    log_line_text(line, "trace_id", slice_from(account->trace.trace_id));
    log_line_text(line, "span_id", slice_from(account->trace.span_id));
    if (account->trace.parent_id[0] != '\0') {
        log_line_text(line, "parent_id", slice_from(account->trace.parent_id));
    }
    if (account->joined_trace_id[0] != '\0') {
        log_line_text(line, "joined_trace_id", slice_from(account->joined_trace_id));
    }
    if (account->reason[0] != '\0') {
        log_line_text(line, "reason", slice_from(account->reason));
    }
    log_parts(line, account->timing);
}

static struct slice start_of(struct slice text, size_t most)
{
    return (struct slice){text.data, text.length < most ? text.length : most};
}

void account_log(const struct http_request *request, bool is_sent)
{
    const struct account *account = account_of(request);
    const enum log_level level = request->code >= 500 ? LOG_WARNING : LOG_INFO;
    struct log_line line;

    if (!log_writes(level)) {
        return;
    }
    log_line_begin(&line, level, "request");
    log_line_text(&line, "method", start_of(request->head.method, METHOD_MAX_BYTES));
    log_line_text(&line, "path", start_of(request->head.path, PATH_MAX_BYTES));
    log_line_number(&line, "status", request->code != 0 ? request->code : CLIENT_GONE);
    log_line_ms(&line, "duration_ms",
                request->received_ns != 0 ? (int64_t)((uv_hrtime() - request->received_ns) / 1000)
                                          : 0);
    log_line_number(&line, "bytes", is_sent ? (int64_t)request->sent_bytes : 0);
    if (account != NULL) {
        log_account(&line, account);
    }
    if (!is_sent) {
        log_line_true(&line, "aborted");
    }
    log_line_end(&line);
}
