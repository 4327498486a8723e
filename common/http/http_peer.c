/* http_peer.c - addresses and networks, and a table of those who are here. */
#include "http/http_peer.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

struct network {
    struct http_address address;
    unsigned bits;
};

struct http_networks {
    size_t count;
    struct network items[];
};

static void map_ipv4(const void *ipv4, struct http_address *ret_address)
{
    memcpy(ret_address->bytes, mapped_prefix, sizeof(mapped_prefix));
    memcpy(ret_address->bytes + sizeof(mapped_prefix), ipv4, 4);
}

static bool is_ipv4(const struct http_address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

bool http_address_of(const struct sockaddr *from, struct http_address *ret_address)
{
    if (from->sa_family == AF_INET) {
        map_ipv4(&((const struct sockaddr_in *)(const void *)from)->sin_addr, ret_address);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        memcpy(ret_address->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
               sizeof(ret_address->bytes));
        return true;
    }
    return false;
}

/* "[2001:db8::1]:443" and "192.0.2.7:443" without what is around the address. */
static struct slice without_port(struct slice text)
{
    if (text.length > 0 && text.data[0] == '[') {
        const char *end = memchr(text.data, ']', text.length);

        return end != NULL ? (struct slice){text.data + 1, (size_t)(end - text.data) - 1}
                           : (struct slice){0};
    }
    const char *colon = text.length > 0 ? memchr(text.data, ':', text.length) : NULL;
    const size_t before = colon != NULL ? (size_t)(colon - text.data) : text.length;

    /* More than one colon: IPv6 without brackets. */
    if (colon != NULL && memchr(colon + 1, ':', text.length - before - 1) != NULL) {
        return text;
    }
    return (struct slice){text.data, before};
}

bool http_address_parse(struct slice text, struct http_address *ret_address)
{
    const struct slice host = without_port(text);
    char copy[INET6_ADDRSTRLEN];
    uint8_t ipv4[4];

    if (host.length == 0 || host.length >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, host.data, host.length);
    copy[host.length] = '\0';
    if (inet_pton(AF_INET, copy, ipv4) == 1) {
        map_ipv4(ipv4, ret_address);
        return true;
    }
    return inet_pton(AF_INET6, copy, ret_address->bytes) == 1;
}

/* "10.0.0.0/8": the address before the slash, the bits behind it; all of them without one. */
static bool network_parse(struct slice text, struct network *ret_network)
{
    const char *slash = text.length > 0 ? memchr(text.data, '/', text.length) : NULL;
    const size_t length = slash != NULL ? (size_t)(slash - text.data) : text.length;
    struct network network = {.bits = ADDRESS_BITS};

    if (!http_address_parse((struct slice){text.data, length}, &network.address)) {
        return false;
    }
    if (slash != NULL) {
        const unsigned most = is_ipv4(&network.address) ? ADDRESS_BITS - MAPPED_BITS : ADDRESS_BITS;
        const size_t digits = text.length - length - 1;
        unsigned bits = 0;

        if (digits == 0 || digits > 3) {
            return false;
        }
        for (size_t i = 0; i < digits; i++) {
            if (slash[1 + i] < '0' || slash[1 + i] > '9') {
                return false;
            }
            bits = bits * 10 + (unsigned)(slash[1 + i] - '0');
        }
        if (bits > most) {
            return false;
        }
        network.bits = ADDRESS_BITS - most + bits;
    }
    *ret_network = network;
    return true;
}

struct status http_networks_parse(const char *text, struct arena *arena,
                                  const struct http_networks **ret_networks)
{
    size_t most = 1;

    for (const char *at = text; *at != '\0'; at++) {
        most += *at == ',';
    }
    struct http_networks *networks =
        arena_alloc(arena, sizeof(*networks) + most * sizeof(networks->items[0]));
    for (const char *at = text; *at != '\0';) {
        const size_t length = strcspn(at, ",");
        const struct slice item = http_trim((struct slice){at, length});

        if (item.length > 0 && !network_parse(item, &networks->items[networks->count++])) {
            return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_NETWORK", NULL,
                               "\"%.*s\" is neither an address nor a network such as 10.0.0.0/8",
                               SLICE_ARGS(item));
        }
        at += length + (at[length] == ',');
    }
    *ret_networks = networks;
    return STATUS_NONE;
}

static bool network_has(const struct network *network, const struct http_address *address)
{
    const unsigned whole = network->bits / 8;
    const unsigned rest = network->bits % 8;

    if (memcmp(network->address.bytes, address->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 ||
           ((network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

bool http_networks_have(const struct http_networks *networks, const struct http_address *address)
{
    for (size_t i = 0; networks != NULL && i < networks->count; i++) {
        if (network_has(&networks->items[i], address)) {
            return true;
        }
    }
    return false;
}

/* Takes the last element of a comma-separated list off. False: there is none left. */
static bool take_last(struct slice *list, struct slice *ret_item)
{
    size_t start = list->length;

    if (list->length == 0) {
        return false;
    }
    while (start > 0 && list->data[start - 1] != ',') {
        start--;
    }
    *ret_item = http_trim((struct slice){list->data + start, list->length - start});
    list->length = start > 0 ? start - 1 : 0;
    return true;
}

bool http_forwarded_address(const struct http_head *head, const struct http_networks *trusted,
                            struct http_address *ret_address)
{
    for (size_t i = head->field_count; i-- > 0;) {
        struct slice list = head->fields[i].value;
        struct http_address address;
        struct slice item;

        if (!http_equals_ignoring_case(head->fields[i].name, "X-Forwarded-For")) {
            continue;
        }
        while (take_last(&list, &item)) {
            if (!http_address_parse(item, &address)) {
                return false;
            }
            if (!http_networks_have(trusted, &address)) {
                *ret_address = address;
                return true;
            }
        }
    }
    return false;
}

/* IPv4 and the first half of IPv6 in one number: the half of a mapped address would be zero. */
static uint64_t key_of(const struct http_address *address)
{
    uint64_t key = 0;
    uint32_t ipv4 = 0;

    if (is_ipv4(address)) {
        memcpy(&ipv4, address->bytes + sizeof(mapped_prefix), sizeof(ipv4));
        return (uint64_t)0xffff << 48 | ipv4; /* ffff::/16 is multicast, and no client's */
    }
    memcpy(&key, address->bytes, sizeof(key));
    return be64toh(key);
}

static struct http_peer **bucket_of(struct http_peers *peers, uint64_t key)
{
    /* Fibonacci hashing: the top bits of a product with 2^64 / phi. */
    return &peers->buckets[(key * 0x9e3779b97f4a7c15U) >> 54];
}

struct http_peer *http_peer_hold(struct http_peers *peers, const struct http_address *address)
{
    const uint64_t key = key_of(address);
    struct http_peer **bucket = bucket_of(peers, key);

    for (struct http_peer *at = *bucket; at != NULL; at = at->next) {
        if (at->key == key) {
            at->users++;
            return at;
        }
    }
    struct http_peer *peer = memory_zeroed(sizeof(*peer));
    peer->key = key;
    peer->users = 1;
    peer->next = *bucket;
    *bucket = peer;
    return peer;
}

void http_peer_release(struct http_peers *peers, struct http_peer *peer)
{
    if (peer == NULL || --peer->users > 0) {
        return;
    }
    struct http_peer **at = bucket_of(peers, peer->key);
    while (*at != peer) {
        at = &(*at)->next;
    }
    *at = peer->next;
    free(peer);
}
