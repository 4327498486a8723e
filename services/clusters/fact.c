/* fact.c - documents, dates and amounts are judged the same way wherever they stand. */
#include "fact.h"

#include "base/clock.h"
#include "base/decimal.h"
#include "pb/message.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

enum {
    DOCUMENT_NUMBER_MAX_CHARACTERS = 100,
    DOCUMENT_AUTHORITY_MAX_CHARACTERS = 200,
    DOCUMENT_TITLE_MAX_CHARACTERS = 1000,
    DOCUMENT_URI_MAX_CHARACTERS = 1000,
    MONTH_LENGTH = 7,
};

/* "document" and "number" make "document.number"; on a full arena the parent stands for it. */
static const char *path_below(struct call *call, const char *parent, const char *child)
{
    const char *path = arena_printf(call->arena, "%s.%s", parent, child);

    return path != NULL ? path : parent;
}

struct status document_check(struct call *call, const char *field,
                             const Dongkhoi__Type__V1__Document *document, bool date_required)
{
    if (document == NULL) {
        return STATUS_NONE;
    }
    const char *number = path_below(call, field, "number");
    const char *date = path_below(call, field, "date");

    TRY(call_check_required(call, number, document->number));
    TRY(call_check_length(call, number, document->number, DOCUMENT_NUMBER_MAX_CHARACTERS));
    TRY(fact_date_check(call, date, document->date, false));
    TRY(call_check_length(call, path_below(call, field, "authority"), document->authority,
                          DOCUMENT_AUTHORITY_MAX_CHARACTERS));
    TRY(call_check_length(call, path_below(call, field, "title"), document->title,
                          DOCUMENT_TITLE_MAX_CHARACTERS));
    TRY(call_check_length(call, path_below(call, field, "uri"), document->uri,
                          DOCUMENT_URI_MAX_CHARACTERS));
    if (date_required && document->date[0] == '\0') {
        return INVALID(call, "DATE_REQUIRED", date, "%s is required: the date of signature", date);
    }
    return STATUS_NONE;
}

struct status fact_date_check(struct call *call, const char *field, const char *date,
                              bool month_taken)
{
    char today[DATE_TEXT_BYTES];

    if (date[0] == '\0') {
        return STATUS_NONE;
    }
    if (month_taken && strlen(date) == MONTH_LENGTH) {
        TRY(call_check_month(call, field, date));
    } else {
        TRY(call_check_date(call, field, date));
    }
    date_format(date_of_time(call->now_us), today);
    if (fact_date_order(date, today) > 0) {
        return INVALID(call, "DATE_IN_FUTURE", field, "%s %s is in the future; today is %s", field,
                       date, today);
    }
    return STATUS_NONE;
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
        return INVALID(call, "DOCUMENT_REQUIRED", "document",
                       "document is required: %s; without one use basis RECORDED with a source",
                       wanted);
    }
    TRY(document_check(call, "document", proof->document, !proof->date_is_enough));
    TRY(fact_date_check(call, "date", proof->date, false));
    if (proof->date[0] == '\0' && proof->document != NULL) {
        proof->date = proof->document->date;
    }
    if (proof->date[0] == '\0') {
        return INVALID(call, "DATE_REQUIRED", "date", "date is required: the day of %s", wanted);
    }
    return STATUS_NONE;
}

static struct status recorded_check(struct call *call, struct proof *proof)
{
    if (call_check_required(call, "source", proof->source).code != STATUS_OK) {
        return INVALID(call, "SOURCE_REQUIRED", "source",
                       "source is required with basis RECORDED: where it was found");
    }
    TRY(document_check(call, "document", proof->document, false));
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
        return INVALID(call, "INVALID_VALUE", "basis", "basis must be DOCUMENTED or RECORDED");
    }
    return documented_check(call, proof, wanted);
}

struct status amount_check(struct call *call, const char *field,
                           const Google__Protobuf__DoubleValue *value, int decimals, int64_t least,
                           int64_t most, int64_t *ret_scaled)
{
    int64_t scaled = 0;
    const enum decimal_result result = decimal_from_double(value->value, decimals, &scaled);

    if (result == DECIMAL_TOO_PRECISE) {
        return INVALID(call, "TOO_MANY_DECIMALS", field, "%s has more than %d decimals", field,
                       decimals);
    }
    if (result != DECIMAL_OK || scaled < least || scaled > most) {
        return INVALID(call, "OUT_OF_RANGE", field, "%s must be a number from %.*f to %.*f", field,
                       least == 0 ? 0 : decimals, decimal_to_double(least, decimals), 0,
                       decimal_to_double(most, decimals));
    }
    *ret_scaled = scaled;
    return STATUS_NONE;
}

int64_t amount_scaled(double value, int decimals)
{
    int64_t scaled = 0;
    const enum decimal_result result = decimal_from_double(value, decimals, &scaled);

    assert(result == DECIMAL_OK);
    (void)result;
    return scaled;
}

Google__Protobuf__DoubleValue *double_value(struct arena *arena, double value)
{
    Google__Protobuf__DoubleValue *wrapper =
        message_new(arena, &google__protobuf__double_value__descriptor);

    if (wrapper != NULL) {
        wrapper->value = value;
    }
    return wrapper;
}

Google__Protobuf__Int32Value *int32_value(struct arena *arena, int32_t value)
{
    Google__Protobuf__Int32Value *wrapper =
        message_new(arena, &google__protobuf__int32_value__descriptor);

    if (wrapper != NULL) {
        wrapper->value = value;
    }
    return wrapper;
}

Google__Protobuf__Timestamp *timestamp_value(struct arena *arena, int64_t time_us)
{
    Google__Protobuf__Timestamp *time =
        message_new(arena, &google__protobuf__timestamp__descriptor);

    if (time != NULL) {
        time->seconds = time_us / 1000000;
        time->nanos = (int32_t)(time_us % 1000000) * 1000;
    }
    return time;
}

struct status list_insert(struct call *call, ProtobufCMessage *message, const char *field,
                          size_t index, void *item)
{
    size_t count = 0;
    ProtobufCMessage **items = message_list(message, field, &count);
    ProtobufCMessage **longer = arena_array(call->arena, count + 1, sizeof(ProtobufCMessage *));

    if (longer == NULL || item == NULL) {
        return status_out_of_memory();
    }
    assert(index <= count);
    for (size_t i = 0; i < index; i++) {
        longer[i] = items[i];
    }
    longer[index] = item;
    for (size_t i = index; i < count; i++) {
        longer[i + 1] = items[i];
    }
    const bool known = message_set_list(message, field, longer, count + 1);
    assert(known);
    (void)known;
    return STATUS_NONE;
}

struct status note_add(struct call *call, void *message, const char *field, const char *reason,
                       const char *format, ...)
{
    Dongkhoi__Type__V1__Note *note =
        message_new(call->arena, &dongkhoi__type__v1__note__descriptor);
    size_t count = 0;
    va_list args;

    if (note == NULL) {
        return status_out_of_memory();
    }
    va_start(args, format);
    note->message = arena_vprintf(call->arena, format, args);
    va_end(args);
    note->field = arena_strdup(call->arena, field);
    note->reason = arena_strdup(call->arena, reason);
    if (note->message == NULL || note->field == NULL || note->reason == NULL) {
        return status_out_of_memory();
    }
    (void)message_list(message, "notes", &count);
    return list_insert(call, message, "notes", count, note);
}
