/* random.c - the constants are those of the published algorithm. */
#include "random.h"

static const uint64_t GOLDEN = UINT64_C(0x9E3779B97F4A7C15);

uint64_t random_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

struct random random_of(uint64_t seed, uint64_t round, uint64_t topic)
{
    return (struct random){random_mix(random_mix(random_mix(seed + GOLDEN) ^ round) ^ topic)};
}

uint64_t random_next(struct random *random)
{
    random->state += GOLDEN;
    return random_mix(random->state);
}

unsigned random_below(struct random *random, unsigned count)
{
    /* The high half times count: uneven by less than one in 2^32 / count. */
    return (unsigned)(((random_next(random) >> 32) * count) >> 32);
}

int64_t random_between(struct random *random, int64_t low, int64_t high)
{
    return low + (int64_t)(random_next(random) % ((uint64_t)(high - low) + 1));
}
