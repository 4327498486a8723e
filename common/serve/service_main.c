/* service_main.c - the program of a service: environment, signals, log. */
#include "base/config.h"
#include "base/log.h"
#include "base/log_sink.h"
#include "base/memory.h"
#include "serve/commands.h"
#include "serve/lease.h"
#include "serve/service.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DRAIN_MS = 10 * 1000,
    TEXT_BYTES = 128,
    ARENA_BYTES = 1 << 20,
    DAYS_MAX = 3650,
    SLOW_MAX_MS = 600 * 1000,
    LOG_END_MS = 1000,
};

enum {
    VARIABLE_STATE,
    VARIABLE_ADDRESSES,
    VARIABLE_BIND,
    VARIABLE_LEASE,
    VARIABLE_LOG,
    VARIABLE_SLOW,
    VARIABLE_DISK_WARN,
    VARIABLE_DISK_RESERVE,
    VARIABLE_IDEMPOTENCY,
    VARIABLES,
};

static const char *check_lease(const char *value)
{
    return config_is_number(value, LEASE_MAX_MS) ? NULL : "a number of milliseconds, 0 to 10000";
}

static const char *check_slow(const char *value)
{
    return config_is_number(value, SLOW_MAX_MS) ? NULL : "a number of milliseconds, 0 to 600000";
}

static const char *check_days(const char *value)
{
    return config_is_number(value, DAYS_MAX) ? NULL : "a number of days, 0 to 3650";
}

/* What percents come to is known of a disk only. */
static struct status check_disk(const struct config_variable *variables, struct arena *arena)
{
    const struct config_variable *warn = &variables[VARIABLE_DISK_WARN];
    const struct config_variable *reserve = &variables[VARIABLE_DISK_RESERVE];
    struct disk_limit warned = {0};
    struct disk_limit reserved = {0};

    (void)disk_limit_parse(warn->value, &warned);
    (void)disk_limit_parse(reserve->value, &reserved);
    const bool is_same_unit = (warned.percent == 0) == (reserved.percent == 0);
    const bool is_off = warned.percent == 0 && warned.bytes == 0;
    if (!is_off && is_same_unit &&
        (reserved.bytes > warned.bytes || reserved.percent > warned.percent)) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_CONFIGURATION", reserve->name,
                           "%s is \"%s\"; allowed is: not more than %s, which is \"%s\"",
                           reserve->name, reserve->value, warn->name, warn->value);
    }
    return STATUS_NONE;
}

static void variable_name(const char *service, char name[TEXT_BYTES])
{
    (void)snprintf(name, TEXT_BYTES, "DONGKHOI_%s", service);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
}

/* Those of its peers follow those of every service, then the service's own. Returns how many there
 * are. */
static size_t variables_append(const struct service *service, char peer_names[][TEXT_BYTES],
                               struct config_variable *variables)
{
    size_t count = VARIABLES;

    assert(service->peer_count <= PEERS_MAX && service->variable_count <= SERVICE_VARIABLES_MAX);
    for (size_t i = 0; i < service->peer_count; i++) {
        variable_name(service->peers[i].name, peer_names[i]);
        variables[count++] = (struct config_variable){
            .name = peer_names[i],
            .fallback = service->peers[i].default_addresses,
            .description = "nng addresses of a service that this one asks",
            .check = config_check_nng_peers,
        };
    }
    for (size_t i = 0; i < service->variable_count; i++) {
        variables[count++] = service->variables[i];
    }
    return count;
}

static struct status configure(const struct service *service,
                               const struct config_variable *variables, struct arena *arena)
{
    return service->configure != NULL
               ? service->configure(variables + VARIABLES + service->peer_count, arena)
               : STATUS_NONE;
}

/* Where to listen: as bound, else the first of the service's own addresses. */
static char *address_choose(struct arena *arena, const char *bind, const char *addresses)
{
    const struct slice first = {.data = addresses, .length = strcspn(addresses, ",")};

    return bind[0] != '\0' ? arena_strdup(arena, bind) : arena_copy(arena, first);
}

/* What was answered is stored already. */
static void on_second_signal(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_SUCCESS);
}

/* From then on a second signal of the same kind ends the program at once; one of the other kind
 * does not, since a terminal and a supervisor may each send their own. */
static void signal_wait(const sigset_t *signals)
{
    struct sigaction action = {.sa_handler = on_second_signal};
    sigset_t again;
    int signal_number = 0;

    while (sigwait(signals, &signal_number) != 0) {
    }
    log_event(LOG_INFO, "draining", "signal", signal_number == SIGINT ? "SIGINT" : "SIGTERM", NULL);
    sigemptyset(&action.sa_mask);
    (void)sigaction(signal_number, &action, NULL);
    sigemptyset(&again);
    sigaddset(&again, signal_number);
    pthread_sigmask(SIG_UNBLOCK, &again, NULL);
}

static bool starts_with(const char *text, const char *start)
{
    return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

/* Names the variable that what failed depends on: where the data are, or where to listen. */
static void log_start_failed(struct status status, const struct config_variable *variables)
{
    const bool is_of_store = starts_with(status.reason, "STORE_");
    const bool is_bound = variables[VARIABLE_BIND].value[0] != '\0';
    const struct config_variable *variable = &variables[is_of_store ? VARIABLE_STATE
                                                        : is_bound  ? VARIABLE_BIND
                                                                    : VARIABLE_ADDRESSES];

    if (status.code == STATUS_INVALID_ARGUMENT) {
        log_event(LOG_ERROR, "invalid_configuration", "message", status.message, NULL);
        return;
    }
    log_event(LOG_ERROR, "start_failed", "status", status_code_name(status.code), "reason",
              status.reason, "message", status.message,
              is_of_store || status.code == STATUS_UNAVAILABLE ? "variable" : NULL, variable->name,
              "value", variable->value, "allowed",
              is_of_store ? "a directory that can be written, of no other running service"
                          : "an address of this machine that nothing listens on",
              NULL);
}

static void on_unknown_name(const char *name)
{
    log_event(LOG_WARNING, "unknown_variable", "variable", name, "message",
              "it is known to no program, and ignored", NULL);
}

static int serve(const struct service *service, const struct config_variable *variables,
                 const sigset_t *signals, struct arena *arena)
{
    const char *directory = variables[VARIABLE_STATE].value;
    const char *address =
        address_choose(arena, variables[VARIABLE_BIND].value, variables[VARIABLE_ADDRESSES].value);
    const char *peer_addresses[PEERS_MAX] = {0};
    struct service_instance *instance = NULL;
    char port[16];

    if (address == NULL) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < service->peer_count; i++) {
        peer_addresses[i] = variables[VARIABLES + i].value;
    }
    struct service_options options = {
        .directory = directory,
        .address = address,
        .peer_addresses = peer_addresses,
        .slow_ms = (uint32_t)strtoul(variables[VARIABLE_SLOW].value, NULL, 10),
        .lease_ms = (uint32_t)strtoul(variables[VARIABLE_LEASE].value, NULL, 10),
    };
    options.idempotency_days = (unsigned)strtoul(variables[VARIABLE_IDEMPOTENCY].value, NULL, 10);
    (void)disk_limit_parse(variables[VARIABLE_DISK_WARN].value, &options.disk_warn);
    (void)disk_limit_parse(variables[VARIABLE_DISK_RESERVE].value, &options.disk_reserve);
    struct status status = check_disk(variables, arena);
    if (status.code == STATUS_OK) {
        status = service_open_with(service, &options, arena, &instance);
    }
    if (status.code != STATUS_OK) {
        log_start_failed(status, variables);
        return EXIT_FAILURE;
    }
    (void)snprintf(port, sizeof(port), "%u", (unsigned)service_port(instance));
    log_event(LOG_INFO, "listening", "address", address, "port", port, "state", directory, NULL);
    signal_wait(signals);
    if (!service_close(instance, DRAIN_MS)) {
        log_event(LOG_WARNING, "stopped", "clean", "false", NULL);
        log_sink_stop(LOG_END_MS);
        _exit(EXIT_SUCCESS); /* the store is closed; what hangs cannot be waited for */
    }
    log_event(LOG_INFO, "stopped", "clean", "true", NULL);
    return EXIT_SUCCESS;
}

static enum log_level log_level_chosen(const struct config_variable *variables)
{
    enum log_level least = LOG_INFO;

    (void)log_level_parse(variables[VARIABLE_LOG].value, &least);
    return least;
}

static int serve_logged(const struct service *service, const struct config_variable *variables,
                        const sigset_t *signals, struct arena *arena)
{
    log_sink_start();
    const int exit_code = serve(service, variables, signals, arena);
    log_sink_stop(LOG_END_MS);
    return exit_code;
}

/* Nobody waits for signals here: they end the program. */
static int command_run(const struct command *command, const struct program *program,
                       const struct service *service, const sigset_t *signals, struct arena *arena,
                       int argc, char **argv)
{
    const struct config_variable *variables = program->variables;
    struct command_context context = {
        .service = service,
        .program = program->name,
        .directory = variables[VARIABLE_STATE].value,
        .addresses = variables[VARIABLE_ADDRESSES].value,
        .address = address_choose(arena, variables[VARIABLE_BIND].value,
                                  variables[VARIABLE_ADDRESSES].value),
        .arena = arena,
    };

    if (context.address == NULL) {
        return COMMAND_TROUBLE;
    }
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
    return command->run(&context, argc - 2, argv + 2);
}

int service_main(const struct service *service, int argc, char **argv)
{
    char program[TEXT_BYTES];
    char addresses_name[TEXT_BYTES];
    char peer_names[PEERS_MAX][TEXT_BYTES];
    int exit_code = EXIT_FAILURE;
    sigset_t signals;

    memory_configure();
    /* Blocked before the first thread starts, so that only sigwait() sees them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(program, sizeof(program), "dongkhoi-%s", service->name);
    variable_name(service->name, addresses_name);
    struct config_variable variables[VARIABLES + PEERS_MAX + SERVICE_VARIABLES_MAX] = {
        [VARIABLE_STATE] = {"DONGKHOI_STATE", "./var", "directory of the data",
                            config_check_directory},
        [VARIABLE_ADDRESSES] = {addresses_name, service->default_addresses,
                                "nng addresses where others reach this service",
                                config_check_nng_addresses},
        [VARIABLE_BIND] = {"DONGKHOI_BIND", "",
                           "nng address to listen on; by default the first of its addresses",
                           config_check_nng_address},
        [VARIABLE_LEASE] = {"DONGKHOI_LEASE_MS", "100",
                            "for how many milliseconds a gateway may answer from its cache without "
                            "asking, 0 to 10000; 0: it asks each time",
                            check_lease},
        [VARIABLE_LOG] = {"DONGKHOI_LOG", "info",
                          "least level of the log: debug, info, warning or error",
                          config_check_log_level},
        [VARIABLE_DISK_WARN] = {"DONGKHOI_DISK_WARN", "1073741824",
                                "warns when the disk of the data has less room than that: bytes, "
                                "or percents of the disk such as 5%; 0: never",
                                disk_limit_check},
        [VARIABLE_DISK_RESERVE] = {"DONGKHOI_DISK_RESERVE", "67108864",
                                   "takes no writes while the disk of the data has less room than "
                                   "that: bytes, or percents of the disk, not more than "
                                   "DONGKHOI_DISK_WARN unless that is 0; 0: until it is full",
                                   disk_limit_check},
        [VARIABLE_IDEMPOTENCY] = {"DONGKHOI_IDEMPOTENCY_DAYS", "7",
                                  "for how many days an idempotency key gets its first answer "
                                  "again, 1 to 3650; 0: for ever",
                                  check_days},
        [VARIABLE_SLOW] = {"DONGKHOI_LOG_SLOW_MS", "1000",
                           "calls that take so many milliseconds are logged at info, others at "
                           "debug, 0 to 600000; 0: all at debug",
                           check_slow},
    };
    const size_t count = variables_append(service, peer_names, variables);
    const struct program described = {
        .name = program,
        .purpose = service->purpose,
        .variables = variables,
        .variable_count = count,
        .commands = service_commands,
        .command_count = service_command_count,
        .environment = environ,
        .check = check_disk,
    };
    const struct command *command =
        command_find(service_commands, service_command_count, argc, argv);
    if (command != NULL) {
        variables[VARIABLE_STATE].check = config_check_path; /* it may only be read */
    }
    if (command == NULL && config_arguments(&described, argc, argv, &exit_code)) {
        return exit_code;
    }
    struct arena *arena = arena_new(ARENA_BYTES);
    log_init(program, LOG_INFO);
    struct status status = config_load(variables, count, getenv, arena);
    if (status.code == STATUS_OK) {
        status = config_check_names(variables, count, environ, arena,
                                    command == NULL ? on_unknown_name : NULL);
    }
    if (status.code == STATUS_OK) {
        status = configure(service, variables, arena);
    }
    if (status.code != STATUS_OK) {
        log_event(LOG_ERROR, "invalid_configuration", "message", status.message, NULL);
        arena_free(arena);
        return command != NULL ? COMMAND_TROUBLE : EXIT_FAILURE;
    }
    log_init(program, log_level_chosen(variables));
    exit_code = command != NULL
                    ? command_run(command, &described, service, &signals, arena, argc, argv)
                    : serve_logged(service, variables, &signals, arena);
    arena_free(arena);
    return exit_code;
}
