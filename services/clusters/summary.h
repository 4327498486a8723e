/*
 * summary.h - totals over clusters and their investments, with what is missing from them.
 */
#ifndef CLUSTERS_SUMMARY_H
#define CLUSTERS_SUMMARY_H

#include "base/decimal.h"
#include "fact.h"
#include "stage.h"

struct cluster_sum {
    int32_t clusters;
    int32_t unknown;
    int32_t outdated;
    int64_t area; /* in 10^-4 hectares */
};

struct capital_sum {
    decimal_wide sum; /* in 10^-6 billion VND */
    int32_t known;
    int32_t unknown;
};

/* Filled one by one; all zero at first. */
struct summary {
    struct cluster_sum stages[STAGE_REVOKED + 1];
    int32_t occupancy_known;
    int32_t occupancy_unknown;
    int64_t leased;
    int64_t leasable;
    int32_t investments;
    int32_t infrastructure;
    int32_t tenants;
    struct capital_sum registered;
    struct capital_sum committed;
    struct capital_sum disbursed;
    int32_t overspent;
    int64_t jobs;
    int32_t jobs_known;
    int32_t jobs_unknown;
};

void summary_add_cluster(struct summary *summary, const Dongkhoi__Clusters__V1__Cluster *cluster);
void summary_add_investment(struct summary *summary,
                            const Dongkhoi__Clusters__V1__Investment *investment);

/* The sums as an answer. Only the arena of call is used. */
struct status summary_answer(struct call *call, const struct summary *summary,
                             Dongkhoi__Clusters__V1__SummarizeClustersResponse *answer);

/* Method: GET clusters:summarize. */
struct status summarize_clusters(struct call *call, const void *request, void *response);

#endif
