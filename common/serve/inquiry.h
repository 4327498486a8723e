/*
 * inquiry.h - questions about the program itself: how it is, and its metrics.
 *
 * Both cost more than a thread of nng may spend, and must be answered when the pool is full or all
 * its threads wait for other services, for that is when operators ask. So they have a thread of
 * their own. All questions of a kind that wait are answered together, from one making; there is a
 * pause between two makings of the metrics, so that asking for them without end costs little. An
 * answer is never older than its question.
 */
#ifndef SERVE_INQUIRY_H
#define SERVE_INQUIRY_H

#include "rpc/rpc_server.h"

struct inquiries;

enum inquiry_kind { INQUIRY_HEALTH, INQUIRY_METRICS, INQUIRY_KINDS };

enum {
    /* Questions of one connection that may wait. Those for the health are many: a gateway asks on
     * behalf of each client that asks it. */
    INQUIRY_HEALTH_PER_CONNECTION = 256,
    INQUIRY_METRICS_PER_CONNECTION = 4,
    /* And of all; past that a connection may have one. */
    INQUIRY_HEALTH_MAX = 512,
    INQUIRY_METRICS_MAX = 32,
    INQUIRY_METRICS_PAUSE_MS = 50,
};

/* A question that waits; lives in its call's arena. */
struct inquiry {
    struct inquiry *next;
    struct rpc_call *rpc;
};

struct inquiries_options {
    /* By kind: answers all of the list with inquiry_end() and rpc_call_answer(). On the thread of
     * the inquiries. */
    void (*answer_all[INQUIRY_KINDS])(void *arg, struct inquiry *first);
    void *arg;
};

/* NULL when memory or threads are short. */
struct inquiries *inquiries_new(const struct inquiries_options *options);

/* Any thread, and never waits. RESOURCE_EXHAUSTED QUEUE_FULL when too many wait already, or no more
 * are taken: the call stays the caller's. */
struct status inquiries_ask(struct inquiries *inquiries, enum inquiry_kind kind,
                            struct rpc_call *rpc);

/* The question waits no longer. Before its call is answered. */
void inquiry_end(struct inquiries *inquiries, enum inquiry_kind kind,
                 const struct inquiry *inquiry);

/* Takes no more questions, answers those that wait, and ends the thread. */
void inquiries_stop(struct inquiries *inquiries);
/* inquiries may be NULL. */
void inquiries_free(struct inquiries *inquiries);

#endif
