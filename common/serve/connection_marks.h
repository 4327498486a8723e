/*
 * connection_marks.h - what a service counts of each connection: its places in rpc_call_marks().
 */
#ifndef SERVE_CONNECTION_MARKS_H
#define SERVE_CONNECTION_MARKS_H

#include "rpc/rpc_server.h"

enum {
    MARK_HEALTH,   /* questions that wait: inquiry.h */
    MARK_METRICS,  /* the same */
    MARK_WATCHES,  /* that are held */
    MARK_GATEWAYS, /* hashes of the names that it has used, to the end */
    /* A connection is of one gateway, whose name is new at each start; the rest is for what keeps
     * connections open between the two. */
    CONNECTION_GATEWAYS_MAX = 4,
    /* A gateway has one, and a second while it replaces that. */
    CONNECTION_WATCHES_MAX = 4,
};

_Static_assert(MARK_GATEWAYS + CONNECTION_GATEWAYS_MAX <= RPC_MARKS, "every mark has a place");

#endif
