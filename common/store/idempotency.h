/*
 * idempotency.h - what a caller's key was answered, kept for days or for ever: one key, at most one
 * effect.
 *
 * In the writer's transaction, outside of a write's savepoint.
 */
#ifndef STORE_IDEMPOTENCY_H
#define STORE_IDEMPOTENCY_H

#include "store/db.h"
#include "store/store.h"

/*
 * When the write's key is known, sets its status, answer and replayed: the kept outcome, or
 * INVALID_ARGUMENT IDEMPOTENCY_KEY_REUSED when it was another request's.
 */
struct status idempotency_find(struct db *db, struct write *write, bool *ret_known);

/* Keeps the outcome of write (its status and answer) where it is one to keep. */
struct status idempotency_keep(struct db *db, const struct write *write, int64_t time_us);

/* Deletes at most max of the keys older than before_us, the oldest first. ret_oldest_us: the
 * time of the oldest that is left; INT64_MAX when none is. */
struct status idempotency_expire(struct db *db, int64_t before_us, unsigned max,
                                 int64_t *ret_oldest_us);

/* True when write has a key and asks for an effect. */
bool idempotency_applies(const struct write *write);

#endif
