/*
 * rpc_parcel.h - the client's side of the wire: calls travel to the service in parcels, each one
 * message of nng. Only for rpc_client.c.
 */
#ifndef RPC_RPC_PARCEL_H
#define RPC_RPC_PARCEL_H

#include "rpc/rpc_client.h"
#include "rpc/rpc_envelope.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

enum { FAILURE_TEXT_BYTES = 160, CONNECTIONS_MAX = 32, LANES = RPC_WITH_WRITES + 1 };

/* One call, from its start until on_reply is called. */
struct client_call {
    rpc_on_reply on_reply; /* NULL once it was answered */
    void *arg;
    nng_msg *part; /* its envelope, until it is in a parcel */
    int64_t queued_boot_ms;
    int64_t deadline_boot_ms;
    struct client_call *next; /* in the queue, in the parcel or among the free ones */
};

enum parcel_state { PARCEL_SENDING, PARCEL_RECEIVING };

/* While a parcel is under way only the callback of its aio touches it. */
struct parcel {
    struct rpc_client *client;
    nng_ctx ctx;
    nng_aio *aio;
    enum parcel_state state;
    enum rpc_company lane;
    int64_t deadline_boot_ms; /* the first of its calls' */
    const nng_msg *sent;      /* nng's; only for message_lost() */
    struct client_call *calls;
    struct parcel *next_free;
};

/* Calls of one kind that wait for company. The lane RPC_ALONE has no queue. */
struct lane {
    struct client_call *head;
    struct client_call **tail;
    unsigned in_flight; /* parcels */
    atomic_bool waits;  /* head is not NULL; also read without the lock */
};

/* One pipe of nng. leaving: an answer on it said that the service is about to stop. */
struct connection {
    int id;
    bool leaving;
};

struct rpc_client {
    nng_socket socket;
    pthread_t tick; /* looks for calls that have waited too long in a lane */
    bool has_tick;
    unsigned max_in_flight;
    bool is_flushed;
    char down[FAILURE_TEXT_BYTES]; /* messages of failures; constant */
    char stalled[FAILURE_TEXT_BYTES];
    char unknown[FAILURE_TEXT_BYTES];
    char late[FAILURE_TEXT_BYTES];
    char busy[FAILURE_TEXT_BYTES];
    char leaving[FAILURE_TEXT_BYTES];
    atomic_uint usable;        /* connections that are not leaving */
    atomic_llong lost_boot_ms; /* when usable became 0; 0: it never did, or is not */
    pthread_mutex_t lock;      /* guards the fields below */
    pthread_cond_t quiet;      /* under_way became 0 */
    pthread_cond_t waiting;    /* a call waits in a lane, or is_closing */
    struct client_call *calls; /* max_in_flight of them */
    struct client_call *free_calls;
    struct parcel **parcels;
    unsigned parcel_count;
    struct parcel *free_parcels;
    struct lane lanes[LANES];
    bool is_ticking;
    bool is_closing;
    unsigned under_way; /* calls whose on_reply has not returned */
    struct connection connections[CONNECTIONS_MAX];
    unsigned connection_count;
};

struct status failure_unknown(const struct rpc_client *client);
struct status failure_late(const struct rpc_client *client);
/* Of a call that was not sent: no connection, or only such as are leaving or take nothing. */
struct status failure_unusable(struct rpc_client *client);

/* Reads in the answers whether the service is about to stop. */
void client_note_draining(struct rpc_client *client, nng_msg *msg);

/* Gives the call a place. Under the lock; the parcel that is returned, if any, is sent by
 * parcel_send() after unlocking. NULL and *ret_refused: there was no memory for one. */
struct parcel *parcel_board(struct rpc_client *client, struct client_call *call,
                            enum rpc_company company, bool *ret_refused);
void parcel_send(struct parcel *parcel);

/* The thread of the tick, until is_closing; arg is the client. */
void *parcels_tick(void *arg);

/* Ends the calls that no parcel took, once none is sent any more. */
void parcels_fail_waiting(struct rpc_client *client);

void parcel_free(struct parcel *parcel);

/* The answers in a message, each to be freed; owns msg. */
void replies_split(nng_msg *msg, unsigned count, struct rpc_reply **ret_replies);
struct slice reply_envelope(const struct rpc_reply *reply);

#endif
