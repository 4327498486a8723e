/*
 * investment.h - investments in a cluster as resources; each write keeps the cluster's sums.
 */
#ifndef CLUSTERS_INVESTMENT_H
#define CLUSTERS_INVESTMENT_H

#include "fact.h"

extern const struct resource_kind investment_kind;

/* "REGISTERED"; NULL for what is no state. */
const char *investment_state_name(int state);

/* True when an investment may go from one state to the other. */
bool investment_may_become(int from, int to);

/* More was spent than was committed; false when either is not known. */
bool investment_overspent(const Dongkhoi__Clusters__V1__Investment *investment);

/* Method: POST clusters/{c}/investments/{i}:advance. */
struct status advance_investment(struct call *call, const void *request, void *response);

#endif
