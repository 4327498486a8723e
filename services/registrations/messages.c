/* messages.c - what is judged the same way wherever it stands. */
#include "messages.h"

const char *path_below(struct call *call, const char *field, const char *child)
{
    const char *path = arena_printf(call->arena, "%s.%s", field, child);

    return path != NULL ? path : field;
}

const char *list_text(struct arena *arena, const char *names, const char *name)
{
    const char *longer = arena_printf(arena, "%s%s%s", names, names[0] != '\0' ? ", " : "", name);

    return longer != NULL ? longer : names;
}

struct status enum_required(struct call *call, const char *field,
                            const ProtobufCEnumDescriptor *type, int value)
{
    if (value == 0) {
        return INVALID(call, "FIELD_REQUIRED", field, "%s is required", field);
    }
    if (protobuf_c_enum_descriptor_get_value(type, value) == NULL) {
        return INVALID(call, "INVALID_VALUE", field, "%s has no value %d", field, value);
    }
    return STATUS_NONE;
}

const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

    return found != NULL ? found->name : "";
}

struct status year_check(struct call *call, const char *field, int year)
{
    if (year < YEAR_MIN || year > YEAR_MAX) {
        return INVALID(call, "OUT_OF_RANGE", field, "%s must be from %d to %d", field, YEAR_MIN,
                       YEAR_MAX);
    }
    return STATUS_NONE;
}

struct status document_require(struct call *call, const char *field,
                               const document_message *document, unsigned needs)
{
    if (document == NULL) {
        return INVALID(call, "DOCUMENT_REQUIRED", field, "%s is required", field);
    }
    TRY(type_document_check(call, field, document));
    const char *date = path_below(call, field, "date");
    const char *authority = path_below(call, field, "authority");
    if ((needs & NEED_DATE) != 0 && document->date[0] == '\0') {
        return INVALID(call, "DATE_REQUIRED", date, "%s is required: the date of signature", date);
    }
    if ((needs & NEED_AUTHORITY) != 0 &&
        call_check_required(call, authority, document->authority).code != STATUS_OK) {
        return INVALID(call, "AUTHORITY_REQUIRED", authority, "%s is required: who issued it",
                       authority);
    }
    return STATUS_NONE;
}

struct status documents_check(struct call *call, const char *field,
                              document_message *const *documents, size_t count)
{
    if (count > DOCUMENTS_MAX) {
        return INVALID(call, "TOO_MANY_ITEMS", field, "%s has %zu documents; at most %d are kept",
                       field, count, DOCUMENTS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(call->arena, "%s[%zu]", field, i);

        TRY(type_document_check(call, path != NULL ? path : field, documents[i]));
    }
    return STATUS_NONE;
}

struct status step_date(struct call *call, const char *date, const document_message *document,
                        const char **ret_date)
{
    TRY(type_document_check(call, "document", document));
    TRY(past_date_check(call, "date", date));
    *ret_date = date[0] == '\0' && document != NULL ? document->date : date;
    return STATUS_NONE;
}
