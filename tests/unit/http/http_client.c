/* http_client.c - one byte at a time up to the end of the head: slow and simple. */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int client_open(uint16_t port, unsigned timeout_ms)
{
    return client_open_from("127.0.0.1", port, timeout_ms);
}

int client_open_from(const char *from, uint16_t port, unsigned timeout_ms)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval timeout = {.tv_sec = timeout_ms / 1000,
                                    .tv_usec = (timeout_ms % 1000) * 1000};
    const int on = 1;
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)inet_pton(AF_INET, from, &own.sin_addr);
    if (bind(client, (const struct sockaddr *)&own, sizeof(own)) != 0 ||
        connect(client, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(client);
        return -1;
    }
    return client;
}

void client_close(int client)
{
    (void)close(client);
}

bool client_send(int client, const char *data, size_t length)
{
    while (length > 0) {
        const ssize_t sent = send(client, data, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool client_send_text(int client, const char *text)
{
    return client_send(client, text, strlen(text));
}

/* libuv's io_uring interrupts whoever waits in the same process. */
static ssize_t receive_some(int client, char *data, size_t length)
{
    ssize_t got;

    do {
        got = recv(client, data, length, 0);
    } while (got < 0 && errno == EINTR);
    return got;
}

static bool receive(int client, char *data, size_t length)
{
    while (length > 0) {
        const ssize_t got = receive_some(client, data, length);

        if (got <= 0) {
            return false;
        }
        data += got;
        length -= (size_t)got;
    }
    return true;
}

static bool read_head(int client, struct client_answer *answer)
{
    size_t length = 0;

    while (length < sizeof(answer->head) - 1) {
        if (!receive(client, answer->head + length, 1)) {
            return false;
        }
        answer->head[++length] = '\0';
        if (length >= 4 && strcmp(answer->head + length - 4, "\r\n\r\n") == 0) {
            return strncmp(answer->head, "HTTP/1.1 ", 9) == 0;
        }
    }
    return false;
}

bool client_read(int client, bool is_head_method, struct client_answer *ret_answer)
{
    struct client_answer *answer = ret_answer;

    memset(answer, 0, sizeof(*answer));
    if (!read_head(client, answer)) {
        return false;
    }
    answer->code = atoi(answer->head + 9);
    answer->closes = strcasestr(answer->head, "\r\nConnection: close\r\n") != NULL;
    const char *length = strcasestr(answer->head, "\r\nContent-Length: ");
    if (length != NULL && !is_head_method) {
        answer->length = (size_t)atol(length + 18);
    }
    answer->body = calloc(1, answer->length + 1);
    return receive(client, answer->body, answer->length);
}

void client_answer_done(struct client_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

int client_code(int client)
{
    struct client_answer answer;
    const int code = client_read(client, false, &answer) ? answer.code : 0;

    client_answer_done(&answer);
    return code;
}

bool client_at_end(int client)
{
    char byte;

    return receive_some(client, &byte, 1) == 0;
}
