/* store_commands.c - the operator's commands: arguments, and what is printed of the outcome. */
#include "serve/store_commands.h"

#include "serve/commands.h"
#include "store/check.h"

#include <stdio.h>

static int failure_print(const struct command_context *context, const char *what,
                         struct status status)
{
    (void)fprintf(stderr, "%s: %s: %s (%s)\n", context->program, what, status.message,
                  status.reason);
    return status.code == STATUS_DATA_LOSS ? COMMAND_NO : COMMAND_TROUBLE;
}

static int misuse(const struct command_context *context, const char *what)
{
    (void)fprintf(stderr, "%s: %s; see --help\n", context->program, what);
    return COMMAND_TROUBLE;
}

/* Where the service keeps its store. */
static const char *location_of(const struct command_context *context)
{
    return arena_printf(context->arena, "%s/%s.db", context->directory, context->service->name);
}

static void hash_print(const struct journal_head *head)
{
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        (void)printf("%02x", head->hash[i]);
    }
}

int command_verify(void *arg, int argc, char **argv)
{
    struct command_context *context = arg;
    struct store_check check;

    if (argc > 1) {
        return misuse(context, "verify takes one file at most");
    }
    const char *location = argc == 1 ? argv[0] : location_of(context);
    const struct status status =
        location != NULL ? store_check(location, context->arena, &check) : status_out_of_memory();
    if (status.code != STATUS_OK) {
        return failure_print(context, location != NULL ? location : "verify", status);
    }
    (void)printf("OK %s seq=%llu hash=", location, (unsigned long long)check.head.seq);
    hash_print(&check.head);
    (void)printf("\n");
    return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_TROUBLE;
}
