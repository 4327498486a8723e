/* clock_command.c - arguments, and what is printed of the outcome. */
#include "serve/clock_command.h"

#include "base/clock.h"
#include "serve/commands.h"
#include "store/correct_clock.h"
#include "store/store_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    struct clock_correction correction;
    bool has_offset;
    int64_t offset_us;
};

static int misuse(const struct command_context *context)
{
    (void)fprintf(stderr,
                  "%s: correct-clock takes --from SEQ, --to SEQ and --offset SECONDS; see --help\n",
                  context->program);
    return COMMAND_TROUBLE;
}

static bool read_seq(const char *text, uint64_t *ret_seq)
{
    char *end = NULL;

    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value == 0 ||
        value > INT64_MAX) {
        return false;
    }
    *ret_seq = value;
    return true;
}

/* Seconds with up to six decimals, and within a thousand years. */
static bool read_offset(const char *text, int64_t *ret_offset_us)
{
    const bool is_negative = text[0] == '-';
    const char *at = text + (is_negative || text[0] == '+');
    int64_t value_us = 0;
    int decimals = -1;

    if (*at < '0' || *at > '9') {
        return false;
    }
    for (; *at != '\0'; at++) {
        if (*at == '.' && decimals < 0) {
            decimals = 0;
        } else if (*at >= '0' && *at <= '9' && decimals < 6 &&
                   value_us < INT64_C(31557600000000000)) {
            value_us = value_us * 10 + (*at - '0');
            decimals += decimals >= 0;
        } else {
            return false;
        }
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 6; i++) {
        if (value_us > INT64_C(31557600000000000)) {
            return false;
        }
        value_us *= 10;
    }
    *ret_offset_us = is_negative ? -value_us : value_us;
    return true;
}

static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
    const char *value = NULL;
    int at = 0;

    while (at < argc) {
        if (command_option(argc, argv, &at, "--from", &value)) {
            if (value == NULL || !read_seq(value, &arguments->correction.from_seq)) {
                return false;
            }
        } else if (command_option(argc, argv, &at, "--to", &value)) {
            if (value == NULL || !read_seq(value, &arguments->correction.to_seq)) {
                return false;
            }
        } else if (command_option(argc, argv, &at, "--offset", &value)) {
            if (value == NULL || !read_offset(value, &arguments->offset_us)) {
                return false;
            }
            arguments->has_offset = true;
        } else {
            return false;
        }
    }
    return true;
}

static void say(const struct clock_correction *correction)
{
    char from[TIME_TEXT_BYTES];
    char to[TIME_TEXT_BYTES];
    char now[TIME_TEXT_BYTES];

    time_format(correction->from_us, from);
    time_format(correction->to_us, to);
    time_format(clock_now_us(), now);
    (void)printf("entries %llu to %llu: recorded from %s to %s; this machine's clock: %s\n"
                 "possible with --offset %.6f to %.6f (seconds that are added)\n",
                 (unsigned long long)correction->from_seq, (unsigned long long)correction->to_seq,
                 from, to, now, (double)correction->least_us / 1e6,
                 (double)correction->most_us / 1e6);
}

static struct status correct(struct store *store, struct arena *arena, struct arguments *arguments)
{
    TRY(clock_correction_look(store, arena, &arguments->correction));
    if (!arguments->has_offset) {
        say(&arguments->correction);
        return STATUS_NONE;
    }
    TRY(clock_correction_write(store, arena, &arguments->correction, arguments->offset_us));
    (void)printf("OK entries %llu to %llu are read as recorded %.6f seconds later; entry %llu says "
                 "so\n",
                 (unsigned long long)arguments->correction.from_seq,
                 (unsigned long long)arguments->correction.to_seq,
                 (double)arguments->offset_us / 1e6, (unsigned long long)store_version(store).seq);
    return STATUS_NONE;
}

/* Else opening it would make an empty one. */
static struct status store_is_there(const struct command_context *context)
{
    const char *path =
        arena_printf(context->arena, "%s/%s.db", context->directory, context->service->name);

    return access(path, R_OK | W_OK) == 0 ? STATUS_NONE
                                          : store_files_failure(context->arena, "write", path);
}

int command_correct_clock(void *arg, int argc, char **argv)
{
    const struct command_context *context = arg;
    const struct store_options options = {
        .directory = context->directory,
        .service = context->service->name,
        .kinds = context->service->kinds,
        .kind_count = context->service->kind_count,
    };
    struct arguments arguments = {0};
    struct store *store = NULL;

    if (!read_arguments(argc, argv, &arguments)) {
        return misuse(context);
    }
    struct status status = store_is_there(context);
    if (status.code == STATUS_OK) {
        status = store_open(&options, context->arena, &store);
    }
    if (status.code == STATUS_OK) {
        status = correct(store, context->arena, &arguments);
    }
    store_close(store);
    if (status.code == STATUS_OK) {
        return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_TROUBLE;
    }
    (void)fprintf(stderr, "%s: correct-clock: %s (%s)\n", context->program, status.message,
                  status.reason);
    const bool is_no =
        status.code == STATUS_INVALID_ARGUMENT || strcmp(status.reason, "NOTHING_TO_CORRECT") == 0;
    return is_no ? COMMAND_NO : COMMAND_TROUBLE;
}
