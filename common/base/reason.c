/* reason.c - the rows of reasons.def, and the search for one by its name. */
#include "base/reason.h"

#include "base/arena.h"

#include <stddef.h>
#include <string.h>

#define REASON REASON_DEFINE
#include "base/reasons.def"
#undef REASON

static const struct reason *const reasons[] = {
#define REASON(name, code, http, english, vietnamese) REASON_##name,
#include "base/reasons.def"
#undef REASON
};

const struct reason *reason_of_code(enum status_code code)
{
    static const struct reason *const by_code[] = {
        [STATUS_CANCELLED] = REASON_CANCELLED,
        [STATUS_UNKNOWN] = REASON_UNKNOWN,
        [STATUS_INVALID_ARGUMENT] = REASON_INVALID_ARGUMENT,
        [STATUS_DEADLINE_EXCEEDED] = REASON_DEADLINE_EXCEEDED,
        [STATUS_NOT_FOUND] = REASON_NOT_FOUND,
        [STATUS_ALREADY_EXISTS] = REASON_ALREADY_EXISTS,
        [STATUS_PERMISSION_DENIED] = REASON_PERMISSION_DENIED,
        [STATUS_RESOURCE_EXHAUSTED] = REASON_RESOURCE_EXHAUSTED,
        [STATUS_FAILED_PRECONDITION] = REASON_FAILED_PRECONDITION,
        [STATUS_ABORTED] = REASON_ABORTED,
        [STATUS_OUT_OF_RANGE] = REASON_OUT_OF_RANGE,
        [STATUS_UNIMPLEMENTED] = REASON_UNIMPLEMENTED,
        [STATUS_INTERNAL] = REASON_INTERNAL,
        [STATUS_UNAVAILABLE] = REASON_UNAVAILABLE,
        [STATUS_DATA_LOSS] = REASON_DATA_LOSS,
        [STATUS_UNAUTHENTICATED] = REASON_UNAUTHENTICATED,
    };
    const size_t index = (size_t)code;

    return index > 0 && index < sizeof(by_code) / sizeof(by_code[0]) ? by_code[index]
                                                                     : REASON_UNKNOWN;
}

const struct reason *reason_from_name(struct arena *arena, const char *name, enum status_code code)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strcmp(reasons[i]->name, name) == 0) {
            return reasons[i];
        }
    }
    struct reason *reason = ARENA_NEW(arena, struct reason);

    *reason = (struct reason){.name = name, .code = code, .english = ""};
    return reason;
}
