/* db_sqlite.c */
