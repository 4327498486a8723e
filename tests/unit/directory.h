/*
 * directory.h - a directory of a test's own, and its removal with all that is in it.
 */
#ifndef UNIT_DIRECTORY_H
#define UNIT_DIRECTORY_H

enum { DIRECTORY_BYTES = 64 };

/* Fails the test when there can be none. */
void directory_make(char directory[DIRECTORY_BYTES]);
void directory_remove(const char *directory);

#endif
