/* http_address.c - where a server is to listen, and whether it can. */
#include "http/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct status address_refused(struct arena *arena, const char *address, int error)
{
    const bool in_use = error == UV_EADDRINUSE;

    return status_make(arena, in_use ? REASON_ADDRESS_IN_USE : REASON_CANNOT_LISTEN, NULL,
                       "cannot listen on %s: %s", address, uv_strerror(error));
}

uint16_t address_port(const struct sockaddr *address)
{
    return ntohs(address->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                                : ((const struct sockaddr_in *)address)->sin_port);
}

/* With SO_REUSEPORT a second program of the same user would get the port as well, and half of the
 * clients. So the address is first bound without it, which fails when anybody listens there. */
int address_check_free(const struct addrinfo *where)
{
    const int on = 1;
    const int probe = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = 0;

    if (probe < 0) {
        return -errno;
    }
    if (setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(probe, where->ai_addr, where->ai_addrlen) != 0) {
        error = -errno;
    }
    (void)close(probe);
    return error;
}

struct status address_resolve(struct arena *arena, const char *address,
                              char host[ADDRESS_HOST_BYTES], struct addrinfo **ret_where)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    const char *colon = strrchr(address, ':');
    const char *start = address;
    const char *end = colon;

    if (colon != NULL && address[0] == '[' && colon > address && colon[-1] == ']') {
        start++;
        end--;
    }
    if (colon == NULL || end <= start || (size_t)(end - start) >= ADDRESS_HOST_BYTES) {
        return status_make(arena, REASON_INVALID_ADDRESS, NULL, "%s is not host:port", address);
    }
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    const int error = getaddrinfo(host, colon + 1, &hints, ret_where);
    if (error != 0) {
        return status_make(arena, REASON_INVALID_ADDRESS, NULL, "%s: %s", address,
                           gai_strerror(error));
    }
    return STATUS_NONE;
}

static bool is_any(const struct sockaddr *address)
{
    return address->sa_family == AF_INET6
               ? IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr)
               : ((const struct sockaddr_in *)address)->sin_addr.s_addr == htonl(INADDR_ANY);
}

static bool is_same(const struct addrinfo *a, const struct addrinfo *b)
{
    return a->ai_addrlen == b->ai_addrlen && memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen) == 0;
}

/* Whether a connection could be meant for both. */
static bool addresses_meet(const struct addrinfo *a, const struct addrinfo *b)
{
    if (address_port(a->ai_addr) == 0 || address_port(a->ai_addr) != address_port(b->ai_addr)) {
        return false;
    }
    if (a->ai_family == b->ai_family) {
        return is_any(a->ai_addr) || is_any(b->ai_addr) || is_same(a, b);
    }
    /* [::] takes IPv4, too. */
    return is_any((a->ai_family == AF_INET6 ? a : b)->ai_addr);
}

/* Two listeners of one program must not overlap: which of them a client reached would be chance. */
static struct status check_beside(const struct addrinfo *where, const char *address,
                                  const char *other, struct arena *arena)
{
    struct addrinfo *taken = NULL;
    char host[ADDRESS_HOST_BYTES];

    TRY(address_resolve(arena, other, host, &taken));
    const bool meet = addresses_meet(where, taken);
    freeaddrinfo(taken);
    return meet ? status_make(arena, REASON_ADDRESS_IN_USE, NULL,
                              "cannot listen on %s beside %s: they overlap", address, other)
                : STATUS_NONE;
}

struct status http_address_check(const char *address, const char *other, struct arena *arena)
{
    struct addrinfo *where = NULL;
    char host[ADDRESS_HOST_BYTES];

    TRY(address_resolve(arena, address, host, &where));
    struct status status = other != NULL ? check_beside(where, address, other, arena) : STATUS_NONE;
    const int error = status.code == STATUS_OK ? address_check_free(where) : 0;
    freeaddrinfo(where);
    return error != 0 ? address_refused(arena, address, error) : status;
}
