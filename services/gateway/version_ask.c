/*
 * version_ask.c - batches of reads:
 *
 *     IDLE --join--> UNDER WAY --answer, nobody waits--> IDLE
 *                        --answer, some wait: a lease is held--> all are told, IDLE
 *                                             none is held--> UNDER WAY with these
 */
#include "version_ask.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

/* A call under way. */
struct batch {
    struct letter letter; /* first: the letter is the batch */
    struct outlet *outlet;
    struct version_ask *asks; /* valid while the outlet takes letters */
    struct ask_waiter *waiters;
    struct lease_answer answer;
};

struct version_ask {
    struct lease_client *lease;
    struct outlet *outlet;
    bool is_under_way;
    struct ask_waiter *waiting;
    struct ask_waiter **tail;
};

struct version_ask *version_ask_new(struct lease_client *lease, struct outlet *outlet)
{
    struct version_ask *asks = memory_zeroed(sizeof(*asks));

    asks->lease = lease;
    asks->outlet = outlet;
    asks->tail = &asks->waiting;
    return asks;
}

void version_ask_free(struct version_ask *asks)
{
    assert(asks == NULL || asks->waiting == NULL);
    free(asks);
}

static struct ask_waiter *take_all(struct version_ask *asks)
{
    struct ask_waiter *all = asks->waiting;

    asks->waiting = NULL;
    asks->tail = &asks->waiting;
    return all;
}

static void tell(struct ask_waiter *waiters, struct lease_answer answer)
{
    while (waiters != NULL) {
        struct ask_waiter *waiter = waiters;

        waiters = waiter->next;
        waiter->on_version(waiter, answer);
    }
}

static void batch_free(struct batch *batch)
{
    outlet_release(batch->outlet);
    free(batch);
}

static void send_batch(struct version_ask *asks);

static void deliver(struct letter *letter)
{
    struct batch *batch = (struct batch *)letter;
    struct version_ask *asks = batch->asks;
    struct lease_answer held = {0};

    /* Those who join from within the calls below wait for the next call. */
    tell(batch->waiters, batch->answer);
    asks->is_under_way = false;
    if (asks->waiting != NULL) {
        held.is_known = lease_client_check(asks->lease, &held.version);
        if (held.is_known) {
            tell(take_all(asks), held);
        }
    }
    if (asks->waiting != NULL && !asks->is_under_way) {
        send_batch(asks);
    }
    batch_free(batch);
}

static void on_answer(void *arg, struct lease_answer answer)
{
    struct batch *batch = arg;

    batch->answer = answer;
    if (!outlet_post(batch->outlet, &batch->letter)) {
        batch_free(batch);
    }
}

static void send_batch(struct version_ask *asks)
{
    struct batch *batch = memory_zeroed(sizeof(*batch));
    struct ask_waiter *waiters = take_all(asks);

    assert(!asks->is_under_way);
    batch->letter.deliver = deliver;
    batch->outlet = outlet_hold(asks->outlet);
    batch->asks = asks;
    batch->waiters = waiters;
    asks->is_under_way = true;
    if (lease_client_ask(asks->lease, on_answer, batch).code == STATUS_OK) {
        return;
    }
    asks->is_under_way = false;
    batch_free(batch);
    tell(waiters, (struct lease_answer){0});
}

void version_ask_join(struct version_ask *asks, struct ask_waiter *waiter)
{
    waiter->next = NULL;
    *asks->tail = waiter;
    asks->tail = &waiter->next;
    if (!asks->is_under_way) {
        send_batch(asks);
    }
}
