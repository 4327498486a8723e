/*
 * counting.h - which clusters are new in a year, under the rule of the year's target.
 */
#ifndef CLUSTERS_COUNTING_H
#define CLUSTERS_COUNTING_H

#include "fact.h"

#define RULE_NONE DONGKHOI__CLUSTERS__V1__CLUSTER_TARGET__COUNTING_RULE__COUNTING_RULE_UNSPECIFIED
#define RULE_ESTABLISHED DONGKHOI__CLUSTERS__V1__CLUSTER_TARGET__COUNTING_RULE__ESTABLISHED_IN_YEAR
#define RULE_OWNER_APPOINTED                                                                       \
    DONGKHOI__CLUSTERS__V1__CLUSTER_TARGET__COUNTING_RULE__OWNER_APPOINTED_IN_YEAR
#define RULE_CONSTRUCTION_STARTED                                                                  \
    DONGKHOI__CLUSTERS__V1__CLUSTER_TARGET__COUNTING_RULE__CONSTRUCTION_STARTED_IN_YEAR

/* The rule in words. */
const char *counting_rule_words(int rule);

/* Fills verdict for one cluster. rule is not RULE_NONE. Only the arena of call is used. */
struct status counting_judge(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                             int rule, int year,
                             Dongkhoi__Clusters__V1__NewClusterVerdict *verdict);

/* The same with only what documents of published_by ("YYYY-MM-DD", "" for any day) or before say.
 */
struct status counting_judge_by(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                                int rule, int year, const char *published_by,
                                Dongkhoi__Clusters__V1__NewClusterVerdict *verdict);

/* Method: GET clusters:countNew. */
struct status count_new_clusters(struct call *call, const void *request, void *response);

#endif
