/*
 * store_commands.h - what an operator does with a store: verify it.
 */
#ifndef SERVE_STORE_COMMANDS_H
#define SERVE_STORE_COMMANDS_H

/* Each is a command's run(); arg is a struct command_context. */
int command_verify(void *arg, int argc, char **argv);

#endif
