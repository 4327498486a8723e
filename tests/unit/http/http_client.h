/*
 * http_client.h - a blocking client over one socket, for tests: sends any bytes, reads answers.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connected to 127.0.0.1; reading gives up after timeout_ms. */
int client_open(uint16_t port, unsigned timeout_ms);
/* The same, from this address of the loopback network. */
int client_open_from(const char *address, uint16_t port, unsigned timeout_ms);

void client_close(int client);

/* False when the peer is gone. */
bool client_send(int client, const char *data, size_t length);
bool client_send_text(int client, const char *text);

struct client_answer {
    int code;
    char head[4096]; /* with its last CR LF */
    char *body;      /* NUL-terminated; free with client_answer_done() */
    size_t length;
    bool closes; /* Connection: close */
};

/* The next answer; false at the end of the connection, on a timeout or for one that is none. */
bool client_read(int client, bool is_head_method, struct client_answer *ret_answer);
void client_answer_done(struct client_answer *answer);

/* The code of the next answer, 0 for none; the body is dropped. */
int client_code(int client);

/* True when nothing comes but the end of the connection. */
bool client_at_end(int client);

#endif
