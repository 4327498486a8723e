/*
 * patience.h - the retry window: requests for a service that was there a moment ago wait until it
 * is back, so that nobody notices its restart. Only requests of which nothing was sent, or nothing
 * was done, wait; so they can go again. Loop thread.
 */
#ifndef GATEWAY_PATIENCE_H
#define GATEWAY_PATIENCE_H

#include "http/http_server.h"
#include "router.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct gateway_loop;
struct patience;

typedef void (*patience_go)(struct gateway_loop *loop, struct http_request *request,
                            const struct router_match *match);

/* NULL without memory. */
struct patience *patience_open(struct gateway_loop *loop, uv_loop_t *uv);

/* No request may wait; the loop frees the rest. patience may be NULL. */
void patience_close(struct patience *patience);

/*
 * True: the request waits, and go() is called when all of these services (bits, in the gateway's
 * order) can be asked or it has been long enough. False: go on now. No request waits for a service
 * that has been away for longer than the gateway's patience, nor past its own deadline.
 */
bool patience_waits(struct patience *patience, struct http_request *request,
                    const struct router_match *match, unsigned backends, patience_go go);

/*
 * For a request that failed. True when that was because one of these services was about to stop or
 * is away, so that nothing was done, and the request waits to go again, as above. Ask it before
 * anything of an answer is made.
 */
bool patience_retries(struct patience *patience, struct http_request *request,
                      const struct router_match *match, unsigned backends, patience_go go,
                      struct status status);

/* What is left of the time that a request gave, counted from when it was read. */
uint32_t patience_left_ms(const struct http_request *request, uint32_t timeout_ms);

#endif
