/*
 * rpc_server_internal.h - what the server's two files share: its life (rpc_server.c), and the calls
 * that it takes (rpc_server_calls.c).
 */
#ifndef RPC_RPC_SERVER_INTERNAL_H
#define RPC_RPC_SERVER_INTERNAL_H

#include "rpc/rpc_envelope.h"
#include "rpc/rpc_server.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

struct rpc_call {
    struct rpc_server *server;
    struct server_parcel *parcel;
    unsigned place; /* in the parcel */
    struct arena *arena;
    struct rpc_call_info info;
    void *context;
    struct rpc_call *next_free;
};

enum parcel_state { PARCEL_RECEIVING, PARCEL_HANDLING, PARCEL_REPLYING, PARCEL_STOPPED };

struct server_parcel {
    struct rpc_server *server;
    nng_ctx ctx;
    nng_aio *aio;
    enum parcel_state state;
    nng_msg *request;
    unsigned count;
    atomic_uint unanswered;
    nng_msg *parts[PARCEL_CALLS_MAX]; /* the answers; NULL: there was no memory */
    /* The last answer and its connection; nng's, only for message_lost(). */
    _Atomic(const nng_msg *) sent;
    atomic_int sent_pipe;
};

struct rpc_server {
    nng_socket socket;
    nng_listener listener;
    void (*on_call)(void *arg, struct rpc_call *call);
    void (*on_calls_end)(void *arg);
    void *arg;
    struct server_parcel *parcels; /* one for each call */
    struct rpc_call *calls;
    unsigned call_count;
    pthread_mutex_t lock; /* guards the field below */
    struct rpc_call *free_calls;
    atomic_uint busy;
    atomic_uint receiving; /* parcels that nng holds; 0 once all are stopped */
    atomic_uint entered;   /* parcels that are giving themselves to nng right now */
    atomic_bool closing;
    atomic_bool draining;
    atomic_ulong taken; /* calls so far */
};

/* Gives the parcel's context to nng, to wait for the next message. */
void parcel_receive(struct server_parcel *parcel);
/* Of a parcel's aio. */
void on_server_aio(void *parcel);

#endif
