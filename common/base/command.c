/* command.c - finds the subcommand and its options. */
#include "base/command.h"

#include <string.h>

bool command_is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

const struct command *command_named(const struct command *commands, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

const struct command *command_find(const struct command *commands, size_t count, int argc,
                                   char **argv)
{
    const bool asks_for_help = argc == 3 && command_is_help(argv[2]);

    return argc > 1 && !asks_for_help ? command_named(commands, count, argv[1]) : NULL;
}

bool command_option(int argc, char **argv, int *at, const char *name, const char **ret_value)
{
    const char *argument = argv[*at];
    const size_t length = strlen(name);

    if (strncmp(argument, name, length) != 0) {
        return false;
    }
    if (argument[length] == '=') {
        *ret_value = argument[length + 1] != '\0' ? argument + length + 1 : NULL;
        *at += 1;
        return true;
    }
    if (argument[length] != '\0') {
        return false;
    }
    *ret_value = *at + 1 < argc && argv[*at + 1][0] != '\0' ? argv[*at + 1] : NULL;
    *at += *ret_value != NULL ? 2 : 1;
    return true;
}
