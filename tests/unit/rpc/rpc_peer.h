/*
 * rpc_peer.h - a small server and client for the tests of rpc/.
 *
 * Methods of the server: "echo" answers the payload, "refuse" a refusal with a field and
 * metadata, "limit" one for what its connection has too much of, "hold" is kept until
 * peer_release(), "drop" is answered with more than a message holds, all others are UNIMPLEMENTED.
 */
#ifndef RPC_PEER_H
#define RPC_PEER_H

#include "rpc/rpc_client.h"
#include "rpc/rpc_server.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PEER_HELD_MAX = 320, PEER_ARENA_BYTES = 16 << 20 };

struct peer {
    struct arena *arena;
    struct rpc_server *server;
    struct rpc_client *client;
    char address[64];
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    struct rpc_call *held[PEER_HELD_MAX];
    unsigned held_count;
    unsigned calls_count; /* that reached the handler */
    unsigned ended_count; /* of them, those whose message has ended since */
    unsigned ends_count;  /* messages that have ended */
    unsigned closed_count[RPC_CLOSED_REASONS];
    struct rpc_closed closed; /* the last one */
};

/* Opens both ends and waits for the connection. "tcp://127.0.0.1:0" finds its port. */
void peer_open(struct peer *peer, const char *address, unsigned calls, unsigned max_in_flight);
void peer_open_server(struct peer *peer, const char *address, unsigned calls);
void peer_open_client(struct peer *peer, const char *address, unsigned max_in_flight);
void peer_close(struct peer *peer);

/* Waits until count calls are held. */
void peer_wait_held(struct peer *peer, unsigned count);

/* Answers all that are held. */
void peer_release(struct peer *peer);

/* True when the connection came up, or down, within some seconds. */
bool peer_wait_connected(struct peer *peer, bool connected);

/* One call that waits, with a text as the payload; the echo is ret_text (arena), if not NULL. */
struct status peer_call(struct peer *peer, const char *method, const char *text,
                        uint32_t timeout_ms, const char **ret_text);

#endif
