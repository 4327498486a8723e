/* writer_ask.c - what other threads ask of the writer, under its lock. */
#include "store/store_internal.h"

struct status store_write(struct store *store, struct write *write)
{
    struct writer *writer = &store->writer;
    struct status status = STATUS_NONE;

    (void)pthread_mutex_lock(&writer->lock);
    if (writer->stopping) {
        status = status_of(REASON_SHUTTING_DOWN, NULL);
    } else if (writer->read_only != NULL) {
        status = writer_read_only_status(writer->read_only);
    } else if (writer->queued >= writer->queue_max) {
        status = status_of(REASON_QUEUE_FULL, "too many writes are waiting; try again later");
    } else {
        const bool was_empty = writer->first == NULL;
        write->next = NULL;
        *writer->last = write;
        writer->last = &write->next;
        writer->queued++;
        if (was_empty) {
            (void)pthread_cond_signal(&writer->wake);
        }
    }
    (void)pthread_mutex_unlock(&writer->lock);
    return status;
}

bool store_settle(struct store *store, struct settle_question *question)
{
    const struct status shutting_down = status_of(REASON_SHUTTING_DOWN, NULL);
    struct writer *writer = &store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    const bool is_settled = settling_try(&writer->watermark, question);
    const bool is_over = writer->stopping || writer->read_only != NULL;
    atomic_store(&writer->settled_us, writer->watermark.floor_us);
    if (!is_settled && is_over) {
        question->status = writer->stopping ? shutting_down : writer_not_settled;
    } else if (!is_settled) {
        settling_keep(&writer->settling, question);
        (void)pthread_cond_signal(&writer->wake);
    }
    (void)pthread_mutex_unlock(&writer->lock);
    return is_settled || is_over;
}

struct feed_mark store_feed_mark(struct store *store)
{
    struct writer *writer = &store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    const struct feed_mark mark = {
        .version = writer->version,
        .watermark_us = watermark_tell(&writer->watermark, store_now_us(store)),
    };
    (void)pthread_mutex_unlock(&writer->lock);
    return mark;
}

int64_t store_clock_behind_us(struct store *store)
{
    const int64_t behind_us = atomic_load(&store->writer.settled_us) - store_now_us(store);

    return behind_us > 0 ? behind_us : 0;
}

const char *store_read_only(struct store *store)
{
    (void)pthread_mutex_lock(&store->writer.lock);
    const char *why = store->writer.read_only;
    (void)pthread_mutex_unlock(&store->writer.lock);
    return why;
}

struct disk_view store_disk(struct store *store)
{
    (void)pthread_mutex_lock(&store->writer.lock);
    const struct disk_view view = store->writer.disk;
    (void)pthread_mutex_unlock(&store->writer.lock);
    return view;
}

struct version store_version(struct store *store)
{
    (void)pthread_mutex_lock(&store->writer.lock);
    const struct version version = store->writer.version;
    (void)pthread_mutex_unlock(&store->writer.lock);
    return version;
}

void store_set_on_publish(struct store *store,
                          void (*on_publish)(void *arg, struct version version), void *arg)
{
    struct writer *writer = &store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    writer->on_publish = on_publish;
    writer->on_publish_arg = arg;
    (void)pthread_mutex_unlock(&writer->lock);
}
