/*
 * attainment.h - whether the level and the growth of a year are reached; the two apart.
 */
#ifndef INDICATORS_ATTAINMENT_H
#define INDICATORS_ATTAINMENT_H

#include "progress.h"

/* Fills level and growth from the quantities of progress, which must be there. */
void attainment_judge(const struct progress_question *question, struct progress *progress);

#endif
