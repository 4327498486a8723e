/* health.c - one connection, one GET, within one deadline. */
#include "health.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 3000, ANSWER_MAX_BYTES = 16 << 10, HOST_BYTES = 256, SHOWN_BYTES = 400 };

static const char request[] = "GET /readyz HTTP/1.1\r\n"
                              "Host: localhost\r\n"
                              "User-Agent: dongkhoi-gateway health\r\n"
                              "Connection: close\r\n"
                              "\r\n";

/* True when the socket is ready for events before the deadline. */
static bool wait_for(int fd, short events, int64_t deadline_boot_ms)
{
    const int64_t left_ms = deadline_boot_ms - clock_boot_ms();
    struct pollfd poll_fd = {.fd = fd, .events = events};

    return left_ms > 0 && poll(&poll_fd, 1, (int)left_ms) == 1;
}

/* A connected socket; -1 when there is none before the deadline. */
static int connect_to(const struct addrinfo *address, int64_t deadline_boot_ms)
{
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          address->ai_protocol);
    int error = 0;
    socklen_t length = sizeof(error);

    if (fd < 0) {
        return -1;
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
        return fd;
    }
    if (errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline_boot_ms) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0) {
        return fd;
    }
    (void)close(fd);
    return -1;
}

/* The address to ask: a gateway that listens on all addresses of the machine is asked on loopback.
 */
static bool address_split(const char *listen, char host[HOST_BYTES], const char **ret_port)
{
    const char *colon = strrchr(listen, ':');

    if (colon == NULL) {
        return false;
    }
    struct slice name = {listen, (size_t)(colon - listen)};
    if (slice_is(name, "0.0.0.0")) {
        name = slice_from("127.0.0.1");
    } else if (slice_is(name, "[::]")) {
        name = slice_from("::1");
    } else if (name.length > 2 && name.data[0] == '[') {
        name = (struct slice){name.data + 1, name.length - 2};
    }
    if (name.length == 0 || name.length >= HOST_BYTES) {
        return false;
    }
    memcpy(host, name.data, name.length);
    host[name.length] = '\0';
    *ret_port = colon + 1;
    return true;
}

static int open_connection(const char *listen, int64_t deadline_boot_ms)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char host[HOST_BYTES];
    const char *port = NULL;
    struct addrinfo *found = NULL;
    int fd = -1;

    if (!address_split(listen, host, &port) || getaddrinfo(host, port, &hints, &found) != 0) {
        return -1;
    }
    for (const struct addrinfo *one = found; one != NULL && fd < 0; one = one->ai_next) {
        fd = connect_to(one, deadline_boot_ms);
    }
    freeaddrinfo(found);
    return fd;
}

/* How many bytes of the answer came until its end, the deadline, or until the buffer was full. */
static size_t exchange(int fd, int64_t deadline_boot_ms, char *answer, size_t size)
{
    size_t received = 0;

    /* A new socket's buffer takes so short a request whole, so it need not be sent in parts. */
    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1) {
        return 0;
    }
    while (received < size && wait_for(fd, POLLIN, deadline_boot_ms)) {
        const ssize_t count = recv(fd, answer + received, size - received, 0);
        if (count <= 0) {
            break;
        }
        received += (size_t)count;
    }
    return received;
}

static int http_code_in(struct slice answer)
{
    static const char version[] = "HTTP/1.1 ";
    const size_t skipped = sizeof(version) - 1;

    return answer.length >= skipped + 3 && memcmp(answer.data, version, skipped) == 0
               ? (int)strtol(answer.data + skipped, NULL, 10)
               : 0;
}

bool gateway_health_ask(struct arena *arena, const char *listen, const char **ret_text)
{
    const int64_t deadline_boot_ms = clock_boot_ms() + ASK_MS;
    char *answer = arena_alloc(arena, ANSWER_MAX_BYTES + 1);
    const int fd = answer != NULL ? open_connection(listen, deadline_boot_ms) : -1;
    int status = 0;

    if (fd < 0) {
        *ret_text = arena_printf(arena, "gateway: nobody listens on %s", listen);
    } else {
        const size_t length = exchange(fd, deadline_boot_ms, answer, ANSWER_MAX_BYTES);
        (void)close(fd);
        answer[length] = '\0';
        status = http_code_in((struct slice){answer, length});
        const char *body = strstr(answer, "\r\n\r\n");
        *ret_text = status == 200 ? "gateway: ready"
                    : status == 0 ? arena_printf(arena, "gateway: %s does not answer", listen)
                                  : arena_printf(arena, "gateway: /readyz is %d: %.*s", status,
                                                 SHOWN_BYTES, body != NULL ? body + 4 : "");
    }
    if (*ret_text == NULL) {
        *ret_text = "out of memory";
    }
    return status == 200;
}
