/* last_change.c - by reflection, so that no handler has to think of it. */
#include "serve/last_change.h"

#include "dongkhoi/type/v1/type.pb-c.h"
#include "pb/message.h"
#include "pb/timestamp.h"

static bool has_last_change(const ProtobufCMessage *response)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(response->descriptor, "last_change");

    return field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->descriptor == &dongkhoi__type__v1__last_change__descriptor;
}

struct status last_change_fill(struct arena *arena, const struct tx *tx, ProtobufCMessage *response)
{
    if (!has_last_change(response)) {
        return STATUS_NONE;
    }
    Dongkhoi__Type__V1__LastChange *change = ARENA_NEW(arena, Dongkhoi__Type__V1__LastChange);
    /* What was written after the time that was asked for changes nothing. */
    const struct version version = tx->is_as_of ? tx->as_of_version : tx->version;
    Google__Protobuf__Timestamp *time =
        time_wrap(arena, tx->is_as_of ? tx->as_of_version_time_us : tx->version_time_us);
    char *hash = arena_printf(arena, "%016llx", (unsigned long long)version.hash);
    dongkhoi__type__v1__last_change__init(change);
    change->time = version.seq > 0 ? time : NULL;
    change->seq = version.seq;
    change->hash = hash;
    (void)message_set_child(response, "last_change", change);
    return STATUS_NONE;
}
