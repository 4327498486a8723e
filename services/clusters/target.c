/* target.c - how many new clusters a year wants, and by which rule they are counted. Either may be
 * unknown; then the count says so. */
#include "target.h"

#include "reasons.h"

#include <stdlib.h>
#include <string.h>

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
    return STATUS_NONE;
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
