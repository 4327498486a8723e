/*
 * status.h - how every function that can fail says so.
 *
 * A status is a small value, returned and never ignored. Its texts are literals or live in the
 * arena of the call; nobody frees them.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

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

struct [[nodiscard]] status {
    enum status_code code;
    const char *reason;  /* UPPER_SNAKE, for programs; NULL when code is STATUS_OK */
    const char *message; /* for people: lower case, no full stop, names the field */
    const char *field;   /* path of the field at fault, as in JSON ("target.value"); or NULL */
};

#define STATUS_NONE ((struct status){.code = STATUS_OK})

/* Leave the calling function with the status of expr unless it is OK. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        struct status try_ = (expr);                                                               \
        if (try_.code != STATUS_OK) {                                                              \
            return try_;                                                                           \
        }                                                                                          \
    } while (0)

/*
 * A failure with a message made in the arena. field may be NULL and must outlive the call (a
 * literal, or arena memory).
 */
__attribute__((format(printf, 5, 6))) struct status
status_make(struct arena *arena, enum status_code code, const char *reason, const char *field,
            const char *format, ...);

/* The same status with its field put below prefix: "value" in "requests[3]" is
 * "requests[3].value". */
struct status status_below(struct arena *arena, struct status status, const char *prefix);

/* What a call ends with whose arena is exhausted: RESOURCE_EXHAUSTED REQUEST_TOO_COSTLY. */
struct status status_out_of_memory(void);

/* The status that work in this arena ends with: once the arena is exhausted that of
 * status_out_of_memory(), since any other, also a refusal, may rest on what was not made. */
struct status status_within(const struct arena *arena, struct status status);

/* "NOT_FOUND" and so on; "UNKNOWN" for what is no code. */
const char *status_code_name(enum status_code code);

/* True where a retry of the same request may end otherwise: UNAVAILABLE, DEADLINE_EXCEEDED,
 * RESOURCE_EXHAUSTED, CANCELLED. Such an outcome is never remembered. */
bool status_is_transient(enum status_code code);

#endif
