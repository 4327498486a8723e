/* main.c - dongkhoi-generate: reads its options, generates, and says what came of it. */
#include "load.h"
#include "output.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CONNECTIONS_DEFAULT = 8, EXIT_USAGE = 2 };

static const char help[] =
    "usage: dongkhoi-generate [OPTIONS]\n"
    "Generates data for load tests, always the same for a seed and a scale.\n"
    "\n"
    "  --seed N         which data, 0 to 999999999 (default 1)\n"
    "  --scale S        how much, 1 to 10000 (default 1): 1,000 registrations and 10,000\n"
    "                   observations, with all that belongs to them, for each\n"
    "\n"
    "where to (default: requests as lines of JSON to standard output):\n"
    "  --output DIR     into files of a directory, one for each stage\n"
    "  --hash           nowhere; prints the SHA-256 of the lines\n"
    "  --load URL       to the API at http://HOST:PORT, through its batch methods; a second run\n"
    "                   makes nothing new\n"
    "  --connections N  for --load, 1 to 64 (default 8)\n"
    "  --allow-remote   for --load, also to a host that is not this one\n"
    "  --quiet          no progress on standard error\n"
    "\n"
    "  --help, -h, --version\n"
    "\n"
    "Exit status: 0 all well, 1 something failed, 2 wrong options.\n";

struct options {
    uint64_t seed;
    unsigned scale;
    unsigned connections;
    const char *directory;
    const char *url;
    bool hash;
    bool allow_remote;
    bool quiet;
};

static bool number_read(const char *text, uint64_t low, uint64_t high, uint64_t *ret_number)
{
    const size_t length = strlen(text);

    if (length == 0 || length > 9 || strspn(text, "0123456789") != length) {
        return false;
    }
    const uint64_t number = strtoull(text, NULL, 10);
    if (number < low || number > high) {
        return false;
    }
    *ret_number = number;
    return true;
}

static int wrong(const char *option, const char *value, const char *allowed)
{
    (void)fprintf(stderr, "dongkhoi-generate: %s is \"%s\"; allowed is %s\n", option, value,
                  allowed);
    return EXIT_USAGE;
}

/* 0, or the exit status. */
static int option_take(int option, const char *value, struct options *options)
{
    uint64_t number = 0;

    switch (option) {
    case 's':
        return number_read(value, 0, 999999999, &options->seed)
                   ? 0
                   : wrong("--seed", value, "a number from 0 to 999999999");
    case 'S':
        if (!number_read(value, 1, SCALE_MAX, &number)) {
            return wrong("--scale", value, "a number from 1 to 10000");
        }
        options->scale = (unsigned)number;
        return 0;
    case 'c':
        if (!number_read(value, 1, LOAD_CONNECTIONS_MAX, &number)) {
            return wrong("--connections", value, "a number from 1 to 64");
        }
        options->connections = (unsigned)number;
        return 0;
    case 'o':
        options->directory = value;
        return 0;
    case 'l':
        options->url = value;
        return 0;
    case 'd':
        options->hash = true;
        return 0;
    case 'r':
        options->allow_remote = true;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    default:
        (void)fprintf(stderr, "dongkhoi-generate: --help lists the options\n");
        return EXIT_USAGE;
    }
}

/* -1 to go on, or the exit status. */
static int options_read(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},
        {"scale", required_argument, NULL, 'S'},
        {"output", required_argument, NULL, 'o'},
        {"load", required_argument, NULL, 'l'},
        {"hash", no_argument, NULL, 'd'},
        {"connections", required_argument, NULL, 'c'},
        {"quiet", no_argument, NULL, 'q'},
        {"allow-remote", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };

    for (int option = 0; (option = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        if (option == 'h' || option == 'V') {
            (void)fputs(option == 'h' ? help : "dongkhoi-generate " DONGKHOI_VERSION "\n", stdout);
            return 0;
        }
        const int status = option_take(option, optarg, options);
        if (status != 0) {
            return status;
        }
    }
    if (optind < argc) {
        return wrong("an argument", argv[optind], "options only; --help lists them");
    }
    if ((options->directory != NULL) + (options->url != NULL) + options->hash > 1) {
        (void)fprintf(stderr, "dongkhoi-generate: give one of --output, --load and --hash\n");
        return EXIT_USAGE;
    }
    return -1;
}

static int write_all(const struct options *options)
{
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_HEX_BYTES];
    struct output output;

    if (options->directory != NULL && mkdir(options->directory, 0777) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "dongkhoi-generate: %s: %s\n", options->directory, strerror(errno));
        return EXIT_FAILURE;
    }
    output_open(&output, options->hash || options->directory != NULL ? NULL : stdout,
                options->directory, options->hash);
    const struct sink sink = output_sink(&output);
    const bool complete = generate(options->seed, options->scale, &sink);
    output_close(&output, hash);
    if (!complete || output.error != 0) {
        (void)fprintf(stderr, "dongkhoi-generate: the output is not complete: %s\n",
                      strerror(output.error != 0 ? output.error : ENOMEM));
        return EXIT_FAILURE;
    }
    if (options->hash) {
        hex_encode(hash, sizeof(hash), text);
        (void)printf("%s\n", text);
    } else if (!options->quiet) {
        (void)fprintf(stderr, "%" PRIu64 " records in %" PRIu64 " requests\n", output.records,
                      output.requests);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool is_reachable(const struct endpoint *endpoint)
{
    struct load_connection connection;

    load_connection_open(&connection, endpoint);
    const bool reachable = load_connection_reach(&connection);
    load_connection_close(&connection);
    return reachable;
}

static int load_all(const struct options *options)
{
    struct load_report report;
    struct endpoint endpoint;
    const char *bad = endpoint_read(options->url, &endpoint);

    if (bad != NULL) {
        (void)fprintf(stderr, "dongkhoi-generate: --load \"%s\" %s\n", options->url, bad);
        return EXIT_USAGE;
    }
    if (!endpoint_is_loopback(&endpoint) && !options->allow_remote) {
        (void)fprintf(stderr,
                      "dongkhoi-generate: %s is not this machine; --allow-remote loads it all the "
                      "same\n",
                      endpoint.host);
        return EXIT_USAGE;
    }
    if (!is_reachable(&endpoint)) {
        (void)fprintf(stderr, "dongkhoi-generate: nobody answers at %s\n", options->url);
        return EXIT_FAILURE;
    }
    const struct load_options load_options = {
        .endpoint = &endpoint,
        .connections = options->connections,
        .records_expected = round_records(options->seed) * options->scale,
        .quiet = options->quiet,
    };
    struct load *load = load_open(&load_options);
    if (load == NULL) {
        (void)fprintf(stderr, "dongkhoi-generate: threads could not be started\n");
        return EXIT_FAILURE;
    }
    const struct sink sink = load_sink(load);
    const bool complete = generate(options->seed, options->scale, &sink);
    load_close(load, &report);
    (void)printf("new records: %" PRIu64 "\nknown records: %" PRIu64 "\nrequests: %" PRIu64
                 "\nsent again: %" PRIu64 "\nfailed: %" PRIu64 "\nseconds: %.1f\n",
                 report.new_records, report.known_records, report.requests, report.repeated,
                 report.failed_requests, report.seconds);
    for (unsigned i = 0; i < LOAD_FAILURES_KEPT && report.failures[i][0] != '\0'; i++) {
        (void)fprintf(stderr, "%s\n", report.failures[i]);
    }
    if (!complete) {
        (void)fprintf(stderr,
                      "dongkhoi-generate: ended early; the same command goes on from here\n");
    }
    return complete && report.failed_requests == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .scale = 1, .connections = CONNECTIONS_DEFAULT};
    const int status = options_read(argc, argv, &options);

    if (status >= 0) {
        return status;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return options.url != NULL ? load_all(&options) : write_all(&options);
}
