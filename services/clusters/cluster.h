/*
 * cluster.h - the cluster as a resource, and the methods that change one.
 */
#ifndef CLUSTERS_CLUSTER_H
#define CLUSTERS_CLUSTER_H

#include "fact.h"

/* Columns: the years of the documented stages, and of the first appointment of an owner. */
#define CLUSTER_ESTABLISHED_YEAR "established_year"
#define CLUSTER_CONSTRUCTION_YEAR "construction_year"
#define CLUSTER_OWNER_YEAR "owner_year"

extern const struct resource_kind cluster_kind;

/* Sets all that follows from the rest of the cluster: area, occupancy, notes. field is the one
 * that is at fault when the result cannot be: FAILED_PRECONDITION OCCUPANCY_OVER_100. */
struct status cluster_refresh(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                              const char *field);

/* The day of the REVOKED stage; NULL when it is not revoked, "" when the day is not known. */
const char *cluster_revoked_on(const Dongkhoi__Clusters__V1__Cluster *cluster);

/* True for three digits. */
bool district_is_valid(const char *district);

/* Methods: POST clusters/{c}:advance, :adjustArea, :appointOwner. */
struct status advance_cluster(struct call *call, const void *request, void *response);
struct status adjust_cluster_area(struct call *call, const void *request, void *response);
struct status appoint_cluster_owner(struct call *call, const void *request, void *response);

#endif
