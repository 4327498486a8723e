/* histogram.c - the first 64 ns are a bucket each, then every doubling has 64 buckets. */
#include "histogram.h"

static unsigned bucket_of(uint64_t value_ns)
{
    if (value_ns < HISTOGRAM_STEPS) {
        return (unsigned)value_ns;
    }
    const unsigned shift = 57U - (unsigned)__builtin_clzll(value_ns);
    const unsigned bucket = shift * HISTOGRAM_STEPS + (unsigned)(value_ns >> shift);

    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t bucket_last(unsigned bucket)
{
    if (bucket < 2 * HISTOGRAM_STEPS) {
        return bucket;
    }
    const unsigned shift = bucket / HISTOGRAM_STEPS - 1;
    const uint64_t step = HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS;

    return ((step + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value_ns)
{
    histogram->counts[bucket_of(value_ns)]++;
    histogram->total++;
    histogram->sum_ns += value_ns;
    if (value_ns > histogram->max_ns) {
        histogram->max_ns = value_ns;
    }
}

uint64_t histogram_percentile(const struct histogram *histogram, double share)
{
    const double wanted = share * (double)histogram->total;
    uint64_t seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen > 0 && (double)seen >= wanted) {
            const uint64_t last = bucket_last(i);
            return last < histogram->max_ns ? last : histogram->max_ns;
        }
    }
    return 0;
}

void histogram_print(const struct histogram *histogram, FILE *file)
{
    const double total = histogram->total > 0 ? (double)histogram->total : 1.0;

    (void)fprintf(
        file, "{\"mean\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}",
        (double)histogram->sum_ns / total / 1e3, (double)histogram_percentile(histogram, 0.5) / 1e3,
        (double)histogram_percentile(histogram, 0.99) / 1e3,
        (double)histogram_percentile(histogram, 0.999) / 1e3, (double)histogram->max_ns / 1e3);
}
