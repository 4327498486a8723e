/* load_connection.c - blocking sockets with time-outs; a thread has a connection of its own. */
#include "load_connection.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD_MAX_BYTES = 4096, READ_BYTES = 64 << 10, TIMEOUT_SECONDS = 90 };

/* Host and port of the URL; what is wrong, or NULL. */
static const char *url_split(const char *url, struct endpoint *endpoint)
{
    static const char scheme[] = "http://";
    const char *host = url + strlen(scheme);
    const bool bracket = strncmp(url, scheme, strlen(scheme)) == 0 && host[0] == '[';

    if (strncmp(url, scheme, strlen(scheme)) != 0) {
        return "must begin with http://";
    }
    host += bracket;
    const size_t length = strcspn(host, bracket ? "]" : ":/");
    const char *rest = host + length + (bracket && host[length] == ']');
    if (length == 0 || length >= sizeof(endpoint->host)) {
        return "has no host";
    }
    memcpy(endpoint->host, host, length);
    endpoint->host[length] = '\0';
    memcpy(endpoint->port, "80", 3);
    if (rest[0] == ':') {
        const size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0 || digits >= sizeof(endpoint->port)) {
            return "has a port that is none";
        }
        memcpy(endpoint->port, rest + 1, digits);
        endpoint->port[digits] = '\0';
        rest += 1 + digits;
    }
    return strcmp(rest, "") == 0 || strcmp(rest, "/") == 0 ? NULL : "must be http://HOST:PORT";
}

const char *endpoint_read(const char *url, struct endpoint *ret_endpoint)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct endpoint endpoint = {0};
    const char *wrong = url_split(url, &endpoint);

    if (wrong != NULL) {
        return wrong;
    }
    if (getaddrinfo(endpoint.host, endpoint.port, &hints, &found) != 0) {
        return "names a host that is not found";
    }
    memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
    endpoint.address_length = found->ai_addrlen;
    freeaddrinfo(found);
    *ret_endpoint = endpoint;
    return NULL;
}

bool endpoint_is_loopback(const struct endpoint *endpoint)
{
    struct sockaddr_in address4;
    struct sockaddr_in6 address6;

    if (endpoint->address.ss_family == AF_INET) {
        memcpy(&address4, &endpoint->address, sizeof(address4));
        return ntohl(address4.sin_addr.s_addr) >> 24 == 127;
    }
    memcpy(&address6, &endpoint->address, sizeof(address6));
    return endpoint->address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address6.sin6_addr);
}

void load_connection_open(struct load_connection *connection, const struct endpoint *endpoint)
{
    *connection = (struct load_connection){.endpoint = endpoint, .descriptor = -1};
    buffer_init(&connection->head, HEAD_MAX_BYTES);
    answer_open(&connection->answer);
}

static void hang_up(struct load_connection *connection)
{
    if (connection->descriptor >= 0) {
        (void)close(connection->descriptor);
    }
    connection->descriptor = -1;
}

void load_connection_close(struct load_connection *connection)
{
    hang_up(connection);
    buffer_done(&connection->head);
    answer_done(&connection->answer);
}

static bool dial(struct load_connection *connection)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};
    const int one = 1;
    const int descriptor =
        socket(connection->endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0) {
        return false;
    }
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    connection->descriptor = descriptor;
    if (connect(descriptor, (const struct sockaddr *)&connection->endpoint->address,
                connection->endpoint->address_length) != 0) {
        hang_up(connection);
        return false;
    }
    return true;
}

bool load_connection_reach(struct load_connection *connection)
{
    return connection->descriptor >= 0 || dial(connection);
}

static bool send_all(int descriptor, struct slice bytes)
{
    while (bytes.length > 0) {
        const ssize_t sent = send(descriptor, bytes.data, bytes.length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        bytes.data += sent;
        bytes.length -= (size_t)sent;
    }
    return true;
}

static bool receive(struct load_connection *connection)
{
    char bytes[READ_BYTES];

    answer_clear(&connection->answer);
    while (!answer_is_complete(&connection->answer)) {
        const ssize_t count = recv(connection->descriptor, bytes, sizeof(bytes), 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0 || !answer_take(&connection->answer, (struct slice){bytes, (size_t)count})) {
            return false;
        }
    }
    return true;
}

bool load_connection_post(struct load_connection *connection, const char *path, const char *key,
                          struct slice body)
{
    const struct endpoint *endpoint = connection->endpoint;
    const bool bracket = strchr(endpoint->host, ':') != NULL;

    buffer_clear(&connection->head);
    buffer_printf(&connection->head,
                  "POST %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nContent-Type: application/json\r\n"
                  "Idempotency-Key: %s\r\nRequest-Timeout: 60\r\nContent-Length: %zu\r\n\r\n",
                  path, bracket ? "[" : "", endpoint->host, bracket ? "]" : "", endpoint->port, key,
                  body.length);
    if (buffer_failed(&connection->head) || (connection->descriptor < 0 && !dial(connection))) {
        return false;
    }
    const bool answered = send_all(connection->descriptor, buffer_slice(&connection->head)) &&
                          send_all(connection->descriptor, body) && receive(connection);
    if (!answered || connection->answer.closes) {
        hang_up(connection);
    }
    return answered;
}
