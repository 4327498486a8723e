/* rpc_envelope.c - the envelope in one buffer: the header by protobuf-c, the payload in place. */
#include "rpc/rpc_envelope.h"

#include "pb/decode.h"
#include "rpc/rpc_server.h"

#include <string.h>

enum {
    ENVELOPE_TAG = 1 << 3 | 2, /* of Requests and Replies */
    PAYLOAD_NUMBER = 15,       /* of Request and Reply, in envelope.proto */
    PAYLOAD_TAG = PAYLOAD_NUMBER << 3 | 2,
    DRAINING_NUMBER = 4, /* of Reply */
    DRAINING_TAG = DRAINING_NUMBER << 3,
    VARINT_MAX_BYTES = 10,
};

static size_t varint_write(uint8_t *bytes, size_t value)
{
    size_t length = 0;

    while (value >= 0x80) {
        bytes[length++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[length++] = (uint8_t)value;
    return length;
}

int envelope_pack(const ProtobufCMessage *header, const ProtobufCMessage *message,
                  struct slice bytes, nng_msg **ret_msg)
{
    const size_t header_size = protobuf_c_message_get_packed_size(header);
    const size_t payload_size =
        message != NULL ? protobuf_c_message_get_packed_size(message) : bytes.length;
    uint8_t outer[1 + VARINT_MAX_BYTES] = {ENVELOPE_TAG};
    uint8_t inner[1 + VARINT_MAX_BYTES] = {PAYLOAD_TAG};
    const size_t inner_size = 1 + varint_write(inner + 1, payload_size);
    const size_t envelope_size = header_size + inner_size + payload_size;
    const size_t outer_size = 1 + varint_write(outer + 1, envelope_size);
    nng_msg *msg = NULL;

    if (header_size > RPC_MESSAGE_MAX_BYTES || payload_size > RPC_MESSAGE_MAX_BYTES ||
        outer_size + envelope_size > RPC_MESSAGE_MAX_BYTES) {
        return NNG_EMSGSIZE;
    }
    const int err = nng_msg_alloc(&msg, outer_size + envelope_size);
    if (err != 0) {
        return err;
    }
    uint8_t *place = nng_msg_body(msg);
    memcpy(place, outer, outer_size);
    place += outer_size;
    (void)protobuf_c_message_pack(header, place);
    place += header_size;
    memcpy(place, inner, inner_size);
    place += inner_size;
    if (message != NULL) {
        (void)protobuf_c_message_pack(message, place);
    } else if (bytes.length > 0) {
        memcpy(place, bytes.data, bytes.length);
    }
    *ret_msg = msg;
    return 0;
}

static bool varint_read(struct slice *bytes, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_MAX_BYTES && i < bytes->length; i++) {
        const uint8_t byte = (uint8_t)bytes->data[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bytes->data += i + 1;
            bytes->length -= i + 1;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* Moves over the value of one field; ret_value is what is inside of a length-delimited one. */
static bool value_skip(struct slice *bytes, unsigned wire_type, struct slice *ret_value)
{
    uint64_t number = 0;
    size_t length = 0;

    switch (wire_type) {
    case 0:
        return varint_read(bytes, &number);
    case 1:
        length = 8;
        break;
    case 2:
        if (!varint_read(bytes, &number) || number > bytes->length) {
            return false;
        }
        length = (size_t)number;
        break;
    case 5:
        length = 4;
        break;
    default:
        return false;
    }
    if (length > bytes->length) {
        return false;
    }
    *ret_value = (struct slice){.data = bytes->data, .length = length};
    bytes->data += length;
    bytes->length -= length;
    return true;
}

bool envelope_next(struct slice *rest, struct slice *ret_envelope)
{
    uint64_t tag = 0;

    return rest->length > 0 && varint_read(rest, &tag) && tag == ENVELOPE_TAG &&
           value_skip(rest, ENVELOPE_TAG & 7, ret_envelope);
}

/* Finds the payload, and copies all other fields to header unless that is NULL; false for what is
 * no protobuf message. */
static bool envelope_walk(struct slice bytes, char *header, size_t *ret_header_size,
                          struct slice *ret_payload)
{
    struct slice payload = {.data = "", .length = 0};
    size_t header_size = 0;

    while (bytes.length > 0) {
        const char *start = bytes.data;
        struct slice value = {.data = "", .length = 0};
        uint64_t tag = 0;
        if (!varint_read(&bytes, &tag) || !value_skip(&bytes, (unsigned)(tag & 7), &value)) {
            return false;
        }
        if (tag == PAYLOAD_TAG) {
            payload = value;
            continue;
        }
        const size_t size = (size_t)(bytes.data - start);
        if (header != NULL) {
            memcpy(header + header_size, start, size);
        }
        header_size += size;
    }
    *ret_header_size = header_size;
    *ret_payload = payload;
    return true;
}

struct status envelope_unpack(struct arena *arena, const ProtobufCMessageDescriptor *type,
                              struct slice bytes, void **ret_header, struct slice *ret_payload)
{
    struct slice header = {0};
    struct slice payload = {0};

    if (!envelope_walk(bytes, NULL, &header.length, &payload)) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE", NULL,
                           "the envelope is no protobuf message");
    }
    char *copy = arena_alloc(arena, header.length);
    (void)envelope_walk(bytes, copy, &header.length, &payload);
    header.data = copy;
    TRY(message_decode(arena, type, header, ret_header));
    *ret_payload = payload;
    return STATUS_NONE;
}

bool envelope_is_draining(struct slice bytes)
{
    bool draining = false;

    while (bytes.length > 0) {
        struct slice value = {.data = "", .length = 0};
        uint64_t tag = 0;
        if (!varint_read(&bytes, &tag)) {
            return false;
        }
        const char *start = bytes.data;
        if (!value_skip(&bytes, (unsigned)(tag & 7), &value)) {
            return false;
        }
        if (tag == DRAINING_TAG) {
            draining = *start != 0;
        }
    }
    return draining;
}
