/* redis_lookup.c - two owners, the caller and the thread; the last one frees. */
#include "redis_lookup.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct redis_lookup {
    atomic_uint owners;
    atomic_int state; /* enum redis_lookup_state; once it is not under way, address is final */
    char address[REDIS_ADDRESS_BYTES];
    char host[];
};

void redis_lookup_free(struct redis_lookup *lookup)
{
    if (lookup != NULL && atomic_fetch_sub(&lookup->owners, 1) == 1) {
        free(lookup);
    }
}

static const struct addrinfo *choose(const struct addrinfo *found)
{
    for (const struct addrinfo *one = found; one != NULL; one = one->ai_next) {
        if (one->ai_family == AF_INET) {
            return one;
        }
    }
    return found;
}

static bool write_address(const struct addrinfo *found, char address[REDIS_ADDRESS_BYTES])
{
    const struct addrinfo *one = choose(found);

    return one != NULL && getnameinfo(one->ai_addr, one->ai_addrlen, address, REDIS_ADDRESS_BYTES,
                                      NULL, 0, NI_NUMERICHOST) == 0;
}

static void *look_up(void *arg)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct redis_lookup *lookup = arg;
    struct addrinfo *found = NULL;
    enum redis_lookup_state state = REDIS_LOOKUP_FAILED;

    if (getaddrinfo(lookup->host, NULL, &hints, &found) == 0) {
        state = write_address(found, lookup->address) ? REDIS_LOOKUP_FOUND : REDIS_LOOKUP_FAILED;
        freeaddrinfo(found);
    }
    atomic_store(&lookup->state, (int)state);
    redis_lookup_free(lookup);
    return NULL;
}

struct redis_lookup *redis_lookup_start(const char *host)
{
    const size_t size = strlen(host) + 1;
    struct redis_lookup *lookup = memory_zeroed(sizeof(*lookup) + size);
    pthread_t thread;

    memcpy(lookup->host, host, size);
    atomic_init(&lookup->state, REDIS_LOOKUP_UNDER_WAY);
    atomic_init(&lookup->owners, 2);
    if (pthread_create(&thread, NULL, look_up, lookup) != 0) {
        free(lookup);
        return NULL;
    }
    (void)pthread_detach(thread);
    return lookup;
}

enum redis_lookup_state redis_lookup_look(struct redis_lookup *lookup,
                                          char ret_address[REDIS_ADDRESS_BYTES])
{
    const enum redis_lookup_state state = (enum redis_lookup_state)atomic_load(&lookup->state);

    if (state == REDIS_LOOKUP_FOUND) {
        memcpy(ret_address, lookup->address, REDIS_ADDRESS_BYTES);
    }
    return state;
}
