/*
 * investment.c - an investment and its states:
 *
 *     PROPOSED > REGISTERED > UNDER_CONSTRUCTION > OPERATING;   REGISTERED > OPERATING;
 *     each of them > ENDED
 *
 * Every write also moves the sums of the cluster, in the same transaction.
 */
#include "investment.h"

#include "base/decimal.h"
#include "cluster.h"
#include "occupancy.h"
#include "pb/message.h"
#include "reasons.h"
#include "serve/service.h"

#include <string.h>

#define STATE_BIT(state) (1U << (state))

static const struct {
    const char *name;
    unsigned next; /* bits of the states that may follow */
} states[] = {
    [STATE_PROPOSED] = {"PROPOSED", STATE_BIT(STATE_REGISTERED) | STATE_BIT(STATE_ENDED)},
    [STATE_REGISTERED] = {"REGISTERED", STATE_BIT(STATE_UNDER_CONSTRUCTION) |
                                            STATE_BIT(STATE_OPERATING) | STATE_BIT(STATE_ENDED)},
    [STATE_UNDER_CONSTRUCTION] = {"UNDER_CONSTRUCTION",
                                  STATE_BIT(STATE_OPERATING) | STATE_BIT(STATE_ENDED)},
    [STATE_OPERATING] = {"OPERATING", STATE_BIT(STATE_ENDED)},
    [STATE_ENDED] = {"ENDED", 0},
};

const char *investment_state_name(int state)
{
    return state >= STATE_PROPOSED && state <= STATE_ENDED ? states[state].name : NULL;
}

bool investment_may_become(int from, int to)
{
    return (states[from].next & STATE_BIT(to)) != 0;
}

bool investment_overspent(const Dongkhoi__Clusters__V1__Investment *investment)
{
    return investment->disbursed_capital_billion_vnd != NULL &&
           investment->committed_capital_billion_vnd != NULL &&
           scaled_stored(investment->disbursed_capital_billion_vnd, CAPITAL_DECIMALS) >
               scaled_stored(investment->committed_capital_billion_vnd, CAPITAL_DECIMALS);
}

static struct status capital_check(struct call *call, const char *field,
                                   const Google__Protobuf__DoubleValue *capital)
{
    int64_t scaled = 0;

    return scaled_check(call, field, capital, CAPITAL_DECIMALS, 0, DECIMAL_MAX_SCALED, &scaled);
}

static struct status fields_check(struct call *call,
                                  const Dongkhoi__Clusters__V1__Investment *investment)
{
    int64_t scaled = 0;

    TRY(capital_check(call, "registeredCapitalBillionVnd",
                      investment->registered_capital_billion_vnd));
    TRY(capital_check(call, "committedCapitalBillionVnd",
                      investment->committed_capital_billion_vnd));
    TRY(capital_check(call, "disbursedCapitalBillionVnd",
                      investment->disbursed_capital_billion_vnd));
    return scaled_check(call, "leasedHectares", investment->leased_hectares, HECTARE_DECIMALS, 0,
                        HECTARES_MAX_SCALED, &scaled);
}

static struct status flag_overspending(struct call *call,
                                       Dongkhoi__Clusters__V1__Investment *investment)
{
    investment->notes = NULL;
    investment->n_notes = 0;
    if (!investment_overspent(investment)) {
        return STATUS_NONE;
    }
    return note_append(call, investment, "disbursedCapitalBillionVnd",
                       REASON_DISBURSED_OVER_COMMITTED,
                       "%.15g billion VND are disbursed, but only %.15g committed",
                       investment->disbursed_capital_billion_vnd->value,
                       investment->committed_capital_billion_vnd->value);
}

/* Moves the cluster's sums by the difference: takes before out and puts after in. Either may be
 * NULL. */
static struct status cluster_follow(struct call *call, const char *name,
                                    const Dongkhoi__Clusters__V1__Investment *before,
                                    const Dongkhoi__Clusters__V1__Investment *after)
{
    const char *parent = resource_parent(call->arena, name);
    void *found = NULL;

    TRY(resource_get(call->tx, &cluster_kind, parent, &found));
    Dongkhoi__Clusters__V1__Cluster *cluster = found;
    const double leased = cluster->leased_hectares;
    const double proposed = cluster->proposed_hectares;
    const int32_t tenants = cluster->tenant_count;
    const int32_t without = cluster->tenants_without_lease;

    if (before == NULL && cluster->stage == DONGKHOI__CLUSTERS__V1__CLUSTER__STAGE__REVOKED &&
        after->state != STATE_ENDED) {
        return REFUSE(call, REASON_CLUSTER_REVOKED, "state",
                      "%s is REVOKED and takes no investment that has not ENDED", parent);
    }
    occupancy_change(cluster, before, after);
    if (cluster->leased_hectares == leased && cluster->proposed_hectares == proposed &&
        cluster->tenant_count == tenants && cluster->tenants_without_lease == without) {
        return STATUS_NONE;
    }
    TRY(cluster_refresh(call, cluster, "leasedHectares"));
    return resource_update(call->tx, &cluster_kind, cluster);
}

/* The state of a new investment whose state was not given: a tenant that leases land is past a
 * proposal. */
static Dongkhoi__Clusters__V1__Investment__State
first_state(const Dongkhoi__Clusters__V1__Investment *investment)
{
    return investment->role == ROLE_TENANT &&
                   scaled_stored(investment->leased_hectares, HECTARE_DECIMALS) > 0
               ? STATE_REGISTERED
               : STATE_PROPOSED;
}

static struct status state_check(struct call *call,
                                 const Dongkhoi__Clusters__V1__Investment *before,
                                 Dongkhoi__Clusters__V1__Investment *investment)
{
    if (investment->state == STATE_NONE) {
        investment->state = before != NULL ? before->state : first_state(investment);
    }
    if (investment_state_name((int)investment->state) == NULL) {
        return REFUSE(call, REASON_INVALID_VALUE, "state", "state is none of the known ones");
    }
    if (before != NULL && before->state != investment->state) {
        return REFUSE(call, REASON_CHANGED_BY_METHOD, "state",
                      "state changes by :advance only; it is %s",
                      investment_state_name((int)before->state));
    }
    return STATUS_NONE;
}

static struct status investment_prepare(struct call *call, const void *before, void *resource)
{
    Dongkhoi__Clusters__V1__Investment *investment = resource;

    TRY(fields_check(call, investment));
    TRY(state_check(call, before, investment));
    TRY(flag_overspending(call, investment));
    return cluster_follow(call, investment->name, before, investment);
}

static struct status investment_prepare_delete(struct call *call, const void *resource)
{
    const Dongkhoi__Clusters__V1__Investment *investment = resource;

    return cluster_follow(call, investment->name, investment, NULL);
}

static const struct resource_column investment_columns[] = {
    {.name = "investor", .type = COLUMN_TEXT, .path = "investor"},
    {.name = "role", .type = COLUMN_TEXT, .path = "role"},
    {.name = "state", .type = COLUMN_TEXT, .path = "state"},
};

const struct resource_kind investment_kind = {
    .singular = "investment",
    .plural = "investments",
    .pattern = "clusters/{cluster}/investments/{investment}",
    .type = &dongkhoi__clusters__v1__investment__descriptor,
    .columns = investment_columns,
    .column_count = sizeof(investment_columns) / sizeof(investment_columns[0]),
    .layout = 1,
    .prepare = investment_prepare,
    .prepare_delete = investment_prepare_delete,
};

static struct status state_refuse(struct call *call, int from, int to)
{
    const char *possible = "";

    for (int state = STATE_PROPOSED; state <= STATE_ENDED; state++) {
        if (investment_may_become(from, state)) {
            const char *longer =
                arena_printf(call->arena, "%s%s%s", possible, possible[0] != '\0' ? ", " : "",
                             investment_state_name(state));
            possible = longer != NULL ? longer : possible;
        }
    }
    call_metadata(call, "currentState", investment_state_name(from));
    call_metadata(call, "possibleStates", possible);
    return REFUSE(call, REASON_STATE_NOT_POSSIBLE, "state",
                  "state %s is not possible for an investment that is %s; possible: %s",
                  investment_state_name(to), investment_state_name(from),
                  possible[0] != '\0' ? possible : "none");
}

static struct status advance_date(struct call *call,
                                  const Dongkhoi__Clusters__V1__AdvanceInvestmentRequest *req,
                                  const char *before, const char **ret_date)
{
    const char *date = req->date;

    if (date[0] == '\0' && req->document != NULL) {
        date = req->document->date;
    }
    if (date[0] != '\0' && before[0] != '\0' && fact_date_order(date, before) < 0) {
        return REFUSE(call, REASON_DATE_OUT_OF_ORDER, "date",
                      "date %s is before %s, since when it is in its present state", date, before);
    }
    *ret_date = date;
    return STATUS_NONE;
}

struct status advance_investment(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Clusters__V1__AdvanceInvestmentRequest *req = request;
    const char *date = NULL;
    void *found = NULL;

    TRY(standard_load(call, &investment_kind, req->name, req->etag, &found));
    const Dongkhoi__Clusters__V1__Investment *before = found;
    Dongkhoi__Clusters__V1__Investment *investment = message_clone(call->arena, found);

    if (investment_state_name((int)req->state) == NULL) {
        return REFUSE(call, REASON_INVALID_VALUE, "state",
                      "state is required: the one that is entered");
    }
    if (!investment_may_become((int)before->state, (int)req->state)) {
        return state_refuse(call, (int)before->state, (int)req->state);
    }
    TRY(advance_date(call, req, before->state_date, &date));
    investment->state = req->state;
    investment->state_date = (char *)date;
    investment->state_document = req->document;
    TRY(cluster_follow(call, investment->name, before, investment));
    return standard_store(call, &investment_kind, investment, response);
}
