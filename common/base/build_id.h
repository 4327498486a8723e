/*
 * build_id.h - what tells this program from one that was built from something else.
 */
#ifndef BASE_BUILD_ID_H
#define BASE_BUILD_ID_H

#include "base/slice.h"

/* The linker's hash of the running program, the same at each start; of a program without one,
 * random bytes that are new at each start. Constant; any thread. */
struct slice build_id(void);

#endif
