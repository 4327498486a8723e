/*
 * fact.h - what is common to all that is recorded about a cluster: documents, dates, sources,
 * amounts, and notes about them.
 *
 * Errors: INVALID_ARGUMENT, naming the field. Messages live in the arena of the call.
 */
#ifndef CLUSTERS_FACT_H
#define CLUSTERS_FACT_H

#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "serve/call.h"

#define BASIS_DOCUMENTED DONGKHOI__CLUSTERS__V1__BASIS__DOCUMENTED
#define BASIS_RECORDED DONGKHOI__CLUSTERS__V1__BASIS__RECORDED

enum {
    HECTARE_DECIMALS = 4,
    CAPITAL_DECIMALS = 6,
    PERCENT_DECIMALS = 2,
    SOURCE_MAX_CHARACTERS = 1000,
    NOTE_MAX_CHARACTERS = 2000,
    OWNER_MAX_CHARACTERS = 300,
};

/* The largest area taken, in units of 10^-4 hectares: more than the whole province. */
#define HECTARES_MAX_SCALED INT64_C(3000000000)

/* A document must have a number and, when date_required, a date; none of its dates lies in the
 * future. NULL passes. field is its path: "document", "waiver.document". */
struct status document_check(struct call *call, const char *field,
                             const Dongkhoi__Type__V1__Document *document, bool date_required);

/* "YYYY-MM-DD" and not in the future; where months are taken also "YYYY-MM". "" passes. */
struct status fact_date_check(struct call *call, const char *field, const char *date,
                              bool month_taken);

/* -1, 0 or 1 as a is before, not to be told apart from, or after b: a month is compared with the
 * month of a day. Neither is empty. */
int fact_date_order(const char *a, const char *b);

/* What a request says about the proof of a fact; filled in and checked by proof_check(). */
struct proof {
    int basis; /* BASIS_UNSPECIFIED becomes BASIS_DOCUMENTED */
    Dongkhoi__Type__V1__Document *document;
    const char *date; /* "" becomes the date of the document */
    const char *source;
    const char *note;
    bool date_is_enough; /* DOCUMENTED without a document, by a date alone */
};
/* wanted names the document in messages: "a district notice". */
struct status proof_check(struct call *call, struct proof *proof, const char *wanted);

/* A value as an integer of 10^-decimals between least and most (both scaled). value is not NULL. */
struct status amount_check(struct call *call, const char *field,
                           const Google__Protobuf__DoubleValue *value, int decimals, int64_t least,
                           int64_t most, int64_t *ret_scaled);

/* The scaled integer of a value that was checked when it was stored. */
int64_t amount_scaled(double value, int decimals);

/* NULL when the arena is full. */
Google__Protobuf__DoubleValue *double_value(struct arena *arena, double value);
Google__Protobuf__Int32Value *int32_value(struct arena *arena, int32_t value);
Google__Protobuf__Timestamp *timestamp_value(struct arena *arena, int64_t time_us);

/* Puts item into the repeated field, before the element at index. */
struct status list_insert(struct call *call, ProtobufCMessage *message, const char *field,
                          size_t index, void *item);

/* Adds to the field "notes" of message. field and reason must be literals. */
__attribute__((format(printf, 5, 6))) struct status note_add(struct call *call, void *message,
                                                             const char *field, const char *reason,
                                                             const char *format, ...);

#endif
