/* store_commands.c - the operator's commands: arguments, and what is printed of the outcome. */
#include "serve/store_commands.h"

#include "base/clock.h"
#include "serve/commands.h"
#include "serve/lease.h"
#include "serve/lease_meta.h"
#include "store/backup.h"

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

static struct store_check_options options_of(const struct command_context *context,
                                             const char *location)
{
    return (struct store_check_options){
        .location = location,
        .kinds = context->service->kinds,
        .kind_count = context->service->kind_count,
    };
}

/* The only option of a command; NULL when it is not the whole of the arguments. */
static const char *only_option(int argc, char **argv, const char *name)
{
    const char *value = NULL;
    int at = 0;

    return argc > 0 && command_option(argc, argv, &at, name, &value) && at == argc ? value : NULL;
}

/* One line, for people and for programs; extra may be "". */
static int check_print(const char *file, const struct store_check *check, const char *extra)
{
    char hash[DIGEST_HEX_BYTES];
    char time[TIME_TEXT_BYTES];

    hex_encode(check->head.hash, DIGEST_BYTES, hash);
    time_format(check->head.time_us, time);
    (void)printf("OK %s seq=%llu hash=%s time=%s revisions=%llu%s\n", file,
                 (unsigned long long)check->head.seq, hash, check->head.seq > 0 ? time : "-",
                 (unsigned long long)check->rows, extra);
    return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_TROUBLE;
}

int command_verify(void *arg, int argc, char **argv)
{
    const struct command_context *context = arg;
    struct store_check check;

    if (argc > 1 || (argc == 1 && argv[0][0] == '-')) {
        return misuse(context, "verify takes one file at most");
    }
    const char *location = argc == 1 ? argv[0] : location_of(context);
    const struct store_check_options options = options_of(context, location);
    const struct status status = store_check(&options, context->arena, &check);
    return status.code == STATUS_OK ? check_print(location, &check, "")
                                    : failure_print(context, location, status);
}

int command_backup(void *arg, int argc, char **argv)
{
    const struct command_context *context = arg;
    const char *to = only_option(argc, argv, "--to");
    const char *location = location_of(context);
    struct store_check check;

    if (to == NULL) {
        return misuse(context, "backup takes --to FILE");
    }
    const struct store_check_options options = options_of(context, location);
    const struct status status = store_backup(&options, to, context->arena, &check);
    return status.code == STATUS_OK ? check_print(to, &check, "")
                                    : failure_print(context, "backup", status);
}

int command_restore(void *arg, int argc, char **argv)
{
    const struct command_context *context = arg;
    const char *from = only_option(argc, argv, "--from");
    struct store_check check;
    const char *kept = "";

    if (from == NULL) {
        return misuse(context, "restore takes --from FILE");
    }
    const struct store_restore restore = {
        .directory = context->directory,
        .service = context->service->name,
        .kinds = context->service->kinds,
        .kind_count = context->service->kind_count,
        .backup = from,
        /* The lost owner may have granted longer leases than the backup knows of. */
        .number_key = lease_meta_key,
        .number = LEASE_MAX_MS,
    };
    const struct status status = store_restore(&restore, context->arena, &check, &kept);
    if (status.code != STATUS_OK) {
        return failure_print(context, "restore", status);
    }
    const char *extra = kept[0] != '\0' ? arena_printf(context->arena, " kept=%s", kept) : "";
    return check_print(context->directory, &check, extra != NULL ? extra : "");
}
