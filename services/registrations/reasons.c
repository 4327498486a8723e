/* reasons.c - the rows of reasons.def. */
#include "reasons.h"

#define REASON REASON_DEFINE
#include "reasons.def"
#undef REASON
