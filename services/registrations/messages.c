/* messages.c - what is judged the same way wherever it stands. */
#include "messages.h"

#include "base/decimal.h"
#include "pb/message.h"
#include "reasons.h"

#include <string.h>

const char *list_text(struct arena *arena, const char *names, const char *name)
{
    const char *longer = arena_printf(arena, "%s%s%s", names, names[0] != '\0' ? ", " : "", name);

    return longer != NULL ? longer : names;
}

struct status enum_required(struct call *call, const char *field,
                            const ProtobufCEnumDescriptor *type, int value)
{
    if (value == 0) {
        return call_refuse(call, REASON_FIELD_REQUIRED, field);
    }
    return enum_check(call, field, type, value);
}

const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

    return found != NULL ? found->name : "";
}

struct status year_check(struct call *call, const char *field, int year)
{
    if (year < YEAR_MIN || year > YEAR_MAX) {
        return REFUSE(call, REASON_OUT_OF_RANGE, field, "%s must be from %d to %d", field, YEAR_MIN,
                      YEAR_MAX);
    }
    return STATUS_NONE;
}

struct status documents_check(struct call *call, const char *field, size_t count)
{
    if (count > DOCUMENTS_MAX) {
        return REFUSE(call, REASON_TOO_MANY_ITEMS, field,
                      "%s has %zu documents; at most %d are kept", field, count, DOCUMENTS_MAX);
    }
    return STATUS_NONE;
}

struct status value_check(struct call *call, const char *field,
                          const Google__Protobuf__DoubleValue *value)
{
    enum decimal_result result = DECIMAL_TOO_PRECISE;
    int64_t scaled = 0;

    if (value == NULL) {
        return STATUS_NONE;
    }
    for (int decimals = 0; result == DECIMAL_TOO_PRECISE && decimals <= VALUE_DECIMALS;
         decimals++) {
        result = decimal_from_double(value->value, decimals, &scaled);
    }
    if (result == DECIMAL_OK) {
        return STATUS_NONE;
    }
    return REFUSE(
        call, result == DECIMAL_TOO_PRECISE ? REASON_TOO_MANY_DECIMALS : REASON_OUT_OF_RANGE, field,
        "%s must be a number of at most 15 digits, %d of them decimals", field, VALUE_DECIMALS);
}

struct status date_not_before(struct call *call, const char *field, const char *date,
                              const char *earliest, const char *what)
{
    if (date[0] == '\0' || strcmp(date, earliest) >= 0) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_DATE_OUT_OF_ORDER, field, "%s %s is before %s, %s", field, date,
                  what, earliest);
}

const char *step_date(const char *date, const document_message *document)
{
    return date[0] == '\0' && document != NULL ? document->date : date;
}

/* Ends the walk. */
static struct status on_first(void *arg, const struct resource_revision *row)
{
    const char **name = arg;

    *name = message_string(row->message, "name");
    return status_of(REASON_CANCELLED, "found");
}

struct status first_of(struct call *call, const struct resource_kind *kind,
                       const struct resource_scan *scan, const char **ret_name)
{
    const char *name = NULL;
    const struct status status = resource_each(call->tx, kind, scan, on_first, &name);

    if (name == NULL) {
        TRY(status);
    }
    *ret_name = name;
    return STATUS_NONE;
}
