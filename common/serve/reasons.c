/* reasons.c - the rows of reasons.def. */
#include "serve/reasons.h"

#define REASON REASON_DEFINE
#include "serve/reasons.def"
#undef REASON
