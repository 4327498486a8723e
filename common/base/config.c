/* config.c - the table of variables: filled, checked, and shown to people. */
#include "base/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_ARENA_BYTES = 1 << 20 };

static struct status read_variable(struct config_variable *variable, char *(*get)(const char *name),
                                   struct arena *arena)
{
    const char *set = get(variable->name);
    const char *value = arena_strdup(arena, set != NULL ? set : variable->fallback);

    variable->value = value;
    variable->origin = set != NULL ? CONFIG_ENVIRONMENT : CONFIG_DEFAULT;
    return STATUS_NONE;
}

/* What is allowed instead of the value; NULL when it is allowed itself. */
static const char *complaint(const struct config_variable *variable)
{
    return variable->check != NULL ? variable->check(variable->value) : NULL;
}

static struct status load(struct config_variable *variables, size_t count,
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

struct status config_load(struct config_variable *variables, size_t count,
                          char *(*get)(const char *name), struct arena *arena)
{
    return status_within(arena, load(variables, count, get, arena));
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

static void print_unknown(const char *name)
{
    (void)printf("%s is known to no program, and ignored\n", name);
}

static int print_names(const struct program *program, struct arena *arena)
{
    if (program->environment == NULL) {
        return 0;
    }
    const struct status status = config_check_names(program->variables, program->variable_count,
                                                    program->environment, arena, print_unknown);
    if (status.code == STATUS_OK) {
        return 0;
    }
    (void)printf("%s\n", status.message);
    return 1;
}

static int print_together(const struct program *program, struct arena *arena)
{
    if (program->check == NULL) {
        return 0;
    }
    const struct status status = program->check(program->variables, arena);
    if (status.code == STATUS_OK) {
        return 0;
    }
    (void)printf("%s\n", status.message);
    return 1;
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
    if (exit_code == 0) {
        exit_code = print_together(program, arena);
    }
    if (arena != NULL && print_names(program, arena) != 0) {
        exit_code = 1;
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
