/* generator.c - rounds in windows, stages within them, and how a request is put together. */
#include "generator.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { BODY_MAX_BYTES = 1 << 20, LANES_OF_ROUND = 64 };

struct random round_topic(struct round *round, char topic, unsigned index)
{
    round->topic = topic;
    round->requests = index * 1000;
    return random_of(round->seed, round->number, (uint64_t)(unsigned char)topic << 32 | index);
}

static void send(struct round *round, unsigned lane, struct request *request)
{
    request->lane = (uint64_t)round->number * LANES_OF_ROUND + lane;
    request->body = buffer_slice(&round->body);
    (void)snprintf(request->key, sizeof(request->key), "generate-%" PRIu64 "-%u-%c%u", round->seed,
                   round->number, round->topic, round->requests++);
    if (buffer_failed(&round->body) ||
        (!round->stopped && !round->sink->request(round->sink->arg, request))) {
        round->stopped = true;
    }
    buffer_clear(&round->body);
}

void round_send(struct round *round, unsigned lane, const char *kind, unsigned records,
                const char *path, ...)
{
    struct request request = {.kind = kind, .records = records};
    va_list arguments;

    va_start(arguments, path);
    (void)vsnprintf(request.path, sizeof(request.path), path, arguments);
    va_end(arguments);
    send(round, lane, &request);
}

void round_send_shared(struct round *round, unsigned lane, const char *kind, const char *path)
{
    struct request request = {.kind = kind, .records = 1, .may_exist = true};

    (void)snprintf(request.path, sizeof(request.path), "%s", path);
    send(round, lane, &request);
}

void append_hundredths(struct buffer *out, int64_t hundredths)
{
    buffer_printf(out, "%" PRId64 ".%02d", hundredths / 100, (int)(hundredths % 100));
}

void append_document(struct round *round, struct random *random, const char *symbol, unsigned month)
{
    const unsigned number = 1 + random_below(random, 3000);
    const unsigned day = 1 + random_below(random, 28);

    buffer_printf(&round->body, "\"document\":{\"number\":\"%u/%s\",\"date\":\"%d-%02u-%02u\"}",
                  number, symbol, round->year, month, day);
}

static void round_open(struct round *round, uint64_t seed, unsigned number, const struct sink *sink)
{
    *round = (struct round){
        .sink = sink,
        .seed = seed,
        .number = number,
        .province = number / PROVINCE_YEARS,
        .year = LAST_YEAR - (int)(number % PROVINCE_YEARS),
    };
    (void)snprintf(round->prefix, sizeof(round->prefix), "s%" PRIu64 "p%u", seed, round->province);
    (void)snprintf(round->yearly_prefix, sizeof(round->yearly_prefix), "%s-%d", round->prefix,
                   round->year);
    buffer_init(&round->body, BODY_MAX_BYTES);
}

static bool referred_to(uint64_t seed, unsigned number, const struct sink *sink)
{
    struct round round;

    round_open(&round, seed, number, sink);
    organizations_generate(&round);
    if (number % PROVINCE_YEARS == 0) {
        indicators_generate(&round);
    }
    if (round.province == 0) {
        cluster_target_generate(&round);
    }
    buffer_done(&round.body);
    return !round.stopped;
}

static bool rest(uint64_t seed, unsigned number, const struct sink *sink)
{
    struct round round;

    round_open(&round, seed, number, sink);
    movements_generate(&round);
    observations_generate(&round);
    clusters_generate(&round);
    scheme_generate(&round);
    buffer_done(&round.body);
    return !round.stopped;
}

bool generate(uint64_t seed, unsigned scale, const struct sink *sink)
{
    for (unsigned first = 0; first < scale; first += WINDOW_ROUNDS) {
        const unsigned end = scale - first > WINDOW_ROUNDS ? first + WINDOW_ROUNDS : scale;
        for (unsigned number = first; number < end; number++) {
            if (!referred_to(seed, number, sink)) {
                return false;
            }
        }
        if (!sink->stage_end(sink->arg)) {
            return false;
        }
        for (unsigned number = first; number < end; number++) {
            if (!rest(seed, number, sink)) {
                return false;
            }
        }
        if (!sink->stage_end(sink->arg)) {
            return false;
        }
    }
    return true;
}

static bool count_request(void *arg, const struct request *request)
{
    uint64_t *count = arg;

    *count += request->records;
    return true;
}

static bool count_stage_end(void *arg)
{
    (void)arg;
    return true;
}

uint64_t round_records(uint64_t seed)
{
    uint64_t count = 0;
    const struct sink sink = {count_request, count_stage_end, &count};

    (void)generate(seed, 1, &sink);
    return count;
}
