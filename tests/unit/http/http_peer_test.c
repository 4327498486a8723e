/* http_peer_test.c - tests http_peer.c. */
#include "unit.h"

#include "http/http_peer.h"

#include <string.h>

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

static struct http_address address_of(const char *text)
{
    struct http_address address = {{0}};

    assert_true(http_address_parse(slice_from(text), &address));
    return address;
}

static void addresses_are_read_with_and_without_a_port(void **state)
{
    static const char *const same[][2] = {
        {"192.0.2.7", "192.0.2.7:443"},
        {"192.0.2.7", "::ffff:192.0.2.7"},
        {"2001:db8::1", "[2001:db8::1]:443"},
        {"2001:db8::1", "[2001:db8::1]"},
    };
    static const char *const bad[] = {
        "",
        "unknown",
        "_hidden",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.7/8",
        "[2001::1",
        "[]",
        "2001::1::2",
        "192.0.2.7 x",
        "1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        const struct http_address a = address_of(same[i][0]);
        const struct http_address b = address_of(same[i][1]);

        assert_memory_equal(&a, &b, sizeof(a));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_address address;

        assert_false(http_address_parse(slice_from(bad[i]), &address));
    }
}

static void a_network_has_its_addresses_and_no_others(void **state)
{
    const struct http_networks *networks = NULL;
    static const char *const in[] = {"10.0.0.1", "10.255.255.255",  "192.0.2.7",
                                     "fd12::1",  "::ffff:10.1.2.3", "172.31.0.1"};
    static const char *const out[] = {"11.0.0.1", "192.0.2.6",  "192.0.2.8",
                                      "fe80::1",  "172.32.0.1", "::1"};

    (void)state;
    assert_ok(
        http_networks_parse("10.0.0.0/8, 192.0.2.7,fd00::/8 ,172.16.0.0/12", arena, &networks));
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
        const struct http_address address = address_of(in[i]);

        assert_true(http_networks_have(networks, &address));
    }
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        const struct http_address address = address_of(out[i]);

        assert_false(http_networks_have(networks, &address));
    }
}

static void all_and_no_addresses_can_be_named(void **state)
{
    const struct http_networks *networks = NULL;
    const struct http_address address = address_of("203.0.113.1");

    (void)state;
    assert_ok(http_networks_parse("0.0.0.0/0", arena, &networks));
    assert_true(http_networks_have(networks, &address));
    assert_ok(http_networks_parse(" , ", arena, &networks));
    assert_false(http_networks_have(networks, &address));
    assert_false(http_networks_have(NULL, &address));
}

static void what_is_no_network_is_refused_by_name(void **state)
{
    static const char *const bad[] = {"10.0.0.0/33", "fd00::/129",   "10.0.0.0/",    "10.0.0.0/x",
                                      "proxy",       "10.0.0.0/8/8", "10.0.0.0/0008"};
    const struct http_networks *networks = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *text = arena_printf(arena, "192.0.2.1, %s", bad[i]);
        const struct status status = http_networks_parse(text, arena, &networks);

        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.reason->name, "INVALID_NETWORK");
        assert_non_null(strstr(status.message, bad[i]));
    }
    assert_null(networks);
}

static bool forwarded(const char *first, const char *second, struct http_address *ret_address)
{
    const struct http_networks *trusted = NULL;
    struct http_head head = {.field_count = 3};

    assert_ok(http_networks_parse("10.0.0.0/8", arena, &trusted));
    head.fields[0] = (struct http_field){slice_from("x-forwarded-for"), slice_from(first)};
    head.fields[1] = (struct http_field){slice_from("Accept"), slice_from("203.0.113.99")};
    head.fields[2] = (struct http_field){slice_from("X-Forwarded-For"), slice_from(second)};
    return http_forwarded_address(&head, trusted, ret_address);
}

static void whose_a_request_is_stands_rightmost_of_those_not_trusted(void **state)
{
    static const struct {
        const char *first;
        const char *second;
        const char *expected; /* NULL: none */
    } cases[] = {
        {"192.0.2.1", "198.51.100.1", "198.51.100.1"},
        {"192.0.2.1", "198.51.100.1, 10.0.0.1", "198.51.100.1"},
        {"192.0.2.1", "10.0.0.2, 10.0.0.1", "192.0.2.1"},
        {"10.0.0.3", "10.0.0.2, 10.0.0.1", NULL},
        {"192.0.2.1", "unknown, 10.0.0.1", NULL},
        {"192.0.2.1", "", "192.0.2.1"},
        {"", "", NULL},
        {"192.0.2.1,", "10.0.0.1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_address found = {{0}};
        const bool is_found = forwarded(cases[i].first, cases[i].second, &found);

        assert_int_equal(is_found, cases[i].expected != NULL);
        if (is_found) {
            const struct http_address expected = address_of(cases[i].expected);

            assert_memory_equal(&found, &expected, sizeof(found));
        }
    }
}

static void one_half_of_an_ipv6_address_is_one_peer(void **state)
{
    static struct http_peers peers;
    const struct http_address a = address_of("2001:db8:1:2::1");
    const struct http_address b = address_of("2001:db8:1:2:ffff::9");
    const struct http_address c = address_of("2001:db8:1:3::1");
    const struct http_address d = address_of("192.0.2.1");
    const struct http_address e = address_of("192.0.2.2");
    struct http_peer *held[] = {http_peer_hold(&peers, &a), http_peer_hold(&peers, &b),
                                http_peer_hold(&peers, &c), http_peer_hold(&peers, &d),
                                http_peer_hold(&peers, &e)};

    (void)state;
    assert_ptr_equal(held[0], held[1]);
    assert_ptr_not_equal(held[0], held[2]);
    assert_ptr_not_equal(held[3], held[4]);
    for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        assert_non_null(held[i]);
        http_peer_release(&peers, held[i]);
    }
    http_peer_release(&peers, NULL);
    for (size_t i = 0; i < HTTP_PEER_BUCKETS; i++) {
        assert_null(peers.buckets[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_with_and_without_a_port),
        cmocka_unit_test(a_network_has_its_addresses_and_no_others),
        cmocka_unit_test(all_and_no_addresses_can_be_named),
        cmocka_unit_test(what_is_no_network_is_refused_by_name),
        cmocka_unit_test(whose_a_request_is_stands_rightmost_of_those_not_trusted),
        cmocka_unit_test(one_half_of_an_ipv6_address_is_one_peer),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
