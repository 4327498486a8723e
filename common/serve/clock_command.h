/*
 * clock_command.h - the operator's command after a service wrote with a wrong clock.
 */
#ifndef SERVE_CLOCK_COMMAND_H
#define SERVE_CLOCK_COMMAND_H

/*
 * correct-clock [--from SEQ] [--to SEQ] [--offset SECONDS]: without an offset it only says which
 * entries are ahead of the clock and which offsets are possible. 0 when done or said, 1 when there
 * is nothing to correct or the offset is not possible, 2 when it could not be tried. arg is a
 * struct command_context.
 */
int command_correct_clock(void *arg, int argc, char **argv);

#endif
