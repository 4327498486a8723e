/* call_context.c - the clock, the trace and the log line of a call. */
#include "serve/call_context.h"

#include "base/clock.h"
#include "base/log_line.h"
#include "store/db.h"

struct call_context *call_context_new(struct rpc_call *rpc)
{
    struct call_context *context = ARENA_NEW(rpc_call_arena(rpc), struct call_context);

    context->clock.arrived_ns = clock_elapsed_ns();
    if (trace_parse(slice_from(rpc_call_info(rpc)->traceparent), &context->trace)) {
        trace_continue(&context->trace);
        trace_format(&context->trace, context->traceparent);
    }
    rpc_call_set_context(rpc, context);
    return context;
}

struct call_context *call_context_of(const struct rpc_call *rpc)
{
    return rpc_call_context(rpc);
}

void call_clock_enter(struct call_clock *clock, const struct db *db)
{
    if (clock != NULL) {
        clock->busy_from = clock_elapsed_ns();
        clock->spent_before_ns = db != NULL ? db_spent_ns(db) : 0;
    }
}

static int64_t busy_until_now(struct call_clock *clock)
{
    const int64_t now_ns = clock_elapsed_ns();
    const int64_t passed_ns = now_ns - clock->busy_from;

    clock->busy_ns += passed_ns;
    clock->busy_from = now_ns;
    return passed_ns;
}

void call_clock_leave(struct call_clock *clock, const struct db *db)
{
    if (clock != NULL) {
        (void)busy_until_now(clock);
        clock->store_ns += db != NULL ? db_spent_ns(db) - clock->spent_before_ns : 0;
    }
}

void call_clock_store(struct call_clock *clock)
{
    if (clock != NULL) {
        clock->store_ns += busy_until_now(clock);
    }
}

static uint32_t microseconds(int64_t ns)
{
    const int64_t us = ns / 1000;

    return us < 0 ? 0 : us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

struct rpc_timing call_clock_read(const struct call_clock *clock)
{
    const int64_t passed_ns = clock_elapsed_ns() - clock->arrived_ns;

    return (struct rpc_timing){
        .queue_us = microseconds(passed_ns - clock->busy_ns),
        .service_us = microseconds(clock->busy_ns - clock->store_ns),
        .store_us = microseconds(clock->store_ns),
    };
}

void call_context_log(const struct call_context *context, const struct rpc_call *rpc,
                      const struct rpc_result *result, uint32_t slow_ms)
{
    const struct rpc_call_info *info = rpc_call_info(rpc);
    const struct rpc_timing *timing = &result->timing;
    const uint64_t total_us = (uint64_t)timing->queue_us + timing->service_us + timing->store_us;
    const bool is_slow = slow_ms > 0 && total_us >= (uint64_t)slow_ms * 1000;
    const enum log_level level = is_slow ? LOG_INFO : LOG_DEBUG;
    struct log_line line;

    if (!log_writes(level)) {
        return;
    }
    log_line_begin(&line, level, "call");
    log_line_text(&line, "rpc", slice_from(info->method));
    log_line_text(&line, "status", slice_from(status_code_name(result->status.code)));
    if (result->status.reason != NULL) {
        log_line_text(&line, "reason", slice_from(result->status.reason));
    }
    log_line_ms(&line, "duration_ms", (int64_t)total_us);
    log_line_ms(&line, "queue_ms", timing->queue_us);
    log_line_ms(&line, "service_ms", timing->service_us);
    log_line_ms(&line, "store_ms", timing->store_us);
    log_line_text(&line, "caller", slice_from(info->caller));
    if (context->trace.trace_id[0] != '\0') {
        log_line_text(&line, "trace_id", slice_from(context->trace.trace_id));
        log_line_text(&line, "span_id", slice_from(context->trace.span_id));
        log_line_text(&line, "parent_id", slice_from(context->trace.parent_id));
    }
    if (result->replayed) {
        log_line_true(&line, "replayed");
    }
    if (is_slow) {
        log_line_true(&line, "slow");
    }
    log_line_end(&line);
}
