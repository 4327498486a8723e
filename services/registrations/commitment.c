/* commitment.c - each kind of promise is complete enough to be judged by itself. */
#include "commitment.h"

#include "base/decimal.h"
#include "base/ids.h"

#include <string.h>

enum { CRITERION_MAX_CHARACTERS = 2000, NEW_CLUSTERS_MAX = 1000 };

#define COMPARATOR(name) DONGKHOI__REGISTRATIONS__V1__COMMITMENT__COMPARATOR__##name

/* "indicators/exports" and "exports" are kept as "exports". prefix: "indicators/". */
static struct status id_keep(struct call *call, const char *field, const char *prefix, char **text)
{
    const size_t length = strlen(prefix);
    char *id = *text;

    TRY(call_check_required(call, field, id));
    if (strncmp(id, prefix, length) == 0) {
        id += length;
    }
    if (!id_is_valid(slice_from(id)) || strcmp(id, "-") == 0) {
        return INVALID(call, "INVALID_NAME", field, "%s must be an id or %sID: \"%s\"", field,
                       prefix, *text);
    }
    *text = id;
    return STATUS_NONE;
}

static struct status comparator_check(struct call *call, const char *field, int comparator)
{
    return enum_required(
        call, field, &dongkhoi__registrations__v1__commitment__comparator__descriptor, comparator);
}

static struct status tolerance_check(struct call *call,
                                     const Dongkhoi__Registrations__V1__IndicatorCommitment *test)
{
    const char *field = "commitment.indicator.tolerancePercent";
    int64_t scaled = 0;

    if (test->comparator != COMPARATOR(APPROXIMATELY)) {
        if (test->tolerance_percent == NULL) {
            return STATUS_NONE;
        }
        return INVALID(call, "TOLERANCE_NOT_USED", field, "%s is only for APPROXIMATELY", field);
    }
    if (test->tolerance_percent == NULL) {
        return INVALID(call, "FIELD_REQUIRED", field, "%s is required with APPROXIMATELY", field);
    }
    return scaled_check(call, field, test->tolerance_percent, PERCENT_DECIMALS, 0,
                        100 * decimal_power(PERCENT_DECIMALS), &scaled);
}

static struct status indicator_check(struct call *call,
                                     Dongkhoi__Registrations__V1__IndicatorCommitment *test)
{
    const char *value = "commitment.indicator.value";

    TRY(id_keep(call, "commitment.indicator.indicator", "indicators/", &test->indicator));
    TRY(year_check(call, "commitment.indicator.year", test->year));
    TRY(comparator_check(call, "commitment.indicator.comparator", (int)test->comparator));
    if (test->value == NULL) {
        return INVALID(call, "FIELD_REQUIRED", value, "%s is required", value);
    }
    TRY(value_check(call, value, test->value));
    return tolerance_check(call, test);
}

static struct status
new_clusters_check(struct call *call,
                   const Dongkhoi__Registrations__V1__NewClustersCommitment *test)
{
    const char *comparator = "commitment.newClusters.comparator";
    const char *value = "commitment.newClusters.value";

    TRY(year_check(call, "commitment.newClusters.year", test->year));
    TRY(comparator_check(call, comparator, (int)test->comparator));
    if (test->comparator == COMPARATOR(APPROXIMATELY)) {
        return INVALID(call, "COMPARATOR_NOT_POSSIBLE", comparator,
                       "%s must be AT_LEAST or MORE_THAN: a count is not approximate", comparator);
    }
    if (test->value < 1 || test->value > NEW_CLUSTERS_MAX) {
        return INVALID(call, "OUT_OF_RANGE", value, "%s must be from 1 to %d", value,
                       NEW_CLUSTERS_MAX);
    }
    return STATUS_NONE;
}

static struct status milestone_check(struct call *call,
                                     Dongkhoi__Registrations__V1__MilestoneCommitment *test)
{
    TRY(id_keep(call, "commitment.milestone.scheme", "schemes/", &test->scheme));
    const char *prefix = arena_printf(call->arena, "schemes/%s/milestones/", test->scheme);

    return id_keep(call, "commitment.milestone.milestone", prefix, &test->milestone);
}

struct status commitment_check(struct call *call, commitment_message *commitment)
{
    if (commitment != NULL) {
        switch (commitment->test_case) {
        case DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST_INDICATOR:
            return indicator_check(call, commitment->indicator);
        case DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST_NEW_CLUSTERS:
            return new_clusters_check(call, commitment->new_clusters);
        case DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST_MILESTONE:
            return milestone_check(call, commitment->milestone);
        case DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST_MANUAL:
            return text_required(call, "commitment.manual.criterion", commitment->manual->criterion,
                                 CRITERION_MAX_CHARACTERS);
        case DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST__NOT_SET:
        case _DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST__CASE_IS_INT_SIZE:
        default:
            break;
        }
    }
    return INVALID(call, "COMMITMENT_REQUIRED", "commitment",
                   "commitment must have one of indicator, newClusters, milestone and manual");
}
