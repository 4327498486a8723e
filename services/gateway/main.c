/* main.c - reads the environment, serves until SIGTERM or SIGINT, drains. */
#include "api.h"
#include "base/config.h"
#include "base/log.h"
#include "base/log_sink.h"
#include "base/memory.h"
#include "gateway.h"
#include "health.h"
#include "origin.h"
#include "redis_password.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define JOB_THREADS "2"

enum {
    ARENA_BYTES = 64 << 20,
    DRAIN_MS = 10000,
    LOG_END_MS = 1000,
    NUMBER_MAX = 999999999,
    MEMORY_LEAST_BYTES = 96 << 20,
    /* What the gateway needs beside its cache and what it holds for clients. */
    MEMORY_OWN_BYTES = 64 << 20,
    DESCRIPTORS_MAX = 65536,
    NETWORKS_MEMORY_BYTES = 64 << 10,
    DESCRIPTORS_KEPT = 128, /* for listeners, loops, services and refused connections */
};

static const char *check_optional_address(const char *value)
{
    return value[0] == '\0' ? NULL : config_check_host_port(value);
}

static const char *check_redis(const char *value)
{
    const char *colon = strrchr(value, ':');
    const bool has_port = colon != NULL && strspn(colon + 1, "0") < strlen(colon + 1);

    return value[0] == '\0' || (has_port && config_check_host_port(value) == NULL)
               ? NULL
               : "host:port with a port from 1 to 65535, such as 127.0.0.1:6379, or empty";
}

static const char *check_number(const char *value)
{
    return config_is_number(value, NUMBER_MAX) ? NULL : "a number of at most nine digits";
}

static const char *check_memory(const char *value)
{
    return config_is_number(value, UINT32_MAX) && strtoull(value, NULL, 10) >= MEMORY_LEAST_BYTES
               ? NULL
               : "a number from 100663296 (96 MiB) to 4294967295";
}

static const char *check_connections(const char *value)
{
    return config_is_number(value, DESCRIPTORS_MAX) && strtoul(value, NULL, 10) > 0
               ? NULL
               : "a number from 1 to 65536";
}

static const char *check_networks(const char *value)
{
    const struct http_networks *networks = NULL;
    struct arena *arena = arena_new(NETWORKS_MEMORY_BYTES);
    const bool is_good = http_networks_parse(value, arena, &networks).code == STATUS_OK;

    arena_free(arena);
    return is_good ? NULL
                   : "addresses and networks, comma-separated, such as 127.0.0.1, 10.0.0.0/8";
}

static const char *check_switch(const char *value)
{
    return strcmp(value, "on") == 0 || strcmp(value, "off") == 0 ? NULL : "on or off";
}

static struct config_variable variables[] = {
    {.name = "DONGKHOI_LISTEN",
     .fallback = "127.0.0.1:8080",
     .description = "host:port to serve HTTP on; port 0 is chosen by the system",
     .check = config_check_host_port},
    {.name = "DONGKHOI_METRICS_LISTEN",
     .fallback = "",
     .description = "host:port to serve /metrics on, and then only there; empty: on the other one",
     .check = check_optional_address},
    {.name = "DONGKHOI_HOSTS",
     .fallback = "",
     .description = "names that clients may ask for, beside addresses and localhost: those of this "
                    "machine and of the proxy before it, comma-separated, without ports",
     .check = hosts_check},
    {.name = "DONGKHOI_REGISTRATIONS",
     .fallback = "tcp://127.0.0.1:7101",
     .description = "addresses of the registrations service, comma-separated",
     .check = config_check_nng_peers},
    {.name = "DONGKHOI_INDICATORS",
     .fallback = "tcp://127.0.0.1:7102",
     .description = "addresses of the indicators service, comma-separated",
     .check = config_check_nng_peers},
    {.name = "DONGKHOI_CLUSTERS",
     .fallback = "tcp://127.0.0.1:7103",
     .description = "addresses of the clusters service, comma-separated",
     .check = config_check_nng_peers},
    {.name = "DONGKHOI_NIGHTECONOMY",
     .fallback = "tcp://127.0.0.1:7104",
     .description = "addresses of the night-economy service, comma-separated",
     .check = config_check_nng_peers},
    {.name = "DONGKHOI_REDIS",
     .fallback = "127.0.0.1:6379",
     .description = "host:port of Redis, a cache that gateways share; empty: none",
     .check = check_redis},
    {.name = "DONGKHOI_REDIS_PASSWORD_FILE",
     .fallback = "",
     .description = "path of a file with the password of Redis in one line; empty: none",
     .check = redis_password_check},
    {.name = "DONGKHOI_MEMORY_BYTES",
     .fallback = "419430400",
     .description = "bytes of memory that the gateway stays under, whatever clients ask for and do "
                    "not read; at least 96 MiB",
     .check = check_memory},
    {.name = "DONGKHOI_CONNECTIONS",
     .fallback = "4096",
     .description = "connections of clients that may be open",
     .check = check_connections},
    {.name = "DONGKHOI_PEER_SHARES",
     .fallback = "on",
     .description = "when less than a quarter of the connections, requests or bytes is free, no "
                    "address gets more than is free: on or off",
     .check = check_switch},
    {.name = "DONGKHOI_TRUSTED_PROXIES",
     .fallback = "",
     .description = "addresses and networks of proxies whose X-Forwarded-For says who asks, "
                    "comma-separated; empty: none",
     .check = check_networks},
    {.name = "DONGKHOI_CACHE_BYTES",
     .fallback = "8388608",
     .description = "bytes of answers that the gateway keeps in memory; 0: none",
     .check = check_number},
    {.name = "DONGKHOI_PATIENCE_MS",
     .fallback = "5000",
     .description = "for how many milliseconds after a service was lost requests wait for it to "
                    "come back, and at most for half of their own time; 0: none",
     .check = check_number},
    {.name = "DONGKHOI_AUDIT",
     .fallback = "1000",
     .description = "one in so many cached answers is compared with the service's; 0: none",
     .check = check_number},
    {.name = "DONGKHOI_LOG",
     .fallback = "info",
     .description = "least level of the log: debug, info, warning or error",
     .check = config_check_log_level},
    {.name = "DONGKHOI_ACCESS_LOG",
     .fallback = "on",
     .description =
         "a line of the log for each request, at info, or at warning from status 500 on: "
         "on or off",
     .check = check_switch},
};
enum { VARIABLE_COUNT = sizeof(variables) / sizeof(variables[0]) };

static int run_health(void *arg, int argc, char **argv)
{
    const char *text = NULL;

    if (argc > 0) {
        (void)fprintf(stderr, "dongkhoi-gateway: health takes no argument: %s\n", argv[0]);
        return COMMAND_TROUBLE;
    }
    const bool is_ready =
        gateway_health_ask(arg, config_value(variables, VARIABLE_COUNT, "DONGKHOI_LISTEN"), &text);
    (void)printf("%s\n", text);
    return is_ready ? COMMAND_OK : COMMAND_NO;
}

static const struct command commands[] = {
    {"health", "", "asks the running gateway whether it is ready: 0 it is, 1 it is not, 2 trouble",
     run_health},
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

/* What names and wildcards come to is known when it starts only. */
static struct status check_addresses(const struct config_variable *values, struct arena *arena)
{
    const char *listen = config_value(values, VARIABLE_COUNT, "DONGKHOI_LISTEN");
    const char *metrics = config_value(values, VARIABLE_COUNT, "DONGKHOI_METRICS_LISTEN");
    const char *colon = strrchr(listen, ':');

    if (strcmp(listen, metrics) != 0 || strspn(colon + 1, "0") == strlen(colon + 1)) {
        return STATUS_NONE;
    }
    return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_CONFIGURATION",
                       "DONGKHOI_METRICS_LISTEN",
                       "DONGKHOI_METRICS_LISTEN is \"%s\"; allowed is: another host:port than that "
                       "of DONGKHOI_LISTEN, or empty",
                       metrics);
}

static struct program program = {
    .name = "dongkhoi-gateway",
    .purpose = "serves the HTTP API in front of the services",
    .variables = variables,
    .variable_count = VARIABLE_COUNT,
    .commands = commands,
    .command_count = COMMAND_COUNT,
    .check = check_addresses,
};

static int refuse(struct status status)
{
    log_event(LOG_ERROR, "invalid_configuration", "message", status.message, NULL);
    return EXIT_FAILURE;
}

/* The variable whose address is at fault; NULL when it is none of them. */
static const struct config_variable *variable_of(struct status status)
{
    static const struct {
        const char *field; /* of gateway_open() */
        const char *name;
    } addresses[] = {
        {"listen", "DONGKHOI_LISTEN"},
        {"metrics_listen", "DONGKHOI_METRICS_LISTEN"},
    };

    for (size_t i = 0; status.field != NULL && i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        for (size_t k = 0; k < VARIABLE_COUNT; k++) {
            if (strcmp(status.field, addresses[i].field) == 0 &&
                strcmp(variables[k].name, addresses[i].name) == 0) {
                return &variables[k];
            }
        }
    }
    return NULL;
}

static int fail(struct status status)
{
    const struct config_variable *variable = variable_of(status);

    log_event(LOG_ERROR, "start_failed", "reason", status.reason, "message", status.message,
              variable != NULL ? "variable" : NULL, variable != NULL ? variable->name : "", "value",
              variable != NULL ? variable->value : "", "allowed",
              "an address of this machine that nothing listens on", NULL);
    return EXIT_FAILURE;
}

static void on_unknown_name(const char *name)
{
    log_event(LOG_WARNING, "unknown_variable", "variable", name, "message",
              "it is known to no program, and ignored", NULL);
}

static unsigned number(const char *name)
{
    return (unsigned)strtoul(config_value(variables, VARIABLE_COUNT, name), NULL, 10);
}

/* Each connection is a descriptor: take as many as the system lets us, and keep some back. */
static unsigned connections_possible(unsigned wanted)
{
    struct rlimit limit = {.rlim_cur = DESCRIPTORS_KEPT};

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    const unsigned possible = limit.rlim_cur > 2 * DESCRIPTORS_KEPT
                                  ? (unsigned)limit.rlim_cur - DESCRIPTORS_KEPT
                                  : DESCRIPTORS_KEPT;
    return possible < wanted ? possible : wanted;
}

/* What is left for requests and answers. Half of it: as much again is at hand while they are read
 * and made, and lost between blocks of memory. */
static size_t memory_for_clients(void)
{
    const size_t all = number("DONGKHOI_MEMORY_BYTES");
    const size_t own = MEMORY_OWN_BYTES + (size_t)number("DONGKHOI_CACHE_BYTES");

    return (all > own + MEMORY_LEAST_BYTES / 4 ? all - own : MEMORY_LEAST_BYTES / 4) / 2;
}

static bool is_on(const char *name)
{
    return strcmp(config_value(variables, VARIABLE_COUNT, name), "on") == 0;
}

static struct status read_redis_password(char ret_password[REDIS_PASSWORD_MAX_BYTES + 1])
{
    const char *path = config_value(variables, VARIABLE_COUNT, "DONGKHOI_REDIS_PASSWORD_FILE");

    ret_password[0] = '\0';
    if (path[0] != '\0' && !redis_password_read(path, ret_password)) {
        return (struct status){STATUS_INVALID_ARGUMENT, "INVALID_CONFIGURATION",
                               "the file of DONGKHOI_REDIS_PASSWORD_FILE was there and is gone",
                               NULL};
    }
    return STATUS_NONE;
}

static int serve(struct arena *arena, const sigset_t *signals)
{
    char redis_password[REDIS_PASSWORD_MAX_BYTES + 1];
    const struct backend backends[] = {
        {.name = "registrations",
         .package = "dongkhoi.registrations.v1",
         .addresses = config_value(variables, VARIABLE_COUNT, "DONGKHOI_REGISTRATIONS")},
        {.name = "indicators",
         .package = "dongkhoi.indicators.v1",
         .addresses = config_value(variables, VARIABLE_COUNT, "DONGKHOI_INDICATORS")},
        {.name = "clusters",
         .package = "dongkhoi.clusters.v1",
         .addresses = config_value(variables, VARIABLE_COUNT, "DONGKHOI_CLUSTERS")},
        {.name = "nighteconomy",
         .package = "dongkhoi.nighteconomy.v1",
         .addresses = config_value(variables, VARIABLE_COUNT, "DONGKHOI_NIGHTECONOMY")},
    };
    struct gateway_options options = {
        .listen = config_value(variables, VARIABLE_COUNT, "DONGKHOI_LISTEN"),
        .metrics_listen = config_value(variables, VARIABLE_COUNT, "DONGKHOI_METRICS_LISTEN"),
        .hosts = config_value(variables, VARIABLE_COUNT, "DONGKHOI_HOSTS"),
        .backends = backends,
        .backend_count = sizeof(backends) / sizeof(backends[0]),
        .limits = {.connections_max = connections_possible(number("DONGKHOI_CONNECTIONS")),
                   .memory_max_bytes = memory_for_clients(),
                   .has_peer_shares = is_on("DONGKHOI_PEER_SHARES")},
        .trusted_proxies = config_value(variables, VARIABLE_COUNT, "DONGKHOI_TRUSTED_PROXIES"),
        .redis = config_value(variables, VARIABLE_COUNT, "DONGKHOI_REDIS"),
        .redis_password = redis_password,
        .cache_bytes = number("DONGKHOI_CACHE_BYTES"),
        .audit_every = number("DONGKHOI_AUDIT"),
        .patience_ms = number("DONGKHOI_PATIENCE_MS"),
        .logs_requests = is_on("DONGKHOI_ACCESS_LOG"),
    };
    struct gateway *gateway = NULL;
    int signal_number = 0;

    struct status status = read_redis_password(redis_password);
    if (status.code == STATUS_OK) {
        status = schema_load(arena, api_descriptor_set(), api_services, api_service_count,
                             &options.schema);
    }
    if (status.code == STATUS_OK) {
        status = gateway_open(&options, arena, &gateway);
    }
    if (status.code != STATUS_OK) {
        return fail(status);
    }
    log_event(LOG_INFO, "listening", "address", http_server_address(gateway->server), NULL);
    (void)sigwait(signals, &signal_number);
    log_event(LOG_INFO, "draining", NULL);
    if (!gateway_close(gateway, DRAIN_MS)) {
        log_event(LOG_WARNING, "stopped", "message", "requests were still under way", NULL);
        log_sink_stop(LOG_END_MS);
        _exit(EXIT_SUCCESS);
    }
    log_event(LOG_INFO, "stopped", NULL);
    return EXIT_SUCCESS;
}

/* Until it is told to stop. */
static int serve_logged(struct arena *arena)
{
    enum log_level least = LOG_INFO;
    sigset_t signals;

    /* Threads inherit the mask: signals reach only sigwait(). */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)log_level_parse(config_value(variables, VARIABLE_COUNT, "DONGKHOI_LOG"), &least);
    log_init(program.name, least);
    log_sink_start();
    const int exit_code = serve(arena, &signals);
    log_sink_stop(LOG_END_MS);
    return exit_code;
}

int main(int argc, char **argv)
{
    const struct command *command = command_find(commands, COMMAND_COUNT, argc, argv);
    int exit_code = EXIT_FAILURE;

    memory_configure();
    /* For jobs: more of them at once would only take turns with the loops. */
    (void)setenv("UV_THREADPOOL_SIZE", JOB_THREADS, 0);
    program.environment = environ;
    if (command == NULL && config_arguments(&program, argc, argv, &exit_code)) {
        return exit_code;
    }
    struct arena *arena = arena_new(ARENA_BYTES);
    log_init(program.name, LOG_INFO);
    struct status status = config_load(variables, VARIABLE_COUNT, getenv, arena);
    if (status.code == STATUS_OK) {
        status = config_check_names(variables, VARIABLE_COUNT, environ, arena,
                                    command == NULL ? on_unknown_name : NULL);
    }
    if (status.code == STATUS_OK && command == NULL) {
        status = check_addresses(variables, arena);
    }
    if (status.code != STATUS_OK) {
        exit_code = refuse(status);
        exit_code = command != NULL ? COMMAND_TROUBLE : exit_code;
    } else if (command != NULL) {
        exit_code = command->run(arena, argc - 2, argv + 2);
    } else {
        exit_code = serve_logged(arena);
    }
    arena_free(arena);
    return exit_code;
}
