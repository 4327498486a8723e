/*
 * redis_password.h - the password of Redis, from a file.
 */
#ifndef GATEWAY_REDIS_PASSWORD_H
#define GATEWAY_REDIS_PASSWORD_H

#include <stdbool.h>

enum { REDIS_PASSWORD_MAX_BYTES = 512 };

/* The one line that the file has, without its end: 1 to REDIS_PASSWORD_MAX_BYTES bytes. False when
 * the file cannot be read or holds anything else. */
bool redis_password_read(const char *path, char ret_password[REDIS_PASSWORD_MAX_BYTES + 1]);

/* For the table of variables: a path of such a file, or empty. */
const char *redis_password_check(const char *path);

#endif
