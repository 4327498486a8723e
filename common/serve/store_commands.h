/*
 * store_commands.h - what an operator does with a store: back it up, verify it, restore it.
 *
 * Each ends with 0 when done, 1 when the file is damaged, 2 when it could not be tried.
 */
#ifndef SERVE_STORE_COMMANDS_H
#define SERVE_STORE_COMMANDS_H

/* Each is a command's run(); arg is a struct command_context. */
int command_backup(void *arg, int argc, char **argv);
int command_restore(void *arg, int argc, char **argv);
int command_verify(void *arg, int argc, char **argv);

#endif
