/* running.c - a store in a directory of its own, a port of its own, and one client. */
#include "running.h"

#include "base/buffer.h"
#include "pb/json.h"

#include "dongkhoi/nighteconomy/v1/nighteconomy.pb-c.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 << 20, TIMEOUT_MS = 20000, BOUND_MS = 5000 };

#define METHOD_PREFIX "dongkhoi.nighteconomy.v1.NightEconomyService/"

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

int running_setup(void **state)
{
    struct running *running = test_calloc(1, sizeof(*running));
    const struct workdays no_holidays = {0};
    char addresses[64];

    nighteconomy_set_workdays(&no_holidays);
    running->arena = arena_new(ARENA_BYTES);
    (void)snprintf(running->directory, sizeof(running->directory), "/tmp/night-test-XXXXXX");
    assert_non_null(mkdtemp(running->directory));
    assert_ok(service_open(&nighteconomy_service, running->directory, "tcp://127.0.0.1:0",
                           running->arena, &running->instance));
    (void)snprintf(addresses, sizeof(addresses), "tcp://127.0.0.1:%u",
                   (unsigned)service_port(running->instance));
    const struct rpc_client_options options = {
        .service = "nighteconomy",
        .addresses = arena_strdup(running->arena, addresses),
        .max_in_flight = 8,
    };
    assert_ok(rpc_client_open(&options, running->arena, &running->client));
    for (int i = 0; i < 500 && !rpc_client_connected(running->client); i++) {
        (void)usleep(10000);
    }
    *state = running;
    return 0;
}

int running_teardown(void **state)
{
    struct running *running = *state;

    rpc_client_close(running->client, BOUND_MS);
    assert_true(service_close(running->instance, BOUND_MS));
    arena_free(running->arena);
    (void)nftw(running->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    test_free(running);
    return 0;
}

static const char *answer_json(struct running *running, const ProtobufCMessageDescriptor *output,
                               struct slice payload)
{
    const char *copy = arena_copy(running->arena, payload);
    ProtobufCMessage *response =
        protobuf_c_message_unpack(output, NULL, payload.length, (const uint8_t *)copy);
    struct buffer buffer;

    assert_non_null(response);
    buffer_init(&buffer, ARENA_BYTES);
    json_encode(&buffer, response);
    const char *json = arena_copy(running->arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    protobuf_c_message_free_unpacked(response, NULL);
    return json;
}

struct status running_call(struct running *running, const char *method, const char *request,
                           const char **ret_json)
{
    const ProtobufCMethodDescriptor *descriptor = protobuf_c_service_descriptor_get_method_by_name(
        &dongkhoi__nighteconomy__v1__night_economy_service__descriptor, method);
    struct rpc_request sent = {
        .method = arena_printf(running->arena, METHOD_PREFIX "%s", method),
        .timeout_ms = TIMEOUT_MS,
    };
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer;
    void *message = NULL;

    assert_non_null(descriptor);
    assert_ok(json_decode(running->arena, descriptor->input, slice_from(request), &message));
    sent.payload = message;
    assert_ok(rpc_client_call_wait(running->client, &sent, &reply));
    assert_ok(rpc_reply_parse(reply, running->arena, &answer));
    if (answer.status.code == STATUS_OK) {
        *ret_json = answer_json(running, descriptor->output, answer.payload);
    } else {
        answer.status.reason = arena_strdup(running->arena, answer.status.reason);
        answer.status.message = arena_strdup(running->arena, answer.status.message);
        answer.status.field = NULL;
    }
    rpc_reply_free(reply);
    return answer.status;
}

const char *ok(struct running *running, const char *method, const char *request)
{
    const char *json = NULL;
    const struct status status = running_call(running, method, request, &json);

    if (status.code != STATUS_OK) {
        fail_msg("%s %s: %s %s", method, request, status.reason, status.message);
    }
    return json;
}

const char *refused(struct running *running, const char *method, const char *request,
                    enum status_code code, const char *reason)
{
    const char *json = NULL;
    const struct status status = running_call(running, method, request, &json);

    assert_status(status, code, reason);
    return status.message;
}

void assert_has(const char *json, const char *part)
{
    if (strstr(json, part) == NULL) {
        fail_msg("no %s in %s", part, json);
    }
}

void assert_lacks(const char *json, const char *part)
{
    if (strstr(json, part) != NULL) {
        fail_msg("%s in %s", part, json);
    }
}

const char *part_of(struct running *running, const char *json, const char *after,
                    const char *before)
{
    const char *start = strstr(json, after);

    if (start == NULL) {
        fail_msg("no %s in %s", after, json);
    }
    const char *end = strstr(start + strlen(after), before);
    const size_t length = end != NULL ? (size_t)(end - start) : strlen(start);
    return arena_copy(running->arena, (struct slice){.data = start, .length = length});
}

void create_scheme(struct running *running, const char *rest)
{
    ok(running, "CreateScheme",
       arena_printf(running->arena,
                    "{\"schemeId\":\"s\",\"scheme\":{\"displayName\":{\"vi\":\"Đề án\"}%s}}",
                    rest));
}

void create_milestone(struct running *running, const char *id, const char *rest)
{
    ok(running, "CreateMilestone",
       arena_printf(running->arena,
                    "{\"parent\":\"schemes/s\",\"milestoneId\":\"%s\",\"milestone\":{"
                    "\"displayName\":{\"vi\":\"Bước %s\"}%s}}",
                    id, id, rest));
}

void accept_evidence_of(struct running *running, const char *milestone)
{
    ok(running, "CreateEvidence",
       arena_printf(running->arena,
                    "{\"parent\":\"schemes/s/milestones/%s\",\"evidenceId\":\"e\","
                    "\"evidence\":{\"note\":\"seen\"}}",
                    milestone));
    ok(running, "AcceptEvidence",
       arena_printf(running->arena,
                    "{\"name\":\"schemes/s/milestones/%s/evidence/e\",\"judgedBy\":\"sct\"}",
                    milestone));
}
