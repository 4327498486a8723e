/* origin_test.c - tests origin.c. */
#include "unit.h"

#include "origin.h"

#include <string.h>

static void an_address_and_localhost_are_always_served(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1",      "127.0.0.1:8080", "10.1.2.3:",      "255.255.255.255",
        "[::1]",          "[::1]:8080",     "[::]",           "localhost",
        "LocalHost:8080", "localhost.",     "localhost.:443", "[::ffff:10.0.0.1]:80"};

    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (!host_is_served(slice_from(hosts[i]), "")) {
            fail_msg("%s", hosts[i]);
        }
    }
}

/* Each is a name that whoever owns it can let lead anywhere, or no address at all. */
static void another_name_is_not_served(void **state)
{
    static const char *const hosts[] = {
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "127.0.0.1.",
        "127.1",
        "0x7f.0.0.1",
        "127.0.0.1,localhost",
        "2130706433",
        "256.0.0.1",
        "127.0.0.01",
        "[::1",
        "[:::1]",
        "[127.0.0.1]",
        "::1",
        "localhost.evil.example",
        "x.localhost",
        "localhost..",
        "localhos",
        "localhostt",
        ".",
        "[]",
        "[",
        ":8080",
        "",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (host_is_served(slice_from(hosts[i]), "") ||
            host_is_served(slice_from(hosts[i]), "gateway,example")) {
            fail_msg("%s", hosts[i]);
        }
    }
}

static void the_names_of_the_gateway_are_served(void **state)
{
    static const char names[] = "gateway,dong-khoi.example.vn,my_host";
    static const char *const served[] = {"gateway", "GATEWAY:8080", "gateway.", "my_host:1",
                                         "dong-khoi.example.vn:443"};
    static const char *const not_served[] = {"gatewa",     "gateway,dong-khoi.example.vn",
                                             "example.vn", "a.dong-khoi.example.vn",
                                             "gateway2",   "my-host"};

    (void)state;
    for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++) {
        assert_true(host_is_served(slice_from(served[i]), names));
    }
    for (size_t i = 0; i < sizeof(not_served) / sizeof(not_served[0]); i++) {
        assert_false(host_is_served(slice_from(not_served[i]), names));
    }
}

static void names_are_checked(void **state)
{
    static const char *const right[] = {
        "", "a", "gateway,b.example", "A-1.b_c", "xn--ng-lua.vn", "10.0.0.1"};
    static const char *const wrong[] = {",",        "a,",    ",a",  "a,,b",    "a:80", "a b",
                                        " a",       "a, b",  "*.b", "a..b",    ".a",   "a.",
                                        "http://a", "[::1]", "a/b", "\xc4\x91"};
    char many[200] = "a";
    char label[66];

    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        assert_null(hosts_check(right[i]));
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(hosts_check(wrong[i]));
    }
    for (unsigned count = 1; count < 64; count++) {
        strcat(many, ",a");
    }
    assert_null(hosts_check(many));
    assert_non_null(hosts_check(strcat(many, ",a")));
    memset(label, 'a', sizeof(label));
    label[63] = '\0';
    assert_null(hosts_check(label));
    label[63] = 'a';
    label[64] = '\0';
    assert_non_null(hosts_check(label));
}

struct field {
    const char *name;
    const char *value;
};

static bool crosses(const char *host, const struct field *fields, size_t count)
{
    struct http_head head = {.host = slice_from(host), .field_count = count};

    for (size_t i = 0; i < count; i++) {
        head.fields[i] =
            (struct http_field){slice_from(fields[i].name), slice_from(fields[i].value)};
    }
    return is_cross_site(&head);
}

static void a_browser_says_from_which_site_it_asks(void **state)
{
    static const struct {
        bool is_cross_site;
        struct field fields[3];
    } cases[] = {
        {false, {{"Accept", "*/*"}}},
        /* The browser's own word. */
        {true, {{"Sec-Fetch-Site", "cross-site"}}},
        {true, {{"sec-fetch-site", "same-site"}}},
        {false, {{"Sec-Fetch-Site", "same-origin"}}},
        {false, {{"SEC-FETCH-SITE", "none"}}},
        {false, {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://proxied.example"}}},
        {true, {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://own:8080"}}},
        {true, {{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}}},
        /* What is none of its values is as if it were not there. */
        {false, {{"Sec-Fetch-Site", "elsewhere"}}},
        {false, {{"Sec-Fetch-Site", ""}, {"Origin", "http://own:8080"}}},
        {true, {{"Sec-Fetch-Site", "Same-Origin"}, {"Origin", "http://other"}}},
        {true, {{"Sec-Fetch-Site", "same-origin, none"}, {"Origin", "http://other"}}},
        /* Else the Origin. */
        {false, {{"Origin", "http://own:8080"}}},
        {false, {{"origin", "HTTP://OWN:8080"}}},
        {false, {{"Origin", "https://own:8080"}}},
        {true, {{"Origin", "http://own"}}},
        {true, {{"Origin", "http://own:8081"}}},
        {true, {{"Origin", "http://sub.own:8080"}}},
        {true, {{"Origin", "http://own:8080.evil.example"}}},
        {true, {{"Origin", "http://own:8080/"}}},
        {true, {{"Origin", "null"}}},
        {true, {{"Origin", ""}}},
        {true, {{"Origin", "http://"}}},
        {true, {{"Origin", "own:8080"}}},
        {true, {{"Origin", "ftp://own:8080"}}},
        {true, {{"Origin", "http://own:8080 http://other"}}},
        {true, {{"Origin", "http://own:8080"}, {"Origin", "http://other"}}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t count = 0;

        while (count < 3 && cases[i].fields[count].name != NULL) {
            count++;
        }
        if (crosses("own:8080", cases[i].fields, count) != cases[i].is_cross_site) {
            fail_msg("%s: %s", cases[i].fields[0].name, cases[i].fields[0].value);
        }
    }
}

static void a_port_that_is_left_out_is_that_of_the_scheme(void **state)
{
    static const struct {
        const char *host;
        const char *origin;
        bool is_cross_site;
    } cases[] = {
        {"own", "http://own", false},
        {"own", "https://own", false},
        {"own:80", "http://own", false},
        {"own:443", "https://own", false},
        {"own", "http://own:80", false},
        {"own:443", "http://own", true},
        {"own:80", "https://own", true},
        {"own", "http://own:8080", true},
        {"[::1]:1", "http://[::1]:1", false},
        {"[::1]", "http://[::2]", true},
        {"", "http://own", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct field field = {"Origin", cases[i].origin};

        if (crosses(cases[i].host, &field, 1) != cases[i].is_cross_site) {
            fail_msg("%s at %s", cases[i].origin, cases[i].host);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_and_localhost_are_always_served),
        cmocka_unit_test(another_name_is_not_served),
        cmocka_unit_test(the_names_of_the_gateway_are_served),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(a_browser_says_from_which_site_it_asks),
        cmocka_unit_test(a_port_that_is_left_out_is_that_of_the_scheme),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
