/*
 * disk.h - how much room the disk of a store has, and when that is too little.
 *
 *     ROOMY --less than warn--> LOW --less than reserve--> RESERVED
 *     and back with a sixteenth more than the limit, so that it does not flutter
 *
 * One thread at a time uses a struct disk.
 */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/statvfs.h>

enum disk_state { DISK_ROOMY, DISK_LOW, DISK_RESERVED };

/* Bytes, or percents of the disk where those are not 0; both 0: no limit. */
struct disk_limit {
    int64_t bytes;
    int percent;
};

/* "1073741824", "5%" or "0"; false for anything else. */
bool disk_limit_parse(const char *text, struct disk_limit *ret_limit);
/* For tables of configuration: NULL, or what is allowed. */
const char *disk_limit_check(const char *text);

struct disk_options {
    struct disk_limit warn;
    struct disk_limit reserve; /* below it the store takes no writes */
    int (*look)(const char *path, struct statvfs *ret_disk); /* NULL: statvfs() */
    /* When the state is another one than before; must not block. May be NULL. */
    void (*on_change)(void *arg, enum disk_state state, int64_t free_bytes);
    void *arg;
};

/* What was seen last. */
struct disk_view {
    enum disk_state state;
    int64_t free_bytes; /* for a process without privileges; -1: not seen yet */
    int64_t warn_bytes;
    int64_t reserve_bytes;
};

struct disk {
    struct disk_options options;
    const char *path;
    struct disk_view view;
    int64_t look_again_boot_ms;
};

enum { DISK_LOOK_MS = 2000 };

/* path must outlive disk. Looks. */
void disk_init(struct disk *disk, const struct disk_options *options, const char *path);
/* Looks when DISK_LOOK_MS have passed since it last did. True when it looked. */
bool disk_look_when_due(struct disk *disk, int64_t now_boot_ms);
void disk_look(struct disk *disk, int64_t now_boot_ms);

#endif
