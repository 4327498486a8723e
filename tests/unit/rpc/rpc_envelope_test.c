/* rpc_envelope_test.c - tests rpc_envelope.c and rpc_status.c. */
#include "unit.h"

#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "dongkhoi/type/v1/type.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/decode.h"
#include "rpc/rpc_envelope.h"
#include "rpc/rpc_server.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 20 };

/* The one envelope in the message. */
static struct slice message_slice(nng_msg *msg)
{
    struct slice rest = {.data = nng_msg_body(msg), .length = nng_msg_len(msg)};
    struct slice envelope = {0};

    assert_true(envelope_next(&rest, &envelope));
    assert_int_equal(rest.length, 0);
    return envelope;
}

static nng_msg *request_pack(const char *method, struct slice payload)
{
    Dongkhoi__Rpc__V1__Request header = DONGKHOI__RPC__V1__REQUEST__INIT;
    nng_msg *msg = NULL;

    header.method = (char *)method;
    header.timeout_ms = 1234;
    assert_int_equal(envelope_pack(&header.base, NULL, payload, &msg), 0);
    return msg;
}

static void what_is_packed_in_place_is_what_protobuf_packs(void **state)
{
    Dongkhoi__Rpc__V1__Request header = DONGKHOI__RPC__V1__REQUEST__INIT;
    Dongkhoi__Rpc__V1__Request *calls[] = {&header};
    Dongkhoi__Rpc__V1__Requests requests = DONGKHOI__RPC__V1__REQUESTS__INIT;
    Dongkhoi__Type__V1__Document document = DONGKHOI__TYPE__V1__DOCUMENT__INIT;
    uint8_t inner[512];
    uint8_t whole[1024];
    nng_msg *msg = NULL;
    char title[301];

    (void)state;
    memset(title, 'x', 300); /* its length takes two bytes */
    title[300] = '\0';
    document.title = title;
    header.method = (char *)"m";
    assert_int_equal(envelope_pack(&header.base, &document.base, (struct slice){"", 0}, &msg), 0);
    header.payload.data = inner;
    header.payload.len = protobuf_c_message_pack(&document.base, inner);
    requests.n_calls = 1;
    requests.calls = calls;
    const size_t size = protobuf_c_message_pack(&requests.base, whole);
    assert_int_equal(nng_msg_len(msg), size);
    assert_memory_equal(nng_msg_body(msg), whole, size);
    nng_msg_free(msg);
}

static void the_payload_comes_back_without_a_copy(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    nng_msg *msg = request_pack("pkg.Service/Method", slice_from("payload"));
    struct slice payload = {0};
    void *unpacked = NULL;

    (void)state;
    assert_ok(envelope_unpack(arena, &dongkhoi__rpc__v1__request__descriptor, message_slice(msg),
                              &unpacked, &payload));
    const Dongkhoi__Rpc__V1__Request *header = unpacked;
    assert_string_equal(header->method, "pkg.Service/Method");
    assert_int_equal(header->timeout_ms, 1234);
    assert_true(slice_is(payload, "payload"));
    assert_ptr_equal(payload.data, (char *)nng_msg_body(msg) + nng_msg_len(msg) - 7);
    nng_msg_free(msg);
    arena_free(arena);
}

static void a_payload_before_other_fields_is_found_and_the_last_one_counts(void **state)
{
    static const char bytes[] = "\x7a\x01"
                                "a"
                                "\x0a\x03"
                                "abc"
                                "\x7a\x02"
                                "bc"
                                "\x12\x01"
                                "u";
    struct arena *arena = arena_new(LIMIT_BYTES);
    struct slice payload = {0};
    void *unpacked = NULL;

    (void)state;
    assert_ok(envelope_unpack(arena, &dongkhoi__rpc__v1__request__descriptor,
                              (struct slice){bytes, sizeof(bytes) - 1}, &unpacked, &payload));
    const Dongkhoi__Rpc__V1__Request *header = unpacked;
    assert_string_equal(header->method, "abc");
    assert_string_equal(header->caller, "u");
    assert_true(slice_is(payload, "bc"));
    arena_free(arena);
}

/* Each cut gets memory of its own, so that reading past it is seen. */
static void every_truncation_ends_with_a_status(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    nng_msg *msg = request_pack("pkg.Service/Method", slice_from("payload"));
    const struct slice whole = message_slice(msg);
    size_t refused = 0;

    (void)state;
    for (size_t length = 0; length < whole.length; length++) {
        char *bytes = malloc(length + 1);
        struct slice payload = {0};
        void *unpacked = NULL;
        char *start = bytes + 1; /* the end of the slice is the end of the block */
        memcpy(start, whole.data, length);
        const struct status status =
            envelope_unpack(arena, &dongkhoi__rpc__v1__request__descriptor,
                            (struct slice){start, length}, &unpacked, &payload);
        refused += status.code != STATUS_OK;
        free(bytes);
        arena_reset(arena);
    }
    assert_true(refused > 20);
    nng_msg_free(msg);
    arena_free(arena);
}

static void random_bytes_are_read_within_bounds(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    unsigned seed = 483;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        const size_t length = (size_t)rand_r(&seed) % 40;
        char *bytes = malloc(length + 1);
        struct slice payload = {0};
        void *unpacked = NULL;
        for (size_t i = 0; i < length; i++) {
            bytes[i + 1] = (char)(rand_r(&seed) % 256);
        }
        const struct status status =
            envelope_unpack(arena, &dongkhoi__rpc__v1__reply__descriptor,
                            (struct slice){bytes + 1, length}, &unpacked, &payload);
        if (status.code == STATUS_OK && payload.length > 0) {
            assert_true(payload.data >= bytes + 1);
            assert_true(payload.data + payload.length <= bytes + 1 + length);
        }
        free(bytes);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void what_is_larger_than_a_message_is_not_packed(void **state)
{
    static char bytes[RPC_MESSAGE_MAX_BYTES];
    Dongkhoi__Rpc__V1__Request header = DONGKHOI__RPC__V1__REQUEST__INIT;
    nng_msg *msg = NULL;

    (void)state;
    assert_int_equal(envelope_pack(&header.base, NULL, (struct slice){bytes, sizeof(bytes)}, &msg),
                     NNG_EMSGSIZE);
    assert_int_equal(
        envelope_pack(&header.base, NULL, (struct slice){bytes, sizeof(bytes) - 10}, &msg), 0);
    assert_int_equal(nng_msg_len(msg), RPC_MESSAGE_MAX_BYTES);
    nng_msg_free(msg);
}

static void a_status_comes_back_with_reason_and_field(void **state)
{
    static const char *const metadata[] = {"a", "1", "b", "2", NULL};
    struct arena *arena = arena_new(LIMIT_BYTES);
    const struct status sent = {STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", "unit is required",
                                "indicator.unit"};

    (void)state;
    const Google__Rpc__Status *wire = status_to_wire(arena, sent, metadata);
    assert_int_equal(wire->n_details, 2);
    const struct status got = status_from_wire(arena, wire);
    assert_int_equal(got.code, sent.code);
    assert_string_equal(got.reason, sent.reason);
    assert_string_equal(got.message, sent.message);
    assert_string_equal(got.field, sent.field);
    arena_free(arena);
}

static void codes_that_are_none_read_as_unknown(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    Google__Rpc__Status wire = GOOGLE__RPC__STATUS__INIT;

    (void)state;
    wire.code = 99;
    assert_int_equal(status_from_wire(arena, &wire).code, STATUS_UNKNOWN);
    wire.code = -1;
    assert_int_equal(status_from_wire(arena, &wire).code, STATUS_UNKNOWN);
    wire.code = 5;
    assert_string_equal(status_from_wire(arena, &wire).reason, "NOT_FOUND");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_in_place_is_what_protobuf_packs),
        cmocka_unit_test(the_payload_comes_back_without_a_copy),
        cmocka_unit_test(a_payload_before_other_fields_is_found_and_the_last_one_counts),
        cmocka_unit_test(every_truncation_ends_with_a_status),
        cmocka_unit_test(random_bytes_are_read_within_bounds),
        cmocka_unit_test(what_is_larger_than_a_message_is_not_packed),
        cmocka_unit_test(a_status_comes_back_with_reason_and_field),
        cmocka_unit_test(codes_that_are_none_read_as_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
