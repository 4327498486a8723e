/*
 * gateway_fixture.h - a gateway before a fake service that plays all of them, over real sockets.
 */
#ifndef GATEWAY_FIXTURE_H
#define GATEWAY_FIXTURE_H

#include "unit.h"

#include "fake_backend.h"
#include "gateway.h"
#include "http_client.h"

enum { WAIT_MS = 5000, CLOSE_MS = 10000 };

/* Of the group of tests; ask() asks this gateway. */
extern struct fake_backend *service;
extern struct gateway *gateway;

/* cmocka's group set-up and tear-down. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Another gateway, before the service of this address; its caller closes it. */
struct gateway *fixture_gateway(const char *address);
void fixture_wait_connected(struct gateway *started);

/* One request on a connection of its own. line: "GET /v1/x"; headers end each in CR LF. A body is
 * of JSON unless they say otherwise. The caller frees the answer with client_answer_done(). */
struct client_answer ask_with(const char *line, const char *headers, const char *body);
struct client_answer ask(const char *line, const char *body);

/* The answer has this code, and the text in its body. */
void expect(const struct client_answer *answer, int code, const char *text);
void expect_ask(const char *line, const char *headers, const char *body, int code,
                const char *text);

#endif
