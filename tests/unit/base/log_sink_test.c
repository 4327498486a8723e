/* log_sink_test.c - tests log_sink.c and log_line.c with a pipe that is read late, or never. */
#include "unit.h"

#include "base/clock.h"
#include "base/log_line.h"
#include "base/log_sink.h"
#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAUGHT_MAX_BYTES = 4 << 20, STOP_MS = 5000 };

static char *caught;
static size_t caught_length;
static int kept_stderr;
static int pipe_end;

static int make_room(void **state)
{
    (void)state;
    caught = malloc(CAUGHT_MAX_BYTES);
    log_init("test", LOG_INFO);
    return caught == NULL;
}

static int free_room(void **state)
{
    (void)state;
    free(caught);
    return 0;
}

static void catch_begin(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    pipe_end = ends[0];
    caught_length = 0;
}

/* Until the pipe has no writer. */
static void *read_pipe(void *arg)
{
    ssize_t got = 0;

    (void)arg;
    while ((got = read(pipe_end, caught + caught_length, CAUGHT_MAX_BYTES - 1 - caught_length)) >
           0) {
        caught_length += (size_t)got;
    }
    return NULL;
}

static const char *catch_end(pthread_t *reader)
{
    (void)dup2(kept_stderr, STDERR_FILENO);
    (void)close(kept_stderr);
    if (reader != NULL) {
        assert_int_equal(pthread_join(*reader, NULL), 0);
    } else {
        (void)read_pipe(NULL);
    }
    (void)close(pipe_end);
    caught[caught_length] = '\0';
    return caught;
}

static void write_line(int64_t number)
{
    struct log_line line;

    log_line_begin(&line, LOG_INFO, "said");
    log_line_number(&line, "number", number);
    log_line_end(&line);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

static void numbers_texts_and_milliseconds_stand_in_one_object(void **state)
{
    static const struct slice odd = {"a\"b\x01\xff", 5};

    (void)state;
    catch_begin();
    struct log_line line;
    log_line_begin(&line, LOG_INFO, "request");
    log_line_number(&line, "zero", 0);
    log_line_number(&line, "least", INT64_MIN);
    log_line_number(&line, "most", INT64_MAX);
    log_line_ms(&line, "none", 0);
    log_line_ms(&line, "few", 7);
    log_line_ms(&line, "many", 12345678);
    log_line_ms(&line, "negative", -5);
    log_line_true(&line, "aborted");
    log_line_text(&line, "odd", odd);
    log_line_end(&line);
    const char *text = catch_end(NULL);
    assert_string_equal(
        strchr(text, ','),
        ",\"level\":\"info\",\"program\":\"test\",\"event\":\"request\",\"zero\":0,"
        "\"least\":-9223372036854775808,\"most\":9223372036854775807,\"none\":0.000,"
        "\"few\":0.007,\"many\":12345.678,\"negative\":0.000,\"aborted\":true,"
        "\"odd\":\"a\\\"b\\u0001\xef\xbf\xbd\"}\n");
}

static void times_have_six_decimals_and_never_go_back(void **state)
{
    enum { LINES = 2000 };
    char before[TIME_TEXT_BYTES] = "";

    (void)state;
    catch_begin();
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_pipe, NULL), 0);
    for (int i = 0; i < LINES; i++) {
        write_line(i);
    }
    (void)catch_end(&reader);
    char *rest = NULL;
    for (char *line = strtok_r(caught, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const struct slice time = {line + 9, strcspn(line + 9, "\"")};
        int64_t time_us = 0;

        assert_int_equal(time.length, 27);
        assert_true(time_parse(time, &time_us));
        assert_true(llabs(clock_now_us() - time_us) < 60 * INT64_C(1000000));
        assert_true(strncmp(before, time.data, time.length) <= 0);
        memcpy(before, time.data, time.length);
    }
}

static void *write_lines(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        write_line(i);
    }
    return arg;
}

static void every_line_of_many_threads_comes_whole_when_there_is_a_reader(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    pthread_t reader;

    (void)state;
    catch_begin();
    assert_int_equal(pthread_create(&reader, NULL, read_pipe, NULL), 0);
    log_sink_start();
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    log_sink_stop(STOP_MS);
    const char *text = catch_end(&reader);
    assert_int_equal(count_of(text, "\n"), THREADS * 1000);
    assert_int_equal(count_of(text, "\"event\":\"said\""), THREADS * 1000);
    assert_int_equal(count_of(text, "}\n{\"time\":\""), THREADS * 1000 - 1);
    assert_int_equal(count_of(text, "\"number\":999}"), THREADS);
}

/* It may be told in several lines. */
static unsigned long dropped_in(const char *text)
{
    static const char told[] = "\"event\":\"log_lines_dropped\",\"count\":";
    unsigned long sum = 0;

    for (const char *at = strstr(text, told); at != NULL; at = strstr(at + 1, told)) {
        sum += strtoul(at + sizeof(told) - 1, NULL, 10);
    }
    return sum;
}

static void nobody_waits_for_a_full_pipe_and_what_was_lost_is_counted(void **state)
{
    enum { LINES = 20000 };
    const unsigned long before = log_sink_dropped();

    (void)state;
    catch_begin();
    log_sink_start();
    for (int i = 0; i < LINES; i++) { /* would never end if it waited: the reader comes later */
        write_line(i);
    }
    /* There is room for what matters. */
    log_event(LOG_ERROR, "important", NULL);
    const unsigned long dropped = log_sink_dropped() - before;
    assert_true(dropped > 0 && dropped < LINES);

    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_pipe, NULL), 0);
    log_sink_stop(STOP_MS);
    const char *text = catch_end(&reader);
    assert_int_equal(count_of(text, "\"event\":\"said\""), LINES - dropped);
    assert_int_equal(count_of(text, "\"event\":\"important\""), 1);
    assert_int_equal(dropped_in(text), dropped);
}

static void the_end_does_not_wait_for_ever_for_a_full_pipe(void **state)
{
    (void)state;
    catch_begin();
    log_sink_start();
    for (int i = 0; i < 2000; i++) {
        write_line(i);
    }
    log_sink_stop(200);
    /* Once it is read, it ends after all. */
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_pipe, NULL), 0);
    log_sink_stop(STOP_MS);
    assert_int_equal(count_of(catch_end(&reader), "\"event\":\"said\""), 2000);
}

static void a_line_comes_soon_by_itself(void **state)
{
    char text[512];

    (void)state;
    catch_begin();
    log_sink_start();
    write_line(7);
    const ssize_t got = read(pipe_end, text, sizeof(text) - 1);
    assert_true(got > 0);
    text[got] = '\0';
    assert_non_null(strstr(text, "\"number\":7}\n"));
    log_sink_stop(STOP_MS);
    assert_string_equal(catch_end(NULL), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_texts_and_milliseconds_stand_in_one_object),
        cmocka_unit_test(times_have_six_decimals_and_never_go_back),
        cmocka_unit_test(every_line_of_many_threads_comes_whole_when_there_is_a_reader),
        cmocka_unit_test(nobody_waits_for_a_full_pipe_and_what_was_lost_is_counted),
        cmocka_unit_test(the_end_does_not_wait_for_ever_for_a_full_pipe),
        cmocka_unit_test(a_line_comes_soon_by_itself),
    };

    return cmocka_run_group_tests(tests, make_room, free_room);
}
