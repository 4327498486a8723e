/*
 * raw_peer.h - the other end of a service's port, spoken by hand over a TCP socket: for peers that
 * send what no client of ours sends, or do not read. Failures to connect fail the test.
 */
#ifndef RAW_PEER_H
#define RAW_PEER_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct raw_peer {
    int fd;
};

/* Connects to the port on loopback and greets it as nng's REQ does. */
void raw_peer_open(struct raw_peer *peer, uint16_t port);
/* The same of a peer for which the system keeps little that it does not read. */
void raw_peer_open_narrow(struct raw_peer *peer, uint16_t port);
void raw_peer_close(struct raw_peer *peer);

/* One message with count calls of a method; timeout_ms 0: the default. False when the service has
 * closed the connection or takes nothing for some seconds. */
bool raw_peer_send(struct raw_peer *peer, const char *method, unsigned count, uint32_t timeout_ms,
                   struct slice payload);

/* What an answer says: the reason of its status, "" for OK. */
enum { RAW_REASON_BYTES = 64, RAW_ANSWERS_MAX = 64 };
struct raw_answers {
    unsigned count;
    char reasons[RAW_ANSWERS_MAX][RAW_REASON_BYTES];
};

/* The next message, which fails the test when it does not come within wait_ms. */
void raw_peer_read(struct raw_peer *peer, unsigned wait_ms, struct raw_answers *ret_answers);

/* How many of them have the reason. */
unsigned raw_answers_with(const struct raw_answers *answers, const char *reason);

/* True when the service has closed the connection within wait_ms; reads nothing. */
bool raw_peer_is_closed(struct raw_peer *peer, unsigned wait_ms);

#endif
