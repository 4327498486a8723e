/*
 * reasons.h - what the gateway refuses with: a constant REASON_NAME for each row of reasons.def.
 */
#ifndef GATEWAY_REASONS_H
#define GATEWAY_REASONS_H

#include "base/reason.h"

#define REASON REASON_DECLARE
#include "reasons.def"
#undef REASON

#endif
