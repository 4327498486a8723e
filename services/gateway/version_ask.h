/*
 * version_ask.h - reads of one loop that wait for a service's version, in batches.
 *
 *     one call is under way at a time; reads that come meanwhile wait for the next one, since only
 *     what was asked for after a read began is good for it.
 *
 * Loop thread.
 */
#ifndef GATEWAY_VERSION_ASK_H
#define GATEWAY_VERSION_ASK_H

#include "lease_client.h"
#include "outlet.h"

struct version_ask;

/* One read; belongs to the caller until on_version() was called, once. */
struct ask_waiter {
    struct ask_waiter *next;
    void (*on_version)(struct ask_waiter *waiter, struct lease_answer answer);
    void *arg;
    unsigned backend;
};

/* Neither is owned. */
struct version_ask *version_ask_new(struct lease_client *lease, struct outlet *outlet);

/* No read waits any more; a call under way is forgotten. asks may be NULL. */
void version_ask_free(struct version_ask *asks);

/* on_version() may be called before this returns. */
void version_ask_join(struct version_ask *asks, struct ask_waiter *waiter);

#endif
