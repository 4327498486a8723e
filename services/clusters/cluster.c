/* cluster.c - the cluster as a resource: what may be written, and the fields that are computed from
 * others. */
#include "cluster.h"

#include "area.h"
#include "base/decimal.h"
#include "occupancy.h"
#include "pb/message.h"
#include "reasons.h"
#include "serve/service.h"
#include "stage.h"

#include <stdlib.h>
#include <string.h>

enum { OWNER_APPOINTMENTS_MAX = 60 };

bool district_is_valid(const char *district)
{
    return strlen(district) == 3 && strspn(district, "0123456789") == 3;
}

const char *cluster_revoked_on(const Dongkhoi__Clusters__V1__Cluster *cluster)
{
    const char *date = cluster->stage == STAGE_REVOKED ? "" : NULL;

    for (size_t i = 0; i < cluster->n_stage_changes; i++) {
        const Dongkhoi__Clusters__V1__StageChange *entry = cluster->stage_changes[i];

        if (entry->stage == STAGE_REVOKED && entry->date[0] != '\0') {
            date = entry->date;
        }
    }
    return date;
}

struct status cluster_refresh(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                              const char *field)
{
    cluster->notes = NULL;
    cluster->n_notes = 0;
    TRY(area_refresh(call, cluster));
    TRY(occupancy_refresh(call, cluster, field));
    if (cluster->stage == STAGE_FULL && cluster->occupancy_percent != NULL &&
        double_scaled(cluster->leased_hectares, HECTARE_DECIMALS) <
            scaled_stored(cluster->leasable_hectares, HECTARE_DECIMALS)) {
        return note_say(call, cluster, "stage", REASON_NO_LONGER_FULL);
    }
    return STATUS_NONE;
}

/* leasable_hectares may not exceed area_hectares, where both are known and the area is not
 * outdated. */
static struct status leasable_check(struct call *call,
                                    const Dongkhoi__Clusters__V1__Cluster *cluster,
                                    const struct reason *reason, const char *field)
{
    if (cluster->area_hectares == NULL || cluster->leasable_hectares == NULL ||
        cluster->area_outdated ||
        scaled_stored(cluster->leasable_hectares, HECTARE_DECIMALS) <=
            scaled_stored(cluster->area_hectares, HECTARE_DECIMALS)) {
        return STATUS_NONE;
    }
    return REFUSE(call, reason, field, "leasableHectares %.10g is more than areaHectares %.10g",
                  cluster->leasable_hectares->value, cluster->area_hectares->value);
}

static struct status fields_check(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster)
{
    TRY(area_check(call, "areaHectares", cluster->area_hectares));
    return area_check(call, "leasableHectares", cluster->leasable_hectares);
}

/* The revision that a new resource will have: a name that was used before goes on counting. */
static struct status first_revision(struct call *call, const char *name, int32_t *ret_revision)
{
    struct resource_revision *rows = NULL;
    size_t count = 0;
    const char *token = NULL;
    const struct status status =
        resource_history(call->tx, &cluster_kind, name, 1, "", &rows, &count, &token);

    if (status.code != STATUS_OK && status.code != STATUS_NOT_FOUND) {
        return status;
    }
    *ret_revision = status.code == STATUS_OK && count > 0 ? rows[0].revision + 1 : 1;
    return STATUS_NONE;
}

/* The first entry of a new cluster. */
static struct status start_as_planned(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster)
{
    Dongkhoi__Clusters__V1__StageChange *change =
        message_new(call->arena, &dongkhoi__clusters__v1__stage_change__descriptor);

    if (cluster->stage != STAGE_NONE && cluster->stage != STAGE_PLANNED) {
        return status_as(
            STATUS_INVALID_ARGUMENT,
            REFUSE(call, REASON_CHANGED_BY_METHOD, "stage",
                   "a new cluster is PLANNED; later stages are entered by :advance, with "
                   "basis RECORDED when they were found so"));
    }
    cluster->stage = STAGE_PLANNED;
    change->stage = cluster->stage;
    change->basis = BASIS_RECORDED;
    change->record_time = time_wrap(call->arena, call->tx->time_us);
    TRY(first_revision(call, cluster->name, &change->revision));
    return message_insert(call, &cluster->base, "stage_changes", 0, change);
}

static bool area_differs(const Dongkhoi__Clusters__V1__Cluster *a,
                         const Dongkhoi__Clusters__V1__Cluster *b)
{
    if (a->area_hectares == NULL || b->area_hectares == NULL) {
        return a->area_hectares != b->area_hectares;
    }
    return scaled_stored(a->area_hectares, HECTARE_DECIMALS) !=
           scaled_stored(b->area_hectares, HECTARE_DECIMALS);
}

/* Refuses an update of what changes by a method of its own once that was used: stage, area, owner.
 */
static struct status methods_check(struct call *call, const Dongkhoi__Clusters__V1__Cluster *before,
                                   Dongkhoi__Clusters__V1__Cluster *cluster)
{
    if (cluster->stage == STAGE_NONE) {
        cluster->stage = before->stage;
    }
    if (cluster->stage != before->stage) {
        return REFUSE(call, REASON_CHANGED_BY_METHOD, "stage",
                      "stage changes by :advance only; it is %s", stage_name((int)before->stage));
    }
    if (before->n_area_changes > 0 && area_differs(before, cluster)) {
        return REFUSE(call, REASON_CHANGED_BY_METHOD, "areaHectares",
                      "areaHectares was set by a decision and changes by :adjustArea only");
    }
    if (before->n_owner_appointments > 0 &&
        strcmp(before->infrastructure_owner, cluster->infrastructure_owner) != 0) {
        return REFUSE(call, REASON_CHANGED_BY_METHOD, "infrastructureOwner",
                      "infrastructureOwner was appointed by a document and changes by "
                      ":appointOwner only");
    }
    return STATUS_NONE;
}

static struct status cluster_prepare(struct call *call, const void *before, void *resource)
{
    Dongkhoi__Clusters__V1__Cluster *cluster = resource;

    TRY(fields_check(call, cluster));
    if (before == NULL) {
        TRY(start_as_planned(call, cluster));
    } else {
        TRY(methods_check(call, before, cluster));
    }
    TRY(cluster_refresh(call, cluster, "leasableHectares"));
    return leasable_check(call, cluster, REASON_LEASABLE_OVER_AREA, "leasableHectares");
}

static bool area_column(struct arena *arena, const ProtobufCMessage *message, int64_t *ret_int64,
                        const char **ret_text)
{
    const Dongkhoi__Clusters__V1__Cluster *cluster =
        (const Dongkhoi__Clusters__V1__Cluster *)message;

    (void)arena;
    (void)ret_text;
    if (cluster->area_hectares == NULL) {
        return false;
    }
    *ret_int64 = scaled_stored(cluster->area_hectares, HECTARE_DECIMALS);
    return true;
}

static bool year_of(const char *date, int64_t *ret_year)
{
    *ret_year = strtol(date, NULL, 10);
    return date[0] != '\0';
}

static bool stage_year(const ProtobufCMessage *message, int stage, int64_t *ret_year)
{
    const Dongkhoi__Clusters__V1__StageChange *entry =
        stage_entry((const Dongkhoi__Clusters__V1__Cluster *)message, stage, BASIS_DOCUMENTED);

    return entry != NULL && year_of(entry->date, ret_year);
}

static bool established_column(struct arena *arena, const ProtobufCMessage *message,
                               int64_t *ret_int64, const char **ret_text)
{
    (void)arena;
    (void)ret_text;
    return stage_year(message, STAGE_ESTABLISHED, ret_int64);
}

static bool construction_column(struct arena *arena, const ProtobufCMessage *message,
                                int64_t *ret_int64, const char **ret_text)
{
    (void)arena;
    (void)ret_text;
    return stage_year(message, STAGE_CONSTRUCTION, ret_int64);
}

static bool owner_column(struct arena *arena, const ProtobufCMessage *message, int64_t *ret_int64,
                         const char **ret_text)
{
    const Dongkhoi__Clusters__V1__Cluster *cluster =
        (const Dongkhoi__Clusters__V1__Cluster *)message;

    (void)arena;
    (void)ret_text;
    return cluster->n_owner_appointments > 0 &&
           year_of(cluster->owner_appointments[0]->date, ret_int64);
}

static const struct resource_column cluster_columns[] = {
    {.name = "district", .type = COLUMN_TEXT, .path = "district", .indexed = true},
    {.name = "stage", .type = COLUMN_TEXT, .path = "stage", .indexed = true},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
    {.name = "area_hectares", .type = COLUMN_INT64, .extract = area_column},
    {.name = CLUSTER_ESTABLISHED_YEAR,
     .type = COLUMN_INT64,
     .extract = established_column,
     .indexed = true},
    {.name = CLUSTER_OWNER_YEAR, .type = COLUMN_INT64, .extract = owner_column, .indexed = true},
    {.name = CLUSTER_CONSTRUCTION_YEAR,
     .type = COLUMN_INT64,
     .extract = construction_column,
     .indexed = true},
};

const struct resource_kind cluster_kind = {
    .singular = "cluster",
    .plural = "clusters",
    .pattern = "clusters/{cluster}",
    .type = &dongkhoi__clusters__v1__cluster__descriptor,
    .columns = cluster_columns,
    .column_count = sizeof(cluster_columns) / sizeof(cluster_columns[0]),
    .layout = 2,
    .prepare = cluster_prepare,
};

/* Stores the changed cluster and answers with it; an unchanged one is only answered. */
static struct status cluster_answer(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                                    const char *field, void *response)
{
    TRY(cluster_refresh(call, cluster, field));
    TRY(leasable_check(call, cluster, REASON_AREA_BELOW_LEASABLE, "areaHectares"));
    return standard_store(call, &cluster_kind, cluster, response);
}

/* The very same appointment twice is kept once. */
static struct status owner_add(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                               const char *owner, Dongkhoi__Type__V1__Document *document,
                               const char *date)
{
    Dongkhoi__Clusters__V1__OwnerAppointment *appointment =
        message_new(call->arena, &dongkhoi__clusters__v1__owner_appointment__descriptor);
    size_t place = cluster->n_owner_appointments;

    for (size_t i = 0; i < cluster->n_owner_appointments; i++) {
        const Dongkhoi__Clusters__V1__OwnerAppointment *entry = cluster->owner_appointments[i];

        if (strcmp(entry->infrastructure_owner, owner) == 0 && strcmp(entry->date, date) == 0 &&
            strcmp(entry->document->number, document->number) == 0) {
            return STATUS_NONE;
        }
    }
    if (cluster->n_owner_appointments >= OWNER_APPOINTMENTS_MAX) {
        return REFUSE(call, REASON_TOO_MANY_CHANGES, "infrastructureOwner",
                      "a cluster keeps at most %d appointments", OWNER_APPOINTMENTS_MAX);
    }
    while (place > 0 && strcmp(cluster->owner_appointments[place - 1]->date, date) > 0) {
        place--;
    }
    appointment->infrastructure_owner = (char *)owner;
    appointment->document = document;
    appointment->date = (char *)date;
    appointment->record_time = time_wrap(call->arena, call->tx->time_us);
    appointment->revision = cluster->revision + 1;
    TRY(message_insert(call, &cluster->base, "owner_appointments", place, appointment));
    cluster->infrastructure_owner =
        cluster->owner_appointments[cluster->n_owner_appointments - 1]->infrastructure_owner;
    return STATUS_NONE;
}

/* An area change with the proof of a request. */
static struct status change_area(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                                 int kind, Google__Protobuf__DoubleValue *area,
                                 const struct proof *proof, bool *ret_unchanged)
{
    Dongkhoi__Clusters__V1__AreaChange *change =
        message_new(call->arena, &dongkhoi__clusters__v1__area_change__descriptor);

    change->kind = (Dongkhoi__Clusters__V1__AreaChange__Kind)kind;
    change->area_hectares = area;
    change->basis = (Dongkhoi__Clusters__V1__Basis)proof->basis;
    change->document = proof->document;
    change->date = (char *)proof->date;
    change->source = (char *)proof->source;
    change->note = (char *)proof->note;
    change->record_time = time_wrap(call->arena, call->tx->time_us);
    change->revision = cluster->revision + 1;
    return area_add(call, cluster, change, ret_unchanged);
}

/* The decision that establishes a cluster may also name its area and its owner: those are recorded
 * with it. */
static struct status establish(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                               const Dongkhoi__Clusters__V1__AdvanceClusterRequest *req,
                               const struct proof *proof)
{
    bool unchanged = false;

    if (req->area_hectares != NULL) {
        TRY(change_area(call, cluster, AREA_ESTABLISH, req->area_hectares, proof, &unchanged));
    }
    if (req->infrastructure_owner[0] == '\0') {
        return STATUS_NONE;
    }
    if (proof->basis == BASIS_DOCUMENTED) {
        return owner_add(call, cluster, req->infrastructure_owner, proof->document, proof->date);
    }
    if (cluster->n_owner_appointments == 0) {
        cluster->infrastructure_owner = req->infrastructure_owner;
    }
    return STATUS_NONE;
}

static struct status advance_check(struct call *call,
                                   const Dongkhoi__Clusters__V1__AdvanceClusterRequest *req,
                                   struct proof *proof)
{
    if (stage_name((int)req->stage) == NULL) {
        return REFUSE(call, REASON_INVALID_VALUE, "stage",
                      "stage is required: the one that is entered");
    }
    proof->date_is_enough = req->stage == STAGE_OPERATING || req->stage == STAGE_FULL;
    TRY(proof_check(call, proof, stage_entered_by((int)req->stage)));
    if (proof->basis == BASIS_RECORDED && req->waiver != NULL) {
        return REFUSE(call, REASON_WAIVER_NOT_NEEDED, "waiver",
                      "waiver is for documented stages; a RECORDED one needs none");
    }
    if (req->stage != STAGE_ESTABLISHED && req->area_hectares != NULL) {
        return REFUSE(call, REASON_NOT_TAKEN, "areaHectares",
                      "areaHectares is taken with ESTABLISHED only; use :adjustArea");
    }
    if (req->stage != STAGE_ESTABLISHED && req->infrastructure_owner[0] != '\0') {
        return REFUSE(call, REASON_NOT_TAKEN, "infrastructureOwner",
                      "infrastructureOwner is taken with ESTABLISHED only; use :appointOwner");
    }
    return area_check(call, "areaHectares", req->area_hectares);
}

struct status advance_cluster(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Clusters__V1__AdvanceClusterRequest *req = request;
    void *found = NULL;
    Dongkhoi__Clusters__V1__StageChange *change =
        message_new(call->arena, &dongkhoi__clusters__v1__stage_change__descriptor);
    struct proof proof = PROOF_OF(req);
    bool unchanged = false;

    TRY(standard_load(call, &cluster_kind, req->name, req->etag, &found));
    Dongkhoi__Clusters__V1__Cluster *cluster = found;
    TRY(advance_check(call, req, &proof));
    change->stage = req->stage;
    change->basis = (Dongkhoi__Clusters__V1__Basis)proof.basis;
    change->document = proof.document;
    change->date = (char *)proof.date;
    change->waiver = req->waiver;
    change->source = (char *)proof.source;
    change->note = (char *)proof.note;
    change->revision = cluster->revision + 1;
    change->record_time = time_wrap(call->arena, call->tx->time_us);
    TRY(stage_enter(call, cluster, change, &unchanged));
    if (!unchanged && req->stage == STAGE_ESTABLISHED) {
        TRY(establish(call, cluster, req, &proof));
    }
    return cluster_answer(call, cluster, "stage", response);
}

/* After a revocation nothing is decided any more, but what was decided before it may be added. */
static struct status not_revoked_check(struct call *call,
                                       const Dongkhoi__Clusters__V1__Cluster *cluster,
                                       const char *date)
{
    const char *revoked = cluster_revoked_on(cluster);

    if (revoked == NULL ||
        (date[0] != '\0' && (revoked[0] == '\0' || fact_date_order(date, revoked) <= 0))) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_CLUSTER_REVOKED, "name", "%s is REVOKED%s%s", cluster->name,
                  revoked[0] != '\0' ? " since " : "", revoked);
}

struct status adjust_cluster_area(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Clusters__V1__AdjustClusterAreaRequest *req = request;
    void *found = NULL;
    struct proof proof = PROOF_OF(req);
    bool unchanged = false;

    TRY(standard_load(call, &cluster_kind, req->name, req->etag, &found));
    Dongkhoi__Clusters__V1__Cluster *cluster = found;
    if (area_kind_name((int)req->kind) == NULL) {
        return REFUSE(call, REASON_INVALID_VALUE, "kind",
                      "kind is required: ESTABLISH, EXPAND, REDUCE or RELOCATE");
    }
    TRY(area_check(call, "areaHectares", req->area_hectares));
    TRY(proof_check(call, &proof, "the decision about the area"));
    TRY(not_revoked_check(call, cluster, proof.date));
    TRY(change_area(call, cluster, (int)req->kind, req->area_hectares, &proof, &unchanged));
    return cluster_answer(call, cluster, "areaHectares", response);
}

struct status appoint_cluster_owner(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Clusters__V1__AppointClusterOwnerRequest *req = request;
    void *found = NULL;
    struct proof proof = {.basis = BASIS_DOCUMENTED,
                          .document = req->document,
                          .date = req->date,
                          .source = "",
                          .note = ""};

    TRY(standard_load(call, &cluster_kind, req->name, req->etag, &found));
    Dongkhoi__Clusters__V1__Cluster *cluster = found;
    TRY(proof_check(call, &proof, "the document that appoints the owner"));
    TRY(not_revoked_check(call, cluster, proof.date));
    TRY(owner_add(call, cluster, req->infrastructure_owner, proof.document, proof.date));
    return cluster_answer(call, cluster, "infrastructureOwner", response);
}
