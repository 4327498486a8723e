/* commands.c - the table of subcommands. */
#include "serve/commands.h"

#include "serve/clock_command.h"
#include "serve/health.h"
#include "serve/store_commands.h"

const struct command service_commands[] = {
    {"backup", "--to FILE",
     "copies the store into a new file, also while the service runs, and checks the copy",
     command_backup},
    {"restore", "--from FILE",
     "makes the store what a backup is; what was there before is kept beside it", command_restore},
    {"correct-clock", "[--from SEQ] [--to SEQ] [--offset SECONDS]",
     "what was recorded under a wrong clock is read as recorded later, or earlier with a negative "
     "offset; without one it says what is possible",
     command_correct_clock},
    {"health", "", "asks the running service how it is: 0 it serves, 1 it does not, 2 trouble",
     command_health},
    {"verify", "[FILE]",
     "checks the store, also while the service runs, or a backup: 0 sound, 1 damaged, 2 trouble",
     command_verify},
};
const size_t service_command_count = sizeof(service_commands) / sizeof(service_commands[0]);
