/*
 * db_sync.h - SQLite's own way to the disk, with a clock around each fsync. Only for db_sqlite.c.
 */
#ifndef STORE_DB_SYNC_H
#define STORE_DB_SYNC_H

/* The name for sqlite3_open_v2(); NULL, which is the default, when it cannot be had. Any thread. */
const char *db_sync_vfs(void);

#endif
