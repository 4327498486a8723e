/*
 * area.h - the area of a cluster as a dated series of decisions.
 */
#ifndef CLUSTERS_AREA_H
#define CLUSTERS_AREA_H

#include "fact.h"

#define AREA_ESTABLISH DONGKHOI__CLUSTERS__V1__AREA_CHANGE__KIND__ESTABLISH
#define AREA_EXPAND DONGKHOI__CLUSTERS__V1__AREA_CHANGE__KIND__EXPAND
#define AREA_REDUCE DONGKHOI__CLUSTERS__V1__AREA_CHANGE__KIND__REDUCE
#define AREA_RELOCATE DONGKHOI__CLUSTERS__V1__AREA_CHANGE__KIND__RELOCATE

enum { AREA_CHANGES_MAX = 100 };

/* "EXPAND"; NULL for what is no kind. */
const char *area_kind_name(int kind);

/* An area as somebody gives it: more than 0, at most 4 decimals. NULL passes. */
struct status area_check(struct call *call, const char *field,
                         const Google__Protobuf__DoubleValue *area);

/* Judges change against the series of cluster and puts it in its place by date. ret_unchanged:
 * the very same is there already, and nothing was added. ESTABLISH is taken once, and once more
 * with the document when it was RECORDED first. The caller refreshes the cluster. */
struct status area_add(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                       Dongkhoi__Clusters__V1__AreaChange *change, bool *ret_unchanged);

/* Sets area_hectares, area_date and area_outdated from the series, and adds notes about them.
 * Without a series the area stays as it was found. */
struct status area_refresh(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster);

/* Fills area_hectares, change and notes of answer for answer->date. */
struct status area_at(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                      Dongkhoi__Clusters__V1__ClusterArea *answer);

#endif
