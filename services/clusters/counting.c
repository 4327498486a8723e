/* counting.c - which clusters are new in a year, by the counting rule of that year's target. Only a
 * dated document counts, and every cluster gets a reason, counted or not. */
#include "counting.h"

#include "cluster.h"
#include "pb/message.h"
#include "reasons.h"
#include "serve/service.h"
#include "stage.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *words;
    const char *event;  /* "was established" */
    int stage;          /* that decides; STAGE_NONE: the appointments */
    const char *column; /* of the year of what decides */
} rules[] = {
    [RULE_ESTABLISHED] = {"a cluster is new in the year of the documented decision that "
                          "establishes it",
                          "was established", STAGE_ESTABLISHED, CLUSTER_ESTABLISHED_YEAR},
    [RULE_OWNER_APPOINTED] = {"a cluster is new in the year of the document that first appoints "
                              "the owner of its infrastructure",
                              "had its infrastructure owner appointed", STAGE_NONE,
                              CLUSTER_OWNER_YEAR},
    [RULE_CONSTRUCTION_STARTED] = {"a cluster is new in the year of the documented start of "
                                   "construction of its infrastructure",
                                   "started construction", STAGE_CONSTRUCTION,
                                   CLUSTER_CONSTRUCTION_YEAR},
};

const char *counting_rule_words(int rule)
{
    return rules[rule].words;
}

/* What decides about one cluster: a dated document, or why there is none. */
struct evidence {
    Dongkhoi__Type__V1__Document *document;
    const char *date;            /* "" without one */
    const struct reason *reason; /* of a cluster without a date */
    const char *words;
};

static int year_of(const char *date)
{
    return (int)strtol(date, NULL, 10);
}

static struct evidence evidence_of_owner(const Dongkhoi__Clusters__V1__Cluster *cluster)
{
    if (cluster->n_owner_appointments > 0) {
        const Dongkhoi__Clusters__V1__OwnerAppointment *first = cluster->owner_appointments[0];
        return (struct evidence){.document = first->document, .date = first->date};
    }
    if (cluster->infrastructure_owner[0] != '\0') {
        return (struct evidence){.date = "",
                                 .reason = REASON_ONLY_RECORDED,
                                 .words = "its owner is known only as found, without a document"};
    }
    return (struct evidence){
        .date = "", .reason = REASON_NOT_REACHED, .words = "no owner was appointed"};
}

/* The stage that a cluster is in; of a revoked one the stage in which it was before. */
static int last_stage(const Dongkhoi__Clusters__V1__Cluster *cluster,
                      const Dongkhoi__Clusters__V1__StageChange *revocation)
{
    int last = STAGE_PLANNED;

    if (revocation == NULL) {
        return (int)cluster->stage;
    }
    for (size_t i = 0; i < cluster->n_stage_changes; i++) {
        const int stage = (int)cluster->stage_changes[i]->stage;

        last = stage != STAGE_REVOKED && stage > last ? stage : last;
    }
    return last;
}

static const char *not_reached_words(struct call *call, int last, int stage,
                                     const Dongkhoi__Clusters__V1__StageChange *revocation)
{
    if (revocation == NULL) {
        return arena_printf(call->arena, "it is %s and has not reached %s", stage_name(last),
                            stage_name(stage));
    }
    return arena_printf(
        call->arena, "it was revoked on %s (%s) when it was %s and had not reached %s",
        revocation->date, revocation->document->number, stage_name(last), stage_name(stage));
}

static struct evidence evidence_of_stage(struct call *call,
                                         const Dongkhoi__Clusters__V1__Cluster *cluster, int stage)
{
    const Dongkhoi__Clusters__V1__StageChange *entry =
        stage_entry(cluster, stage, BASIS_DOCUMENTED);
    struct evidence evidence = {.date = ""};

    if (entry != NULL) {
        evidence.document = entry->document;
        evidence.date = entry->date;
        return evidence;
    }
    const Dongkhoi__Clusters__V1__StageChange *revocation =
        stage_entry(cluster, STAGE_REVOKED, BASIS_DOCUMENTED);
    const int last = last_stage(cluster, revocation);
    entry = stage_entry(cluster, stage, BASIS_RECORDED);
    if (entry != NULL) {
        evidence.reason = REASON_ONLY_RECORDED;
        evidence.words =
            arena_printf(call->arena, "%s is recorded as found (%s), without a document",
                         stage_name(stage), entry->source);
    } else if (last < stage) {
        evidence.reason = REASON_NOT_REACHED;
        evidence.words = not_reached_words(call, last, stage, revocation);
    } else if (stage_was_waived(cluster, stage)) {
        evidence.reason = REASON_SKIPPED_BY_WAIVER;
        evidence.words = arena_printf(call->arena, "it is %s and skipped %s by a waiver",
                                      stage_name(last), stage_name(stage));
    } else {
        evidence.reason = REASON_ONLY_RECORDED;
        evidence.words =
            arena_printf(call->arena, "it was found as %s, and no document of %s is known",
                         stage_name(last), stage_name(stage));
    }
    return evidence;
}

/* "" published_by: any day is early enough. */
static bool is_dated_by(const char *date, const char *published_by)
{
    return published_by[0] == '\0' || strcmp(date, published_by) <= 0;
}

static struct status judge_date(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                                const struct evidence *evidence, int rule, int year,
                                const char *published_by,
                                Dongkhoi__Clusters__V1__NewClusterVerdict *verdict)
{
    const char *revoked = cluster_revoked_on(cluster);
    const char *number = evidence->document != NULL ? evidence->document->number : "no number";
    const int happened = year_of(evidence->date);
    const struct reason *reason = happened == year  ? REASON_IN_YEAR
                                  : happened < year ? REASON_BEFORE_YEAR
                                                    : REASON_AFTER_YEAR;
    const char *sentence = NULL;

    if (!is_dated_by(evidence->date, published_by)) {
        reason = REASON_PUBLISHED_LATER;
        sentence = arena_printf(call->arena,
                                "not counted for %d: by %s it was not known that it "
                                "%s on %s (%s)",
                                year, published_by, rules[rule].event, evidence->date, number);
    } else if (happened == year && revoked != NULL && revoked[0] != '\0' &&
               year_of(revoked) <= year && is_dated_by(revoked, published_by)) {
        reason = REASON_REVOKED_IN_YEAR;
        sentence =
            arena_printf(call->arena, "not counted for %d: it %s on %s (%s), and was revoked on %s",
                         year, rules[rule].event, evidence->date, number, revoked);
    } else {
        verdict->counted = happened == year;
        sentence = arena_printf(call->arena, "%s for %d: it %s on %s (%s)",
                                verdict->counted ? "counted" : "not counted", year,
                                rules[rule].event, evidence->date, number);
    }
    verdict->reason = (char *)reason->name;
    verdict->sentence = (char *)sentence;
    return STATUS_NONE;
}

struct status counting_judge(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                             int rule, int year, Dongkhoi__Clusters__V1__NewClusterVerdict *verdict)
{
    return counting_judge_by(call, cluster, rule, year, "", verdict);
}

struct status counting_judge_by(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                                int rule, int year, const char *published_by,
                                Dongkhoi__Clusters__V1__NewClusterVerdict *verdict)
{
    const struct evidence evidence = rules[rule].stage == STAGE_NONE
                                         ? evidence_of_owner(cluster)
                                         : evidence_of_stage(call, cluster, rules[rule].stage);

    verdict->cluster = cluster->name;
    verdict->display_name = cluster->display_name;
    verdict->counted = false;
    verdict->document = evidence.document;
    verdict->date = (char *)evidence.date;
    if (evidence.date[0] != '\0') {
        return judge_date(call, cluster, &evidence, rule, year, published_by, verdict);
    }
    verdict->reason = (char *)evidence.reason->name;
    verdict->sentence = arena_printf(call->arena, "not counted for %d: %s", year, evidence.words);
    return STATUS_NONE;
}

static struct status find_target(struct call *call, int year,
                                 const Dongkhoi__Clusters__V1__ClusterTarget **ret_target)
{
    const char *name = arena_printf(call->arena, "clusterTargets/%d", year);
    void *found = NULL;

    TRY(resource_find(call->tx, &target_kind, name, &found));
    if (found == NULL) {
        return status_make(call->arena, REASON_TARGET_NOT_FOUND, "year",
                           "there is no target for %d: create %s with minNewClusters and "
                           "countingRule first",
                           year, name);
    }
    *ret_target = found;
    return STATUS_NONE;
}

static struct status input_add(struct call *call,
                               Dongkhoi__Clusters__V1__CountNewClustersResponse *answer,
                               const char *name, int32_t revision)
{
    Dongkhoi__Clusters__V1__Input *input =
        message_new(call->arena, &dongkhoi__clusters__v1__input__descriptor);

    input->name = (char *)name;
    input->revision = revision;
    answer->inputs[answer->n_inputs++] = input;
    return STATUS_NONE;
}

static struct status judge_all(struct call *call, const struct resource_revision *rows,
                               size_t count,
                               const Dongkhoi__Clusters__V1__CountNewClustersRequest *req,
                               Dongkhoi__Clusters__V1__CountNewClustersResponse *answer)
{
    answer->clusters = arena_array(call->arena, count, sizeof(*answer->clusters));
    for (size_t i = 0; i < count; i++) {
        const Dongkhoi__Clusters__V1__Cluster *cluster = rows[i].message;
        Dongkhoi__Clusters__V1__NewClusterVerdict *verdict =
            message_new(call->arena, &dongkhoi__clusters__v1__new_cluster_verdict__descriptor);

        TRY(counting_judge_by(call, cluster, (int)answer->counting_rule, answer->year,
                              req->published_by, verdict));
        if (req->counted_only && !verdict->counted) {
            continue;
        }
        answer->clusters[answer->n_clusters++] = verdict;
        answer->count += verdict->counted;
        TRY(input_add(call, answer, cluster->name, cluster->revision));
    }
    return STATUS_NONE;
}

static struct status judge_achieved(struct call *call,
                                    const Dongkhoi__Clusters__V1__ClusterTarget *target,
                                    Dongkhoi__Clusters__V1__CountNewClustersResponse *answer)
{
    if (target->min_new_clusters == NULL) {
        return STATUS_NONE;
    }
    Google__Protobuf__BoolValue *achieved =
        message_new(call->arena, &google__protobuf__bool_value__descriptor);
    achieved->value = answer->count >= target->min_new_clusters->value;
    answer->min_new_clusters = target->min_new_clusters;
    answer->achieved = achieved;
    return STATUS_NONE;
}

struct status count_new_clusters(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Clusters__V1__CountNewClustersRequest *req = request;
    Dongkhoi__Clusters__V1__CountNewClustersResponse *answer = response;
    const Dongkhoi__Clusters__V1__ClusterTarget *target = NULL;
    struct resource_scan scan = {.parent = ""};
    struct resource_revision *rows = NULL;
    size_t count = 0;

    TRY(standard_as_of(call, request));
    TRY(find_target(call, req->year, &target));
    if (target->counting_rule == RULE_NONE) {
        return REFUSE(call, REASON_COUNTING_RULE_UNKNOWN, "year",
                      "%s names no countingRule: nothing can be counted", target->name);
    }
    /* The column has the year that decides, so an index finds the few clusters that count. */
    if (req->counted_only) {
        scan.column = rules[target->counting_rule].column;
        scan.int64 = req->year;
    }
    TRY(resource_all(call->tx, &cluster_kind, &scan, &rows, &count));
    answer->year = req->year;
    answer->cluster_target = target->name;
    answer->counting_rule = target->counting_rule;
    answer->rule = (char *)counting_rule_words((int)target->counting_rule);
    answer->inputs = arena_array(call->arena, count + 1, sizeof(*answer->inputs));
    TRY(input_add(call, answer, target->name, target->revision));
    TRY(judge_all(call, rows, count, req, answer));
    return judge_achieved(call, target, answer);
}
