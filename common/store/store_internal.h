/*
 * store_internal.h - what a store is made of, for the files of this folder only.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store/correction.h"
#include "store/journal.h"
#include "store/store.h"
#include "store/table.h"
#include "store/writer.h"

#include <pthread.h>

struct store {
    struct arena *arena; /* texts of the tables; constant after store_open() */
    const char *location;
    const struct table *tables;
    size_t table_count;
    uint8_t id[DIGEST_BYTES];
    int lock_fd;
    bool has_reader_key;
    pthread_key_t reader_key; /* the calling thread's struct reader */
    const char *directory;
    struct store_retention retention;
    struct corrections corrections; /* constant after store_open() */
    struct clock_watch clock;       /* the writer's thread only, but for options */
    bool is_clock_behind;           /* the writer's thread only: in the open group */
    int64_t oldest_key_us;          /* the writer's thread only: no key is older; 0: not known */
    struct disk disk;               /* the writer's thread only, once it runs */
    struct db *db;                  /* the writer's thread only, once it runs */
    struct journal_head head;       /* the writer's thread only: of the open transaction */
    int64_t reserving_us;           /* the writer's thread only: by the open group; 0: nothing */
    int64_t first_time_us; /* the writer's thread only: the least that the open group may take */
    struct writer writer;
};

/* True when tx reads an earlier state, in its as_of_seq (which may be 0: before the first). */
static inline bool tx_is_as_of(const struct tx *tx)
{
    return tx->is_as_of || tx->as_of_seq != 0;
}

/* The clock, which may be set back. */
int64_t store_now_us(const struct store *store);

/* A number of meta, in the open transaction; 0 for none. */
struct status meta_number_read(struct db *db, const char *key, int64_t *ret_number);
struct status meta_number_write(struct db *db, const char *key, int64_t number);

/* The transaction that the writer works in. */
struct tx store_write_tx(struct store *store, struct arena *arena);

#endif
