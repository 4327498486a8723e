/*
 * reasons.h - what services refuse with: a constant REASON_NAME for each row of reasons.def.
 */
#ifndef SERVE_REASONS_H
#define SERVE_REASONS_H

#include "base/reason.h"

#define REASON REASON_DECLARE
#include "serve/reasons.def"
#undef REASON

#endif
