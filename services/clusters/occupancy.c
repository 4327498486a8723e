/* occupancy.c - sums move by the difference, so a write costs the same however many tenants. */
#include "occupancy.h"

#include "base/decimal.h"

static bool is_settled_tenant(const Dongkhoi__Clusters__V1__Investment *investment)
{
    return investment != NULL && investment->role == ROLE_TENANT &&
           investment->state >= STATE_REGISTERED && investment->state <= STATE_OPERATING;
}

static bool is_proposed_tenant(const Dongkhoi__Clusters__V1__Investment *investment)
{
    return investment != NULL && investment->role == ROLE_TENANT &&
           investment->state == STATE_PROPOSED;
}

/* The land of a tenant stays leased until the tenant has ended. */
static int64_t leased_by(const Dongkhoi__Clusters__V1__Investment *investment)
{
    return is_settled_tenant(investment)
               ? scaled_stored(investment->leased_hectares, HECTARE_DECIMALS)
               : 0;
}

static int64_t proposed_by(const Dongkhoi__Clusters__V1__Investment *investment)
{
    return is_proposed_tenant(investment)
               ? scaled_stored(investment->leased_hectares, HECTARE_DECIMALS)
               : 0;
}

static int32_t is_without_lease(const Dongkhoi__Clusters__V1__Investment *investment)
{
    return is_settled_tenant(investment) && investment->leased_hectares == NULL;
}

void occupancy_change(Dongkhoi__Clusters__V1__Cluster *cluster,
                      const Dongkhoi__Clusters__V1__Investment *before,
                      const Dongkhoi__Clusters__V1__Investment *after)
{
    const int64_t leased = double_scaled(cluster->leased_hectares, HECTARE_DECIMALS);
    const int64_t proposed = double_scaled(cluster->proposed_hectares, HECTARE_DECIMALS);

    cluster->leased_hectares =
        decimal_to_double(leased - leased_by(before) + leased_by(after), HECTARE_DECIMALS);
    cluster->proposed_hectares =
        decimal_to_double(proposed - proposed_by(before) + proposed_by(after), HECTARE_DECIMALS);
    cluster->tenant_count += is_settled_tenant(after) - is_settled_tenant(before);
    cluster->tenants_without_lease += is_without_lease(after) - is_without_lease(before);
}

struct status occupancy_percent(struct arena *arena, int64_t leased, int64_t leasable,
                                Google__Protobuf__DoubleValue **ret_percent)
{
    const struct ratio ratio = {.numerator = (decimal_wide)leased * 100, .denominator = leasable};
    double percent = 0;

    if (leasable == 0 || !ratio_round(ratio, PERCENT_DECIMALS, &percent)) {
        *ret_percent = NULL;
        return STATUS_NONE;
    }
    Google__Protobuf__DoubleValue *value = double_wrap(arena, percent);
    *ret_percent = value;
    return STATUS_NONE;
}

struct status occupancy_refresh(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                                const char *field)
{
    const int64_t leased = double_scaled(cluster->leased_hectares, HECTARE_DECIMALS);
    const int64_t taken = leased + double_scaled(cluster->proposed_hectares, HECTARE_DECIMALS);
    const double taken_hectares = decimal_to_double(taken, HECTARE_DECIMALS);

    cluster->occupancy_percent = NULL;
    if (taken > HECTARES_MAX_SCALED) {
        return PRECONDITION(call, "OCCUPANCY_OVER_100", field,
                            "the tenants of one cluster cannot lease %.10g ha", taken_hectares);
    }
    if (cluster->leasable_hectares == NULL) {
        return note_append(call, cluster, "occupancyPercent", "LEASABLE_UNKNOWN",
                           "leasableHectares is not known");
    }
    const int64_t leasable = scaled_stored(cluster->leasable_hectares, HECTARE_DECIMALS);

    if (taken > leasable) {
        return PRECONDITION(call, "OCCUPANCY_OVER_100", field,
                            "%.10g ha would be leased or proposed of %.10g ha that can be leased: "
                            "more than 100 %%",
                            taken_hectares, cluster->leasable_hectares->value);
    }
    if (cluster->tenants_without_lease > 0) {
        return note_append(call, cluster, "occupancyPercent", "LEASE_UNKNOWN",
                           "leasedHectares of %d tenant(s) is not known",
                           cluster->tenants_without_lease);
    }
    return occupancy_percent(call->arena, leased, leasable, &cluster->occupancy_percent);
}
