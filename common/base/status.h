/*
 * status.h - how every function that can fail says so.
 *
 * A status is a small value, returned and never ignored. Its texts are literals or live in the
 * arena of the call; nobody frees them.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>

struct [[nodiscard]] status {
    enum status_code code;
    const struct reason *reason; /* NULL when code is STATUS_OK */
    const char *message;         /* for people: lower case, no full stop, names the field */
    const char *field; /* path of the field at fault, as in JSON ("target.value"); or NULL */
    /* Pairs for programs, such as the possible next steps: key and value by turns, NULL-ended; or
     * NULL. */
    const char *const *metadata;
    const char *vietnamese; /* the sentence that came with it; NULL: the one of its reason */
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

/* A failure with the code of its reason; message NULL: the reason's English sentence, which then
 * has no places to fill. */
struct status status_of(const struct reason *reason, const char *message);

/* The same with the reason's English sentence, its places filled (see base/reason.h): field and
 * metadata may be NULL, and must outlive the call. */
struct status status_for(struct arena *arena, const struct reason *reason, const char *field,
                         const char *const *metadata);

/*
 * The same with a message made in the arena. field may be NULL and must outlive the call (a
 * literal, or arena memory).
 */
__attribute__((format(printf, 4, 5))) struct status status_make(struct arena *arena,
                                                                const struct reason *reason,
                                                                const char *field,
                                                                const char *format, ...);

/* The same status with another code: where what is refused for one reason is the request in one
 * place and the state of things in another. */
struct status status_as(enum status_code code, struct status status);

/* The reason of a failure; that of its code when it has none. */
const struct reason *status_reason(struct status status);

/* The HTTP code: that of the reason, else what google.rpc.Code says of the code; 200 for OK. */
int status_http_code(struct status status);

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
