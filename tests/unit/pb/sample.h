/*
 * sample.h - a message with something in every field, for the tests of pb.
 */
#ifndef UNIT_PB_SAMPLE_H
#define UNIT_PB_SAMPLE_H

#include "base/arena.h"
#include "samples.pb-c.h"

/* In the arena, which must be large enough; some of it is shared and static. */
Samples__Sample *sample_full(struct arena *arena);

#endif
