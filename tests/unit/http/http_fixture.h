/*
 * http_fixture.h - a server in this process, and what its answers are.
 *
 * "/later" is answered after 50 ms, "/big" with BIG_BYTES of "b", "/none" with 204, "/costly" with
 * COSTLY_BYTES of "b" that are reserved first, once none is held back, else 429; all else at once;
 * the body says "VERB PATH?QUERY BODY". Each answer has "X-Answered: yes".
 */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "unit.h"

#include "http/http_server.h"
#include "http_client.h"

enum { WAIT_MS = 5000, BIG_BYTES = 8 << 20, COSTLY_BYTES = 1 << 20 };

struct fixture {
    struct arena *arena;
    struct http_server *server;
    uint16_t port;
};

extern const struct http_limits no_limits;
/* Fits a test's patience. */
extern const struct http_limits hasty;

struct fixture fixture_start(const struct http_limits *limits, unsigned loops);
/* With proxies that are trusted: "10.0.0.0/8". */
struct fixture fixture_start_behind(const char *proxies, const struct http_limits *limits,
                                    unsigned loops);
void fixture_stop(struct fixture *fixture);

/* Whether answers to "/costly" are held back from now on; how many were admitted and refused since
 * the start. */
void fixture_hold(bool is_held);
unsigned fixture_held(void);
unsigned fixture_refused(void);

/* The most "/later" requests that were under way at one time. */
unsigned fixture_running_most(void);

/* How the requests ended so far. */
struct fixture_ends {
    unsigned sent;
    unsigned aborted; /* answered, but not taken */
    unsigned half;    /* not read to their end */
    size_t sent_bytes;
};
struct fixture_ends fixture_ends(void);

/* The next answer is 200 with this body. */
void expect_body(int client, const char *expected);

#endif
