/*
 * writer.h - the one thread that writes: groups of writes, one commit each.
 *
 *     TAKING --all that is queued--> RUNNING --commit--> (done of each) --> TAKING
 *        ^                              |
 *        |                          no room, I/O error
 *        +--probe works-- READ_ONLY <---+         (READ_ONLY for good after a failed fsync)
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/disk.h"
#include "store/settling.h"
#include "store/store.h"
#include "store/store_metrics.h"

#include <pthread.h>
#include <stdatomic.h>

struct writer {
    pthread_t thread;
    bool running;
    unsigned queue_max;
    int64_t checkpointed_bytes; /* of the log, at the last checkpoint; the thread's own */
    struct store_metrics metrics;
    _Atomic int64_t settled_us; /* the floor of watermark; moved under the lock */

    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t wake;
    struct write *first;
    struct write **last;
    unsigned queued;
    bool stopping;
    const char *read_only; /* a sentence; NULL while writes are taken */
    struct version version;
    void (*on_publish)(void *arg, struct version version); /* may be NULL */
    void *on_publish_arg;
    struct watermark watermark;
    struct settling settling;
    struct disk_view disk;
};

/* UNAVAILABLE STORE_READ_ONLY; why is a sentence. */
struct status writer_read_only_status(const char *why);
/* UNAVAILABLE AS_OF_NOT_SETTLED. */
extern const struct status writer_not_settled;

/* Before writer_start(). reserved_us: watermark_read(). */
void writer_init(struct store *store, int64_t reserved_us);

/* store->db and store->head are the thread's from here on. disk: of the checkpoint before; with a
 * failure the store starts read-only. */
struct status writer_start(struct store *store, unsigned queue_max, struct status disk);

/* Runs what is queued, checkpoints and ends the thread. Nothing when it was not started. */
void writer_stop(struct store *store);

#endif
