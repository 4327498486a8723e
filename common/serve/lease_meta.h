/*
 * lease_meta.h - the longest lease that may be out, kept in the store: a start waits for it.
 */
#ifndef SERVE_LEASE_META_H
#define SERVE_LEASE_META_H

#include "store/store.h"

/* The number of the store that it is kept as. */
extern const char lease_meta_key[];

/*
 * Before anything is granted: ret_longest_ms is what earlier processes may have granted, and a
 * longer lease_ms is kept before this returns. When the store takes no writes, lease_ms becomes
 * what it has already.
 */
struct status lease_meta_open(struct store *store, struct arena *arena, uint32_t *lease_ms,
                              uint32_t *ret_longest_ms);

/* Keeps a shorter lease, once all that were granted before have ended. Lives until the store is
 * closed. */
struct lease_meta_write {
    struct write write;
    int64_t lease_ms;
};
void lease_meta_lower(struct lease_meta_write *lower, struct store *store, struct arena *arena,
                      uint32_t lease_ms);

#endif
