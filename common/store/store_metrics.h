/*
 * store_metrics.h - what a store says of its work: commits as they happen, the rest when asked.
 */
#ifndef STORE_STORE_METRICS_H
#define STORE_STORE_METRICS_H

#include "base/metrics.h"
#include "store/store.h"

/* NULL in all: nobody wants to know. */
struct store_metrics {
    struct metric *commit_seconds;
    struct metric *commit_writes;
    struct metric *commit_failures;
    struct metric *checkpoint_seconds;
    struct metric *fsync_seconds;
};

/* metrics may be NULL. */
struct status store_metrics_add(struct metrics *metrics, struct store_metrics *ret_metrics);

/* The queue, the journal and the disk as they are now. Any thread. */
void store_metrics_write(struct store *store, struct buffer *text);

#endif
