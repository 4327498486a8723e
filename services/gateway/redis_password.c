/* redis_password.c - reads the password from its file, which must have exactly one line. */
#include "redis_password.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX_BYTES = REDIS_PASSWORD_MAX_BYTES + 2 /* CR and LF */ };

bool redis_password_read(const char *path, char ret_password[REDIS_PASSWORD_MAX_BYTES + 1])
{
    char content[FILE_MAX_BYTES + 1];
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return false;
    }
    size_t length = fread(content, 1, sizeof(content), file);
    const bool is_read = ferror(file) == 0 && feof(file) != 0;
    (void)fclose(file);
    if (!is_read) {
        return false;
    }
    if (length > 0 && content[length - 1] == '\n') {
        length -= length > 1 && content[length - 2] == '\r' ? 2 : 1;
    }
    if (length == 0 || length > REDIS_PASSWORD_MAX_BYTES || memchr(content, '\0', length) != NULL ||
        memchr(content, '\n', length) != NULL) {
        return false;
    }
    memcpy(ret_password, content, length);
    ret_password[length] = '\0';
    return true;
}

const char *redis_password_check(const char *path)
{
    char password[REDIS_PASSWORD_MAX_BYTES + 1];

    return path[0] == '\0' || redis_password_read(path, password)
               ? NULL
               : "a file that can be read, with the password in one line of at most 512 bytes; "
                 "empty: none";
}
