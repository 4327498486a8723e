/*
 * stage.c - the stages as a table, and who may follow whom.
 *
 *     PLANNED > INVESTOR_CALL > APPRAISAL > ESTABLISHED > DETAILED_PLAN > INFRASTRUCTURE_PROJECT
 *             > LAND_CLEARANCE > CONSTRUCTION > OPERATING > FULL;   ESTABLISHED.. > REVOKED
 *
 * The current stage is the furthest that was entered. What was passed without a document (found
 * as it is, or waived) may get its document later; that never moves the current stage.
 */
#include "stage.h"

#include "base/decimal.h"
#include "reasons.h"

#include <string.h>

struct stage_rule {
    const char *name;
    const char *entered_by;
};

static const struct stage_rule rules[] = {
    [STAGE_PLANNED] = {"PLANNED", "the provincial plan decision"},
    [DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__INVESTOR_CALL] = {"INVESTOR_CALL",
                                                               "a district notice"},
    [DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__APPRAISAL] = {"APPRAISAL", "the appraisal report"},
    [STAGE_ESTABLISHED] = {"ESTABLISHED", "the decision of the Provincial People's Committee"},
    [DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__DETAILED_PLAN] =
        {"DETAILED_PLAN", "the decision that approves the detailed plan 1/500"},
    [DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__INFRASTRUCTURE_PROJECT] =
        {"INFRASTRUCTURE_PROJECT", "the decision that approves the infrastructure project"},
    [DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__LAND_CLEARANCE] =
        {"LAND_CLEARANCE", "a decision or notice of clearance"},
    [STAGE_CONSTRUCTION] = {"CONSTRUCTION", "the start notice"},
    [STAGE_OPERATING] = {"OPERATING", "the first tenant"},
    [STAGE_FULL] = {"FULL", "full occupancy"},
    [STAGE_REVOKED] = {"REVOKED", "the decision that revokes it"},
};

const char *stage_name(int stage)
{
    return stage >= STAGE_PLANNED && stage <= STAGE_REVOKED ? rules[stage].name : NULL;
}

const char *stage_entered_by(int stage)
{
    return rules[stage].entered_by;
}

static bool stage_is_next(int current, int stage)
{
    if (stage == STAGE_REVOKED) {
        return current >= STAGE_ESTABLISHED && current < STAGE_REVOKED;
    }
    return stage == current + 1;
}

enum stage_step stage_step(int current, int stage, int basis, bool documented)
{
    if (documented) {
        return STEP_REFUSED;
    }
    if (basis == BASIS_RECORDED) {
        return STEP_RECORD;
    }
    if (stage <= current) {
        return STEP_COMPLETE;
    }
    if (stage_is_next(current, stage)) {
        return STEP_NEXT;
    }
    return stage == STAGE_REVOKED ? STEP_REFUSED : STEP_SKIP;
}

const Dongkhoi__Clusters__V1__StageChange *
stage_entry(const Dongkhoi__Clusters__V1__Cluster *cluster, int stage, int basis)
{
    for (size_t i = cluster->n_stage_changes; i > 0; i--) {
        const Dongkhoi__Clusters__V1__StageChange *entry = cluster->stage_changes[i - 1];

        if ((int)entry->stage == stage && (int)entry->basis == basis) {
            return entry;
        }
    }
    return NULL;
}

bool stage_was_waived(const Dongkhoi__Clusters__V1__Cluster *cluster, int stage)
{
    for (size_t i = 0; i < cluster->n_stage_changes; i++) {
        const Dongkhoi__Clusters__V1__StageChange *entry = cluster->stage_changes[i];

        if ((int)entry->stage == stage) {
            return false;
        }
        if (entry->waiver != NULL && (int)entry->stage > stage) {
            return true;
        }
    }
    return false;
}

/* The names of the stages for which want is true, joined by commas; "" when there are none. */
static const char *stage_list(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                              bool (*want)(const Dongkhoi__Clusters__V1__Cluster *cluster,
                                           int stage))
{
    const char *list = "";

    for (int stage = STAGE_PLANNED; stage <= STAGE_REVOKED; stage++) {
        if (want(cluster, stage)) {
            const char *longer = arena_printf(call->arena, "%s%s%s", list,
                                              list[0] != '\0' ? ", " : "", stage_name(stage));
            list = longer != NULL ? longer : list;
        }
    }
    return list;
}

static bool want_next(const Dongkhoi__Clusters__V1__Cluster *cluster, int stage)
{
    return stage_is_next((int)cluster->stage, stage) &&
           !(stage == STAGE_REVOKED && cluster->stage == STAGE_REVOKED);
}

static bool want_undocumented(const Dongkhoi__Clusters__V1__Cluster *cluster, int stage)
{
    if (stage == STAGE_PLANNED || stage > (int)cluster->stage ||
        (cluster->stage == STAGE_REVOKED && stage > STAGE_ESTABLISHED && stage < STAGE_REVOKED)) {
        return false;
    }
    return stage_entry(cluster, stage, BASIS_DOCUMENTED) == NULL;
}

struct status stage_refuse(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                           int stage)
{
    const char *next = stage_list(call, cluster, want_next);
    const char *open = stage_list(call, cluster, want_undocumented);
    const bool later = stage > (int)cluster->stage && stage != STAGE_REVOKED;

    call_metadata(call, "currentStage", stage_name((int)cluster->stage));
    call_metadata(call, "possibleStages", next);
    call_metadata(call, "undocumentedStages", open);
    return REFUSE(
        call, REASON_STAGE_NOT_POSSIBLE, "stage",
        "stage %s is not possible for a cluster that is %s; possible next: %s%s%s%s",
        stage_name(stage), stage_name((int)cluster->stage), next[0] != '\0' ? next : "none",
        open[0] != '\0' ? "; passed without a document and still open for one: " : "", open,
        later ? "; a later stage needs a waiver with document and reason, or basis "
                "RECORDED when it was found so"
              : "");
}

static struct status waiver_check(struct call *call, enum stage_step step,
                                  const Dongkhoi__Clusters__V1__Cluster *cluster,
                                  const Dongkhoi__Clusters__V1__StageChange *change)
{
    if (step != STEP_SKIP) {
        return change->waiver == NULL
                   ? STATUS_NONE
                   : REFUSE(call, REASON_WAIVER_NOT_NEEDED, "waiver",
                            "waiver is for a stage that skips others; this one skips none");
    }
    if (change->waiver == NULL) {
        return stage_refuse(call, cluster, (int)change->stage);
    }
    return document_require(call, "waiver.document", change->waiver->document, NEED_DATE);
}

/* Dates follow the order of the stages, except of a stage that was waived and entered later. */
static struct status order_check(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                                 const Dongkhoi__Clusters__V1__StageChange *change)
{
    const bool waived = stage_was_waived(cluster, (int)change->stage);

    if (change->date[0] == '\0') {
        return STATUS_NONE;
    }
    for (size_t i = 0; i < cluster->n_stage_changes; i++) {
        const Dongkhoi__Clusters__V1__StageChange *entry = cluster->stage_changes[i];
        const int order = entry->date[0] == '\0' ? 0 : fact_date_order(change->date, entry->date);
        const bool before = entry->stage < change->stage && order < 0 &&
                            !stage_was_waived(cluster, (int)entry->stage);
        const bool after = entry->stage > change->stage && order > 0 && !waived;

        if (before || after) {
            return REFUSE(call, REASON_DATE_OUT_OF_ORDER, "date",
                          "date %s of %s is %s %s, the date of %s", change->date,
                          stage_name((int)change->stage), before ? "before" : "after", entry->date,
                          stage_name((int)entry->stage));
        }
    }
    return STATUS_NONE;
}

/* OPERATING and FULL are entered by facts and not by a paper: a first tenant, and an occupancy of
 * 100 percent. */
static struct status evidence_check(struct call *call,
                                    const Dongkhoi__Clusters__V1__Cluster *cluster, int stage)
{
    if (stage == STAGE_OPERATING && cluster->tenant_count == 0) {
        return call_refuse(call, REASON_NO_TENANT, "stage");
    }
    if (stage != STAGE_FULL) {
        return STATUS_NONE;
    }
    if (cluster->occupancy_percent == NULL) {
        return REFUSE(call, REASON_NOT_FULL, "stage",
                      "FULL needs an occupancy of 100 %%; it is not known: leasableHectares "
                      "or the leasedHectares of a tenant is missing");
    }
    if (double_scaled(cluster->leased_hectares, HECTARE_DECIMALS) !=
        scaled_stored(cluster->leasable_hectares, HECTARE_DECIMALS)) {
        return REFUSE(call, REASON_NOT_FULL, "stage",
                      "FULL needs an occupancy of 100 %%; it is %.2f %%",
                      cluster->occupancy_percent->value);
    }
    return STATUS_NONE;
}

static bool entry_is_same(const Dongkhoi__Clusters__V1__StageChange *a,
                          const Dongkhoi__Clusters__V1__StageChange *b)
{
    const char *a_number = a->document != NULL ? a->document->number : "";
    const char *b_number = b->document != NULL ? b->document->number : "";

    return a->stage == b->stage && a->basis == b->basis && strcmp(a->date, b->date) == 0 &&
           strcmp(a->source, b->source) == 0 && strcmp(a_number, b_number) == 0;
}

static bool entry_is_known(const Dongkhoi__Clusters__V1__Cluster *cluster,
                           const Dongkhoi__Clusters__V1__StageChange *change)
{
    for (size_t i = 0; i < cluster->n_stage_changes; i++) {
        if (entry_is_same(cluster->stage_changes[i], change)) {
            return true;
        }
    }
    return false;
}

struct status stage_enter(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                          Dongkhoi__Clusters__V1__StageChange *change, bool *ret_unchanged)
{
    const int stage = (int)change->stage;
    const bool documented = stage_entry(cluster, stage, BASIS_DOCUMENTED) != NULL;
    const enum stage_step step =
        stage_step((int)cluster->stage, stage, (int)change->basis, documented);

    if (step == STEP_REFUSED) {
        return stage_refuse(call, cluster, stage);
    }
    TRY(waiver_check(call, step, cluster, change));
    TRY(order_check(call, cluster, change));
    if (change->basis == BASIS_DOCUMENTED && step != STEP_COMPLETE) {
        TRY(evidence_check(call, cluster, stage));
    }
    if (change->basis == BASIS_RECORDED && entry_is_known(cluster, change)) {
        *ret_unchanged = true;
        return STATUS_NONE;
    }
    if (cluster->n_stage_changes >= STAGE_CHANGES_MAX) {
        return REFUSE(call, REASON_TOO_MANY_CHANGES, "stage",
                      "a cluster keeps at most %d stage changes", STAGE_CHANGES_MAX);
    }
    TRY(message_insert(call, &cluster->base, "stage_changes", cluster->n_stage_changes, change));
    if (stage > (int)cluster->stage) {
        cluster->stage = change->stage;
    }
    *ret_unchanged = false;
    return STATUS_NONE;
}
