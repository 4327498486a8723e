/*
 * testee.c - answers protobuf's conformance runner: each request on standard input is a message in
 * one format, which is read and written again in another by the code of common/pb.
 *
 * Requests and responses are conformance.ConformanceRequest and ConformanceResponse, each behind
 * its length in four bytes, the lowest first. What is not ours to answer (text format, messages
 * that are not proto3) is skipped, and says so.
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "pb/message.h"
#include "pb/wire.h"

#include <conformance/conformance.pb-c.h>
#include <errno.h>
#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/struct.pb-c.h>
#include <google/protobuf/test_messages_proto3.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LENGTH_BYTES = 4,
    REQUEST_MAX_BYTES = 64 << 20,
    ARENA_MAX_BYTES = 512 << 20,
};

static const ProtobufCMessageDescriptor *const any_types[] = {
    &google__protobuf__any__descriptor,
    &google__protobuf__bool_value__descriptor,
    &google__protobuf__bytes_value__descriptor,
    &google__protobuf__double_value__descriptor,
    &google__protobuf__duration__descriptor,
    &google__protobuf__field_mask__descriptor,
    &google__protobuf__float_value__descriptor,
    &google__protobuf__int32_value__descriptor,
    &google__protobuf__int64_value__descriptor,
    &google__protobuf__list_value__descriptor,
    &google__protobuf__string_value__descriptor,
    &google__protobuf__struct__descriptor,
    &google__protobuf__timestamp__descriptor,
    &google__protobuf__uint32_value__descriptor,
    &google__protobuf__uint64_value__descriptor,
    &google__protobuf__value__descriptor,
    &protobuf_test_messages__proto3__test_all_types_proto3__descriptor,
};

/* False at the end of the input. What ends within a request is no request. */
static bool read_all(void *to, size_t length)
{
    const size_t taken = fread(to, 1, length, stdin);

    if (taken > 0 && taken < length) {
        (void)fprintf(stderr, "conformance_testee: the input ends within a request\n");
        exit(EXIT_FAILURE);
    }
    return taken == length;
}

static void fail_with(Conformance__ConformanceResponse *response,
                      Conformance__ConformanceResponse__ResultCase kind, const char *message)
{
    response->result_case = kind;
    /* All members of the oneof that are strings lie in the same place. */
    response->parse_error = (char *)(uintptr_t)message;
}

static void fail_status(Conformance__ConformanceResponse *response,
                        Conformance__ConformanceResponse__ResultCase kind, struct status status)
{
    fail_with(response, kind, status.message);
}

static const char *reason_to_skip(const Conformance__ConformanceRequest *request)
{
    if (strcmp(request->message_type,
               protobuf_test_messages__proto3__test_all_types_proto3__descriptor.name) != 0) {
        return "only messages of proto3";
    }
    if (request->payload_case != CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_PROTOBUF_PAYLOAD &&
        request->payload_case != CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_JSON_PAYLOAD) {
        return "only protobuf and JSON are read";
    }
    if (request->requested_output_format != CONFORMANCE__WIRE_FORMAT__PROTOBUF &&
        request->requested_output_format != CONFORMANCE__WIRE_FORMAT__JSON) {
        return "only protobuf and JSON are written";
    }
    return NULL;
}

static struct status read_payload(struct arena *arena,
                                  const Conformance__ConformanceRequest *request,
                                  void **ret_message)
{
    const ProtobufCMessageDescriptor *type =
        &protobuf_test_messages__proto3__test_all_types_proto3__descriptor;
    const bool is_json =
        request->payload_case == CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_JSON_PAYLOAD;
    const ProtobufCBinaryData *payload =
        is_json ? &request->json_payload : &request->protobuf_payload;
    const struct slice bytes = {.data = payload->len > 0 ? (const char *)payload->data : "",
                                .length = payload->len};

    return is_json ? json_decode(arena, type, bytes, ret_message)
                   : message_decode(arena, type, bytes, ret_message);
}

static void write_json(struct buffer *text, const ProtobufCMessage *message,
                       Conformance__ConformanceResponse *response)
{
    const bool has_form = json_encode(text, message);

    if (!has_form || buffer_failed(text)) {
        fail_with(response, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SERIALIZE_ERROR,
                  has_form ? "the JSON is too long" : "the message has no JSON form");
        return;
    }
    response->result_case = CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_JSON_PAYLOAD;
    response->json_payload =
        (ProtobufCBinaryData){.len = text->length, .data = (uint8_t *)text->data};
}

static void write_protobuf(struct arena *arena, const ProtobufCMessage *message,
                           Conformance__ConformanceResponse *response)
{
    struct slice packed;
    const struct status status = message_pack(arena, message, &packed);

    if (status.code != STATUS_OK) {
        fail_status(response, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SERIALIZE_ERROR, status);
        return;
    }
    response->result_case = CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PROTOBUF_PAYLOAD;
    response->protobuf_payload =
        (ProtobufCBinaryData){.len = packed.length, .data = (uint8_t *)(uintptr_t)packed.data};
}

static void answer(struct arena *arena, struct buffer *text, struct slice bytes,
                   Conformance__ConformanceResponse *response)
{
    Conformance__ConformanceRequest *request = NULL;
    void *message = NULL;
    struct status status = message_decode(arena, &conformance__conformance_request__descriptor,
                                          bytes, (void **)&request);

    if (status.code != STATUS_OK) {
        fail_status(response, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_RUNTIME_ERROR, status);
        return;
    }
    const char *reason = reason_to_skip(request);
    if (reason != NULL) {
        fail_with(response, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SKIPPED, reason);
        return;
    }
    status = read_payload(arena, request, &message);
    if (status.code != STATUS_OK) {
        fail_status(response, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PARSE_ERROR, status);
    } else if (request->requested_output_format == CONFORMANCE__WIRE_FORMAT__JSON) {
        write_json(text, message, response);
    } else {
        write_protobuf(arena, message, response);
    }
}

static bool send_response(struct arena *arena, const Conformance__ConformanceResponse *response)
{
    struct slice packed;
    unsigned char length[LENGTH_BYTES];

    if (message_pack(arena, &response->base, &packed).code != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        length[i] = (unsigned char)(packed.length >> (8 * i));
    }
    return fwrite(length, 1, LENGTH_BYTES, stdout) == LENGTH_BYTES &&
           fwrite(packed.data, 1, packed.length, stdout) == packed.length && fflush(stdout) == 0;
}

/* Takes one request from the input and answers it; false at the end of the input. */
static bool serve_one(void)
{
    char head[LENGTH_BYTES];
    struct slice rest = {.data = head, .length = LENGTH_BYTES};
    uint64_t length = 0;
    Conformance__ConformanceResponse response = CONFORMANCE__CONFORMANCE_RESPONSE__INIT;
    struct buffer text;

    if (!read_all(head, LENGTH_BYTES)) {
        return false;
    }
    (void)wire_take_fixed(&rest, LENGTH_BYTES, &length);
    struct arena *arena = arena_new(ARENA_MAX_BYTES);
    char *bytes = length <= REQUEST_MAX_BYTES ? malloc((size_t)length + 1) : NULL;
    if (bytes == NULL || (length > 0 && !read_all(bytes, (size_t)length))) {
        (void)fprintf(stderr, "conformance_testee: a request of %zu bytes cannot be read\n",
                      (size_t)length);
        exit(EXIT_FAILURE);
    }
    buffer_init(&text, REQUEST_MAX_BYTES);
    answer(arena, &text, (struct slice){.data = bytes, .length = (size_t)length}, &response);
    if (!send_response(arena, &response)) {
        (void)fprintf(stderr, "conformance_testee: a response cannot be written\n");
        exit(EXIT_FAILURE);
    }
    buffer_done(&text);
    free(bytes);
    arena_free(arena);
    return true;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(any_types) / sizeof(any_types[0]); i++) {
        json_register_any(any_types[i]);
    }
    while (serve_one()) {
    }
    return EXIT_SUCCESS;
}
