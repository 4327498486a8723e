/* timestamp.c - seconds and nanos, of which nanos are never negative. */
#include "pb/timestamp.h"

enum { SECOND_US = 1000000, MICROSECOND_NS = 1000 };

Google__Protobuf__Timestamp *time_wrap(struct arena *arena, int64_t time_us)
{
    Google__Protobuf__Timestamp *time = ARENA_NEW(arena, Google__Protobuf__Timestamp);

    google__protobuf__timestamp__init(time);
    time->seconds = time_us / SECOND_US;
    time->nanos = (int32_t)(time_us % SECOND_US) * MICROSECOND_NS;
    if (time->nanos < 0) {
        time->seconds--;
        time->nanos += SECOND_US * MICROSECOND_NS;
    }
    return time;
}

int64_t time_unwrap(const Google__Protobuf__Timestamp *time)
{
    return time != NULL ? time->seconds * SECOND_US + time->nanos / MICROSECOND_NS : 0;
}
