/* rpc_status.c - the one place where a status becomes wire bytes, and back. */
#include "rpc/rpc_status.h"

#include "base/sentence.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "rpc/rpc_envelope.h"

#define STATUS_DOMAIN "dongkhoi"
#define TYPE_PREFIX "type.googleapis.com/"
#define VIETNAMESE "vi"

enum { DETAILS_MAX = 3 };

static Google__Protobuf__Any *any_of(struct arena *arena, const ProtobufCMessage *message)
{
    Google__Protobuf__Any *any = ARENA_NEW(arena, Google__Protobuf__Any);
    char *type_url = arena_printf(arena, TYPE_PREFIX "%s", message->descriptor->name);
    const size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *value = arena_alloc(arena, size);

    google__protobuf__any__init(any);
    any->type_url = type_url;
    any->value.data = value;
    any->value.len = protobuf_c_message_pack(message, value);
    return any;
}

static bool metadata_fill(struct arena *arena, Google__Rpc__ErrorInfo *info,
                          const char *const *metadata)
{
    size_t count = 0;

    while (metadata[2 * count] != NULL && metadata[2 * count + 1] != NULL) {
        count++;
    }
    info->metadata = arena_array(arena, count, sizeof(*info->metadata));
    Google__Rpc__ErrorInfo__MetadataEntry *entries = arena_array(arena, count, sizeof(*entries));
    for (size_t i = 0; i < count; i++) {
        google__rpc__error_info__metadata_entry__init(&entries[i]);
        entries[i].key = (char *)metadata[2 * i];
        entries[i].value = (char *)metadata[2 * i + 1];
        info->metadata[i] = &entries[i];
    }
    info->n_metadata = count;
    return true;
}

static Google__Protobuf__Any *error_info(struct arena *arena, struct status status)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;

    info.reason = (char *)status_reason(status)->name;
    info.domain = (char *)STATUS_DOMAIN;
    if (status.metadata != NULL && !metadata_fill(arena, &info, status.metadata)) {
        return NULL;
    }
    return any_of(arena, &info.base);
}

static Google__Protobuf__Any *bad_request(struct arena *arena, struct status status)
{
    Google__Rpc__BadRequest request = GOOGLE__RPC__BAD_REQUEST__INIT;
    Google__Rpc__BadRequest__FieldViolation violation =
        GOOGLE__RPC__BAD_REQUEST__FIELD_VIOLATION__INIT;
    Google__Rpc__BadRequest__FieldViolation *violations[] = {&violation};

    violation.field = (char *)status.field;
    violation.description = (char *)status.message;
    request.n_field_violations = 1;
    request.field_violations = violations;
    return any_of(arena, &request.base);
}

static Google__Protobuf__Any *localized(struct arena *arena, const char *sentence)
{
    Google__Rpc__LocalizedMessage message = GOOGLE__RPC__LOCALIZED_MESSAGE__INIT;

    message.locale = (char *)VIETNAMESE;
    message.message = (char *)sentence;
    return any_of(arena, &message.base);
}

struct Google__Rpc__Status *status_to_wire(struct arena *arena, struct status status)
{
    Google__Rpc__Status *wire = ARENA_NEW(arena, Google__Rpc__Status);
    Google__Protobuf__Any **details = arena_array(arena, DETAILS_MAX, sizeof(*details));
    const char *vietnamese = sentence_vietnamese(arena, status);

    google__rpc__status__init(wire);
    wire->code = (int32_t)status.code;
    wire->message = (char *)(status.message != NULL ? status.message : "");
    wire->details = details;
    details[wire->n_details++] = error_info(arena, status);
    if (status.field != NULL) {
        details[wire->n_details++] = bad_request(arena, status);
    }
    if (vietnamese != NULL) {
        details[wire->n_details++] = localized(arena, vietnamese);
    }
    for (size_t i = 0; i < wire->n_details; i++) {
        if (details[i] == NULL) {
            return NULL;
        }
    }
    return wire;
}

Google__Rpc__Status *status_to_spare(struct status status, struct spare_status *spare)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;

    info.reason = (char *)status_reason(status)->name;
    info.domain = (char *)STATUS_DOMAIN;
    google__rpc__status__init(&spare->status);
    google__protobuf__any__init(&spare->any);
    spare->status.code = (int32_t)status.code;
    spare->status.message = (char *)(status.message != NULL ? status.message : "");
    if (protobuf_c_message_get_packed_size(&info.base) <= sizeof(spare->info)) {
        spare->any.type_url = (char *)TYPE_PREFIX "google.rpc.ErrorInfo";
        spare->any.value.data = spare->info;
        spare->any.value.len = protobuf_c_message_pack(&info.base, spare->info);
        spare->details[0] = &spare->any;
        spare->status.details = spare->details;
        spare->status.n_details = 1;
    }
    return &spare->status;
}

static bool detail_is(const Google__Protobuf__Any *detail, const ProtobufCMessageDescriptor *type)
{
    const char *name = strrchr(detail->type_url, '/');

    return name != NULL && strcmp(name + 1, type->name) == 0;
}

bool detail_is_localized(const Google__Protobuf__Any *detail)
{
    return detail_is(detail, &google__rpc__localized_message__descriptor);
}

/* The message in a detail of this type; NULL for another type or when it cannot be read. */
static void *detail_read(struct arena *arena, const Google__Protobuf__Any *detail,
                         const ProtobufCMessageDescriptor *type)
{
    const struct slice value = {(const char *)detail->value.data, detail->value.len};
    void *message = NULL;

    return detail_is(detail, type) && message_decode(arena, type, value, &message).code == STATUS_OK
               ? message
               : NULL;
}

/* Pairs as in struct status; NULL for none. */
static const char *const *metadata_read(struct arena *arena, const Google__Rpc__ErrorInfo *info)
{
    const char **pairs =
        info->n_metadata > 0 ? arena_array(arena, 2 * info->n_metadata + 1, sizeof(*pairs)) : NULL;

    if (pairs == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < info->n_metadata; i++) {
        pairs[2 * i] = info->metadata[i]->key;
        pairs[2 * i + 1] = info->metadata[i]->value;
    }
    pairs[2 * info->n_metadata] = NULL;
    return pairs;
}

static void detail_apply(struct arena *arena, const Google__Protobuf__Any *detail,
                         struct status *status)
{
    const Google__Rpc__ErrorInfo *info =
        detail_read(arena, detail, &google__rpc__error_info__descriptor);
    const Google__Rpc__BadRequest *request =
        detail_read(arena, detail, &google__rpc__bad_request__descriptor);
    const Google__Rpc__LocalizedMessage *localized =
        detail_read(arena, detail, &google__rpc__localized_message__descriptor);

    if (info != NULL) {
        status->reason = reason_from_name(arena, info->reason, status->code);
        status->metadata = metadata_read(arena, info);
    }
    if (request != NULL && request->n_field_violations > 0) {
        status->field = request->field_violations[0]->field;
    }
    if (localized != NULL && strcmp(localized->locale, VIETNAMESE) == 0) {
        status->vietnamese = localized->message;
    }
}

struct status status_from_wire(struct arena *arena, const struct Google__Rpc__Status *wire)
{
    const bool is_code = wire->code > STATUS_OK && wire->code <= STATUS_UNAUTHENTICATED;
    struct status status = {
        .code = is_code ? (enum status_code)wire->code : STATUS_UNKNOWN,
        .message = wire->message,
    };

    for (size_t i = 0; i < wire->n_details; i++) {
        detail_apply(arena, wire->details[i], &status);
    }
    status.reason = status_reason(status);
    return status;
}
