/*
 * upkeep.h - what the writer does beside writing: looks at the disk, deletes old keys. On the
 * writer's thread.
 */
#ifndef STORE_UPKEEP_H
#define STORE_UPKEEP_H

#include "base/status.h"
#include "store/disk.h"

struct store;

/* Before the thread runs. */
void upkeep_init(struct store *store, const struct disk_options *options);

/* In the transaction of a group of so many writes: deletes more keys than it adds. */
struct status upkeep_in_group(struct store *store, unsigned writes);

/* Whether there are old keys to delete. */
bool upkeep_is_due(const struct store *store);

/* While nothing is to be written: a batch of old keys, in a transaction of its own. */
struct status upkeep_idle(struct store *store);

/* Why the store is to take no writes for want of room; NULL when there is enough. Looks at the
 * disk when that is due. */
const char *upkeep_disk(struct store *store);

#endif
