/*
 * timestamp.h - times of messages as microseconds since 1970, as all else here counts them.
 */
#ifndef PB_TIMESTAMP_H
#define PB_TIMESTAMP_H

#include "base/arena.h"
#include "google/protobuf/timestamp.pb-c.h"

#include <stdint.h>

Google__Protobuf__Timestamp *time_wrap(struct arena *arena, int64_t time_us);

/* What is below a microsecond is dropped. 0 for NULL. The time is of the years 0001 to 9999. */
int64_t time_unwrap(const Google__Protobuf__Timestamp *time);

#endif
