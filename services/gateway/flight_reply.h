/*
 * flight_reply.h - from a service's reply to an entry.
 *
 * On any thread: it touches the read and its request, which nobody else does until the read ends,
 * and of the loop only what never changes.
 */
#ifndef GATEWAY_FLIGHT_REPLY_H
#define GATEWAY_FLIGHT_REPLY_H

#include "flight.h"

struct flight_reply {
    struct read *read;          /* with its reply, or the failure of its call */
    struct cache_entry *before; /* what is kept for the same request, held; or NULL */

    /* The rest is set by flight_reply_read(). */
    struct status failure;    /* nothing is known of the data, and why; else OK */
    struct rpc_answer answer; /* in the reply and in scratch */
    struct cache_version versions[CACHE_VERSIONS_MAX];
    unsigned version_count;    /* 0: they cannot be relied upon */
    struct cache_entry *entry; /* held, may be the one before; NULL unless the answer is OK */
    bool is_keepable;          /* the entry, for other reads */
};

void flight_reply_read(struct flight_reply *reply, struct arena *scratch);

#endif
