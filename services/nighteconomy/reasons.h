/*
 * reasons.h - what this service refuses with: a constant REASON_NAME for each row of reasons.def.
 */
#ifndef NIGHTECONOMY_REASONS_H
#define NIGHTECONOMY_REASONS_H

#include "serve/reasons.h"

#define REASON REASON_DECLARE
#include "reasons.def"
#undef REASON

#endif
