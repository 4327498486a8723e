/*
 * lease_meta.c - the longest lease that was ever granted, kept in the store's meta table.
 *
 * A service that was killed cannot know which leases are still out. So the length is kept before
 * the first such lease is granted (raise, which waits for the commit), and a shorter one only when
 * all longer leases have ended (lower, which does not wait: when it fails, the next start waits
 * longer than it had to).
 */
#include "serve/lease_meta.h"

#include <semaphore.h>
#include <stddef.h>

const char lease_meta_key[] = "longest_lease_ms";

struct raise {
    struct lease_meta_write kept;
    sem_t done;
};

static struct lease_meta_write *kept_of(struct write *write)
{
    return (struct lease_meta_write *)((char *)write - offsetof(struct lease_meta_write, write));
}

static struct status on_run(struct write *write, struct tx *tx)
{
    return store_number_write(tx, lease_meta_key, kept_of(write)->lease_ms);
}

static void on_raised(struct write *write)
{
    struct raise *raise = (struct raise *)((char *)kept_of(write) - offsetof(struct raise, kept));

    (void)sem_post(&raise->done);
}

static void on_lowered(struct write *write)
{
    (void)write; /* when it failed, the next start waits longer than it had to */
}

static struct write write_of(struct arena *arena, void (*done)(struct write *write))
{
    return (struct write){.caller = "",
                          .method = "",
                          .arena = arena,
                          .is_undated = true,
                          .run = on_run,
                          .done = done};
}

static struct status keep(struct store *store, struct arena *arena, uint32_t lease_ms)
{
    struct raise raise = {.kept = {.lease_ms = lease_ms}};

    raise.kept.write = write_of(arena, on_raised);
    (void)sem_init(&raise.done, 0, 0);
    const struct status queued = store_write(store, &raise.kept.write);
    if (queued.code == STATUS_OK) {
        while (sem_wait(&raise.done) != 0) {
        }
    }
    (void)sem_destroy(&raise.done);
    return queued.code != STATUS_OK ? queued : raise.kept.write.status;
}

struct status lease_meta_open(struct store *store, struct arena *arena, uint32_t *lease_ms,
                              uint32_t *ret_longest_ms)
{
    int64_t longest_ms = 0;

    TRY(store_number_read(store, arena, lease_meta_key, &longest_ms));
    if (longest_ms < *lease_ms && keep(store, arena, *lease_ms).code != STATUS_OK) {
        *lease_ms = (uint32_t)longest_ms;
    }
    *ret_longest_ms = (uint32_t)longest_ms;
    return STATUS_NONE;
}

void lease_meta_lower(struct lease_meta_write *lower, struct store *store, struct arena *arena,
                      uint32_t lease_ms)
{
    lower->lease_ms = lease_ms;
    lower->write = write_of(arena, on_lowered);
    (void)store_write(store, &lower->write).code;
}
