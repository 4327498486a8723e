/*
 * occupancy.h - leased over leasable land, kept in the cluster with every change of its tenants.
 */
#ifndef CLUSTERS_OCCUPANCY_H
#define CLUSTERS_OCCUPANCY_H

#include "fact.h"

#define ROLE_INFRASTRUCTURE DONGKHOI__CLUSTERS__V1__INVESTMENT__ROLE__INFRASTRUCTURE
#define ROLE_TENANT DONGKHOI__CLUSTERS__V1__INVESTMENT__ROLE__TENANT
#define STATE_NONE DONGKHOI__CLUSTERS__V1__INVESTMENT__STATE__STATE_UNSPECIFIED
#define STATE_PROPOSED DONGKHOI__CLUSTERS__V1__INVESTMENT__STATE__PROPOSED
#define STATE_REGISTERED DONGKHOI__CLUSTERS__V1__INVESTMENT__STATE__REGISTERED
#define STATE_UNDER_CONSTRUCTION DONGKHOI__CLUSTERS__V1__INVESTMENT__STATE__UNDER_CONSTRUCTION
#define STATE_OPERATING DONGKHOI__CLUSTERS__V1__INVESTMENT__STATE__OPERATING
#define STATE_ENDED DONGKHOI__CLUSTERS__V1__INVESTMENT__STATE__ENDED

/* Takes before out of the cluster's sums and puts after in; either may be NULL. */
void occupancy_change(Dongkhoi__Clusters__V1__Cluster *cluster,
                      const Dongkhoi__Clusters__V1__Investment *before,
                      const Dongkhoi__Clusters__V1__Investment *after);

/* Sets occupancy_percent from the sums and adds a note when it is not known. FAILED_PRECONDITION
 * OCCUPANCY_OVER_100; field is the one that was changed. */
struct status occupancy_refresh(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                                const char *field);

/* leased / leasable in percent, both in 10^-4 hectares, rounded; NULL in ret_percent when leasable
 * is 0. */
struct status occupancy_percent(struct arena *arena, int64_t leased, int64_t leasable,
                                Google__Protobuf__DoubleValue **ret_percent);

#endif
