/*
 * generator.h - the requests that make the data of a scale, always the same ones for a seed.
 *
 * Scale S is S rounds. A round is one year of one province: 1,000 registrations in ten movements
 * and 10,000 observations of twenty indicators, with what belongs to them. The first hundred rounds
 * are the years 2022 back to 1923 of one province; each hundred more is another province. So a
 * greater scale means more movements, years and provinces, and no greater movement or series.
 *
 * Requests come in two stages for every ten rounds: what others refer to, then the rest. Within a
 * stage the requests of one lane must be sent in their order; lanes do not depend on each other.
 */
#ifndef LOADTEST_GENERATOR_H
#define LOADTEST_GENERATOR_H

#include "base/buffer.h"
#include "random.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SCALE_MAX = 10000,
    WINDOW_ROUNDS = 10, /* that are in one stage */
    PROVINCE_YEARS = 100,
    LAST_YEAR = 2022,

    MOVEMENTS = 10,
    MOVEMENT_REGISTRATIONS = 100,
    ORGANIZATIONS = 50,
    INDICATORS = 20,
    CLUSTERS = 14,
    INVESTMENTS = 30,
    MILESTONES = 10,

    PATH_MAX_BYTES = 256,
    KEY_MAX_BYTES = 64,
};

struct request {
    const char *kind; /* of its records: "registrations" */
    unsigned records; /* that it makes or changes */
    uint64_t lane;
    bool may_exist; /* another seed, or the real data, may have made it */
    char path[PATH_MAX_BYTES];
    char key[KEY_MAX_BYTES]; /* idempotency key */
    struct slice body;       /* JSON; valid during the call */
};

/* Where requests go. A false answer ends the generation. */
struct sink {
    bool (*request)(void *arg, const struct request *request);
    bool (*stage_end)(void *arg);
    void *arg;
};

/* False when the sink said so or memory ran out. seed and scale are in range. */
bool generate(uint64_t seed, unsigned scale, const struct sink *sink);

/* Records of one round, to know about how many there will be. */
uint64_t round_records(uint64_t seed);

/* One round while it is generated. Only for the files of the generator. */
struct round {
    const struct sink *sink;
    uint64_t seed;
    unsigned number;
    unsigned province;
    int year;
    char prefix[32];        /* "s1p0": of all ids of this seed and province */
    char yearly_prefix[40]; /* "s1p0-2022" */
    struct buffer body;
    unsigned requests; /* sent, for keys */
    char topic;
    bool stopped;
};

/* Starts the requests of a topic, which is a letter in their keys, and gives its random numbers. */
struct random round_topic(struct round *round, char topic, unsigned index);

/* Sends round->body by POST to the path, and empties it. */
__attribute__((format(printf, 5, 6))) void round_send(struct round *round, unsigned lane,
                                                      const char *kind, unsigned records,
                                                      const char *path, ...);
/* The same for what may exist already. */
void round_send_shared(struct round *round, unsigned lane, const char *kind, const char *path);

/* A number with two decimals. */
void append_hundredths(struct buffer *out, int64_t hundredths);

/* '"document":{"number":"1098/QĐ-UBND","date":"2022-03-14"}' of the round's year. */
void append_document(struct round *round, struct random *random, const char *symbol,
                     unsigned month);

/* What others refer to, and the rest, by service. */
void organizations_generate(struct round *round);
void movements_generate(struct round *round);
void indicators_generate(struct round *round); /* once a province */
void observations_generate(struct round *round);
void cluster_target_generate(struct round *round);
void clusters_generate(struct round *round);
void scheme_generate(struct round *round);

/* "industrial-output", for what refers to an indicator. */
const char *indicator_slug(unsigned index);
/* What the whole year of an indicator comes to, about. */
int64_t indicator_year_hundredths(unsigned index, int year);

#endif
