/* messages.c - names of states, and inputs of answers. */
#include "messages.h"

#include "pb/message.h"
#include "reasons.h"
#include "serve/service.h"

static const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

    return known != NULL && value != 0 ? known->name : NULL;
}

const char *scheme_state_name(int state)
{
    return enum_name(&dongkhoi__nighteconomy__v1__scheme__state__descriptor, state);
}

const char *milestone_state_name(int state)
{
    return enum_name(&dongkhoi__nighteconomy__v1__milestone__state__descriptor, state);
}

const char *evidence_state_name(const evidence_message *evidence)
{
    return evidence->accepted == NULL  ? "NOT_JUDGED"
           : evidence->accepted->value ? "ACCEPTED"
                                       : "REJECTED";
}

input_message *input_make(struct arena *arena, const char *name, int32_t revision,
                          const char *value)
{
    input_message *input = message_new(arena, &dongkhoi__nighteconomy__v1__input__descriptor);

    input->name = (char *)name;
    input->revision = revision;
    input->value = (char *)(value != NULL ? value : "");
    return input;
}

struct status computed_read_begin(struct call *call, const void *request,
                                  const struct resource_kind *kind, const char *name,
                                  void **ret_resource)
{
    if (!resource_name_matches(kind->pattern, name)) {
        return REFUSE(call, REASON_INVALID_NAME, "name", "name must be of the form %s: \"%s\"",
                      kind->pattern, name);
    }
    TRY(standard_as_of(call, request));
    return resource_get(call->tx, kind, name, ret_resource);
}
