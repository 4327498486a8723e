/*
 * health.h - asks a running gateway whether it is ready, over HTTP, as a supervisor would.
 */
#ifndef GATEWAY_HEALTH_H
#define GATEWAY_HEALTH_H

#include "base/arena.h"

#include <stdbool.h>

/*
 * GET /readyz of the gateway that listens on this address, "0.0.0.0:8080"; takes a few seconds at
 * most. True when that is answered 200. ret_text: one line that says how it is; it lives in the
 * arena, or is a literal.
 */
bool gateway_health_ask(struct arena *arena, const char *listen, const char **ret_text);

#endif
