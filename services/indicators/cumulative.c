/* cumulative.c - finds the nearest month that a new cumulative value falls below. */
#include "cumulative.h"

#include <stdlib.h>
#include <string.h>

static int distance(const struct figure *a, const struct figure *b)
{
    return abs(period_last_month(a->period) - period_last_month(b->period));
}

static bool falls(const struct figure *figure, const struct figure *other)
{
    const int month = period_last_month(figure->period);
    const int other_month = period_last_month(other->period);

    if (figure->period.year != other->period.year || strcmp(figure->name, other->name) == 0) {
        return false;
    }
    return (other_month < month && other->scaled > figure->scaled) ||
           (other_month > month && other->scaled < figure->scaled);
}

enum cumulative_verdict cumulative_judge(const struct figure *figure,
                                         const struct figure *const *others, size_t count,
                                         const struct figure **ret_neighbour)
{
    enum cumulative_verdict verdict = CUMULATIVE_RISES;
    const struct figure *neighbour = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!falls(figure, others[i])) {
            continue;
        }
        const enum cumulative_verdict found = others[i]->status >= figure->status
                                                  ? CUMULATIVE_FALLS
                                                  : CUMULATIVE_FALLS_BELOW_ESTIMATE;
        const bool is_worse = found == CUMULATIVE_FALLS && verdict != CUMULATIVE_FALLS;
        const bool is_nearer = found == verdict && neighbour != NULL &&
                               distance(figure, others[i]) < distance(figure, neighbour);
        if (neighbour == NULL || is_worse || is_nearer) {
            verdict = found;
            neighbour = others[i];
        }
    }
    *ret_neighbour = neighbour;
    return verdict;
}
