/* fact.c - what proves a fact, and when it was. */
#include "fact.h"

#include "reasons.h"

#include <string.h>

enum { MONTH_LENGTH = 7 };

struct status fact_date_check(struct call *call, const char *field, const char *date,
                              bool month_taken)
{
    return month_taken && strlen(date) == MONTH_LENGTH ? past_month_check(call, field, date)
                                                       : past_date_check(call, field, date);
}

int fact_date_order(const char *a, const char *b)
{
    const size_t a_length = strlen(a);
    const size_t b_length = strlen(b);
    const int order = strncmp(a, b, a_length < b_length ? a_length : b_length);

    return order < 0 ? -1 : order > 0;
}

static struct status documented_check(struct call *call, struct proof *proof, const char *wanted)
{
    if (proof->document == NULL && !proof->date_is_enough) {
        return REFUSE(call, REASON_DOCUMENT_REQUIRED, "document",
                      "document is required: %s; without one use basis RECORDED with a source",
                      wanted);
    }
    TRY(proof->date_is_enough ? document_check(call, "document", proof->document)
                              : document_require(call, "document", proof->document, NEED_DATE));
    TRY(past_date_check(call, "date", proof->date));
    if (proof->date[0] == '\0' && proof->document != NULL) {
        proof->date = proof->document->date;
    }
    if (proof->date[0] == '\0') {
        return REFUSE(call, REASON_DATE_REQUIRED, "date", "date is required: the day of %s",
                      wanted);
    }
    return STATUS_NONE;
}

static struct status recorded_check(struct call *call, struct proof *proof)
{
    if (call_check_required(call, "source", proof->source).code != STATUS_OK) {
        return call_refuse(call, REASON_SOURCE_REQUIRED, "source");
    }
    TRY(document_check(call, "document", proof->document));
    TRY(fact_date_check(call, "date", proof->date, true));
    if (proof->date[0] == '\0' && proof->document != NULL) {
        proof->date = proof->document->date;
    }
    return STATUS_NONE;
}

struct status proof_check(struct call *call, struct proof *proof, const char *wanted)
{
    TRY(call_check_length(call, "source", proof->source, SOURCE_MAX_CHARACTERS));
    TRY(call_check_length(call, "note", proof->note, NOTE_MAX_CHARACTERS));
    if (proof->basis == DONGKHOI__CLUSTERS__V1__BASIS__BASIS_UNSPECIFIED) {
        proof->basis = BASIS_DOCUMENTED;
    }
    if (proof->basis == BASIS_RECORDED) {
        return recorded_check(call, proof);
    }
    if (proof->basis != BASIS_DOCUMENTED) {
        return REFUSE(call, REASON_INVALID_VALUE, "basis", "basis must be DOCUMENTED or RECORDED");
    }
    return documented_check(call, proof, wanted);
}
