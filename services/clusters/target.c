/* target.c - how many new clusters a year wants, and by which rule they are counted. Either may be
 * unknown; then the count says so. */
#include "target.h"

#include "reasons.h"

#include <stdlib.h>
#include <string.h>

enum { NEW_CLUSTERS_MAX = 1000 };

static bool year_is_valid(const char *id)
{
    if (strlen(id) != 4 || strspn(id, "0123456789") != 4) {
        return false;
    }
    const long year = strtol(id, NULL, 10);
    return year >= YEAR_MIN && year <= YEAR_MAX;
}

static struct status target_prepare(struct call *call, const void *before, void *resource)
{
    const Dongkhoi__Clusters__V1__ClusterTarget *target = resource;

    (void)before;
    if (!year_is_valid(resource_id(target->name))) {
        return REFUSE(call, REASON_INVALID_YEAR, "name",
                      "the id of a target is its year, %d to %d: clusterTargets/2022", YEAR_MIN,
                      YEAR_MAX);
    }
    if (target->min_new_clusters != NULL && (target->min_new_clusters->value < 0 ||
                                             target->min_new_clusters->value > NEW_CLUSTERS_MAX)) {
        return REFUSE(call, REASON_OUT_OF_RANGE, "minNewClusters",
                      "minNewClusters must be from 0 to %d", NEW_CLUSTERS_MAX);
    }
    if ((unsigned)target->counting_rule >
        DONGKHOI__CLUSTERS__V1__CLUSTER_TARGET__COUNTING_RULE__CONSTRUCTION_STARTED_IN_YEAR) {
        return REFUSE(call, REASON_INVALID_VALUE, "countingRule",
                      "countingRule is none of the known ones");
    }
    return document_check(call, "document", target->document);
}

static const struct resource_column target_columns[] = {
    {.name = "counting_rule", .type = COLUMN_TEXT, .path = "counting_rule"},
};

const struct resource_kind target_kind = {
    .singular = "cluster_target",
    .plural = "cluster_targets",
    .pattern = "clusterTargets/{cluster_target}",
    .type = &dongkhoi__clusters__v1__cluster_target__descriptor,
    .columns = target_columns,
    .column_count = sizeof(target_columns) / sizeof(target_columns[0]),
    .layout = 1,
    .prepare = target_prepare,
};
