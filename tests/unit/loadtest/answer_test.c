/* answer_test.c - HTTP answers in pieces of any size, and URLs. */
#include "load_connection.h"
#include "unit.h"

#include <string.h>

static const char refusal[] =
    "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 97\r\nRetry-After: 7\r\n"
    "Connection: close\r\n\r\n"
    "{\"error\":{\"message\":\"say \\\"later\\\"\",\"details\":[{\"reason\":\"QUEUE_FULL\"}],"
    "\"more\":1234567890123456}}";

/* Takes the text in pieces of so many bytes; false when it is no answer. */
static bool take(struct answer *answer, const char *text, size_t piece)
{
    size_t left = strlen(text);

    answer_clear(answer);
    while (left > 0) {
        const size_t length = left < piece ? left : piece;
        if (answer_is_complete(answer) || !answer_take(answer, (struct slice){text, length})) {
            return false;
        }
        text += length;
        left -= length;
    }
    return true;
}

static void an_answer_is_read_in_pieces_of_any_size(void **state)
{
    struct answer answer;

    (void)state;
    answer_open(&answer);
    for (size_t piece = 1; piece <= sizeof(refusal); piece++) {
        assert_true(take(&answer, refusal, piece));
        assert_true(answer_is_complete(&answer));
        assert_int_equal(answer.status, 429);
        assert_int_equal(answer.retry_after_seconds, 7);
        assert_true(answer.closes);
        assert_false(answer.is_replayed);
        assert_true(slice_equals(answer_reason(&answer), slice_from("QUEUE_FULL")));
        assert_true(slice_equals(answer_message(&answer), slice_from("say \\\"later\\\"")));
    }
    assert_true(take(&answer,
                     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nIdempotency-Replayed: true\r\n\r\n{}",
                     5));
    assert_true(answer.is_replayed && !answer.closes);
    assert_int_equal(answer.retry_after_seconds, -1);
    assert_int_equal(answer_reason(&answer).length, 0);
    answer_done(&answer);
}

static void what_is_no_answer_is_not_taken(void **state)
{
    static const char *const texts[] = {
        "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
    };
    struct answer answer;

    (void)state;
    answer_open(&answer);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(take(&answer, texts[i], 1000));
    }
    answer_done(&answer);
}

static void a_long_body_is_counted_and_not_kept(void **state)
{
    enum { BODY = 1 << 20, PIECE = 1 << 16 };
    static char piece[PIECE];
    struct answer answer;

    (void)state;
    answer_open(&answer);
    answer_clear(&answer);
    memset(piece, 'x', sizeof(piece));
    assert_true(
        answer_take(&answer, slice_from("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n")));
    for (int i = 0; i < BODY / PIECE; i++) {
        assert_false(answer_is_complete(&answer));
        assert_true(answer_take(&answer, (struct slice){piece, sizeof(piece)}));
    }
    assert_true(answer_is_complete(&answer));
    assert_true(answer.bytes.capacity < BODY);
    answer_done(&answer);
}

static void urls_are_of_a_host_and_a_port(void **state)
{
    static const char *const wrong[] = {
        "",          "127.0.0.1:80",      "https://127.0.0.1",    "http://",
        "http://:1", "http://127.0.0.1:", "http://127.0.0.1:1/x", "http://127.0.0.1:1234567",
    };
    struct endpoint endpoint;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(endpoint_read(wrong[i], &endpoint));
    }
    assert_null(endpoint_read("http://127.0.0.1:8080/", &endpoint));
    assert_string_equal(endpoint.port, "8080");
    assert_true(endpoint_is_loopback(&endpoint));
    assert_null(endpoint_read("http://[::1]:81", &endpoint));
    assert_string_equal(endpoint.host, "::1");
    assert_true(endpoint_is_loopback(&endpoint));
    assert_null(endpoint_read("http://192.0.2.7", &endpoint));
    assert_string_equal(endpoint.port, "80");
    assert_false(endpoint_is_loopback(&endpoint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read_in_pieces_of_any_size),
        cmocka_unit_test(what_is_no_answer_is_not_taken),
        cmocka_unit_test(a_long_body_is_counted_and_not_kept),
        cmocka_unit_test(urls_are_of_a_host_and_a_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
