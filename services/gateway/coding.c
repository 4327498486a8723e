/* coding.c - the weights that Accept-Encoding gives to gzip and to no compression. */
#include "coding.h"

#include "negotiate.h"

enum { UNNAMED = -1 };

struct weights {
    int gzip;
    int identity;
    int others; /* "*": what is not named */
};

static void weigh(struct slice list, struct weights *weights)
{
    struct preference coding;

    while (preference_next(&list, &coding)) {
        const int weight = (int)coding.weight;

        /* The older name of the same (RFC 9110, 8.4.1.3). */
        if (http_equals_ignoring_case(coding.value, "gzip") ||
            http_equals_ignoring_case(coding.value, "x-gzip")) {
            weights->gzip = weight;
        } else if (http_equals_ignoring_case(coding.value, "identity")) {
            weights->identity = weight;
        } else if (slice_is(coding.value, "*")) {
            weights->others = weight;
        }
    }
}

bool coding_is_gzip(const struct http_head *head)
{
    struct weights weights = {UNNAMED, UNNAMED, UNNAMED};

    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equals_ignoring_case(head->fields[i].name, "Accept-Encoding")) {
            weigh(head->fields[i].value, &weights);
        }
    }
    const int gzip = weights.gzip != UNNAMED ? weights.gzip : weights.others;

    return gzip > 0 && gzip >= weights.identity;
}
