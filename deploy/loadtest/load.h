/*
 * load.h - sends generated requests to the API: some connections at once, each lane in its order.
 */
#ifndef LOADTEST_LOAD_H
#define LOADTEST_LOAD_H

#include "generator.h"
#include "load_connection.h"

enum { LOAD_CONNECTIONS_MAX = 64, LOAD_FAILURES_KEPT = 10 };

struct load_options {
    const struct endpoint *endpoint;
    unsigned connections;
    uint64_t records_expected; /* about, for the progress */
    bool quiet;                /* no progress */
};

/* What became of all requests; records are those that they hold. */
struct load_report {
    uint64_t requests;
    uint64_t new_records;
    uint64_t known_records; /* an earlier run had made them */
    uint64_t failed_requests;
    uint64_t repeated; /* times that a request had to be sent again */
    double seconds;
    char failures[LOAD_FAILURES_KEPT][512]; /* the first ones, in words; "" after them */
};

struct load;

/* NULL when threads or memory are missing. */
struct load *load_open(const struct load_options *options);
/* Valid until load_close(). Ends the generation after too many failures. */
struct sink load_sink(struct load *load);
/* Waits for what is under way. */
void load_close(struct load *load, struct load_report *ret_report);

#endif
