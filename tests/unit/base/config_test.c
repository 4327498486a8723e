/* config_test.c - tests config.c; what programs print is caught in a file. */
#include "unit.h"

#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_BYTES = 1 << 16, VARIABLES = 3 };

static struct arena *arena;

static const struct config_variable table[VARIABLES] = {
    {.name = "DONGKHOI_TEST_LISTEN",
     .fallback = "127.0.0.1:8080",
     .description = "where to listen",
     .check = config_check_host_port},
    {.name = "DONGKHOI_TEST_STATE",
     .fallback = "./var",
     .description = "a directory",
     .check = config_check_path},
    {.name = "DONGKHOI_TEST_REDIS", .fallback = "", .description = "any text"},
};

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    (void)unsetenv("DONGKHOI_TEST_LISTEN");
    (void)unsetenv("DONGKHOI_TEST_STATE");
    (void)unsetenv("DONGKHOI_TEST_REDIS");
    return arena != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void what_is_not_set_has_its_default(void **state)
{
    struct config_variable variables[VARIABLES];

    (void)state;
    memcpy(variables, table, sizeof(table));
    (void)setenv("DONGKHOI_TEST_STATE", "/srv", 1);
    (void)setenv("DONGKHOI_TEST_REDIS", "", 1);
    assert_ok(config_load(variables, VARIABLES, getenv, arena));
    assert_string_equal(config_value(variables, VARIABLES, "DONGKHOI_TEST_LISTEN"),
                        "127.0.0.1:8080");
    assert_int_equal(variables[0].origin, CONFIG_DEFAULT);
    (void)setenv("DONGKHOI_TEST_STATE", "changed later", 1);
    assert_string_equal(config_value(variables, VARIABLES, "DONGKHOI_TEST_STATE"), "/srv");
    assert_int_equal(variables[1].origin, CONFIG_ENVIRONMENT);
    /* Set to nothing is set. */
    assert_int_equal(variables[2].origin, CONFIG_ENVIRONMENT);
}

static void a_bad_value_is_named_with_what_is_allowed(void **state)
{
    struct config_variable variables[VARIABLES];

    (void)state;
    memcpy(variables, table, sizeof(table));
    (void)setenv("DONGKHOI_TEST_LISTEN", "nowhere", 1);
    const struct status status = config_load(variables, VARIABLES, getenv, arena);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.reason->name, "INVALID_CONFIGURATION");
    assert_non_null(strstr(status.message, "DONGKHOI_TEST_LISTEN is \"nowhere\""));
    assert_non_null(strstr(status.message, "host:port"));
}

static void whatever_allocation_fails_loading_says_so(void **state)
{
    struct config_variable variables[VARIABLES];
    size_t limit = 0;

    (void)state;
    for (;; limit += 16) {
        struct arena *small = arena_new(limit);
        memcpy(variables, table, sizeof(table));
        const struct status status = config_load(variables, VARIABLES, getenv, small);
        arena_free(small);
        if (status.code == STATUS_OK) {
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    }
    assert_true(limit >= 48);
}

static void hosts_and_ports_are_checked(void **state)
{
    static const char *const good[] = {
        "127.0.0.1:8080", "0.0.0.0:0", "[::1]:80", "[::]:65535", "localhost:1", "a-b.example:443",
    };
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        ":8080",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "1.2.3:80",
        "1.2.3.4.5:80",
        "256.1.1.1:80",
        "127.0.0.1:8o",
        "127.0.0.1:-1",
        "::1:80",
        "[::1]",
        "[::1:80",
        "[:::1]:80",
        "[]:80",
        "a b:80",
        "host:80:80",
        "host:+80",
        "127.0.0.1:80 ",
        "127.0.0.1:000080",
        "[1.2.3.4]:80",
        "[::1]x:80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (config_check_host_port(good[i]) != NULL) {
            fail_msg("%s is allowed", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (config_check_host_port(bad[i]) == NULL) {
            fail_msg("%s is not allowed", bad[i]);
        }
    }
    char longest[400];
    memset(longest, 'a', sizeof(longest));
    strcpy(longest + 253, ":80");
    assert_null(config_check_host_port(longest));
    memset(longest, 'a', sizeof(longest));
    strcpy(longest + 254, ":80");
    assert_non_null(config_check_host_port(longest));
}

static void nng_addresses_are_checked(void **state)
{
    (void)state;
    assert_null(config_check_nng_addresses("tcp://127.0.0.1:7101"));
    assert_null(config_check_nng_addresses("tcp://127.0.0.1:7101,tcp://[::1]:7102"));
    assert_non_null(config_check_nng_addresses(""));
    assert_non_null(config_check_nng_addresses(","));
    assert_non_null(config_check_nng_addresses("tcp://127.0.0.1:7101,"));
    assert_non_null(config_check_nng_addresses(",tcp://127.0.0.1:7101"));
    assert_non_null(config_check_nng_addresses("tcp://127.0.0.1:7101 tcp://127.0.0.1:7102"));
    assert_non_null(config_check_nng_addresses("ipc:///tmp/socket"));
    assert_non_null(config_check_nng_addresses("127.0.0.1:7101"));
    assert_null(config_check_nng_address(""));
    assert_null(config_check_nng_address("tcp://0.0.0.0:7101"));
    assert_non_null(config_check_nng_address("tcp://"));
    assert_non_null(config_check_nng_address("tcp://127.0.0.1:7101,tcp://127.0.0.1:7102"));
    assert_non_null(config_check_path(""));
    assert_null(config_check_path("."));
}

static int run_nothing(void *arg, int argc, char **argv)
{
    (void)arg;
    (void)argc;
    (void)argv;
    return COMMAND_OK;
}

static const struct command commands[] = {
    {"copy", "--to FILE", "makes a copy", run_nothing},
    {"count", "", "counts", run_nothing},
};

static void peers_have_a_port_and_are_at_most_sixteen(void **state)
{
    char many[17 * 12] = "";

    (void)state;
    assert_null(config_check_nng_peers("tcp://127.0.0.1:7101,tcp://[::1]:1"));
    assert_null(config_check_nng_peers("tcp://host:10"));
    assert_non_null(config_check_nng_peers("tcp://127.0.0.1:0"));
    assert_non_null(config_check_nng_peers("tcp://127.0.0.1:7101,tcp://127.0.0.1:00"));
    assert_null(config_check_nng_addresses("tcp://127.0.0.1:0"));
    for (int i = 0; i < 16; i++) {
        strcat(many, i > 0 ? ",tcp://a:1" : "tcp://a:1");
    }
    assert_null(config_check_nng_peers(many));
    strcat(many, ",tcp://a:1");
    assert_non_null(config_check_nng_peers(many));
    assert_non_null(config_check_nng_addresses(many));
}

static void numbers_are_plain_digits(void **state)
{
    static const char *const bad[] = {"",    " 1",  "1 ",         "+1",
                                      "-1",  "1e3", "0x1",        "1.",
                                      "1,0", "101", "1000000000", "99999999999999999999"};

    (void)state;
    assert_true(config_is_number("0", 100));
    assert_true(config_is_number("100", 100));
    assert_true(config_is_number("000000007", 100));
    assert_true(config_is_number("999999999", 999999999));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(config_is_number(bad[i], 100));
    }
}

static void directories_can_be_written_or_made(void **state)
{
    static char endless[5000];
    char here[] = "/tmp/config_test_XXXXXX";
    char path[200];

    (void)state;
    assert_non_null(mkdtemp(here));
    assert_null(config_check_directory(here));
    assert_null(config_check_directory("."));
    assert_null(config_check_directory("not-there-yet"));
    assert_null(config_check_directory("./not/there/yet/"));
    (void)snprintf(path, sizeof(path), "%s/a//b/", here);
    assert_null(config_check_directory(path));
    (void)snprintf(path, sizeof(path), "%s/file", here);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_non_null(config_check_directory(path));
    (void)snprintf(path, sizeof(path), "%s/file/below", here);
    assert_non_null(config_check_directory(path));
    (void)snprintf(path, sizeof(path), "%s/file", here);
    (void)unlink(path);
    (void)rmdir(here);
    assert_non_null(config_check_directory(""));
    memset(endless, 'x', sizeof(endless) - 1);
    assert_non_null(config_check_directory(endless));
    endless[300] = '\0';
    assert_non_null(config_check_directory(endless));
}

static char unknown[256];

static void note_unknown(const char *name)
{
    strcat(strcat(unknown, name), " ");
}

static struct status names_checked(const char *first, const char *second)
{
    char *const environment[] = {(char *)(uintptr_t)first, (char *)(uintptr_t)second, NULL};

    unknown[0] = '\0';
    return config_check_names(table, VARIABLES, environment, arena, note_unknown);
}

static void a_name_that_is_nearly_one_is_refused_with_the_one_that_is_meant(void **state)
{
    static const struct {
        const char *text;
        const char *meant;
    } cases[] = {
        {"DONGKHOI_LISTN=127.0.0.1:80", "DONGKHOI_LISTEN"},
        {"DONGKHOI_LITSEN=127.0.0.1:80", "DONGKHOI_LISTEN"},
        {"DONGKHOI_LISTEN_=", "DONGKHOI_LISTEN"},
        {"DONGKHOI_listen=x", NULL},
        {"DONGKHOI_REGISTRATION=tcp://a:1", "DONGKHOI_REGISTRATIONS"},
        {"DONGKHOI_NIGHT_ECONOMY=", "DONGKHOI_NIGHTECONOMY"},
        {"DONGKHOI_LOGS=debug", "DONGKHOI_LOG"},
        {"DONGKHOI_TAG=1", NULL},
        {"DONGKHOI_=1", NULL},
        {"DONGKHOI_TEST_STAT=/x", "DONGKHOI_TEST_STATE"},
        {"DONGKHOI_REGISTRATIONS_SERVICE_HOST=10.0.0.1", NULL},
        {"DONGKHOI_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=1",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct status status = names_checked("PATH=/bin", cases[i].text);
        const char *equals = strchr(cases[i].text, '=');

        if (cases[i].meant == NULL) {
            assert_int_equal(status.code, STATUS_OK);
            assert_memory_equal(unknown, cases[i].text, (size_t)(equals - cases[i].text));
            continue;
        }
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.reason->name, "INVALID_CONFIGURATION");
        assert_memory_equal(status.message, cases[i].text, (size_t)(equals - cases[i].text));
        assert_non_null(strstr(status.message, equals + 1));
        assert_non_null(strstr(status.message, cases[i].meant));
    }
}

static void known_names_of_any_program_are_let_pass(void **state)
{
    (void)state;
    assert_ok(names_checked("DONGKHOI_LISTEN=nonsense", "DONGKHOI_LOG=x"));
    assert_ok(names_checked("DONGKHOI_TEST_STATE=1", "DONGKHOIX=2"));
    assert_ok(names_checked("dongkhoi_listn=1", "XDONGKHOI_LISTN=1"));
    assert_string_equal(unknown, "");
}

static unsigned checks_together;

/* Values that are valid, with one text for both. */
static struct status check_together(const struct config_variable *variables, struct arena *in)
{
    checks_together++;
    if (strcmp(variables[1].value, variables[2].value) == 0) {
        return status_make(in, REASON_INVALID_CONFIGURATION, variables[1].name,
                           "%s is \"%s\"; allowed is: another than %s", variables[1].name,
                           variables[1].value, variables[2].name);
    }
    return STATUS_NONE;
}

/* Runs config_arguments() with one argument, or two; what it printed is in the arena. */
static const char *printed(const char *first, const char *second, int *ret_exit)
{
    char program[] = "program";
    char *argv[] = {program, arena_strdup(arena, first),
                    second != NULL ? arena_strdup(arena, second) : NULL, NULL};
    struct config_variable variables[VARIABLES];
    char *text = arena_alloc(arena, 4096);
    FILE *file = tmpfile();
    const int kept_stdout = dup(STDOUT_FILENO);
    const int kept_stderr = dup(STDERR_FILENO);

    memcpy(variables, table, sizeof(table));
    (void)fflush(NULL);
    (void)dup2(fileno(file), STDOUT_FILENO);
    (void)dup2(fileno(file), STDERR_FILENO);
    const struct program tested = {
        .name = "dongkhoi-test",
        .purpose = "tests",
        .variables = variables,
        .variable_count = VARIABLES,
        .commands = commands,
        .command_count = sizeof(commands) / sizeof(commands[0]),
        .check = check_together,
    };
    const bool ends = config_arguments(&tested, second != NULL ? 3 : 2, argv, ret_exit);
    (void)fflush(NULL);
    (void)dup2(kept_stdout, STDOUT_FILENO);
    (void)dup2(kept_stderr, STDERR_FILENO);
    (void)close(kept_stdout);
    (void)close(kept_stderr);
    rewind(file);
    (void)!fread(text, 1, 4095, file);
    (void)fclose(file);
    assert_true(ends);
    return text;
}

static void without_arguments_the_program_goes_on(void **state)
{
    char program[] = "program";
    char *argv[] = {program, NULL};
    int exit_code = 42;

    (void)state;
    assert_false(config_arguments(&(struct program){.name = "dongkhoi-test"}, 1, argv, &exit_code));
    assert_int_equal(exit_code, 42);
}

static void help_names_every_variable_and_its_default(void **state)
{
    int exit_code = 42;
    const char *text = printed("--help", NULL, &exit_code);

    (void)state;
    assert_int_equal(exit_code, 0);
    assert_non_null(strstr(text, "dongkhoi-test - tests"));
    assert_non_null(strstr(text, "DONGKHOI_TEST_LISTEN"));
    assert_non_null(strstr(text, "where to listen"));
    assert_non_null(strstr(text, "127.0.0.1:8080"));
    assert_string_equal(printed("-h", NULL, &exit_code), text);
    assert_int_equal(exit_code, 0);
}

static void help_names_every_command_with_its_arguments(void **state)
{
    int exit_code = 42;
    const char *text = printed("--help", NULL, &exit_code);

    (void)state;
    assert_non_null(strstr(text, "--check | COMMAND]"));
    assert_non_null(strstr(text, "commands:\n  copy --to FILE\n      makes a copy\n"
                                 "  count\n      counts\n"));
}

static void a_command_tells_its_own_help(void **state)
{
    char program[] = "program";
    char copy[] = "copy";
    char help[] = "-h";
    char *argv[] = {program, copy, help, NULL};
    int exit_code = 42;

    (void)state;
    assert_null(command_find(commands, sizeof(commands) / sizeof(commands[0]), 3, argv));
    const char *text = printed("copy", "-h", &exit_code);
    assert_int_equal(exit_code, 0);
    assert_non_null(strstr(text, "usage: dongkhoi-test copy --to FILE\n\n  makes a copy\n"));
    assert_string_equal(printed("copy", "--help", &exit_code), text);
    (void)printed("nothing", "-h", &exit_code);
    assert_int_equal(exit_code, 2);
}

static void a_command_is_found_by_its_whole_name(void **state)
{
    char program[] = "program";
    char count[] = "count";
    char more[] = "counter";
    char *argv[] = {program, count, NULL};

    (void)state;
    assert_ptr_equal(command_find(commands, 2, 2, argv), &commands[1]);
    assert_null(command_find(commands, 1, 2, argv));
    assert_null(command_find(commands, 2, 1, argv));
    argv[1] = more;
    assert_null(command_find(commands, 2, 2, argv));
}

static void an_option_is_taken_with_its_value(void **state)
{
    char to[] = "--to";
    char file[] = "a.db";
    char joined[] = "--to=b.db";
    char empty[] = "--to=";
    char other[] = "--tomorrow";
    char *argv[] = {to, file, joined, empty, other, to, NULL};
    const char *value = NULL;
    int at = 0;

    (void)state;
    assert_true(command_option(6, argv, &at, "--to", &value));
    assert_string_equal(value, "a.db");
    assert_true(command_option(6, argv, &at, "--to", &value));
    assert_string_equal(value, "b.db");
    assert_true(command_option(6, argv, &at, "--to", &value));
    assert_null(value);
    assert_int_equal(at, 4);
    assert_false(command_option(6, argv, &at, "--to", &value));
    assert_int_equal(at, 4);
    at = 5;
    assert_true(command_option(6, argv, &at, "--to", &value));
    assert_null(value);
}

static void version_is_the_projects(void **state)
{
    int exit_code = 42;
    const char *text = printed("--version", NULL, &exit_code);

    (void)state;
    assert_int_equal(exit_code, 0);
    assert_memory_equal(text, "dongkhoi-test ", 14);
    assert_true(text[14] >= '0' && text[14] <= '9');
}

static void check_shows_each_value_and_its_origin(void **state)
{
    int exit_code = 42;

    (void)state;
    (void)setenv("DONGKHOI_TEST_STATE", "two\nlines", 1);
    assert_string_equal(printed("--check", NULL, &exit_code),
                        "DONGKHOI_TEST_LISTEN=127.0.0.1:8080 (default)\n"
                        "DONGKHOI_TEST_STATE=two?lines (environment)\n"
                        "DONGKHOI_TEST_REDIS= (default)\n");
    assert_int_equal(exit_code, 0);
}

static void check_of_a_bad_value_says_so_and_fails(void **state)
{
    int exit_code = 42;

    (void)state;
    (void)setenv("DONGKHOI_TEST_STATE", "", 1);
    (void)setenv("DONGKHOI_TEST_LISTEN", "%s", 1);
    assert_string_equal(printed("--check", NULL, &exit_code),
                        "DONGKHOI_TEST_LISTEN=%s (environment) is not valid; allowed is: host:port "
                        "with a port from 0 to 65535, such as 127.0.0.1:8080 or [::1]:8080\n"
                        "DONGKHOI_TEST_STATE= (environment) is not valid; allowed is: a path, not "
                        "empty\n"
                        "DONGKHOI_TEST_REDIS= (default)\n");
    assert_int_equal(exit_code, 1);
}

static void check_of_values_that_do_not_go_together_says_so_and_fails(void **state)
{
    int exit_code = 42;

    (void)state;
    (void)setenv("DONGKHOI_TEST_STATE", "x", 1);
    (void)setenv("DONGKHOI_TEST_REDIS", "x", 1);
    assert_string_equal(printed("--check", NULL, &exit_code),
                        "DONGKHOI_TEST_LISTEN=127.0.0.1:8080 (default)\n"
                        "DONGKHOI_TEST_STATE=x (environment)\n"
                        "DONGKHOI_TEST_REDIS=x (environment)\n"
                        "DONGKHOI_TEST_STATE is \"x\"; allowed is: another than "
                        "DONGKHOI_TEST_REDIS\n");
    assert_int_equal(exit_code, 1);
}

static void values_are_looked_at_together_once_each_is_valid(void **state)
{
    int exit_code = 42;

    (void)state;
    checks_together = 0;
    (void)setenv("DONGKHOI_TEST_LISTEN", "nowhere", 1);
    (void)printed("--check", NULL, &exit_code);
    assert_int_equal(exit_code, 1);
    assert_int_equal(checks_together, 0);
    (void)unsetenv("DONGKHOI_TEST_LISTEN");
    (void)printed("--check", NULL, &exit_code);
    assert_int_equal(exit_code, 0);
    assert_int_equal(checks_together, 1);
}

static void unknown_arguments_end_with_2(void **state)
{
    int exit_code = 42;

    (void)state;
    assert_non_null(strstr(printed("--nope", NULL, &exit_code), "unknown argument --nope"));
    assert_int_equal(exit_code, 2);
    (void)printed("", NULL, &exit_code);
    assert_int_equal(exit_code, 2);
    (void)printed("--help", "--nope", &exit_code);
    assert_int_equal(exit_code, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_is_not_set_has_its_default),
        TEST(a_bad_value_is_named_with_what_is_allowed),
        TEST(whatever_allocation_fails_loading_says_so),
        TEST(hosts_and_ports_are_checked),
        TEST(nng_addresses_are_checked),
        TEST(peers_have_a_port_and_are_at_most_sixteen),
        TEST(numbers_are_plain_digits),
        TEST(directories_can_be_written_or_made),
        TEST(a_name_that_is_nearly_one_is_refused_with_the_one_that_is_meant),
        TEST(known_names_of_any_program_are_let_pass),
        TEST(without_arguments_the_program_goes_on),
        TEST(help_names_every_variable_and_its_default),
        TEST(help_names_every_command_with_its_arguments),
        TEST(a_command_tells_its_own_help),
        TEST(a_command_is_found_by_its_whole_name),
        TEST(an_option_is_taken_with_its_value),
        TEST(version_is_the_projects),
        TEST(check_shows_each_value_and_its_origin),
        TEST(check_of_a_bad_value_says_so_and_fails),
        TEST(check_of_values_that_do_not_go_together_says_so_and_fails),
        TEST(values_are_looked_at_together_once_each_is_valid),
        TEST(unknown_arguments_end_with_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
