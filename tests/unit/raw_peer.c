/* raw_peer.c - nng's SP over TCP: a greeting of 8 bytes, then length, request id and body. */
#include "raw_peer.h"

#include "unit.h"

#include "base/clock.h"
#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "rpc/rpc_envelope.h"
#include "rpc/rpc_status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GREETING_BYTES = 8,
    HEAD_BYTES = 12,
    GREETING_MS = 10000,
    SEND_MS = 5000,
    ARENA_BYTES = 64 << 20,
    RECEIVE_BYTES = 8192,
};

static void read_whole(int fd, unsigned wait_ms, uint8_t *bytes, size_t length)
{
    const int64_t until_ms = clock_boot_ms() + wait_ms;

    while (length > 0) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        const int64_t left_ms = until_ms - clock_boot_ms();
        assert_true(left_ms > 0);
        if (poll(&poll_fd, 1, (int)left_ms) == 1) {
            const ssize_t count = recv(fd, bytes, length, 0);
            assert_true(count > 0);
            bytes += count;
            length -= (size_t)count;
        }
    }
}

static void open_with(struct raw_peer *peer, uint16_t port, int receive_bytes)
{
    static const uint8_t req[GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    static const uint8_t rep[GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint8_t greeting[GREETING_BYTES];

    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peer->fd >= 0);
    if (receive_bytes > 0) {
        assert_int_equal(
            setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes)), 0);
    }
    assert_int_equal(connect(peer->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(peer->fd, req, sizeof(req), MSG_NOSIGNAL), sizeof(req));
    read_whole(peer->fd, GREETING_MS, greeting, sizeof(greeting));
    assert_memory_equal(greeting, rep, sizeof(rep));
}

void raw_peer_open(struct raw_peer *peer, uint16_t port)
{
    open_with(peer, port, 0);
}

void raw_peer_open_narrow(struct raw_peer *peer, uint16_t port)
{
    open_with(peer, port, RECEIVE_BYTES);
}

void raw_peer_close(struct raw_peer *peer)
{
    (void)close(peer->fd);
    peer->fd = -1;
}

static bool send_whole(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
        const ssize_t count = poll(&poll_fd, 1, SEND_MS) == 1
                                  ? send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT)
                                  : -1;
        if (count < 0) {
            return false;
        }
        bytes += count;
        length -= (size_t)count;
    }
    return true;
}

bool raw_peer_send(struct raw_peer *peer, const char *method, unsigned count, uint32_t timeout_ms,
                   struct slice payload)
{
    Dongkhoi__Rpc__V1__Request header = DONGKHOI__RPC__V1__REQUEST__INIT;
    nng_msg *msg = NULL;

    header.method = (char *)method;
    header.timeout_ms = timeout_ms;
    assert_int_equal(envelope_pack(&header.base, NULL, payload, &msg), 0);
    const size_t call_bytes = nng_msg_len(msg);
    const size_t body_bytes = sizeof(uint32_t) + count * call_bytes;
    uint8_t *bytes = malloc(sizeof(uint64_t) + body_bytes);
    assert_non_null(bytes);
    for (unsigned i = 0; i < sizeof(uint64_t); i++) {
        bytes[i] = (uint8_t)(body_bytes >> (56 - 8 * i));
    }
    memcpy(bytes + sizeof(uint64_t), (const uint8_t[]){0x80, 0, 0, 1}, sizeof(uint32_t));
    for (unsigned i = 0; i < count; i++) {
        memcpy(bytes + HEAD_BYTES + i * call_bytes, nng_msg_body(msg), call_bytes);
    }
    nng_msg_free(msg);
    const bool is_sent = send_whole(peer->fd, bytes, sizeof(uint64_t) + body_bytes);
    free(bytes);
    return is_sent;
}

static void answers_add(struct raw_answers *answers, struct arena *arena, struct slice envelope)
{
    struct slice payload = {0};
    void *unpacked = NULL;

    assert_true(answers->count < RAW_ANSWERS_MAX);
    char *reason = answers->reasons[answers->count++];
    assert_ok(envelope_unpack(arena, &dongkhoi__rpc__v1__reply__descriptor, envelope, &unpacked,
                              &payload));
    const Dongkhoi__Rpc__V1__Reply *reply = unpacked;
    reason[0] = '\0';
    if (reply->status != NULL && reply->status->code != STATUS_OK) {
        const struct status status = status_from_wire(arena, reply->status);
        (void)strncpy(reason, status.reason->name, RAW_REASON_BYTES - 1);
    }
}

void raw_peer_read(struct raw_peer *peer, unsigned wait_ms, struct raw_answers *ret_answers)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    uint8_t head[HEAD_BYTES];
    size_t length = 0;
    struct slice envelope = {0};

    read_whole(peer->fd, wait_ms, head, sizeof(head));
    for (unsigned i = 0; i < sizeof(uint64_t); i++) {
        length = length << 8 | head[i];
    }
    length -= sizeof(uint32_t);
    char *bytes = arena_alloc(arena, length);
    assert_non_null(bytes);
    read_whole(peer->fd, wait_ms, (uint8_t *)bytes, length);
    struct slice rest = {bytes, length};
    *ret_answers = (struct raw_answers){0};
    while (rest.length > 0) {
        assert_true(envelope_next(&rest, &envelope));
        answers_add(ret_answers, arena, envelope);
    }
    arena_free(arena);
}

unsigned raw_answers_with(const struct raw_answers *answers, const char *reason)
{
    unsigned count = 0;

    for (unsigned i = 0; i < answers->count; i++) {
        count += strcmp(answers->reasons[i], reason) == 0;
    }
    return count;
}

bool raw_peer_is_closed(struct raw_peer *peer, unsigned wait_ms)
{
    struct pollfd poll_fd = {.fd = peer->fd, .events = POLLRDHUP};

    return poll(&poll_fd, 1, (int)wait_ms) == 1;
}
