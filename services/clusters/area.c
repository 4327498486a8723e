/*
 * area.c - the series is kept by date, undated changes first. The area in force is the latest
 * dated one that is known; a later change to an unknown area makes it outdated, not unknown.
 */
#include "area.h"

#include "base/clock.h"
#include "base/decimal.h"
#include "legal.h"

#include <string.h>

static const char *const kind_names[] = {
    [AREA_ESTABLISH] = "ESTABLISH",
    [AREA_EXPAND] = "EXPAND",
    [AREA_REDUCE] = "REDUCE",
    [AREA_RELOCATE] = "RELOCATE",
};

const char *area_kind_name(int kind)
{
    return kind >= AREA_ESTABLISH && kind <= AREA_RELOCATE ? kind_names[kind] : NULL;
}

static int64_t hectares(const Google__Protobuf__DoubleValue *area)
{
    return scaled_stored(area, HECTARE_DECIMALS);
}

struct status area_check(struct call *call, const char *field,
                         const Google__Protobuf__DoubleValue *area)
{
    int64_t scaled = 0;

    return scaled_check(call, field, area, HECTARE_DECIMALS, 1, HECTARES_MAX_SCALED, &scaled);
}

/* kind's promise about the area before it. */
static struct status pair_check(struct call *call, int kind,
                                const Google__Protobuf__DoubleValue *before,
                                const Google__Protobuf__DoubleValue *after, const char *before_date)
{
    if (before == NULL || after == NULL) {
        return STATUS_NONE;
    }
    const int64_t difference = hectares(after) - hectares(before);

    if ((kind == AREA_EXPAND && difference < 0) || (kind == AREA_REDUCE && difference > 0)) {
        return PRECONDITION(call, "AREA_CONTRADICTS", "areaHectares",
                            "%s to %.10g ha contradicts the area before it, %.10g ha %s",
                            area_kind_name(kind), after->value, before->value, before_date);
    }
    return STATUS_NONE;
}

static struct status neighbours_check(struct call *call,
                                      const Dongkhoi__Clusters__V1__Cluster *cluster,
                                      const Dongkhoi__Clusters__V1__AreaChange *change,
                                      size_t place)
{
    if (cluster->n_area_changes == 0) {
        return pair_check(call, (int)change->kind, cluster->area_hectares, change->area_hectares,
                          "as found");
    }
    if (change->date[0] == '\0') {
        return STATUS_NONE;
    }
    if (place > 0 && cluster->area_changes[place - 1]->date[0] != '\0') {
        const Dongkhoi__Clusters__V1__AreaChange *before = cluster->area_changes[place - 1];

        if (change->kind == AREA_ESTABLISH && before->kind != AREA_ESTABLISH) {
            return PRECONDITION(call, "DATE_OUT_OF_ORDER", "date",
                                "ESTABLISH comes first, but there is %s of %s",
                                area_kind_name((int)before->kind), before->date);
        }
        TRY(pair_check(call, (int)change->kind, before->area_hectares, change->area_hectares,
                       before->date));
    }
    if (place < cluster->n_area_changes) {
        const Dongkhoi__Clusters__V1__AreaChange *after = cluster->area_changes[place];

        if (after->kind == AREA_ESTABLISH && change->kind != AREA_ESTABLISH) {
            return PRECONDITION(call, "DATE_OUT_OF_ORDER", "date",
                                "date %s is before the cluster was established, %s", change->date,
                                after->date);
        }
        TRY(pair_check(call, (int)after->kind, change->area_hectares, after->area_hectares,
                       change->date));
    }
    return STATUS_NONE;
}

static bool change_is_same(const Dongkhoi__Clusters__V1__AreaChange *a,
                           const Dongkhoi__Clusters__V1__AreaChange *b)
{
    const char *a_number = a->document != NULL ? a->document->number : "";
    const char *b_number = b->document != NULL ? b->document->number : "";
    const bool both = a->area_hectares != NULL && b->area_hectares != NULL;

    return a->kind == b->kind && a->basis == b->basis && strcmp(a->date, b->date) == 0 &&
           strcmp(a->source, b->source) == 0 && strcmp(a_number, b_number) == 0 &&
           (both ? hectares(a->area_hectares) == hectares(b->area_hectares)
                 : a->area_hectares == b->area_hectares);
}

struct status area_add(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                       Dongkhoi__Clusters__V1__AreaChange *change, bool *ret_unchanged)
{
    size_t place = 0;

    for (size_t i = 0; i < cluster->n_area_changes; i++) {
        const Dongkhoi__Clusters__V1__AreaChange *entry = cluster->area_changes[i];

        if (change_is_same(entry, change)) {
            *ret_unchanged = true;
            return STATUS_NONE;
        }
        if (entry->kind == AREA_ESTABLISH && change->kind == AREA_ESTABLISH &&
            !(entry->basis == BASIS_RECORDED && change->basis == BASIS_DOCUMENTED)) {
            return PRECONDITION(call, "ALREADY_ESTABLISHED", "kind",
                                "the area was established already%s%s; possible: EXPAND, REDUCE, "
                                "RELOCATE",
                                entry->date[0] != '\0' ? " on " : "", entry->date);
        }
        if (entry->date[0] == '\0' ||
            (change->date[0] != '\0' && strcmp(entry->date, change->date) <= 0)) {
            place = i + 1;
        }
    }
    if (cluster->n_area_changes >= AREA_CHANGES_MAX) {
        return PRECONDITION(call, "TOO_MANY_CHANGES", "kind",
                            "a cluster keeps at most %d area changes", AREA_CHANGES_MAX);
    }
    TRY(neighbours_check(call, cluster, change, place));
    TRY(message_insert(call, &cluster->base, "area_changes", place, change));
    *ret_unchanged = false;
    return STATUS_NONE;
}

static struct status limits_note(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster)
{
    char today[DATE_TEXT_BYTES];

    date_format(date_of_time(call->now_us), today);
    const char *date = cluster->area_date[0] != '\0' ? cluster->area_date : today;
    const struct area_limits *limits = area_limits_on(date);

    if (cluster->area_hectares == NULL || limits == NULL) {
        return STATUS_NONE;
    }
    const int64_t area = hectares(cluster->area_hectares);
    const int64_t least =
        cluster->mountain_or_craft_village ? limits->least_small_scaled : limits->least_scaled;

    if (area >= least && area <= limits->most_scaled) {
        return STATUS_NONE;
    }
    return note_append(call, cluster, "areaHectares", "AREA_OUTSIDE_LIMITS",
                       "%.10g ha is outside of %.10g to %.10g ha (%s)",
                       cluster->area_hectares->value, decimal_to_double(least, HECTARE_DECIMALS),
                       decimal_to_double(limits->most_scaled, HECTARE_DECIMALS),
                       limits->legal_basis);
}

struct status area_refresh(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster)
{
    const Dongkhoi__Clusters__V1__AreaChange *unknown = NULL;

    cluster->area_date = (char *)protobuf_c_empty_string;
    for (size_t i = 0; i < cluster->n_area_changes; i++) {
        const Dongkhoi__Clusters__V1__AreaChange *entry = cluster->area_changes[i];

        if (entry->area_hectares == NULL) {
            unknown = entry;
            continue;
        }
        cluster->area_hectares = double_wrap(call->arena, entry->area_hectares->value);
        cluster->area_date = entry->date;
        /* Nobody knows when an undated change was: it may have been the last. */
        unknown = unknown != NULL && unknown->date[0] == '\0' ? unknown : NULL;
    }
    cluster->area_outdated = unknown != NULL && cluster->area_hectares != NULL;
    if (cluster->area_hectares == NULL) {
        return note_append(call, cluster, "areaHectares", "AREA_UNKNOWN", "the area is not known");
    }
    if (cluster->area_outdated) {
        TRY(note_append(
            call, cluster, "areaHectares", "AREA_CHANGED_SINCE",
            "%s%s%s changed the area to one that is not known; %.10g ha is the last known "
            "one",
            area_kind_name((int)unknown->kind), unknown->date[0] != '\0' ? " of " : "",
            unknown->date, cluster->area_hectares->value));
    }
    return limits_note(call, cluster);
}

static struct status area_of_change(struct call *call,
                                    const Dongkhoi__Clusters__V1__Cluster *cluster, size_t index,
                                    Dongkhoi__Clusters__V1__ClusterArea *answer)
{
    answer->change = cluster->area_changes[index];
    if (answer->change->area_hectares == NULL) {
        return note_append(call, answer, "areaHectares", "AREA_UNKNOWN",
                           "%s of %s does not say the area",
                           area_kind_name((int)answer->change->kind), answer->change->date);
    }
    answer->area_hectares = answer->change->area_hectares;
    return STATUS_NONE;
}

struct status area_at(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                      Dongkhoi__Clusters__V1__ClusterArea *answer)
{
    size_t dated = 0;
    size_t last = cluster->n_area_changes;

    for (size_t i = 0; i < cluster->n_area_changes; i++) {
        const Dongkhoi__Clusters__V1__AreaChange *entry = cluster->area_changes[i];

        if (entry->date[0] == '\0') {
            TRY(note_append(call, answer, "areaHectares", "UNDATED_CHANGE",
                            "%s, recorded without a date, is not looked at",
                            area_kind_name((int)entry->kind)));
            continue;
        }
        dated++;
        /* A month counts from its first day. */
        if (strcmp(entry->date, answer->date) <= 0) {
            last = i;
        }
    }
    if (last < cluster->n_area_changes) {
        return area_of_change(call, cluster, last, answer);
    }
    if (dated > 0) {
        return note_append(call, answer, "areaHectares", "NOT_DECIDED_YET",
                           "no decision about the area is known on or before %s", answer->date);
    }
    if (cluster->area_hectares == NULL) {
        return note_append(call, answer, "areaHectares", "AREA_UNKNOWN", "the area is not known");
    }
    answer->area_hectares = cluster->area_hectares;
    return note_append(call, answer, "areaHectares", "AREA_AS_FOUND",
                       "the area is as it was found, without a date");
}
