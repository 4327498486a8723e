/*
 * http_peer.h - who a client is to the limits, and what it holds of one loop.
 *
 * A client is told by its address: all of an IPv4 address, or the first 64 bits of an IPv6 one,
 * since a customer is given as many of those as fit behind. Loop thread, but for
 * http_networks_parse().
 *
 * Errors: INVALID_ARGUMENT INVALID_NETWORK, naming what is wrong.
 */
#ifndef HTTP_HTTP_PEER_H
#define HTTP_HTTP_PEER_H

#include "base/arena.h"
#include "base/status.h"
#include "http/http_head.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address as 16 bytes; of IPv4 those that IPv6 maps it to (RFC 4291, 2.5.5.2). */
struct http_address {
    uint8_t bytes[16];
};

/* False for what is no address of IPv4 or IPv6. A port and brackets around IPv6 are left out. */
bool http_address_parse(struct slice text, struct http_address *ret_address);
bool http_address_of(const struct sockaddr *from, struct http_address *ret_address);

/* Addresses and networks: "10.0.0.0/8, 192.0.2.7, fd00::/8". */
struct http_networks;

/* Text without any gives an empty list. The networks live in the arena. */
struct status http_networks_parse(const char *text, struct arena *arena,
                                  const struct http_networks **ret_networks);

/* networks may be NULL: an empty list. */
bool http_networks_have(const struct http_networks *networks, const struct http_address *address);

/*
 * The client behind proxies that are trusted: the rightmost address of X-Forwarded-For that is not
 * a trusted proxy's. Each proxy adds the address that it was called from at the end, so what stands
 * left of that is only the client's own word. False: there is none, or it cannot be read.
 */
bool http_forwarded_address(const struct http_head *head, const struct http_networks *trusted,
                            struct http_address *ret_address);

/* One client's part of a loop; counted by its users, which are connections and requests. */
struct http_peer {
    uint64_t key;
    unsigned connections;
    unsigned requests; /* admitted and not answered */
    size_t bytes;
    unsigned users;
    struct http_peer *next;
};

enum { HTTP_PEER_BUCKETS = 1024 };

struct http_peers {
    struct http_peer *buckets[HTTP_PEER_BUCKETS];
};

/* The peer of an address, with one user more; NULL without memory. */
struct http_peer *http_peer_hold(struct http_peers *peers, const struct http_address *address);

/* peer may be NULL; freed with its last user. */
void http_peer_release(struct http_peers *peers, struct http_peer *peer);

#endif
