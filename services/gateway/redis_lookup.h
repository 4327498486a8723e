/*
 * redis_lookup.h - the address of a host name, looked up on a thread of its own: a name server
 * that is silent must hold neither a loop nor the end of the program.
 */
#ifndef GATEWAY_REDIS_LOOKUP_H
#define GATEWAY_REDIS_LOOKUP_H

#include <netinet/in.h>
#include <stdbool.h>

struct redis_lookup;

enum { REDIS_ADDRESS_BYTES = INET6_ADDRSTRLEN };

enum redis_lookup_state { REDIS_LOOKUP_UNDER_WAY, REDIS_LOOKUP_FOUND, REDIS_LOOKUP_FAILED };

/* NULL when no thread or memory can be had. */
struct redis_lookup *redis_lookup_start(const char *host);

/* Once it was found: the address as text, IPv4 before IPv6. Never waits. */
enum redis_lookup_state redis_lookup_look(struct redis_lookup *lookup,
                                          char ret_address[REDIS_ADDRESS_BYTES]);

/* Whatever its state; lookup may be NULL. */
void redis_lookup_free(struct redis_lookup *lookup);

#endif
