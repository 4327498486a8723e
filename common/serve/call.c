/* call.c - what the rules of many handlers share. */
#include "serve/call.h"

#include "base/clock.h"
#include "pb/rules.h"
#include "serve/reasons.h"

#include <string.h>

void call_metadata(struct call *call, const char *key, const char *value)
{
    const size_t capacity = sizeof(call->metadata) / sizeof(call->metadata[0]);

    for (size_t i = 0; i + 2 < capacity; i += 2) {
        if (call->metadata[i] == NULL) {
            call->metadata[i] = key;
            call->metadata[i + 1] = value;
            return;
        }
    }
}

struct status call_refuse(struct call *call, const struct reason *reason, const char *field)
{
    return status_for(call->arena, reason, field, call->metadata);
}

struct status call_check_required(struct call *call, const char *field, const char *text)
{
    /* Blanks say nothing either. */
    if (text == NULL || text[strspn(text, " \t\r\n")] == '\0') {
        return call_refuse(call, REASON_FIELD_REQUIRED, field);
    }
    return STATUS_NONE;
}

struct status call_check_length(struct call *call, const char *field, const char *text,
                                size_t max_characters)
{
    if (text == NULL) {
        return STATUS_NONE;
    }
    const size_t count = text_characters(text);
    if (count > max_characters) {
        return REFUSE(call, REASON_TEXT_TOO_LONG, field,
                      "%s has %zu characters; at most %zu are kept", field, count, max_characters);
    }
    return STATUS_NONE;
}

struct status call_check_date(struct call *call, const char *field, const char *text)
{
    int32_t day = 0;

    if (text == NULL || text[0] == '\0' || date_parse(slice_from(text), &day)) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_INVALID_DATE, field, "%s is no date of the form YYYY-MM-DD: \"%s\"",
                  field, text);
}

struct status call_check_month(struct call *call, const char *field, const char *text)
{
    int year = 0;
    int month = 0;

    if (text == NULL || text[0] == '\0' || month_parse(slice_from(text), &year, &month)) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_INVALID_MONTH, field, "%s is no month of the form YYYY-MM: \"%s\"",
                  field, text);
}
