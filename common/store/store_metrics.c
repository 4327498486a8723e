/* store_metrics.c - families of a store, and what is read when it is asked for. */
#include "store/store_metrics.h"

#include "store/store_internal.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { WRITES_BOUNDS = 9, PATH_BYTES = 4096 };

static const uint64_t writes_bounds[WRITES_BOUNDS] = {1, 2, 4, 8, 16, 32, 64, 128, 256};

struct status store_metrics_add(struct metrics *metrics, struct store_metrics *ret_metrics)
{
    static const struct metric_options commit_seconds = {
        .name = "dongkhoi_store_commit_seconds",
        .help = "Time of a commit, with its fsync.",
        METRIC_DURATION_OPTIONS,
    };
    static const struct metric_options commit_writes = {
        .name = "dongkhoi_store_commit_writes",
        .help = "Writes that share a commit.",
        .bounds = writes_bounds,
        .bound_count = WRITES_BOUNDS,
        .divisor = 1,
    };
    static const struct metric_options commit_failures = {
        .name = "dongkhoi_store_commit_failures_total",
        .help = "Groups of writes that could not be committed.",
    };
    static const struct metric_options checkpoint_seconds = {
        .name = "dongkhoi_store_checkpoint_seconds",
        .help = "Time of copying the log into the database, with its fsync.",
        METRIC_DURATION_OPTIONS,
    };

    static const struct metric_options fsync_seconds = {
        .name = "dongkhoi_store_fsync_seconds",
        .help = "Time that a commit or a checkpoint spent in fsync.",
        METRIC_DURATION_OPTIONS,
    };

    if (metrics == NULL) {
        *ret_metrics = (struct store_metrics){0};
        return STATUS_NONE;
    }
    TRY(metrics_add(metrics, &commit_seconds, &ret_metrics->commit_seconds));
    TRY(metrics_add(metrics, &commit_writes, &ret_metrics->commit_writes));
    TRY(metrics_add(metrics, &commit_failures, &ret_metrics->commit_failures));
    TRY(metrics_add(metrics, &checkpoint_seconds, &ret_metrics->checkpoint_seconds));
    return metrics_add(metrics, &fsync_seconds, &ret_metrics->fsync_seconds);
}

static void write_file(const struct store *store, const char *suffix, const char *name,
                       const char *help, struct buffer *text)
{
    char path[PATH_BYTES];
    struct stat file;

    if (snprintf(path, sizeof(path), "%s%s", store->location, suffix) < (int)sizeof(path) &&
        stat(path, &file) == 0) {
        metrics_write_one(text, name, METRIC_GAUGE, help, (double)file.st_size);
    }
}

static void write_disk(struct store *store, struct buffer *text)
{
    const struct disk_view view = store_disk(store);
    struct statvfs disk;

    if (statvfs(store->location, &disk) == 0) {
        metrics_write_one(text, "dongkhoi_store_free_bytes", METRIC_GAUGE,
                          "Room that is left on the disk of the store.",
                          (double)disk.f_bavail * (double)disk.f_frsize);
        metrics_write_one(text, "dongkhoi_store_disk_bytes", METRIC_GAUGE,
                          "Size of the disk of the store.",
                          (double)disk.f_blocks * (double)disk.f_frsize);
    }
    metrics_write_one(text, "dongkhoi_store_warn_bytes", METRIC_GAUGE,
                      "With less room the disk counts as nearly full.", (double)view.warn_bytes);
    metrics_write_one(text, "dongkhoi_store_reserve_bytes", METRIC_GAUGE,
                      "With less room no writes are taken.", (double)view.reserve_bytes);
    write_file(store, "", "dongkhoi_store_database_bytes", "Size of the database file.", text);
    write_file(store, "-wal", "dongkhoi_store_log_bytes", "Size of the log before the database.",
               text);
}

void store_metrics_write(struct store *store, struct buffer *text)
{
    struct writer *writer = &store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    const unsigned queued = writer->queued;
    const unsigned queue_max = writer->queue_max;
    const bool is_read_only = writer->read_only != NULL;
    const uint64_t seq = writer->version.seq;
    (void)pthread_mutex_unlock(&writer->lock);
    metrics_write_one(text, "dongkhoi_writer_queue_length", METRIC_GAUGE,
                      "Writes that wait for the writer.", queued);
    metrics_write_one(text, "dongkhoi_writer_queue_limit", METRIC_GAUGE,
                      "Writes that may wait for the writer; more are refused.", queue_max);
    metrics_write_one(text, "dongkhoi_store_read_only", METRIC_GAUGE,
                      "1 while writes are refused for the state of the disk, else 0.",
                      is_read_only);
    metrics_write_one(text, "dongkhoi_journal_clock_behind_seconds", METRIC_GAUGE,
                      "By how much the clock is behind the journal; over 60 writes are refused.",
                      (double)store_clock_behind_us(store) / 1e6);
    metrics_write_one(text, "dongkhoi_journal_seq", METRIC_GAUGE,
                      "Sequence number of the last committed journal entry.", (double)seq);
    write_disk(store, text);
}
