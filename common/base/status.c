/* status.c - the vocabulary of failure. */
#include "base/status.h"

#include "base/arena.h"
#include "base/sentence.h"

#include <stdarg.h>

struct status status_of(const struct reason *reason, const char *message)
{
    return (struct status){
        .code = reason->code,
        .reason = reason,
        .message = message != NULL ? message : reason->english,
    };
}

struct status status_for(struct arena *arena, const struct reason *reason, const char *field,
                         const char *const *metadata)
{
    struct status status =
        status_of(reason, sentence_fill(arena, reason->english, field, metadata));

    status.field = field;
    status.metadata = metadata;
    return status;
}

struct status status_make(struct arena *arena, const struct reason *reason, const char *field,
                          const char *format, ...)
{
    va_list args;

    va_start(args, format);
    struct status status = status_of(reason, arena_vprintf(arena, format, args));
    va_end(args);
    status.field = field;
    return status;
}

struct status status_as(enum status_code code, struct status status)
{
    status.code = code;
    return status;
}

const struct reason *status_reason(struct status status)
{
    return status.reason != NULL ? status.reason : reason_of_code(status.code);
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
    return status_of(REASON_REQUEST_TOO_COSTLY, NULL);
}

int status_http_code(struct status status)
{
    static const int by_code[] = {
        [STATUS_OK] = 200,
        [STATUS_CANCELLED] = 499,
        [STATUS_UNKNOWN] = 500,
        [STATUS_INVALID_ARGUMENT] = 400,
        [STATUS_DEADLINE_EXCEEDED] = 504,
        [STATUS_NOT_FOUND] = 404,
        [STATUS_ALREADY_EXISTS] = 409,
        [STATUS_PERMISSION_DENIED] = 403,
        [STATUS_RESOURCE_EXHAUSTED] = 429,
        [STATUS_FAILED_PRECONDITION] = 400,
        [STATUS_ABORTED] = 409,
        [STATUS_OUT_OF_RANGE] = 400,
        [STATUS_UNIMPLEMENTED] = 501,
        [STATUS_INTERNAL] = 500,
        [STATUS_UNAVAILABLE] = 503,
        [STATUS_DATA_LOSS] = 500,
        [STATUS_UNAUTHENTICATED] = 401,
    };
    const struct reason *reason = status.reason;
    const size_t index = (size_t)status.code;

    if (reason != NULL && reason->http_code != 0 && reason->code == status.code) {
        return reason->http_code;
    }
    return index < sizeof(by_code) / sizeof(by_code[0]) ? by_code[index] : 500;
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
