/*
 * command.h - subcommands: what a program can do instead of serving, as a table.
 */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* How a command ends: done, an honest "no" (not healthy, damaged), or could not be tried. */
enum command_exit { COMMAND_OK = 0, COMMAND_NO = 1, COMMAND_TROUBLE = 2 };

struct command {
    const char *name;      /* "backup" */
    const char *arguments; /* for --help: "--to FILE"; "" when it takes none */
    const char *summary;   /* one line for --help */
    /* arg is the program's own; argv is what follows the name, with a NULL behind it. Returns the
     * exit code. Prints to standard output, and errors to standard error. */
    int (*run)(void *arg, int argc, char **argv);
};

/* "--help" or "-h". */
bool command_is_help(const char *argument);

/* NULL when there is none of this name. */
const struct command *command_named(const struct command *commands, size_t count, const char *name);

/* The command that the first argument names; NULL when there is none, and when only its help is
 * asked for ("backup -h"), which config_arguments() prints. */
const struct command *command_find(const struct command *commands, size_t count, int argc,
                                   char **argv);

/*
 * The value of an option that a command takes: "--to FILE" or "--to=FILE". Moves *at behind it.
 * False when argv[*at] is another one; true with *ret_value NULL when the value is missing.
 */
bool command_option(int argc, char **argv, int *at, const char *name, const char **ret_value);

#endif
