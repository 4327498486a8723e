/*
 * messages.h - the messages of the proto under short names, and what several rules ask of them.
 *
 * Messages live in the arena of the call. Errors: INVALID_ARGUMENT, naming the field.
 */
#ifndef REGISTRATIONS_MESSAGES_H
#define REGISTRATIONS_MESSAGES_H

#include "dongkhoi/registrations/v1/registrations.pb-c.h"
#include "serve/values.h"

typedef Dongkhoi__Registrations__V1__Organization organization_message;
typedef Dongkhoi__Registrations__V1__Person person_message;
typedef Dongkhoi__Registrations__V1__Movement movement_message;
typedef Dongkhoi__Registrations__V1__Theme theme_message;
typedef Dongkhoi__Registrations__V1__Commitment commitment_message;
typedef Dongkhoi__Registrations__V1__Registration registration_message;
typedef Dongkhoi__Registrations__V1__Report report_message;
typedef Dongkhoi__Registrations__V1__Commendation commendation_message;
typedef Dongkhoi__Registrations__V1__Exemplar exemplar_message;
typedef Dongkhoi__Type__V1__Document document_message;

#define MOVEMENT_STATE(name) DONGKHOI__REGISTRATIONS__V1__MOVEMENT__STATE__##name
#define REGISTRATION_STATE(name) DONGKHOI__REGISTRATIONS__V1__REGISTRATION__STATE__##name
#define REGISTRATION_RESULT(name) DONGKHOI__REGISTRATIONS__V1__REGISTRATION__RESULT__##name
#define COMMENDATION_STATE(name) DONGKHOI__REGISTRATIONS__V1__COMMENDATION__STATE__##name
#define COMMENDATION_FORM(name) DONGKHOI__REGISTRATIONS__V1__COMMENDATION__FORM__##name
#define EXEMPLAR_STATE(name) DONGKHOI__REGISTRATIONS__V1__EXEMPLAR__STATE__##name

enum {
    YEAR_MIN = 1900,
    YEAR_MAX = 2200,
    VALUE_DECIMALS = 6,
    PERCENT_DECIMALS = 6,
    DOCUMENTS_MAX = 50,
};

/* "a, b" and "c" make "a, b, c"; "" and "c" make "c". Never NULL: what does not fit is left out. */
const char *list_text(struct arena *arena, const char *names, const char *name);

/* enum_check(), and not the unspecified value: FIELD_REQUIRED. */
struct status enum_required(struct call *call, const char *field,
                            const ProtobufCEnumDescriptor *type, int value);

/* The name in the proto; "" for a number without one. */
const char *enum_name(const ProtobufCEnumDescriptor *type, int value);

/* OUT_OF_RANGE outside of YEAR_MIN to YEAR_MAX. */
struct status year_check(struct call *call, const char *field, int year);

/* At most DOCUMENTS_MAX. */
struct status documents_check(struct call *call, const char *field, size_t count);

/* The name of the first resource of a walk; NULL when there is none. */
struct status first_of(struct call *call, const struct resource_kind *kind,
                       const struct resource_scan *scan, const char **ret_name);

/* A number as targets and observations have them: at most 15 digits, VALUE_DECIMALS of them
 * decimals; TOO_MANY_DECIMALS, OUT_OF_RANGE. NULL is none. */
struct status value_check(struct call *call, const char *field,
                          const Google__Protobuf__DoubleValue *value);

/* FAILED_PRECONDITION DATE_OUT_OF_ORDER when both days are known and date is before earliest; what
 * is the day of earliest in words: "the approval". */
struct status date_not_before(struct call *call, const char *field, const char *date,
                              const char *earliest, const char *what);

/* The day of a step with an optional document: date, else that of the document. */
const char *step_date(const char *date, const document_message *document);

#endif
