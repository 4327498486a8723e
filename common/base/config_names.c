/* config_names.c - the names of all variables, and names that are nearly one of them. */
#include "base/config.h"

#include <assert.h>
#include <string.h>

#define PREFIX "DONGKHOI_"

/* Of all programs, and of the nightly backup: they may share one environment. */
static const char *const known[] = {
    "DONGKHOI_ACCESS_LOG",      "DONGKHOI_AUDIT",
    "DONGKHOI_BACKUP_DAYS",     "DONGKHOI_BIND",
    "DONGKHOI_CACHE_BYTES",     "DONGKHOI_CLUSTERS",
    "DONGKHOI_CONNECTIONS",     "DONGKHOI_DISK_RESERVE",
    "DONGKHOI_DISK_WARN",       "DONGKHOI_HOLIDAYS",
    "DONGKHOI_HOSTS",           "DONGKHOI_IDEMPOTENCY_DAYS",
    "DONGKHOI_INDICATORS",      "DONGKHOI_LEASE_MS",
    "DONGKHOI_LISTEN",          "DONGKHOI_LOG",
    "DONGKHOI_LOG_SLOW_MS",     "DONGKHOI_MEMORY_BYTES",
    "DONGKHOI_METRICS_LISTEN",  "DONGKHOI_NIGHTECONOMY",
    "DONGKHOI_PATIENCE_MS",     "DONGKHOI_PEER_SHARES",
    "DONGKHOI_REDIS",           "DONGKHOI_REDIS_PASSWORD_FILE",
    "DONGKHOI_REGISTRATIONS",   "DONGKHOI_STATE",
    "DONGKHOI_TRUSTED_PROXIES",
};

/* So much of a name is compared; a longer one is none of ours. */
enum { NAME_MAX_BYTES = 48, SHORT_BYTES = 4 };

static bool is_known(const struct config_variable *variables, size_t count, struct slice name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (slice_is(name, known[i] + strlen(PREFIX))) {
            return true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, variables[i].name + strlen(PREFIX))) {
            return true;
        }
    }
    return false;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to add, leave out, change or swap with their neighbour, to come from a to b. */
static unsigned distance(struct slice a, struct slice b)
{
    unsigned rows[3][NAME_MAX_BYTES + 1];
    unsigned *before = rows[0];
    unsigned *above = rows[1];
    unsigned *row = rows[2];

    assert(a.length <= NAME_MAX_BYTES && b.length <= NAME_MAX_BYTES);
    for (size_t k = 0; k <= b.length; k++) {
        row[k] = (unsigned)k;
    }
    for (size_t i = 1; i <= a.length; i++) {
        unsigned *const oldest = before;

        before = above;
        above = row;
        row = oldest;
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b.length; k++) {
            const bool is_same = a.data[i - 1] == b.data[k - 1];

            row[k] = least(above[k - 1] + !is_same, least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a.data[i - 1] == b.data[k - 2] &&
                a.data[i - 2] == b.data[k - 1]) {
                row[k] = least(row[k], before[k - 2] + 1);
            }
        }
    }
    return row[b.length];
}

/* A known name that differs by one letter, or by two when it is not short; NULL without one. */
static const char *nearly(const struct config_variable *variables, size_t count, struct slice name)
{
    if (name.length > NAME_MAX_BYTES) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) + count; i++) {
        const char *candidate = i < count ? variables[i].name : known[i - count];
        const struct slice other = slice_from(candidate + strlen(PREFIX));
        const unsigned allowed = other.length <= SHORT_BYTES ? 1 : 2;

        if (other.length <= NAME_MAX_BYTES && distance(name, other) <= allowed) {
            return candidate;
        }
    }
    return NULL;
}

static struct status check_name(const struct config_variable *variables, size_t count,
                                const char *text, struct arena *arena,
                                void (*on_unknown)(const char *name))
{
    const char *start = text + strlen(PREFIX);
    const struct slice name = {start, strcspn(start, "=")};

    if (is_known(variables, count, name)) {
        return STATUS_NONE;
    }
    const char *whole = arena_printf(arena, PREFIX "%.*s", SLICE_ARGS(name));
    const char *meant = nearly(variables, count, name);
    if (meant != NULL) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_CONFIGURATION", NULL,
                           "%s is \"%s\", but there is no such variable; allowed is: %s", whole,
                           start + name.length + (start[name.length] == '='), meant);
    }
    if (on_unknown != NULL) {
        on_unknown(whole);
    }
    return STATUS_NONE;
}

struct status config_check_names(const struct config_variable *variables, size_t count,
                                 char *const *environment, struct arena *arena,
                                 void (*on_unknown)(const char *name))
{
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, PREFIX, strlen(PREFIX)) == 0) {
            TRY(check_name(variables, count, *environment, arena, on_unknown));
        }
    }
    return STATUS_NONE;
}
