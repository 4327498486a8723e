/* config.c - the table of variables: filled, checked, and shown to people. */
#include "base/config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX_BYTES = 253, CHECK_ARENA_BYTES = 1 << 20 };

static const char HOST_PORT_ALLOWED[] = "host:port with a port from 0 to 65535, such as "
                                        "127.0.0.1:8080 or [::1]:8080";
static const char ADDRESS_ALLOWED[] = "tcp://host:port, such as tcp://127.0.0.1:7101";
static const char ADDRESSES_ALLOWED[] = "tcp://host:port, one or several with commas between "
                                        "them, such as tcp://127.0.0.1:7101";

static struct status read_variable(struct config_variable *variable, char *(*get)(const char *name),
                                   struct arena *arena)
{
    const char *set = get(variable->name);
    const char *value = arena_strdup(arena, set != NULL ? set : variable->fallback);

    if (value == NULL) {
        return status_out_of_memory();
    }
    variable->value = value;
    variable->origin = set != NULL ? CONFIG_ENVIRONMENT : CONFIG_DEFAULT;
    return STATUS_NONE;
}

/* What is allowed instead of the value; NULL when it is allowed itself. */
static const char *complaint(const struct config_variable *variable)
{
    return variable->check != NULL ? variable->check(variable->value) : NULL;
}

struct status config_load(struct config_variable *variables, size_t count,
                          char *(*get)(const char *name), struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        TRY(read_variable(&variables[i], get, arena));
        const char *allowed = complaint(&variables[i]);
        if (allowed != NULL) {
            return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_CONFIGURATION",
                               variables[i].name, "%s is \"%s\"; allowed is: %s", variables[i].name,
                               variables[i].value, allowed);
        }
    }
    return STATUS_NONE;
}

const char *config_value(const struct config_variable *variables, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(variables[i].name, name) != 0) {
        i++;
    }
    assert(i < count);
    return i < count ? variables[i].value : NULL;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static bool is_host(const char *text, size_t length)
{
    char host[HOST_MAX_BYTES + 1];
    struct in6_addr address;

    if (length < 1 || length > HOST_MAX_BYTES) {
        return false;
    }
    memcpy(host, text, length);
    host[length] = '\0';
    if (host[0] == '[') {
        if (host[length - 1] != ']') {
            return false;
        }
        host[length - 1] = '\0';
        return inet_pton(AF_INET6, host + 1, &address) == 1;
    }
    /* All digits and dots: no name, so an address or a mistake. */
    if (strspn(host, "0123456789.") == length) {
        return inet_pton(AF_INET, host, &address) == 1;
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_name_char(host[i])) {
            return false;
        }
    }
    return true;
}

static bool is_port(const char *text, size_t length)
{
    long port = 0;

    if (length < 1 || length > 5) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        port = port * 10 + (text[i] - '0');
    }
    return port <= 65535;
}

static bool is_host_port(const char *text, size_t length)
{
    const char *colon = memrchr(text, ':', length);

    if (colon == NULL) {
        return false;
    }
    const size_t host = (size_t)(colon - text);
    return is_host(text, host) && is_port(colon + 1, length - host - 1);
}

static bool is_nng_address(const char *text, size_t length)
{
    static const char scheme[] = "tcp://";
    const size_t skipped = sizeof(scheme) - 1;

    return length > skipped && memcmp(text, scheme, skipped) == 0 &&
           is_host_port(text + skipped, length - skipped);
}

const char *config_check_host_port(const char *value)
{
    return is_host_port(value, strlen(value)) ? NULL : HOST_PORT_ALLOWED;
}

const char *config_check_nng_addresses(const char *value)
{
    for (const char *start = value;; start++) {
        const size_t length = strcspn(start, ",");
        if (!is_nng_address(start, length)) {
            return ADDRESSES_ALLOWED;
        }
        start += length;
        if (*start == '\0') {
            return NULL;
        }
    }
}

const char *config_check_nng_address(const char *value)
{
    return value[0] == '\0' || is_nng_address(value, strlen(value)) ? NULL : ADDRESS_ALLOWED;
}

const char *config_check_path(const char *value)
{
    return value[0] != '\0' ? NULL : "a path, not empty";
}

static void print_help(const struct program *program)
{
    (void)printf("%s - %s\n\n"
                 "usage: %s [--help | --version | --check%s]\n\n"
                 "  --help     print this and exit\n"
                 "  --version  print the version and exit\n"
                 "  --check    print the configuration and where each value is from; exit with 1\n"
                 "             when it is not valid\n\n",
                 program->name, program->purpose, program->name,
                 program->command_count > 0 ? " | COMMAND" : "");
    for (size_t i = 0; i < program->command_count; i++) {
        const struct command *command = &program->commands[i];
        (void)printf("%s  %s%s%s\n      %s\n", i == 0 ? "commands:\n" : "", command->name,
                     command->arguments[0] != '\0' ? " " : "", command->arguments,
                     command->summary);
    }
    (void)printf("%senvironment:\n", program->command_count > 0 ? "\n" : "");
    for (size_t i = 0; i < program->variable_count; i++) {
        const struct config_variable *variable = &program->variables[i];
        (void)printf("  %s\n      %s\n      default: %s\n", variable->name, variable->description,
                     variable->fallback[0] != '\0' ? variable->fallback : "(empty)");
    }
}

/* One line, whatever the value has in it. */
static void print_value(const struct config_variable *variable)
{
    (void)printf("%s=", variable->name);
    for (const char *c = variable->value; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        (void)putchar(byte < 0x20 || byte == 0x7f ? '?' : byte);
    }
    (void)printf(" (%s)", variable->origin == CONFIG_DEFAULT ? "default" : "environment");
}

static int print_check(const struct program *program)
{
    struct config_variable *variables = program->variables;
    const size_t count = program->variable_count;
    struct arena *arena = arena_new(CHECK_ARENA_BYTES);
    int exit_code = 0;

    for (size_t i = 0; i < count; i++) {
        if (arena == NULL || read_variable(&variables[i], getenv, arena).code != STATUS_OK) {
            (void)fprintf(stderr, "%s: the environment is too large\n", program->name);
            exit_code = 1;
            break;
        }
        const char *allowed = complaint(&variables[i]);
        print_value(&variables[i]);
        (void)printf(allowed != NULL ? " is not valid; allowed is: %s\n" : "%s\n",
                     allowed != NULL ? allowed : "");
        exit_code = allowed != NULL ? 1 : exit_code;
    }
    for (size_t i = 0; i < count; i++) {
        variables[i].value = NULL;
    }
    arena_free(arena);
    return exit_code;
}

bool config_arguments(const struct program *program, int argc, char **argv, int *ret_exit)
{
    if (argc <= 1) {
        return false;
    }
    *ret_exit = 0;
    if (argc > 2) {
        (void)fprintf(stderr, "%s: one argument at most; see --help\n", program->name);
        *ret_exit = 2;
    } else if (strcmp(argv[1], "--help") == 0) {
        print_help(program);
    } else if (strcmp(argv[1], "--version") == 0) {
        (void)printf("%s %s\n", program->name, DONGKHOI_VERSION);
    } else if (strcmp(argv[1], "--check") == 0) {
        *ret_exit = print_check(program);
    } else {
        (void)fprintf(stderr, "%s: unknown argument %s; see --help\n", program->name, argv[1]);
        *ret_exit = 2;
    }
    (void)fflush(stdout);
    return true;
}
