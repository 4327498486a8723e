/* service_running.c - opens a service, calls it, and removes what it left. */
#include "unit.h"

#include "service_running.h"

#include "base/buffer.h"
#include "pb/decode.h"
#include "pb/json.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/rpc_status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ARENA_LIMIT_BYTES = 512 << 20,
    ANSWER_LIMIT_BYTES = 16 << 20,
    TIMEOUT_MS = 20000,
    CLOSE_BOUND_MS = 5000,
};

struct running *running_open(const struct service *service, const char *const *peer_addresses)
{
    struct running *running = test_calloc(1, sizeof(*running));

    running->service = service;
    running->arena = arena_new(ARENA_LIMIT_BYTES);
    assert_non_null(running->arena);
    directory_make(running->directory);
    assert_ok(service_open_with_peers(service, running->directory, "tcp://127.0.0.1:0",
                                      peer_addresses, running->arena, &running->instance));
    const struct rpc_client_options options = {
        .service = service->name,
        .addresses = arena_printf(running->arena, "tcp://127.0.0.1:%u",
                                  (unsigned)service_port(running->instance)),
        .max_in_flight = 8,
    };
    assert_ok(rpc_client_open(&options, running->arena, &running->client));
    for (int i = 0; i < 500 && !rpc_client_connected(running->client); i++) {
        (void)usleep(10000);
    }
    assert_true(rpc_client_connected(running->client));
    return running;
}

void running_close(struct running *running)
{
    rpc_client_close(running->client, CLOSE_BOUND_MS);
    assert_true(service_close(running->instance, CLOSE_BOUND_MS));
    arena_free(running->arena);
    directory_remove(running->directory);
    test_free(running);
}

static const char *encoded(struct arena *arena, const ProtobufCMessage *message)
{
    struct buffer buffer;

    buffer_init(&buffer, ANSWER_LIMIT_BYTES);
    json_encode(&buffer, message);
    assert_false(buffer_failed(&buffer));
    const char *text = arena_copy(arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    assert_non_null(text);
    return text;
}

static const char *error_text(struct arena *arena, struct status status)
{
    const Google__Rpc__Status *error = status_to_wire(arena, status);
    const char *text = status.message;

    assert_non_null(error);
    for (size_t i = 0; i < error->n_details; i++) {
        const Google__Protobuf__Any *detail = error->details[i];
        void *info = NULL;

        if (strstr(detail->type_url, "ErrorInfo") == NULL) {
            continue;
        }
        const struct slice bytes = {(const char *)detail->value.data, detail->value.len};
        assert_ok(message_decode(arena, &google__rpc__error_info__descriptor, bytes, &info));
        text = arena_printf(arena, "%s %s", text, encoded(arena, info));
    }
    return text;
}

static const ProtobufCMethodDescriptor *method_find(const struct running *running, const char *name)
{
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(running->service->descriptor, name);

    if (method == NULL) {
        fail_msg("no method %s", name);
    }
    return method;
}

struct status running_send(struct running *running, const char *method, const void *request,
                           const char **ret_answer)
{
    const ProtobufCMethodDescriptor *found = method_find(running, method);
    struct arena *arena = running->arena;
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer;
    void *message = NULL;

    const struct rpc_request call = {
        .method = arena_printf(arena, "%s/%s", running->service->descriptor->name, method),
        .timeout_ms = TIMEOUT_MS,
        .payload = request,
    };
    assert_ok(rpc_client_call_wait(running->client, &call, &reply));
    assert_ok(rpc_reply_parse(reply, arena, &answer));
    if (answer.status.code == STATUS_OK) {
        assert_ok(message_decode(arena, found->output, answer.payload, &message));
        *ret_answer = encoded(arena, message);
    } else {
        *ret_answer = error_text(arena, answer.status);
    }
    rpc_reply_free(reply);
    return answer.status;
}

struct status running_call(struct running *running, const char *method, const char *request,
                           const char **ret_answer)
{
    void *message = NULL;

    assert_ok(json_decode(running->arena, method_find(running, method)->input, slice_from(request),
                          &message));
    return running_send(running, method, message, ret_answer);
}

const char *running_ok(struct running *running, const char *method, const char *request)
{
    const char *answer = NULL;
    const struct status status = running_call(running, method, request, &answer);

    if (status.code != STATUS_OK) {
        fail_msg("%s %s: %s %s", method, request, status_reason(status)->name, answer);
    }
    return answer;
}

const char *running_refused(struct running *running, const char *method, const char *request,
                            enum status_code code, const char *reason)
{
    const char *answer = NULL;
    const struct status status = running_call(running, method, request, &answer);

    if (status.code != code || status.reason == NULL || strcmp(status.reason->name, reason) != 0) {
        fail_msg("%s %s: %s %s was expected: %s", method, request, status_code_name(code), reason,
                 answer);
    }
    return answer;
}

char *quoted(char *text)
{
    assert_non_null(text);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return text;
}

void assert_text(const char *answer, const char *text, bool wanted, const char *file, int line)
{
    char *sought = quoted(strdup(text));
    const bool has = strstr(answer, sought) != NULL;

    free(sought);
    if (has != wanted) {
        print_error("%s:%d: %s %s in %s\n", file, line, wanted ? "no" : "there is", text, answer);
        _fail(file, line);
    }
}
