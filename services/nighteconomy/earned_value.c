/* earned_value.c - EV = sum of w p, PV = sum of w that is due, SV = EV - PV, SPI = EV / PV. */
#include "earned_value.h"

#include "base/decimal.h"

/* The scaled sum rounded to so many decimals. */
static struct earned quotient(decimal_wide numerator, decimal_wide denominator, int decimals)
{
    const struct ratio ratio = {.numerator = numerator, .denominator = denominator};
    struct earned earned = {0};

    earned.known = ratio_round(ratio, decimals, &earned.value);
    return earned;
}

struct earned_value earned_value_compute(const struct earner *earners, size_t count,
                                         int32_t status_day)
{
    const decimal_wide weight_one = decimal_power(WEIGHT_DECIMALS);
    const decimal_wide progress_one = decimal_power(PROGRESS_DECIMALS);
    struct earned_value result = {0};
    decimal_wide total = 0;
    decimal_wide earned = 0; /* in units of weight and progress */
    decimal_wide planned = 0;
    bool ev_known = true;
    bool pv_known = true;

    for (size_t i = 0; i < count; i++) {
        const struct earner *earner = &earners[i];
        if (!earner->weight_known) {
            return result;
        }
        total += earner->weight;
        ev_known = ev_known && (earner->progress_known || earner->weight == 0);
        pv_known = pv_known && (earner->due_known || earner->weight == 0);
        earned += (decimal_wide)earner->weight * earner->progress;
        planned += earner->due_known && earner->due_day <= status_day ? earner->weight : 0;
    }
    if (count == 0) {
        return result;
    }
    const decimal_wide ev_one = weight_one * progress_one;
    result.total = quotient(total, weight_one, WEIGHT_DECIMALS);
    if (ev_known) {
        result.ev = quotient(earned, ev_one, WEIGHT_DECIMALS);
    }
    if (pv_known) {
        result.pv = quotient(planned, weight_one, WEIGHT_DECIMALS);
    }
    if (ev_known && pv_known) {
        result.sv = quotient(earned - planned * progress_one, ev_one, WEIGHT_DECIMALS);
    }
    if (ev_known && pv_known && planned > 0) {
        result.spi = quotient(earned, planned * progress_one, INDEX_DECIMALS);
    }
    return result;
}
