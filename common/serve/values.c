/* values.c - checks of documents, dates and amounts, so that all services judge them alike. */
#include "serve/values.h"

#include "base/clock.h"
#include "base/decimal.h"
#include "pb/message.h"
#include "pb/rules.h"
#include "serve/reasons.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

enum {
    DOCUMENT_NUMBER_MAX_CHARACTERS = 100,
    DOCUMENT_AUTHORITY_MAX_CHARACTERS = 200,
    DOCUMENT_TITLE_MAX_CHARACTERS = 1000,
    DOCUMENT_URI_MAX_CHARACTERS = 1000,
};

const char *path_below(struct call *call, const char *field, const char *child)
{
    return arena_printf(call->arena, "%s.%s", field, child);
}

static struct status uri_check(struct call *call, const char *field, const char *uri)
{
    TRY(call_check_length(call, field, uri, DOCUMENT_URI_MAX_CHARACTERS));
    if (uri[0] != '\0' && !is_absolute_uri(uri)) {
        return call_refuse(call, REASON_INVALID_URI, field);
    }
    return STATUS_NONE;
}

struct status document_check(struct call *call, const char *field,
                             const Dongkhoi__Type__V1__Document *document)
{
    if (document == NULL) {
        return STATUS_NONE;
    }
    TRY(text_required(call, path_below(call, field, "number"), document->number,
                      DOCUMENT_NUMBER_MAX_CHARACTERS));
    TRY(past_date_check(call, path_below(call, field, "date"), document->date));
    TRY(call_check_length(call, path_below(call, field, "authority"), document->authority,
                          DOCUMENT_AUTHORITY_MAX_CHARACTERS));
    TRY(call_check_length(call, path_below(call, field, "title"), document->title,
                          DOCUMENT_TITLE_MAX_CHARACTERS));
    return uri_check(call, path_below(call, field, "uri"), document->uri);
}

struct status document_require(struct call *call, const char *field,
                               const Dongkhoi__Type__V1__Document *document, unsigned needs)
{
    if (document == NULL) {
        return call_refuse(call, REASON_DOCUMENT_REQUIRED, field);
    }
    TRY(document_check(call, field, document));
    const char *date = path_below(call, field, "date");
    const char *authority = path_below(call, field, "authority");
    if ((needs & NEED_DATE) != 0 && document->date[0] == '\0') {
        return call_refuse(call, REASON_DATE_REQUIRED, date);
    }
    if ((needs & NEED_AUTHORITY) != 0 &&
        call_check_required(call, authority, document->authority).code != STATUS_OK) {
        return call_refuse(call, REASON_AUTHORITY_REQUIRED, authority);
    }
    return STATUS_NONE;
}

/* Refuses a date in the future. date is a day, or a month, which is compared with this month. */
static struct status future_check(struct call *call, const char *field, const char *date)
{
    char today[DATE_TEXT_BYTES];

    date_format(date_of_time(call->now_us), today);
    if (strncmp(date, today, strlen(date)) > 0) {
        return REFUSE(call, REASON_DATE_IN_FUTURE, field, "%s %s is in the future; today is %s",
                      field, date, today);
    }
    return STATUS_NONE;
}

struct status past_date_check(struct call *call, const char *field, const char *date)
{
    TRY(call_check_date(call, field, date));
    return future_check(call, field, date);
}

struct status past_month_check(struct call *call, const char *field, const char *month)
{
    TRY(call_check_month(call, field, month));
    return future_check(call, field, month);
}

struct status text_required(struct call *call, const char *field, const char *text,
                            size_t max_characters)
{
    TRY(call_check_required(call, field, text));
    return call_check_length(call, field, text, max_characters);
}

struct status scaled_check(struct call *call, const char *field,
                           const Google__Protobuf__DoubleValue *value, int decimals, int64_t least,
                           int64_t most, int64_t *ret_scaled)
{
    int64_t scaled = 0;

    if (value == NULL) {
        return STATUS_NONE;
    }
    const enum decimal_result result = decimal_from_double(value->value, decimals, &scaled);
    if (result == DECIMAL_TOO_PRECISE) {
        return REFUSE(call, REASON_TOO_MANY_DECIMALS, field, "%s has more than %d decimals", field,
                      decimals);
    }
    if (result != DECIMAL_OK || scaled < least || scaled > most) {
        return REFUSE(call, REASON_OUT_OF_RANGE, field, "%s must be a number from %.15g to %.15g",
                      field, decimal_to_double(least, decimals), decimal_to_double(most, decimals));
    }
    *ret_scaled = scaled;
    return STATUS_NONE;
}

int64_t double_scaled(double value, int decimals)
{
    int64_t scaled = 0;

    (void)decimal_from_double(value, decimals, &scaled);
    return scaled;
}

int64_t scaled_stored(const Google__Protobuf__DoubleValue *value, int decimals)
{
    return value != NULL ? double_scaled(value->value, decimals) : 0;
}

struct status enum_check(struct call *call, const char *field, const ProtobufCEnumDescriptor *type,
                         int value)
{
    if (protobuf_c_enum_descriptor_get_value(type, value) == NULL) {
        return REFUSE(call, REASON_INVALID_VALUE, field, "%s has no value %d", field, value);
    }
    return STATUS_NONE;
}

Google__Protobuf__DoubleValue *double_wrap(struct arena *arena, double value)
{
    Google__Protobuf__DoubleValue *wrapper =
        message_new(arena, &google__protobuf__double_value__descriptor);

    wrapper->value = value;
    return wrapper;
}

Google__Protobuf__Int32Value *int32_wrap(struct arena *arena, int32_t value)
{
    Google__Protobuf__Int32Value *wrapper =
        message_new(arena, &google__protobuf__int32_value__descriptor);

    wrapper->value = value;
    return wrapper;
}

Google__Protobuf__BoolValue *bool_wrap(struct arena *arena, bool value)
{
    Google__Protobuf__BoolValue *wrapper =
        message_new(arena, &google__protobuf__bool_value__descriptor);

    wrapper->value = value;
    return wrapper;
}

bool is_published(const char *date, const Google__Protobuf__Timestamp *recorded,
                  const char *published_by)
{
    char day[DATE_TEXT_BYTES];

    if (published_by[0] == '\0') {
        return true;
    }
    date_format(date_of_time(time_unwrap(recorded)), day);
    return strcmp(date[0] != '\0' ? date : day, published_by) <= 0;
}

struct status message_insert(struct call *call, void *message, const char *field, size_t index,
                             void *item)
{
    size_t count = 0;
    ProtobufCMessage **items = message_list(message, field, &count);
    ProtobufCMessage **longer = arena_array(call->arena, count + 1, sizeof(ProtobufCMessage *));

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

struct status message_append(struct call *call, void *message, const char *field, void *item)
{
    size_t count = 0;

    (void)message_list(message, field, &count);
    return message_insert(call, message, field, count, item);
}

static struct status note_put(struct call *call, void *message, const char *field,
                              const struct reason *reason, char *sentence)
{
    Dongkhoi__Type__V1__Note *note =
        message_new(call->arena, &dongkhoi__type__v1__note__descriptor);

    if (sentence == NULL) {
        return status_out_of_memory();
    }
    note->message = sentence;
    note->field = (char *)field;
    note->reason = (char *)reason->name;
    return message_append(call, message, "notes", note);
}

struct status note_say(struct call *call, void *message, const char *field,
                       const struct reason *reason)
{
    return note_put(call, message, field, reason, (char *)reason->english);
}

struct status note_append(struct call *call, void *message, const char *field,
                          const struct reason *reason, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *sentence = arena_vprintf(call->arena, format, args);
    va_end(args);
    return note_put(call, message, field, reason, sentence);
}

const char *names_join(struct arena *arena, const char *const *names, size_t count,
                       const char *separator)
{
    const size_t separator_length = strlen(separator);
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        length += strlen(names[i]) + separator_length;
    }
    char *joined = arena_alloc(arena, length + 1);
    char *end = joined;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            end = stpcpy(end, separator);
        }
        end = stpcpy(end, names[i]);
    }
    return joined;
}
