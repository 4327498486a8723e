/*
 * config.h - configuration by environment: a table of variables, each with a default and a check.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/arena.h"
#include "base/command.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum config_origin { CONFIG_DEFAULT, CONFIG_ENVIRONMENT };

struct config_variable {
    const char *name;        /* "DONGKHOI_LISTEN" */
    const char *fallback;    /* value when the variable is not set */
    const char *description; /* for --help; says what is allowed */
    /* NULL: any text. Returns NULL when the value is allowed, else what is allowed. */
    const char *(*check)(const char *value);
    const char *value;         /* filled by config_load() */
    enum config_origin origin; /* filled by config_load() */
};

/*
 * Fills value and origin of every variable from get (getenv in programs). On a value that is not
 * allowed: INVALID_ARGUMENT, INVALID_CONFIGURATION, naming variable, value and what is allowed.
 */
struct status config_load(struct config_variable *variables, size_t count,
                          char *(*get)(const char *name), struct arena *arena);

/*
 * Looks for names of the prefix DONGKHOI_ that no program knows, in "NAME=value" texts that end
 * with NULL. One that differs by a letter or two from a known name is a slip
 * of the hand: INVALID_ARGUMENT INVALID_CONFIGURATION, naming both. Any other is told to
 * on_unknown, which may be NULL: what starts programs may put names of its own into their
 * environment.
 */
struct status config_check_names(const struct config_variable *variables, size_t count,
                                 char *const *environment, struct arena *arena,
                                 void (*on_unknown)(const char *name));

/* The value of a variable that config_load() filled; the name must be in the table. */
const char *config_value(const struct config_variable *variables, size_t count, const char *name);

/* Checks for the table. */
const char *config_check_host_port(const char *value); /* "127.0.0.1:8080", "[::1]:80" */
/* "tcp://127.0.0.1:7101,tcp://...", at most 16: of a service itself; a port of 0 is chosen by the
 * system. */
const char *config_check_nng_addresses(const char *value);
/* The same of others, which are called: without a port of 0. */
const char *config_check_nng_peers(const char *value);
const char *config_check_nng_address(const char *value); /* one of them, or empty */
const char *config_check_path(const char *value);        /* not empty */
/* A directory that can be written, or that can be made. */
const char *config_check_directory(const char *value);
const char *config_check_log_level(const char *value); /* as log_level_parse() */
/* Plain digits, and not more than most. */
bool config_is_number(const char *value, unsigned long most);

/*
 * What every program does with its arguments: --help (-h), --version and --check print and end the
 * program (true, with the exit code in ret_exit); anything else unknown is an error on standard
 * error with exit code 2. False: go on and serve. Call it before config_load(): --check reads the
 * environment itself, shows every variable, and says of each that is not valid what is allowed
 * (exit code 1); when each is, it asks check. --help lists the commands too, and behind the name of
 * one (COMMAND -h) it says how that is used; the program asks command_find() first.
 */
struct program {
    const char *name;    /* "dongkhoi-gateway" */
    const char *purpose; /* one line */
    struct config_variable *variables;
    size_t variable_count;
    const struct command *commands;
    size_t command_count;
    char *const *environment; /* of whose names --check says which are unknown; NULL: of none */
    /* Whether values that are valid each are so together; its message is of the form of
     * config_load(). The program asks it itself before it serves. May be NULL. */
    struct status (*check)(const struct config_variable *variables, struct arena *arena);
};
bool config_arguments(const struct program *program, int argc, char **argv, int *ret_exit);

#endif
