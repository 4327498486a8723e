/*
 * rpc_server_connections.h - what each connection of a server holds, so that none holds everything
 * and one that does not read is closed. Only for rpc_server*.c.
 *
 * All functions but connections_open() and _close(): any thread, none waits.
 */
#ifndef RPC_RPC_SERVER_CONNECTIONS_H
#define RPC_RPC_SERVER_CONNECTIONS_H

#include "rpc/rpc_server.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    /* A connection that has ended keeps its place until its calls have. */
    CONNECTION_PLACES = 2 * RPC_CONNECTIONS_MAX,
    CONNECTION_BUCKETS = 256,
};

struct server_connection {
    int id;              /* of nng's pipe */
    atomic_uint calls;   /* that are not answered */
    atomic_uint unsent;  /* messages of answers that nng has not taken for it */
    atomic_ulong taken;  /* messages of answers that nng took for it, ever */
    atomic_size_t bytes; /* of requests, of answers that wait for others, of messages unsent */
    /* Of the message that nng took last: it may still be writing that, and no other. */
    atomic_size_t last_bytes;
    _Atomic uint64_t marks[RPC_MARKS];
    atomic_uint refused; /* calls, in the period that ends at refused_until_ms */
    atomic_llong refused_until_ms;
    /* Under the table's lock. */
    struct server_connection *next; /* in its bucket, or among the free ones */
    unsigned users;                 /* parcels */
    bool is_open;                   /* in its bucket */
    bool has_spoken;
    int64_t heard_boot_ms;    /* the last message; before the first: since when it is there */
    unsigned long seen_taken; /* by the watcher */
    bool seen_waiting;        /* something was unsent */
    unsigned still_looks;     /* so often both were the same since */
};

struct connections {
    unsigned calls_max;
    void (*on_closed)(void *arg, const struct rpc_closed *closed); /* may be NULL */
    void *arg;
    atomic_uint calls;   /* of all connections, and so are those below */
    atomic_uint holders; /* connections with calls that are not answered */
    atomic_uint unsent;
    atomic_size_t bytes; /* with those that nng may still be writing */
    atomic_ulong skipped;
    atomic_ulong closed[RPC_CLOSED_REASONS];
    atomic_bool is_watching;
    pthread_t watcher;
    bool has_watcher;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    bool is_stopping;
    unsigned open_count;
    unsigned pipe_count; /* of nng: the open ones, and those that it has not let go */
    struct server_connection *free;
    struct server_connection *buckets[CONNECTION_BUCKETS];
    struct server_connection places[CONNECTION_PLACES];
};

/* In place, all zero before; false when memory or threads are short, and then it is closed. */
bool connections_open(struct connections *all, const struct rpc_server_options *options,
                      unsigned calls_max);
/* Ends the thread that closes connections; what it knew can still be asked for. */
void connections_stop(struct connections *all);
void connections_close(struct connections *all);

/* nng's events of a pipe: before it is used, which may be refused, and once it is closed. */
void connections_add(struct connections *all, nng_pipe pipe);
void connections_remove(struct connections *all, nng_pipe pipe);

/* A message came. NULL when its connection is gone; else connection_leave() follows, which is false
 * when the connection has ended meanwhile. */
struct server_connection *connection_enter(struct connections *all, nng_pipe pipe);
bool connection_leave(struct connections *all, struct server_connection *connection);

/* A call came, and is answered. */
void connection_call_begin(struct connections *all, struct server_connection *connection);
void connection_call_end(struct connections *all, struct server_connection *connection);

/* Whether a call that came may be kept waiting. */
bool connection_has_room(const struct connections *all, const struct server_connection *connection);

/* A call is refused, for what its connection has too much of. */
void connection_call_refused(struct server_connection *connection);

/* So many calls came in one message. True: so many were refused lately that reading these, to
 * refuse them one by one, would cost others their turn; they are refused together. */
bool connection_skips(struct connections *all, const struct server_connection *connection,
                      unsigned calls);

/* The connection has so many bytes more than before, or less. */
void connection_hold(struct connections *all, struct server_connection *connection, size_t before,
                     size_t now);

/* A message of answers is given to nng; and nng took it for the connection, or it was lost. */
void connection_send(struct connections *all, struct server_connection *connection);
void connection_sent(struct connections *all, struct server_connection *connection, size_t bytes);

/* It did not take a message in time: closes it. */
void connection_close_unread(struct connections *all, struct server_connection *connection);

struct rpc_server_load connections_load(struct connections *all);

#endif
