/*
 * lease_world.h - an owner, gateways and readers in one thread, whose steps a random schedule
 * picks: the processes of tests/models/freshness.pml around the real lease.c.
 */
#ifndef LEASE_WORLD_H
#define LEASE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

enum world_promise { P_FRESH = 1, P_MONOTONE = 2, P_REAL = 4, P_LIVE = 8, P_ALL = 15 };

struct world_options {
    uint64_t seed;
    uint32_t lease_ms;
    unsigned steps;
    bool crashes; /* of the owner */
    int promises; /* that are looked at */
    bool print;   /* the story, step by step */
};

/* Runs one schedule. The promises that it broke, 0 for none; ret_reads counts the reads that were
 * checked, of which ret_hits came from the cache. */
int world_run(const struct world_options *options, unsigned *ret_reads, unsigned *ret_hits);

#endif
