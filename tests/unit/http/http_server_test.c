/* http_server_test.c - requests and answers over real sockets. */
#include "http_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_request_gets_its_answer_with_all_headers(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                                         "\r\nabc"));
    assert_true(client_read(client, false, &answer));
    assert_string_equal(answer.body, "POST /a?b abc");
    assert_non_null(strstr(answer.head, "\r\nDate: "));
    assert_non_null(strstr(answer.head, " GMT\r\n"));
    assert_non_null(strstr(answer.head, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(answer.head, "\r\nX-Test: ab\r\n"));
    assert_null(strstr(answer.head, "Connection"));
    client_answer_done(&answer);
    client_close(client);
    fixture_stop(&fixture);
}

static void head_is_get_without_its_body(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_read(client, true, &answer));
    assert_non_null(strstr(answer.head, "\r\nContent-Length: 9\r\n"));
    client_answer_done(&answer);
    assert_true(client_read(client, false, &answer));
    assert_int_equal(answer.code, 204);
    assert_null(strstr(answer.head, "Content-Length"));
    client_answer_done(&answer);
    expect_body(client, "GET /b? ");
    client_close(client);
    fixture_stop(&fixture);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    for (int i = 0; i < 30; i++) {
        char text[200];

        (void)snprintf(text, sizeof(text),
                       "POST /%s?%d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "2\r\n%02d\r\n0\r\n\r\n",
                       i % 3 == 0 ? "later" : "now", i, i);
        assert_true(client_send_text(client, text));
    }
    for (int i = 0; i < 30; i++) {
        char text[100];

        (void)snprintf(text, sizeof(text), "POST /%s?%d %02d", i % 3 == 0 ? "later" : "now", i, i);
        expect_body(client, text);
    }
    client_close(client);
    fixture_stop(&fixture);
}

static void a_long_pipeline_is_read_to_its_end(void **state)
{
    enum { COUNT = 400, REQUEST_BYTES = 1000 };
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    static char text[COUNT * REQUEST_BYTES];

    (void)state;
    memset(text, 'p', sizeof(text));
    for (size_t i = 0; i < COUNT; i++) {
        char *request = text + i * REQUEST_BYTES;

        memcpy(request, "GET /a HTTP/1.1\r\nHost: x\r\nX: ", 29);
        memcpy(request + REQUEST_BYTES - 4, "\r\n\r\n", 4);
    }
    assert_true(client_send(client, text, sizeof(text)));
    for (int i = 0; i < COUNT; i++) {
        expect_body(client, "GET /a? ");
    }
    client_close(client);
    fixture_stop(&fixture);
}

static void a_request_may_be_cut_at_every_byte(void **state)
{
    static const char text[] = "\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                               "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "2\r\nho\r\n0\r\n\r\n";
    struct fixture fixture = fixture_start(&no_limits, 1);

    (void)state;
    for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
        const int client = client_open(fixture.port, WAIT_MS);

        assert_true(client_send(client, text, cut));
        (void)usleep(200);
        assert_true(client_send(client, text + cut, sizeof(text) - 1 - cut));
        expect_body(client, "POST /a? hi");
        expect_body(client, "POST /b? ho");
        client_close(client);
    }
    const int client = client_open(fixture.port, WAIT_MS);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        assert_true(client_send(client, text + i, 1));
    }
    expect_body(client, "POST /a? hi");
    expect_body(client, "POST /b? ho");
    client_close(client);
    fixture_stop(&fixture);
}

static void smuggled_requests_are_refused_and_never_run(void **state)
{
    static const char *const cases[] = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"
        "GET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: \rGET /b HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    struct fixture fixture = fixture_start(&hasty, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int client = client_open(fixture.port, WAIT_MS);
        struct client_answer answer;

        assert_true(client_send_text(client, cases[i]));
        assert_true(client_read(client, false, &answer));
        assert_int_equal(answer.code, 400);
        assert_true(answer.closes);
        client_answer_done(&answer);
        assert_true(client_at_end(client));
        client_close(client);
    }
    fixture_stop(&fixture);
}

static void good_requests_before_a_bad_one_are_answered_first(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\nBAD\r\n\r\n"));
    expect_body(client, "GET /later? ");
    assert_int_equal(client_code(client), 400);
    assert_true(client_at_end(client));
    client_close(client);
    fixture_stop(&fixture);
}

static void one_hundred_continue_comes_when_it_is_waited_for(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    static const char head[] =
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";

    (void)state;
    assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_send_text(client, head));
    expect_body(client, "GET /later? ");
    assert_int_equal(client_code(client), 100);
    assert_true(client_send_text(client, "hi"));
    expect_body(client, "POST /a? hi");
    assert_true(client_send_text(client, head));
    assert_int_equal(client_code(client), 100);
    assert_true(client_send_text(client, "ho"));
    expect_body(client, "POST /a? ho");
    assert_true(client_send_text(client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999"
                                         "\r\nExpect: 100-continue\r\n\r\n"));
    assert_int_equal(client_code(client), 413);
    client_close(client);
    fixture_stop(&fixture);
}

static void http_1_0_is_answered_and_closed_unless_it_asks(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    int client = client_open(fixture.port, WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    assert_true(client_read(client, false, &answer));
    assert_non_null(strstr(answer.head, "\r\nConnection: keep-alive\r\n"));
    client_answer_done(&answer);
    assert_true(client_send_text(client, "GET /a HTTP/1.0\r\n\r\n"));
    assert_true(client_read(client, false, &answer));
    assert_true(answer.closes);
    client_answer_done(&answer);
    assert_true(client_at_end(client));
    client_close(client);
    fixture_stop(&fixture);
}

static void a_client_that_shut_down_writing_gets_its_answers(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /half"));
    (void)shutdown(client, SHUT_WR);
    expect_body(client, "GET /later? ");
    expect_body(client, "GET /a? ");
    assert_true(client_at_end(client));
    client_close(client);
    fixture_stop(&fixture);
}

static void a_client_that_leaves_harms_nobody(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        const int client = client_open(fixture.port, WAIT_MS);

        assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                             "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
        if (i % 2 == 0) {
            (void)setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        }
        if (i % 4 < 2) {
            (void)usleep(60000);
        }
        client_close(client);
    }
    const int client = client_open(fixture.port, WAIT_MS);
    assert_true(client_send_text(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect_body(client, "GET /a? ");
    client_close(client);
    fixture_stop(&fixture);
}

static bool ends_are(const struct fixture_ends *ends, const struct fixture_ends *expected)
{
    return ends->sent == expected->sent && ends->aborted == expected->aborted &&
           ends->half == expected->half && ends->sent_bytes == expected->sent_bytes;
}

/* The server hears of a client's end a little later. */
static void expect_ends(struct fixture_ends expected)
{
    struct fixture_ends ends = fixture_ends();

    for (int i = 0; i < 500 && !ends_are(&ends, &expected); i++) {
        (void)usleep(10000);
        ends = fixture_ends();
    }
    assert_int_equal(ends.sent, expected.sent);
    assert_int_equal(ends.aborted, expected.aborted);
    assert_int_equal(ends.half, expected.half);
    assert_int_equal(ends.sent_bytes, expected.sent_bytes);
}

static void the_end_of_every_request_is_told_once(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    struct fixture_ends expected = {0};
    struct client_answer answer;
    int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "HEAD /c HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "nonsense\r\n\r\n"));
    for (int i = 0; i < 5; i++) {
        assert_true(client_read(client, i == 3, &answer));
        assert_non_null(strstr(answer.head, "\r\nX-Answered: yes\r\n"));
        expected.sent++;
        expected.sent_bytes += i == 3 ? 0 : answer.length;
        client_answer_done(&answer);
    }
    client_close(client);
    expect_ends(expected);

    /* Gone before the answers: one that waits, and one behind it that is answered. */
    client = client_open(fixture.port, WAIT_MS);
    assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)usleep(10000);
    const struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    client_close(client);
    expected.aborted += 2;
    expect_ends(expected);

    /* A body that never comes whole, with and without a word of farewell. */
    for (int i = 0; i < 2; i++) {
        client = client_open(fixture.port, WAIT_MS);
        assert_true(client_send_text(client, "POST /a HTTP/1.1\r\nHost: x\r\n"
                                             "Content-Length: 9\r\n\r\nabc"));
        (void)usleep(10000);
        if (i == 1) {
            (void)setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        }
        client_close(client);
        expected.half++;
        expect_ends(expected);
    }
    fixture_stop(&fixture);
    expect_ends(expected);
}

static void large_answers_arrive_whole(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(client_send_text(client, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    for (int i = 0; i < 3; i++) {
        struct client_answer answer;

        assert_true(client_read(client, false, &answer));
        assert_int_equal(answer.length, BIG_BYTES);
        assert_int_equal(answer.body[BIG_BYTES - 1], 'b');
        client_answer_done(&answer);
    }
    client_close(client);
    fixture_stop(&fixture);
}

/* Requests one after the other; returns how many were begun and not answered. */
static void nobody(void *arg, struct http_request *request)
{
    (void)arg;
    http_respond(request, 204, NULL, (struct slice){0});
}

static void an_address_that_is_taken_is_named(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct http_server *server = NULL;
    struct http_server_options options = {.address = "127.0.0.1", .on_request = nobody};

    (void)state;
    assert_status(http_server_open(&options, arena, &server), STATUS_INVALID_ARGUMENT,
                  "INVALID_ADDRESS");
    struct fixture fixture = fixture_start(&no_limits, 2);
    options.address = http_server_address(fixture.server);
    assert_status(http_server_open(&options, arena, &server), STATUS_UNAVAILABLE, "ADDRESS_IN_USE");
    fixture_stop(&fixture);
    options.address = "203.0.113.1:80";
    assert_status(http_server_open(&options, arena, &server), STATUS_UNAVAILABLE, "CANNOT_LISTEN");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gets_its_answer_with_all_headers),
        cmocka_unit_test(head_is_get_without_its_body),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_long_pipeline_is_read_to_its_end),
        cmocka_unit_test(a_request_may_be_cut_at_every_byte),
        cmocka_unit_test(smuggled_requests_are_refused_and_never_run),
        cmocka_unit_test(good_requests_before_a_bad_one_are_answered_first),
        cmocka_unit_test(one_hundred_continue_comes_when_it_is_waited_for),
        cmocka_unit_test(http_1_0_is_answered_and_closed_unless_it_asks),
        cmocka_unit_test(a_client_that_shut_down_writing_gets_its_answers),
        cmocka_unit_test(a_client_that_leaves_harms_nobody),
        cmocka_unit_test(the_end_of_every_request_is_told_once),
        cmocka_unit_test(large_answers_arrive_whole),
        cmocka_unit_test(an_address_that_is_taken_is_named),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
