/*
 * legal.h - what the law says about the area of a cluster, by date.
 */
#ifndef CLUSTERS_LEGAL_H
#define CLUSTERS_LEGAL_H

#include <stdint.h>

struct area_limits {
    const char *valid_from;     /* first day, "YYYY-MM-DD" */
    int64_t least_scaled;       /* in 10^-4 hectares */
    int64_t least_small_scaled; /* in a mountain district or craft village */
    int64_t most_scaled;
    const char *legal_basis;
};

/* The limits in force on a date ("YYYY-MM-DD" or "YYYY-MM"); NULL before the first that is known.
 */
const struct area_limits *area_limits_on(const char *date);

#endif
