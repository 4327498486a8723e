/*
 * commands.h - the subcommands of every service program.
 */
#ifndef SERVE_COMMANDS_H
#define SERVE_COMMANDS_H

#include "base/arena.h"
#include "base/command.h"
#include "serve/service.h"

/* What each is given as its arg: the program and its checked configuration. */
struct command_context {
    const struct service *service;
    const char *program;
    const char *directory; /* DONGKHOI_STATE */
    const char *addresses; /* where others reach this service */
    const char *address;   /* where it listens */
    struct arena *arena;
};

extern const struct command service_commands[];
extern const size_t service_command_count;

#endif
