/*
 * load_connection.h - POST over one HTTP/1.1 connection that is kept alive; one thread at a time.
 */
#ifndef LOADTEST_LOAD_CONNECTION_H
#define LOADTEST_LOAD_CONNECTION_H

#include "load_answer.h"

#include <netdb.h>

/* Where to, resolved once. */
struct endpoint {
    char host[256]; /* as in the URL, without brackets */
    char port[6];
    struct sockaddr_storage address;
    socklen_t address_length;
};

/* "http://127.0.0.1:8080": NULL and the endpoint, or what is wrong with the URL. */
const char *endpoint_read(const char *url, struct endpoint *ret_endpoint);
bool endpoint_is_loopback(const struct endpoint *endpoint);

struct load_connection {
    const struct endpoint *endpoint;
    int descriptor; /* -1: none */
    struct buffer head;
    struct answer answer;
};

void load_connection_open(struct load_connection *connection, const struct endpoint *endpoint);
void load_connection_close(struct load_connection *connection);

/* Whether somebody accepts connections. */
bool load_connection_reach(struct load_connection *connection);

/* True with an answer in connection->answer. False when none came: the outcome is not known, and
 * the connection is made anew next time. */
bool load_connection_post(struct load_connection *connection, const char *path, const char *key,
                          struct slice body);

#endif
