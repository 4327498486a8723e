/* config_check.c - what values of variables may be. */
#include "base/config.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOST_MAX_BYTES = 253, ADDRESSES_MAX = 16, NUMBER_MAX_DIGITS = 9 };

static const char HOST_PORT_ALLOWED[] = "host:port with a port from 0 to 65535, such as "
                                        "127.0.0.1:8080 or [::1]:8080";
static const char ADDRESS_ALLOWED[] = "tcp://host:port, such as tcp://127.0.0.1:7101";
static const char ADDRESSES_ALLOWED[] = "tcp://host:port, one or up to 16 with commas between "
                                        "them, such as tcp://127.0.0.1:7101";
static const char PEERS_ALLOWED[] = "tcp://host:port with a port from 1 to 65535, one or up to 16 "
                                    "with commas between them, such as tcp://127.0.0.1:7101";
static const char DIRECTORY_ALLOWED[] = "a directory that can be written, or that can be made";

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static bool is_host(const char *text, size_t length)
{
    char host[HOST_MAX_BYTES + 1];
    struct in6_addr address;

    if (length < 1 || length > HOST_MAX_BYTES) {
        return false;
    }
    memcpy(host, text, length);
    host[length] = '\0';
    if (host[0] == '[') {
        if (host[length - 1] != ']') {
            return false;
        }
        host[length - 1] = '\0';
        return inet_pton(AF_INET6, host + 1, &address) == 1;
    }
    /* All digits and dots is no name: it is an address, or a slip such as 127.0.0. */
    if (strspn(host, "0123456789.") == length) {
        return inet_pton(AF_INET, host, &address) == 1;
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_name_char(host[i])) {
            return false;
        }
    }
    return true;
}

static bool is_port(const char *text, size_t length)
{
    long port = 0;

    if (length < 1 || length > 5) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        port = port * 10 + (text[i] - '0');
    }
    return port <= 65535;
}

static bool is_host_port(const char *text, size_t length)
{
    const char *colon = memrchr(text, ':', length);

    if (colon == NULL) {
        return false;
    }
    const size_t host = (size_t)(colon - text);
    return is_host(text, host) && is_port(colon + 1, length - host - 1);
}

static bool is_nng_address(const char *text, size_t length)
{
    static const char scheme[] = "tcp://";
    const size_t skipped = sizeof(scheme) - 1;

    return length > skipped && memcmp(text, scheme, skipped) == 0 &&
           is_host_port(text + skipped, length - skipped);
}

const char *config_check_host_port(const char *value)
{
    return is_host_port(value, strlen(value)) ? NULL : HOST_PORT_ALLOWED;
}

/* Whether the text ends with a port of 0. */
static bool has_no_port(const char *text, size_t length)
{
    const char *colon = memrchr(text, ':', length);

    return colon == NULL || strspn(colon + 1, "0") == (size_t)(text + length - colon - 1);
}

static bool are_nng_addresses(const char *value, bool needs_port)
{
    unsigned count = 0;

    for (const char *start = value;; start++) {
        const size_t length = strcspn(start, ",");

        if (++count > ADDRESSES_MAX || !is_nng_address(start, length) ||
            (needs_port && has_no_port(start, length))) {
            return false;
        }
        start += length;
        if (*start == '\0') {
            return true;
        }
    }
}

const char *config_check_nng_addresses(const char *value)
{
    return are_nng_addresses(value, false) ? NULL : ADDRESSES_ALLOWED;
}

const char *config_check_nng_peers(const char *value)
{
    return are_nng_addresses(value, true) ? NULL : PEERS_ALLOWED;
}

const char *config_check_nng_address(const char *value)
{
    return value[0] == '\0' || is_nng_address(value, strlen(value)) ? NULL : ADDRESS_ALLOWED;
}

/* Whether something can be made in the directory, or in what is to be made above it. */
static bool is_writable(const char *directory)
{
    struct stat found;

    return stat(directory, &found) == 0 && S_ISDIR(found.st_mode) &&
           access(directory, W_OK | X_OK) == 0;
}

const char *config_check_directory(const char *value)
{
    /* Room for the names of files in it. */
    enum { FILE_NAME_BYTES = 256 };
    char path[PATH_MAX];
    struct stat found;

    if (value[0] == '\0' || strlen(value) >= sizeof(path) - FILE_NAME_BYTES) {
        return DIRECTORY_ALLOWED;
    }
    strcpy(path, value);
    /* The directory is made when it is missing, so the nearest one above it that exists has to be
     * writable. */
    while (stat(path, &found) != 0) {
        char *slash = strrchr(path, '/');

        if (errno != ENOENT || strcmp(path, ".") == 0 || strcmp(path, "/") == 0) {
            return DIRECTORY_ALLOWED;
        }
        if (slash == NULL) {
            strcpy(path, ".");
        } else {
            slash[slash == path ? 1 : 0] = '\0';
        }
    }
    return is_writable(path) ? NULL : DIRECTORY_ALLOWED;
}

const char *config_check_log_level(const char *value)
{
    enum log_level level = LOG_INFO;

    return log_level_parse(value, &level) ? NULL : "debug, info, warning or error";
}

const char *config_check_path(const char *value)
{
    return value[0] != '\0' ? NULL : "a path, not empty";
}

bool config_is_number(const char *value, unsigned long most)
{
    const size_t length = strlen(value);

    return length > 0 && length <= NUMBER_MAX_DIGITS && strspn(value, "0123456789") == length &&
           strtoul(value, NULL, 10) <= most;
}
