/* summary.c - one pass over the clusters, one over the investments, exact sums. */
#include "summary.h"

#include "cluster.h"
#include "investment.h"
#include "occupancy.h"
#include "pb/message.h"
#include "serve/service.h"

#include <stdlib.h>
#include <string.h>

void summary_add_cluster(struct summary *summary, const Dongkhoi__Clusters__V1__Cluster *cluster)
{
    struct cluster_sum *sum = &summary->stages[cluster->stage];

    sum->clusters++;
    if (cluster->area_hectares == NULL) {
        sum->unknown++;
    } else {
        sum->area += scaled_stored(cluster->area_hectares, HECTARE_DECIMALS);
        sum->outdated += cluster->area_outdated;
    }
    if (cluster->stage == STAGE_REVOKED) {
        return;
    }
    if (cluster->occupancy_percent != NULL) {
        summary->occupancy_known++;
        summary->leased += double_scaled(cluster->leased_hectares, HECTARE_DECIMALS);
        summary->leasable += scaled_stored(cluster->leasable_hectares, HECTARE_DECIMALS);
    } else if (cluster->stage >= STAGE_ESTABLISHED) {
        summary->occupancy_unknown++;
    }
}

static void capital_add(struct capital_sum *sum, const Google__Protobuf__DoubleValue *capital)
{
    if (capital == NULL) {
        sum->unknown++;
        return;
    }
    sum->known++;
    sum->sum += scaled_stored(capital, CAPITAL_DECIMALS);
}

void summary_add_investment(struct summary *summary,
                            const Dongkhoi__Clusters__V1__Investment *investment)
{
    if (investment->state == STATE_ENDED) {
        return;
    }
    summary->investments++;
    summary->infrastructure += investment->role == ROLE_INFRASTRUCTURE;
    summary->tenants += investment->role == ROLE_TENANT;
    capital_add(&summary->registered, investment->registered_capital_billion_vnd);
    capital_add(&summary->committed, investment->committed_capital_billion_vnd);
    capital_add(&summary->disbursed, investment->disbursed_capital_billion_vnd);
    summary->overspent += investment_overspent(investment);
    if (investment->jobs == NULL) {
        summary->jobs_unknown++;
    } else {
        summary->jobs_known++;
        summary->jobs += investment->jobs->value;
    }
}

static struct status total_answer(struct call *call, const struct summary *summary, int from,
                                  int to, Dongkhoi__Clusters__V1__ClusterTotal **ret_total)
{
    Dongkhoi__Clusters__V1__ClusterTotal *total =
        message_new(call->arena, &dongkhoi__clusters__v1__cluster_total__descriptor);
    int64_t area = 0;

    for (int stage = from; stage <= to; stage++) {
        total->clusters += summary->stages[stage].clusters;
        total->unknown_area_clusters += summary->stages[stage].unknown;
        total->outdated_area_clusters += summary->stages[stage].outdated;
        area += summary->stages[stage].area;
    }
    total->area_hectares = decimal_to_double(area, HECTARE_DECIMALS);
    *ret_total = total;
    return STATUS_NONE;
}

static struct status stages_answer(struct call *call, const struct summary *summary,
                                   Dongkhoi__Clusters__V1__SummarizeClustersResponse *answer)
{
    TRY(total_answer(call, summary, STAGE_PLANNED, STAGE_REVOKED, &answer->total));
    TRY(total_answer(call, summary, STAGE_PLANNED, STAGE_ESTABLISHED - 1, &answer->planned));
    TRY(total_answer(call, summary, STAGE_ESTABLISHED, STAGE_FULL, &answer->established));
    TRY(total_answer(call, summary, STAGE_OPERATING, STAGE_FULL, &answer->operating));
    answer->stages = arena_array(call->arena, STAGE_REVOKED, sizeof(*answer->stages));
    for (int stage = STAGE_PLANNED; stage <= STAGE_REVOKED; stage++) {
        Dongkhoi__Clusters__V1__StageTotal *total =
            message_new(call->arena, &dongkhoi__clusters__v1__stage_total__descriptor);

        total->stage = (Dongkhoi__Clusters__V1__Cluster__Stage)stage;
        TRY(total_answer(call, summary, stage, stage, &total->total));
        answer->stages[answer->n_stages++] = total;
    }
    return STATUS_NONE;
}

static struct status capital_answer(struct call *call, const struct capital_sum *sum,
                                    Google__Protobuf__DoubleValue **ret_capital,
                                    int32_t *ret_unknown)
{
    const struct ratio ratio = {.numerator = sum->sum,
                                .denominator = decimal_power(CAPITAL_DECIMALS)};
    double value = 0;

    *ret_unknown = sum->unknown;
    if (sum->known == 0 || !ratio_round(ratio, CAPITAL_DECIMALS, &value)) {
        return STATUS_NONE;
    }
    Google__Protobuf__DoubleValue *capital = double_wrap(call->arena, value);
    *ret_capital = capital;
    return STATUS_NONE;
}

static struct status investments_answer(struct call *call, const struct summary *summary,
                                        Dongkhoi__Clusters__V1__InvestmentTotal **ret_total)
{
    Dongkhoi__Clusters__V1__InvestmentTotal *total =
        message_new(call->arena, &dongkhoi__clusters__v1__investment_total__descriptor);

    total->investments = summary->investments;
    total->infrastructure_investments = summary->infrastructure;
    total->tenants = summary->tenants;
    TRY(capital_answer(call, &summary->registered, &total->registered_capital_billion_vnd,
                       &total->unknown_registered_capital));
    TRY(capital_answer(call, &summary->committed, &total->committed_capital_billion_vnd,
                       &total->unknown_committed_capital));
    TRY(capital_answer(call, &summary->disbursed, &total->disbursed_capital_billion_vnd,
                       &total->unknown_disbursed_capital));
    total->disbursed_over_committed = summary->overspent;
    total->unknown_jobs = summary->jobs_unknown;
    if (summary->jobs_known > 0) {
        total->jobs = message_new(call->arena, &google__protobuf__int64_value__descriptor);
        total->jobs->value = summary->jobs;
    }
    *ret_total = total;
    return STATUS_NONE;
}

static struct status occupancy_answer(struct call *call, const struct summary *summary,
                                      Dongkhoi__Clusters__V1__OccupancyTotal **ret_total)
{
    Dongkhoi__Clusters__V1__OccupancyTotal *total =
        message_new(call->arena, &dongkhoi__clusters__v1__occupancy_total__descriptor);

    total->clusters = summary->occupancy_known;
    total->unknown_clusters = summary->occupancy_unknown;
    total->leasable_hectares = decimal_to_double(summary->leasable, HECTARE_DECIMALS);
    total->leased_hectares = decimal_to_double(summary->leased, HECTARE_DECIMALS);
    *ret_total = total;
    return occupancy_percent(call->arena, summary->leased, summary->leasable,
                             &total->occupancy_percent);
}

static struct status notes_answer(struct call *call,
                                  Dongkhoi__Clusters__V1__SummarizeClustersResponse *answer)
{
    const Dongkhoi__Clusters__V1__ClusterTotal *total = answer->total;
    const Dongkhoi__Clusters__V1__OccupancyTotal *occupancy = answer->occupancy;

    if (total->unknown_area_clusters > 0) {
        TRY(note_append(call, answer, "total.areaHectares", "AREA_UNKNOWN",
                        "the area of %d of %d clusters is not known and not in the sum",
                        total->unknown_area_clusters, total->clusters));
    }
    if (total->outdated_area_clusters > 0) {
        TRY(note_append(call, answer, "total.areaHectares", "AREA_CHANGED_SINCE",
                        "of %d clusters the sum has the last known area, which has changed since",
                        total->outdated_area_clusters));
    }
    if (answer->investments->investments == 0) {
        TRY(note_append(call, answer, "investments", "NO_INVESTMENTS",
                        "no investment is recorded"));
    } else if (answer->investments->jobs == NULL) {
        TRY(note_append(call, answer, "investments.jobs", "JOBS_UNKNOWN",
                        "no investment says how many people it employs"));
    }
    if (occupancy->occupancy_percent == NULL) {
        return note_append(call, answer, "occupancy.occupancyPercent", "OCCUPANCY_UNKNOWN",
                           "the occupancy of no cluster is known");
    }
    return STATUS_NONE;
}

struct status summary_answer(struct call *call, const struct summary *summary,
                             Dongkhoi__Clusters__V1__SummarizeClustersResponse *answer)
{
    TRY(stages_answer(call, summary, answer));
    TRY(investments_answer(call, summary, &answer->investments));
    TRY(occupancy_answer(call, summary, &answer->occupancy));
    return notes_answer(call, answer);
}

/* The clusters that are summed, in the order of their names. */
struct walk {
    struct summary summary;
    const struct resource_revision *rows;
    size_t count;
};

static int compare_names(const void *name, const void *row)
{
    const Dongkhoi__Clusters__V1__Cluster *cluster =
        ((const struct resource_revision *)row)->message;
    const char *investment = name;
    const size_t length = (size_t)(strstr(investment, "/investments/") - investment);
    const int order = strncmp(investment, cluster->name, length);

    return order != 0 ? order : cluster->name[length] == '\0' ? 0 : -1;
}

static struct status on_investment(void *arg, const struct resource_revision *row)
{
    struct walk *walk = arg;
    const Dongkhoi__Clusters__V1__Investment *investment = row->message;

    if (walk->count > 0 && bsearch(investment->name, walk->rows, walk->count, sizeof(*walk->rows),
                                   compare_names) != NULL) {
        summary_add_investment(&walk->summary, investment);
    }
    return STATUS_NONE;
}

struct status summarize_clusters(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Clusters__V1__SummarizeClustersRequest *req = request;
    struct resource_scan scan = {.parent = ""};
    const struct resource_scan investments = {.parent = "-"};
    struct resource_revision *rows = NULL;
    struct walk walk = {.count = 0};

    if (req->district[0] != '\0') {
        if (!district_is_valid(req->district)) {
            return INVALID(call, "INVALID_DISTRICT", "district",
                           "district must be a code of three digits, such as 834");
        }
        scan.column = "district";
        scan.text = req->district;
    }
    TRY(standard_as_of(call, request));
    TRY(resource_all(call->tx, &cluster_kind, &scan, &rows, &walk.count));
    walk.rows = rows;
    for (size_t i = 0; i < walk.count; i++) {
        summary_add_cluster(&walk.summary, rows[i].message);
    }
    TRY(resource_each(call->tx, &investment_kind, &investments, on_investment, &walk));
    return summary_answer(call, &walk.summary, response);
}
