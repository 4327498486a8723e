/*
 * reason.h - why something is refused, or said in a note: one constant for each reason.
 *
 * A program's reasons stand in its reasons.def, what programs share in common/base/reasons.def and
 * common/serve/reasons.def. A row is
 *
 *     REASON(NAME, CODE, HTTP, english, vietnamese)
 *
 * NAME is what clients see in ErrorInfo; CODE is the status code without its STATUS_, and OK for
 * what stands in notes only; HTTP is 0, or the HTTP code where it is not the one of CODE. In a
 * sentence "{key}" stands for the metadata of this key and "{field}" for the field at fault; a part
 * in "[...]" is left out when one of its keys is not known.
 *
 * Code compares the constants: status.reason == REASON_STORE_FULL.
 */
#ifndef BASE_REASON_H
#define BASE_REASON_H

#include <assert.h>

struct arena;

/* Numbered as google.rpc.Code. */
enum status_code {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

struct reason {
    const char *name; /* UPPER_SNAKE, for programs */
    enum status_code code;
    int http_code; /* 0: the one of the code */
    const char *english;
    const char *vietnamese; /* NULL: another program's reason, whose sentence came with it or not */
};

/* Each constant is an array of one, so that its name is its address. */
#define REASON_DECLARE(name, code, http, english, vietnamese)                                      \
    extern const struct reason REASON_##name[1];
#define REASON_DEFINE(name, code, http, english, vietnamese)                                       \
    static_assert(sizeof(english) > 1 && sizeof(vietnamese) > 1, #name " has both sentences");     \
    const struct reason REASON_##name[1] = {{#name, STATUS_##code, http, english, vietnamese}};

#define REASON REASON_DECLARE
#include "base/reasons.def"
#undef REASON

/* The reason that is named as the code: what a failure without any other has. */
const struct reason *reason_of_code(enum status_code code);

/*
 * The reason of a name that came from another program: the constant of common/base/reasons.def,
 * else one that the arena holds, with name (not copied), code, and neither sentence.
 */
const struct reason *reason_from_name(struct arena *arena, const char *name, enum status_code code);

#endif
