/* dispatch_inquiries.c - the answers to questions about the program, one making for all. */
#include "base/buffer.h"
#include "base/clock.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "dongkhoi/rpc/v1/metrics.pb-c.h"
#include "serve/dispatch_internal.h"
#include "serve/service_metrics.h"

enum { TEXT_MAX_BYTES = 8 << 20 };

/* Answers all of the list with one result, but those that nobody waits for any more. */
static void answer_list(struct dispatch *dispatch, enum inquiry_kind kind, struct inquiry *first,
                        const struct rpc_result *result)
{
    static const struct status late = {.code = STATUS_DEADLINE_EXCEEDED,
                                       .reason = REASON_DEADLINE_EXCEEDED,
                                       .message =
                                           "the deadline passed before the question's turn came"};
    const struct version version = store_version(dispatch->store);

    while (first != NULL) {
        struct rpc_call *rpc = first->rpc;
        struct rpc_result own =
            rpc_call_expired(rpc) ? (struct rpc_result){.status = late} : *result;

        inquiry_end(dispatch->inquiries, kind, first);
        first = first->next; /* it lives in the call, which ends now */
        dispatch_answer_past_gate(dispatch, rpc, &own, version);
    }
}

void dispatch_answer_health(void *arg, struct inquiry *first)
{
    struct dispatch *dispatch = arg;
    Dongkhoi__Rpc__V1__CheckHealthResponse response =
        DONGKHOI__RPC__V1__CHECK_HEALTH_RESPONSE__INIT;
    const char *read_only = store_read_only(dispatch->store);
    const int64_t clock_behind_us = store_clock_behind_us(dispatch->store);
    const bool is_behind = clock_behind_us > CLOCK_BEHIND_US;
    const char *unreachable[PEERS_MAX];
    const struct rpc_result result = {.message = &response.base};

    response.n_unreachable = peers_unreachable(dispatch->peers, unreachable);
    response.unreachable = (char **)unreachable;
    response.service = (char *)dispatch->service->name;
    response.serving = true;
    response.writable = read_only == NULL && !is_behind;
    response.message = (char *)(read_only != NULL ? read_only
                                : is_behind ? "the clock is behind the journal: writes are refused"
                                            : "");
    response.clock_us = clock_now_us();
    response.clock_behind_us = is_behind ? clock_behind_us : 0;
    response.warning = (char *)(store_disk(dispatch->store).state != DISK_ROOMY
                                    ? "the disk of the store is filling up"
                                    : "");
    response.seq = store_version(dispatch->store).seq;
    response.program_version = (char *)DONGKHOI_VERSION;
    answer_list(dispatch, INQUIRY_HEALTH, first, &result);
}

void dispatch_answer_metrics(void *arg, struct inquiry *first)
{
    struct dispatch *dispatch = arg;
    Dongkhoi__Rpc__V1__GetMetricsResponse response = DONGKHOI__RPC__V1__GET_METRICS_RESPONSE__INIT;
    struct rpc_result result = {.message = &response.base};
    const struct rpc_server_load load = rpc_server_load(rpc_call_server(first->rpc));
    struct buffer text;

    buffer_init(&text, TEXT_MAX_BYTES);
    service_metrics_write(dispatch->metrics, &load, atomic_load(&dispatch->under_way), &text);
    buffer_append_char(&text, '\0');
    if (buffer_failed(&text)) {
        result.status = status_out_of_memory();
    } else {
        response.text = text.data;
    }
    answer_list(dispatch, INQUIRY_METRICS, first, &result);
    buffer_done(&text);
}
