/* clusters.c - the table of methods and resources. */
#include "clusters.h"

#include "api.h"
#include "changes.h"
#include "cluster.h"
#include "counting.h"
#include "investment.h"
#include "summary.h"
#include "target.h"

static const struct method methods[] = {
    {"GetCluster", METHOD_QUICK, standard_get, &cluster_kind},
    {"ListClusters", METHOD_POOL, standard_list, &cluster_kind},
    {"CreateCluster", METHOD_WRITE, standard_create, &cluster_kind},
    {"UpdateCluster", METHOD_WRITE, standard_update, &cluster_kind},
    {"DeleteCluster", METHOD_WRITE, standard_delete, &cluster_kind},
    {"AdvanceCluster", METHOD_WRITE, advance_cluster, NULL},
    {"AdjustClusterArea", METHOD_WRITE, adjust_cluster_area, NULL},
    {"AppointClusterOwner", METHOD_WRITE, appoint_cluster_owner, NULL},
    {"ListStageChanges", METHOD_POOL, list_stage_changes, NULL},
    {"ListAreaChanges", METHOD_POOL, list_area_changes, NULL},
    {"GetClusterArea", METHOD_POOL, get_cluster_area, NULL},
    {"SummarizeClusters", METHOD_POOL, summarize_clusters, NULL},
    {"CountNewClusters", METHOD_POOL, count_new_clusters, NULL},

    {"GetInvestment", METHOD_QUICK, standard_get, &investment_kind},
    {"ListInvestments", METHOD_POOL, standard_list, &investment_kind},
    {"CreateInvestment", METHOD_WRITE, standard_create, &investment_kind},
    {"UpdateInvestment", METHOD_WRITE, standard_update, &investment_kind},
    {"DeleteInvestment", METHOD_WRITE, standard_delete, &investment_kind},
    {"AdvanceInvestment", METHOD_WRITE, advance_investment, NULL},

    {"GetClusterTarget", METHOD_QUICK, standard_get, &target_kind},
    {"ListClusterTargets", METHOD_POOL, standard_list, &target_kind},
    {"CreateClusterTarget", METHOD_WRITE, standard_create, &target_kind},
    {"UpdateClusterTarget", METHOD_WRITE, standard_update, &target_kind},
    {"DeleteClusterTarget", METHOD_WRITE, standard_delete, &target_kind},

    {"ListRevisions", METHOD_POOL, standard_history, NULL},
};

static const struct resource_kind *const kinds[] = {&cluster_kind, &investment_kind, &target_kind};

const struct service clusters_service = {
    .name = "clusters",
    .purpose = "industrial clusters: legal stages, areas, investments, and what counts as new",
    .default_addresses = "tcp://127.0.0.1:7103",
    .descriptor = &dongkhoi__clusters__v1__cluster_service__descriptor,
    .descriptor_set = clusters_descriptor_set,
    .methods = methods,
    .method_count = sizeof(methods) / sizeof(methods[0]),
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
};
