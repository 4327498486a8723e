/*
 * account.h - what is told of a request: its trace, where its time went, and one line of the log.
 *
 * An account is opened when the request comes and lives in its arena; without memory for it a
 * request is served all the same. Nothing of a payload, of a query or of a header gets in, but for
 * the ids of a traceparent. Loop thread.
 */
#ifndef GATEWAY_ACCOUNT_H
#define GATEWAY_ACCOUNT_H

#include "base/trace.h"
#include "http/http_server.h"
#include "rpc/rpc_timing.h"

/* Where an answer came from. NONE: the gateway's own, or there was none to be had. */
enum account_tier { ACCOUNT_NONE, ACCOUNT_SERVICE, ACCOUNT_REDIS, ACCOUNT_MEMORY };

/* Begins the account, with the trace of the client or a new one. */
void account_open(struct http_request *request);

/* For the calls that the request makes; "" without an account. */
const char *account_traceparent(const struct http_request *request);

/* The full name of the method that it is for, which outlives the request. */
void account_method(struct http_request *request, const char *full_name);

void account_tier(struct http_request *request, enum account_tier tier);

/* A service answered a call of this request, after those before. */
void account_call(struct http_request *request, struct rpc_timing timing);

/* It got the answer of a call that another request made: the time was that one's. */
void account_joined(struct http_request *request, const struct http_request *leader);

/* Of a failure; may be NULL. */
void account_reason(struct http_request *request, struct status status);

/* on_answer of http_server_options: adds Server-Timing and traceparent. */
void account_on_answer(void *arg, struct http_request *request);

/* Writes the line of a request that has ended. */
void account_log(const struct http_request *request, bool is_sent);

/* The parts of Server-Timing, cut so that they are no more than total_us together. */
struct account_parts {
    uint64_t gateway_us;
    uint64_t queue_us;
    uint64_t service_us;
    uint64_t store_us;
};
struct account_parts account_divide(uint64_t total_us, struct rpc_timing timing);

#endif
