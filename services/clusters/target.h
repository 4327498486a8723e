/*
 * target.h - the yearly target of new clusters as a resource; its id is the year.
 */
#ifndef CLUSTERS_TARGET_H
#define CLUSTERS_TARGET_H

#include "fact.h"

extern const struct resource_kind target_kind;

enum { YEAR_MIN = 1900, YEAR_MAX = 2200 };

#endif
