/* log_test.c - tests log.c through a pipe in the place of standard error. */
#include "unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAUGHT_MAX_BYTES = 64 << 10 };

static char caught[CAUGHT_MAX_BYTES];
static int kept_stderr;
static int pipe_end;

static void catch_begin(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    pipe_end = ends[0];
}

static const char *catch_end(void)
{
    size_t length = 0;
    ssize_t got = 0;

    (void)dup2(kept_stderr, STDERR_FILENO);
    (void)close(kept_stderr);
    while ((got = read(pipe_end, caught + length, sizeof(caught) - 1 - length)) > 0) {
        length += (size_t)got;
    }
    (void)close(pipe_end);
    caught[length] = '\0';
    return caught;
}

static void a_line_is_one_object_with_time_level_program_and_event(void **state)
{
    int64_t time_us = 0;

    (void)state;
    catch_begin();
    log_init("test", LOG_INFO);
    log_event(LOG_WARNING, "service_started", "address", "127.0.0.1:8080", "note", "", NULL);
    const char *line = catch_end();
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_true(
        time_parse((struct slice){.data = line + 9, .length = strcspn(line + 9, "\"")}, &time_us));
    assert_true(clock_now_us() - time_us < 60 * INT64_C(1000000));
    assert_string_equal(strchr(line, ','),
                        ",\"level\":\"warning\",\"program\":\"test\",\"event\":\"service_started\","
                        "\"address\":\"127.0.0.1:8080\",\"note\":\"\"}\n");
}

static void less_than_the_least_level_is_silent(void **state)
{
    (void)state;
    catch_begin();
    log_init("test", LOG_ERROR);
    log_event(LOG_WARNING, "unheard", NULL);
    log_event(LOG_DEBUG, "unheard", NULL);
    log_init("test", LOG_DEBUG);
    log_event(LOG_DEBUG, "heard", NULL);
    const char *text = catch_end();
    assert_null(strstr(text, "unheard"));
    assert_non_null(strstr(text, "\"level\":\"debug\""));
}

static void values_are_escaped_and_made_valid(void **state)
{
    (void)state;
    catch_begin();
    log_event(LOG_ERROR, "odd", "value", "q\"b\\n\nt\t\x01\x7f\xff\xc3 \xed\xa0\x80 tỉnh", NULL);
    const char *text = catch_end();
    assert_non_null(strstr(text, "\"value\":\"q\\\"b\\\\n\\u000at\\u0009\\u0001\\u007f\xef\xbf\xbd"
                                 "\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd tỉnh\"}\n"));
    assert_true(utf8_is_valid(slice_from(text)));
    assert_int_equal(strcspn(text, "\n") + 1, strlen(text));
}

/* Is the text one object of strings, as far as quotes and escapes tell? */
static bool is_closed(const char *text)
{
    bool quoted = false;
    const char *c = text;

    for (; *c != '\0' && (quoted || *c != '}'); c++) {
        if (quoted && *c == '\\') {
            c++;
        } else if (*c == '"') {
            quoted = !quoted;
        }
    }
    return !quoted && strcmp(c, "}\n") == 0;
}

static void a_line_of_any_length_is_cut_to_a_valid_one(void **state)
{
    char *value = malloc(2 * PIPE_BUF);
    static const char *const fills[] = {"x", "\"", "\x01", "ế"};

    (void)state;
    for (size_t fill = 0; fill < sizeof(fills) / sizeof(fills[0]); fill++) {
        for (size_t length = PIPE_BUF - 200; length < PIPE_BUF + 20; length++) {
            value[0] = '\0';
            char *end = value;
            while ((size_t)(end - value) < length) {
                end = stpcpy(end, fills[fill]);
            }
            catch_begin();
            log_event(LOG_ERROR, "long", "value", value, "key", "after", NULL);
            const char *text = catch_end();
            assert_true(strlen(text) <= PIPE_BUF);
            assert_true(is_closed(text));
            assert_true(utf8_is_valid(slice_from(text)));
        }
    }
    free(value);
}

static void a_very_long_key_is_left_out(void **state)
{
    static char key[2 * PIPE_BUF];

    (void)state;
    memset(key, 'k', sizeof(key) - 1);
    catch_begin();
    log_event(LOG_ERROR, "long", key, "value", "next", "seen", NULL);
    const char *text = catch_end();
    assert_true(is_closed(text));
    assert_null(strchr(text, 'k'));
    assert_non_null(strstr(text, "\"next\":\"seen\""));
}

static void *write_lines(void *name)
{
    for (int i = 0; i < 100; i++) {
        log_event(LOG_ERROR, "thread_said", "name", name, NULL);
    }
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    char names[3][4] = {"aaa", "bbb", "ccc"};
    pthread_t threads[3];
    size_t lines = 0;

    (void)state;
    catch_begin();
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    char *rest = NULL;
    (void)catch_end();
    for (char *line = strtok_r(caught, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_memory_equal(line, "{\"time\":", 8);
        assert_int_equal(line[strlen(line) - 1], '}');
        lines++;
    }
    assert_int_equal(lines, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_object_with_time_level_program_and_event),
        cmocka_unit_test(less_than_the_least_level_is_silent),
        cmocka_unit_test(values_are_escaped_and_made_valid),
        cmocka_unit_test(a_line_of_any_length_is_cut_to_a_valid_one),
        cmocka_unit_test(a_very_long_key_is_left_out),
        cmocka_unit_test(lines_of_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
