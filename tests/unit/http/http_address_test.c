/* http_address_test.c - tests http_address.c; other sockets of this process take the ports. */
#include "unit.h"

#include "http/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ARENA_BYTES = 1 << 16 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    return arena != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* A socket on a port of loopback, which others may bind too when it does not listen. */
static int taken(bool listens, char address[32])
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(where);
    const int on = 1;
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
    assert_int_equal(bind(made, (struct sockaddr *)&where, sizeof(where)), 0);
    assert_true(!listens || listen(made, 1) == 0);
    assert_int_equal(getsockname(made, (struct sockaddr *)&where, &length), 0);
    (void)snprintf(address, 32, "127.0.0.1:%u", ntohs(where.sin_port));
    return made;
}

static void expect_refused(const char *address, const char *other, const char *reason)
{
    const struct status status = http_address_check(address, other, arena);

    if (status.code == STATUS_OK) {
        fail_msg("%s is allowed beside %s", address, other != NULL ? other : "none");
    }
    assert_string_equal(status.reason->name, reason);
    assert_non_null(strstr(status.message, address));
}

static void an_address_that_somebody_listens_on_is_in_use(void **state)
{
    char address[32];
    const int socket = taken(true, address);

    (void)state;
    expect_refused(address, NULL, "ADDRESS_IN_USE");
    expect_refused(address, "127.0.0.1:0", "ADDRESS_IN_USE");
    (void)close(socket);
    assert_ok(http_address_check(address, NULL, arena));
}

static void a_check_leaves_the_address_as_it_was(void **state)
{
    char address[32];
    const int other = taken(false, address);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ok(http_address_check(address, NULL, arena));
    }
    assert_int_equal(listen(other, 1), 0);
    (void)close(other);
}

static void an_address_that_is_none_of_this_machine_is_refused(void **state)
{
    (void)state;
    expect_refused("192.0.2.1:0", NULL, "CANNOT_LISTEN");
    expect_refused("nowhere.invalid:1", NULL, "INVALID_ADDRESS");
    expect_refused("nowhere", NULL, "INVALID_ADDRESS");
}

static void two_addresses_that_meet_are_refused(void **state)
{
    static const struct {
        const char *host;
        const char *other;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1"}, {"0.0.0.0", "127.0.0.1"}, {"127.0.0.1", "0.0.0.0"},
        {"[::1]", "[::1]"},         {"[::]", "[::1]"},        {"[::1]", "[::]"},
        {"[::]", "127.0.0.1"},      {"127.0.0.1", "[::]"},    {"[::]", "0.0.0.0"},
    };
    char address[32];
    const int port_holder = taken(false, address);
    const char *port = strrchr(address, ':');

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char one[64];
        char two[64];

        (void)snprintf(one, sizeof(one), "%s%s", cases[i].host, port);
        (void)snprintf(two, sizeof(two), "%s%s", cases[i].other, port);
        expect_refused(one, two, "ADDRESS_IN_USE");
        assert_non_null(strstr(http_address_check(one, two, arena).message, two));
    }
    (void)close(port_holder);
}

static void two_addresses_that_differ_are_allowed(void **state)
{
    static const char *const others[] = {"127.0.0.2", "[::1]"};
    char address[32];
    const int port_holder = taken(false, address);
    char other[64];

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        (void)snprintf(other, sizeof(other), "%s%s", others[i], strrchr(address, ':'));
        assert_ok(http_address_check(address, other, arena));
    }
    assert_ok(http_address_check(address, "127.0.0.1:1", arena));
    assert_ok(http_address_check("127.0.0.1:0", "127.0.0.1:0", arena));
    assert_ok(http_address_check("127.0.0.1:0", "0.0.0.0:0", arena));
    (void)close(port_holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(an_address_that_somebody_listens_on_is_in_use),
        TEST(a_check_leaves_the_address_as_it_was),
        TEST(an_address_that_is_none_of_this_machine_is_refused),
        TEST(two_addresses_that_meet_are_refused),
        TEST(two_addresses_that_differ_are_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
