/*
 * random.h - splitmix64 (Steele, Lea and Flood, 2014): the same numbers on every machine.
 *
 * A stream is one word. Streams of different topics are independent, so that what is generated for
 * one does not depend on how much was generated for another.
 */
#ifndef LOADTEST_RANDOM_H
#define LOADTEST_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
};

/* A step of splitmix64's output function, also to mix numbers. */
uint64_t random_mix(uint64_t value);

struct random random_of(uint64_t seed, uint64_t round, uint64_t topic);

uint64_t random_next(struct random *random);

/* 0 to count - 1; count is at least 1. */
unsigned random_below(struct random *random, unsigned count);

/* low to high, both included. */
int64_t random_between(struct random *random, int64_t low, int64_t high);

#endif
