/*
 * flight.h - one read's way to Redis and its service, which other reads of the same thing may join,
 * so that many equal reads make one call (a "single flight").
 *
 *     LISTED --leader's answer--> ENDED: the leader is answered, each that joined judges for itself
 *
 * A read joins a flight whose deadline is at most a hundredth of its remaining time after its own.
 * It takes the flight's answer only when that is at least as new as what was known when the read
 * began (rule 12); else it goes on by itself.
 */
#ifndef GATEWAY_FLIGHT_H
#define GATEWAY_FLIGHT_H

#include "cache.h"
#include "call_headers.h"

/* How a read of the gateway's own ended, for the length of on_end(). */
struct read_end {
    const char *source;   /* for Cache-Status */
    struct slice message; /* packed, when status is OK */
    struct status status;
};

/* A GET that the memory had no answer for, or a read of the gateway's own. Lives in the request's
 * arena. */
struct read {
    struct letter letter; /* first: the letter is the read */
    struct redis_get get;
    struct gateway_loop *loop;
    struct http_request *request;
    const struct schema_method *method;
    struct call_headers headers;
    const ProtobufCMessage *message; /* the request message */
    struct slice payload;            /* the same, packed */
    struct slice key;
    uint64_t key_hash;
    char request_hash[65];
    int32_t day;
    int64_t deadline_boot_ms;
    uint64_t start_tick;
    unsigned backend;
    const struct router_match *match; /* with on_end: NULL */
    enum forward forward;
    bool is_alone; /* neither joins nor is joined, and Redis is not asked */

    /* The versions known at the start, of the services in the bits of known_backends. */
    unsigned known_backends;
    struct known_version known[BACKENDS_MAX];
    struct ask_waiter waiters[BACKENDS_MAX];
    unsigned asking; /* answers that are waited for, and one for the asking itself */

    struct flight *flight;
    struct read *next_joined;

    struct status failure; /* of the call itself */
    struct rpc_reply *reply;

    /* NULL: a GET. Else it is told instead of the client, once; the request may be answered in
     * it. */
    void (*on_end)(struct read *read, const struct read_end *end);
    void *arg; /* of on_end() */
};

struct flight {
    struct flight *next; /* in its bucket */
    struct read *leader;
    struct read *joined;
    struct read **joined_tail;
    uint64_t sent_tick; /* of the call; 0: not sent */
    /* Of the services' histories when the flight began; answers of others are not comparable. */
    uint32_t generations[BACKENDS_MAX];
    char name[REDIS_NAME_MAX_BYTES];
    bool is_listed;
};

/* read.c: ends the read with the entry; detail such as "hit; detail=memory". */
void read_answer(struct read *read, struct cache_entry *entry, const char *detail);

/* The same with a failure. */
void read_fail(struct read *read, const char *detail, struct status status);

/*
 * read.c: a read of the gateway's own. loop, request, method, headers, message,
 * deadline_boot_ms, on_end and arg are set, the rest is zero. on_end() may be called before this
 * returns.
 */
void read_message(struct read *read);

/* Joins a flight or begins one. */
void flight_board(struct read *read);

#endif
