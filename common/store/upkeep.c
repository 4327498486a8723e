/* upkeep.c - old keys leave by few at a time; the room on the disk is looked at now and then. */
#include "store/upkeep.h"

#include "base/clock.h"
#include "store/idempotency.h"
#include "store/store_internal.h"

enum { IDLE_KEYS = 256, SPARE_KEYS = 8 };

static const char reserve_text[] =
    "the disk is nearly full: writes are refused until there is more room";

static void show(struct store *store)
{
    (void)pthread_mutex_lock(&store->writer.lock);
    store->writer.disk = store->disk.view;
    (void)pthread_mutex_unlock(&store->writer.lock);
}

void upkeep_init(struct store *store, const struct disk_options *options)
{
    disk_init(&store->disk, options, store->directory);
    store->writer.disk = store->disk.view;
}

static bool keys_are_due(const struct store *store, int64_t *ret_before_us)
{
    const struct store_retention *retention = &store->retention;

    if (retention->keep_us == 0) {
        return false;
    }
    *ret_before_us =
        (retention->now_us != NULL ? retention->now_us() : clock_now_us()) - retention->keep_us;
    return store->oldest_key_us < *ret_before_us;
}

bool upkeep_is_due(const struct store *store)
{
    int64_t before_us = 0;

    return keys_are_due(store, &before_us);
}

static struct status delete_some(struct store *store, int64_t before_us, unsigned max)
{
    int64_t oldest_us = 0;

    TRY(idempotency_expire(store->db, before_us, max, &oldest_us));
    /* With no key left, the oldest that can come is one of now. */
    store->oldest_key_us =
        oldest_us != INT64_MAX ? oldest_us : before_us + store->retention.keep_us;
    return STATUS_NONE;
}

struct status upkeep_in_group(struct store *store, unsigned writes)
{
    int64_t before_us = 0;

    return keys_are_due(store, &before_us) ? delete_some(store, before_us, 2 * writes + SPARE_KEYS)
                                           : STATUS_NONE;
}

static struct status delete_batch(struct store *store, int64_t before_us)
{
    TRY(db_begin(store->db));
    TRY(delete_some(store, before_us, IDLE_KEYS));
    return db_commit(store->db);
}

struct status upkeep_idle(struct store *store)
{
    int64_t before_us = 0;

    if (!keys_are_due(store, &before_us)) {
        return STATUS_NONE;
    }
    const struct status status = delete_batch(store, before_us);
    if (status.code != STATUS_OK) {
        db_rollback(store->db);
        store->oldest_key_us = 0;
    }
    return status;
}

const char *upkeep_disk(struct store *store)
{
    if (disk_look_when_due(&store->disk, clock_boot_ms())) {
        show(store);
    }
    return store->disk.view.state == DISK_RESERVED ? reserve_text : NULL;
}
