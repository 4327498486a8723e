/*
 * stage.h - the legal stages of a cluster, their order, and what enters each.
 */
#ifndef CLUSTERS_STAGE_H
#define CLUSTERS_STAGE_H

#include "fact.h"

/* The generated constants under short names. */
#define STAGE_NONE DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__STAGE_UNSPECIFIED
#define STAGE_PLANNED DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__PLANNED
#define STAGE_ESTABLISHED DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__ESTABLISHED
#define STAGE_CONSTRUCTION DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__CONSTRUCTION
#define STAGE_OPERATING DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__OPERATING
#define STAGE_FULL DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__FULL
#define STAGE_REVOKED DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__REVOKED

/* With their documents and notes the series of one cluster stay below 5 MiB. */
enum { STAGE_CHANGES_MAX = 60 };

/* "ESTABLISHED"; NULL for what is no stage. */
const char *stage_name(int stage);

/* What enters the stage, in words: "a district notice". */
const char *stage_entered_by(int stage);

/* How an advance relates to what is there. */
enum stage_step {
    STEP_REFUSED,
    STEP_NEXT,     /* the stage after the current one, or REVOKED from ESTABLISHED on */
    STEP_SKIP,     /* a later one: with a waiver only */
    STEP_RECORD,   /* as it was found, without regard to the order */
    STEP_COMPLETE, /* a document for a stage that was passed without one */
};

/* documented: the stage has its document already. */
enum stage_step stage_step(int current, int stage, int basis, bool documented);

/* The DOCUMENTED or RECORDED entry of a stage, the newest; NULL when there is none. */
const Dongkhoi__Clusters__V1__StageChange *
stage_entry(const Dongkhoi__Clusters__V1__Cluster *cluster, int stage, int basis);

/* True when the stage was passed over with a waiver and not entered before. */
bool stage_was_waived(const Dongkhoi__Clusters__V1__Cluster *cluster, int stage);

/* Judges change against the stages of cluster and adds it. ret_unchanged: the very same was
 * RECORDED before, and nothing was added. change->date may be "" when RECORDED. */
struct status stage_enter(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                          Dongkhoi__Clusters__V1__StageChange *change, bool *ret_unchanged);

/* The refusal of a stage, naming those that are possible. */
struct status stage_refuse(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                           int stage);

#endif
