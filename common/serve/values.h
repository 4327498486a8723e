/*
 * values.h - values that stand in many resources: documents, days, amounts, references, notes.
 *
 * Checks return INVALID_ARGUMENT and name the field. Messages live in the arena of the call.
 */
#ifndef SERVE_VALUES_H
#define SERVE_VALUES_H

#include "dongkhoi/type/v1/type.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"
#include "pb/timestamp.h"
#include "serve/call.h"

enum {
    SOURCE_MAX_CHARACTERS = 1000,
    NOTE_MAX_CHARACTERS = 2000,
};

/* "field.child"; on a full arena the parent stands for it. */
const char *path_below(struct call *call, const char *field, const char *child);

/* A number, texts that are not too long, a date that is real and not in the future, an absolute
 * URI: FIELD_REQUIRED, TEXT_TOO_LONG, INVALID_DATE, DATE_IN_FUTURE, INVALID_URI. NULL passes. */
struct status document_check(struct call *call, const char *field,
                             const Dongkhoi__Type__V1__Document *document);

/* What a document must say beside its number. */
enum document_need { NEED_NUMBER = 0, NEED_DATE = 1, NEED_AUTHORITY = 2 };

/* A document that is there, valid and complete: DOCUMENT_REQUIRED, DATE_REQUIRED,
 * AUTHORITY_REQUIRED. needs: bits of enum document_need. */
struct status document_require(struct call *call, const char *field,
                               const Dongkhoi__Type__V1__Document *document, unsigned needs);

/* "YYYY-MM-DD", and "YYYY-MM", that is not in the future: DATE_IN_FUTURE. "" passes. */
struct status past_date_check(struct call *call, const char *field, const char *date);
struct status past_month_check(struct call *call, const char *field, const char *month);

/* Whether a fact counts by that day: from its own date, else from the day on which it was recorded.
 * "" published_by: true. */
bool is_published(const char *date, const Google__Protobuf__Timestamp *recorded,
                  const char *published_by);

/* Not empty, and not too long. */
struct status text_required(struct call *call, const char *field, const char *text,
                            size_t max_characters);

/* A value as an integer of 10^-decimals between least and most (both scaled): TOO_MANY_DECIMALS,
 * OUT_OF_RANGE. NULL passes, with ret_scaled untouched. */
struct status scaled_check(struct call *call, const char *field,
                           const Google__Protobuf__DoubleValue *value, int decimals, int64_t least,
                           int64_t most, int64_t *ret_scaled);

/* The scaled integer of a value that was checked when it was stored; 0 for NULL and for what has
 * more decimals. */
int64_t scaled_stored(const Google__Protobuf__DoubleValue *value, int decimals);
int64_t double_scaled(double value, int decimals);

/* A number that the proto has a name for: on the wire an enum may hold any. INVALID_VALUE. */
struct status enum_check(struct call *call, const char *field, const ProtobufCEnumDescriptor *type,
                         int value);

Google__Protobuf__DoubleValue *double_wrap(struct arena *arena, double value);
Google__Protobuf__Int32Value *int32_wrap(struct arena *arena, int32_t value);
Google__Protobuf__BoolValue *bool_wrap(struct arena *arena, bool value);

/* Puts item at the end of the repeated field; item may be NULL for one that could not be made. */
struct status message_append(struct call *call, void *message, const char *field, void *item);
/* Before the element at index. */
struct status message_insert(struct call *call, void *message, const char *field, size_t index,
                             void *item);

/* Adds to the repeated field "notes" what the reason's row says. field must be a literal. */
struct status note_say(struct call *call, void *message, const char *field,
                       const struct reason *reason);
/* The same with a sentence of its own. */
__attribute__((format(printf, 5, 6))) struct status note_append(struct call *call, void *message,
                                                                const char *field,
                                                                const struct reason *reason,
                                                                const char *format, ...);

/* "a, b, c", with ", " or another separator between them; "" for none. */
const char *names_join(struct arena *arena, const char *const *names, size_t count,
                       const char *separator);

#endif
