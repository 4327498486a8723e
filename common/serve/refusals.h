/*
 * refusals.h - counts and logs what a service does not take from a connection, and the connections
 * that it closes. Any thread.
 */
#ifndef SERVE_REFUSALS_H
#define SERVE_REFUSALS_H

#include "base/log_pace.h"
#include "base/metrics.h"
#include "rpc/rpc_server.h"

enum refusal {
    REFUSAL_CALLS,     /* others hold most of the calls, and the connection its part */
    REFUSAL_BYTES,     /* all requests that are under way are too large together */
    REFUSAL_QUESTIONS, /* too many questions for health or metrics wait */
    REFUSAL_WATCHES,   /* too many watches are held, of the connection or of all */
    REFUSAL_GATEWAYS,  /* the connection speaks for too many gateways */
    REFUSALS
};

struct refusals {
    struct metric *counts;
    struct log_pace refused_pace;
    struct log_pace closed_pace;
};

/* Adds its family to metrics; all zero before. */
struct status refusals_init(struct refusals *refusals, struct metrics *metrics);

/* A call is refused. */
void refusals_add(struct refusals *refusals, enum refusal refusal, const struct rpc_call *rpc);

/* Of rpc_server_options.on_closed. */
void refusals_log_closed(struct refusals *refusals, const struct rpc_closed *closed);

/* A connection's reason as in labels and the log: "unread". */
const char *closed_reason_name(enum rpc_closed_reason reason);

#endif
