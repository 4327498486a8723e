/*
 * cumulative.h - a cumulative value may not fall below its neighbours of the year.
 */
#ifndef INDICATORS_CUMULATIVE_H
#define INDICATORS_CUMULATIVE_H

#include "series.h"

enum cumulative_verdict {
    CUMULATIVE_RISES,
    CUMULATIVE_FALLS,                /* below a neighbour of the same or a higher status */
    CUMULATIVE_FALLS_BELOW_ESTIMATE, /* below one of a lower status only */
};

/*
 * Holds a new cumulative figure against the other cumulative figures of its year and series:
 * earlier months must not have more, later months not less. ret_neighbour is the nearest one in
 * the way; NULL when it rises. others of the same month, or of the same name, do not matter.
 */
enum cumulative_verdict cumulative_judge(const struct figure *figure,
                                         const struct figure *const *others, size_t count,
                                         const struct figure **ret_neighbour);

#endif
