/* refusals.c - one counter, and a line a second of each kind. */
#include "serve/refusals.h"

#include "base/log.h"

#include <stdio.h>

enum { LOG_PERIOD_MS = 1000, NUMBER_BYTES = 24 };

static const struct metric_row rows[REFUSALS] = {
    [REFUSAL_CALLS] = {{"calls"}},         [REFUSAL_BYTES] = {{"bytes"}},
    [REFUSAL_QUESTIONS] = {{"questions"}}, [REFUSAL_WATCHES] = {{"watches"}},
    [REFUSAL_GATEWAYS] = {{"gateways"}},
};

const char *closed_reason_name(enum rpc_closed_reason reason)
{
    static const char *const names[RPC_CLOSED_REASONS] = {
        [RPC_CLOSED_UNREAD] = "unread",
        [RPC_CLOSED_SILENT] = "silent",
        [RPC_CLOSED_NO_ROOM] = "no_room",
    };

    return names[reason];
}

struct status refusals_init(struct refusals *refusals, struct metrics *metrics)
{
    const struct metric_options options = {
        .name = "dongkhoi_rpc_refusals_total",
        .help = "Calls that were refused at once, by what there was too much of.",
        .labels = {"reason"},
        .rows = rows,
        .row_count = REFUSALS,
    };

    return metrics_add(metrics, &options, &refusals->counts);
}

static const char *number(char text[NUMBER_BYTES], unsigned long value)
{
    (void)snprintf(text, NUMBER_BYTES, "%lu", value);
    return text;
}

void refusals_add(struct refusals *refusals, enum refusal refusal, const struct rpc_call *rpc)
{
    unsigned long left_out = 0;
    char text[NUMBER_BYTES];

    rpc_call_refused(rpc);
    metric_count(refusals->counts, refusal, 0, 1);
    if (log_pace_take(&refusals->refused_pace, LOG_PERIOD_MS, &left_out)) {
        log_event(LOG_WARNING, "calls_refused", "reason", rows[refusal].values[0], "method",
                  rpc_call_info(rpc)->method, "more", number(text, left_out), NULL);
    }
}

void refusals_log_closed(struct refusals *refusals, const struct rpc_closed *closed)
{
    unsigned long left_out = 0;
    char unsent[NUMBER_BYTES];
    char bytes[NUMBER_BYTES];
    char more[NUMBER_BYTES];

    if (log_pace_take(&refusals->closed_pace, LOG_PERIOD_MS, &left_out)) {
        log_event(LOG_WARNING, "connection_closed", "reason", closed_reason_name(closed->reason),
                  "peer", closed->peer, "unsent_messages", number(unsent, closed->unsent),
                  "held_bytes", number(bytes, closed->bytes), "more", number(more, left_out), NULL);
    }
}
