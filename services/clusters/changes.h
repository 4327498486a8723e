/*
 * changes.h - the dated series of a cluster as lists of their own.
 */
#ifndef CLUSTERS_CHANGES_H
#define CLUSTERS_CHANGES_H

#include "serve/call.h"

/* Methods: GET clusters/{c}/stageChanges, GET clusters/{c}/areaChanges, GET clusters/{c}:areaAt. */
struct status list_stage_changes(struct call *call, const void *request, void *response);
struct status list_area_changes(struct call *call, const void *request, void *response);
struct status get_cluster_area(struct call *call, const void *request, void *response);

#endif
