/* status.c - the vocabulary of failure. */
#include "base/status.h"

#include "base/arena.h"

#include <stdarg.h>

struct status status_make(struct arena *arena, enum status_code code, const char *reason,
                          const char *field, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *message = arena_vprintf(arena, format, args);
    va_end(args);
    return (struct status){
        .code = code,
        .reason = reason,
        .message = message,
        .field = field,
    };
}

struct status status_below(struct arena *arena, struct status status, const char *prefix)
{
    if (status.code == STATUS_OK) {
        return status;
    }
    status.field =
        status.field != NULL ? arena_printf(arena, "%s.%s", prefix, status.field) : prefix;
    return status;
}

struct status status_out_of_memory(void)
{
    return (struct status){
        .code = STATUS_RESOURCE_EXHAUSTED,
        .reason = "REQUEST_TOO_COSTLY",
        .message = "the request needs more memory than one request may use",
    };
}

struct status status_within(const struct arena *arena, struct status status)
{
    return arena_exhausted(arena) ? status_out_of_memory() : status;
}

const char *status_code_name(enum status_code code)
{
    static const char *const names[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };
    const size_t index = (size_t)code;

    return index < sizeof(names) / sizeof(names[0]) ? names[index] : "UNKNOWN";
}

bool status_is_transient(enum status_code code)
{
    return code == STATUS_UNAVAILABLE || code == STATUS_DEADLINE_EXCEEDED ||
           code == STATUS_RESOURCE_EXHAUSTED || code == STATUS_CANCELLED;
}
