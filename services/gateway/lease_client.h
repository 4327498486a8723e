/*
 * lease_client.h - the version and the lease of one service, shared by all loops.
 *
 * Renewals go on by themselves while there is traffic, at most every third of a lease, and a
 * watch is kept open while a lease is held; an idle gateway sends nothing.
 */
#ifndef GATEWAY_LEASE_CLIENT_H
#define GATEWAY_LEASE_CLIENT_H

#include "base/status.h"
#include "lease_state.h"
#include "rpc/rpc_client.h"

enum { GATEWAY_ID_BYTES = 17 };

struct lease_client;

/* gateway_id: new at each start of a process; client and texts must outlive the lease client. */
struct lease_client *lease_client_new(struct rpc_client *client, const char *service,
                                      const char *gateway_id);

/* Starts no more calls. Before rpc_client_close(). lease may be NULL. */
void lease_client_stop(struct lease_client *lease);

/* After rpc_client_close(). lease may be NULL. */
void lease_client_free(struct lease_client *lease);

/* True while a lease is held, with the version that may be answered; keeps the lease going. Any
 * thread. Call it after the request's last byte was read. */
bool lease_client_check(struct lease_client *lease, struct known_version *ret_known);

/* True while a lease is held. Sends nothing. Any thread. */
bool lease_client_is_held(struct lease_client *lease);

/* What is known, with or without a lease: for comparisons, never to answer from. Any thread. */
struct known_version lease_client_known(struct lease_client *lease);

/* The answer to a question. is_known: version was published after the question was sent. */
struct lease_answer {
    bool is_known;
    struct known_version version;
};

/*
 * Asks for the version, and for a lease: a renewal. on_answer is called once, on a thread of nng,
 * and must not block. On a failure it is never called. Any thread.
 */
struct status lease_client_ask(struct lease_client *lease,
                               void (*on_answer)(void *arg, struct lease_answer answer), void *arg);

/* A random name for a process: 16 hexadecimal digits. */
void gateway_id_make(char id[GATEWAY_ID_BYTES]);

#endif
