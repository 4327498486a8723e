/* rpc_status.c - the one place where a status becomes wire bytes, and back. */
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "rpc/rpc_envelope.h"
#include "rpc/rpc_server.h"

#define STATUS_DOMAIN "dongkhoi"
#define TYPE_PREFIX "type.googleapis.com/"

enum { DETAILS_MAX = 2 };

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

static Google__Protobuf__Any *error_info(struct arena *arena, struct status status,
                                         const char *const *metadata)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;

    info.reason = (char *)(status.reason != NULL ? status.reason : status_code_name(status.code));
    info.domain = (char *)STATUS_DOMAIN;
    if (metadata != NULL && !metadata_fill(arena, &info, metadata)) {
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

struct Google__Rpc__Status *status_to_wire(struct arena *arena, struct status status,
                                           const char *const *metadata)
{
    Google__Rpc__Status *wire = ARENA_NEW(arena, Google__Rpc__Status);
    Google__Protobuf__Any **details = arena_array(arena, DETAILS_MAX, sizeof(*details));

    google__rpc__status__init(wire);
    wire->code = (int32_t)status.code;
    wire->message = (char *)(status.message != NULL ? status.message : "");
    wire->details = details;
    details[wire->n_details++] = error_info(arena, status, metadata);
    if (status.field != NULL) {
        details[wire->n_details++] = bad_request(arena, status);
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

    info.reason = (char *)(status.reason != NULL ? status.reason : status_code_name(status.code));
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

/* The message in an Any of this type; NULL for another type or when it cannot be read. */
static void *any_read(struct arena *arena, const Google__Protobuf__Any *any,
                      const ProtobufCMessageDescriptor *type)
{
    const struct slice value = {.data = (const char *)any->value.data, .length = any->value.len};
    const char *name = strrchr(any->type_url, '/');
    void *message = NULL;

    if (name == NULL || strcmp(name + 1, type->name) != 0) {
        return NULL;
    }
    return message_decode(arena, type, value, &message).code == STATUS_OK ? message : NULL;
}

struct status status_from_wire(struct arena *arena, const struct Google__Rpc__Status *wire)
{
    const bool is_code = wire->code > STATUS_OK && wire->code <= STATUS_UNAUTHENTICATED;
    struct status status = {
        .code = is_code ? (enum status_code)wire->code : STATUS_UNKNOWN,
        .message = wire->message,
    };

    for (size_t i = 0; i < wire->n_details; i++) {
        const Google__Protobuf__Any *any = wire->details[i];
        const Google__Rpc__ErrorInfo *info =
            any_read(arena, any, &google__rpc__error_info__descriptor);
        const Google__Rpc__BadRequest *request =
            any_read(arena, any, &google__rpc__bad_request__descriptor);
        if (info != NULL) {
            status.reason = info->reason;
        }
        if (request != NULL && request->n_field_violations > 0) {
            status.field = request->field_violations[0]->field;
        }
    }
    if (status.reason == NULL) {
        status.reason = status_code_name(status.code);
    }
    return status;
}
