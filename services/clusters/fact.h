/*
 * fact.h - what is common to all that is recorded about a cluster: its proof, and its date, which
 * may be no more than a month.
 *
 * Errors: INVALID_ARGUMENT, naming the field.
 */
#ifndef CLUSTERS_FACT_H
#define CLUSTERS_FACT_H

#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "serve/values.h"

#define BASIS_DOCUMENTED DONGKHOI__CLUSTERS__V1__BASIS__DOCUMENTED
#define BASIS_RECORDED DONGKHOI__CLUSTERS__V1__BASIS__RECORDED

enum {
    HECTARE_DECIMALS = 4,
    CAPITAL_DECIMALS = 6,
    PERCENT_DECIMALS = 2,
};

/* The largest area taken, in units of 10^-4 hectares: more than the whole province. */
#define HECTARES_MAX_SCALED INT64_C(3000000000)

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
#define PROOF_OF(request)                                                                          \
    {                                                                                              \
        .basis = (int)(request)->basis, .document = (request)->document, .date = (request)->date,  \
        .source = (request)->source, .note = (request)->note                                       \
    }
/* wanted names the document in messages: "a district notice". */
struct status proof_check(struct call *call, struct proof *proof, const char *wanted);

#endif
