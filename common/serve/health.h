/*
 * health.h - asks a running service how it is, over nng, as a supervisor would.
 */
#ifndef SERVE_HEALTH_H
#define SERVE_HEALTH_H

#include "base/arena.h"

#include <stdbool.h>

/*
 * Asks the service that listens on this nng address, and takes a few seconds at most. True when it
 * answers, serves reads and takes writes. ret_text: one line that says how it is; it lives in the
 * arena, or is a literal.
 */
bool health_ask(struct arena *arena, const char *service, const char *address,
                const char **ret_text);

/* The command "health" of a service program. */
int command_health(void *arg, int argc, char **argv);

#endif
