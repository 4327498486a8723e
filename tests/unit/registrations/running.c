/* running.c - opens the service, calls it, and removes what it left. */
#include "unit.h"

#include "running.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "registrations.h"
#include "rpc/rpc_client.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ARENA_LIMIT_BYTES = 512 << 20,
    ANSWER_LIMIT_BYTES = 16 << 20,
    TIMEOUT_MS = 20000,
    CLOSE_BOUND_MS = 5000,
};

static struct arena *arena;
static struct service_instance *instance;
static struct rpc_client *client;
static char directory[] = "/tmp/registrations_test_XXXXXX";
const char *running_peers[3] = {"tcp://127.0.0.1:1", "tcp://127.0.0.1:1", "tcp://127.0.0.1:1"};
static int made; /* counts what was made, for ids */

int running_setup(void **state)
{
    (void)state;
    arena = arena_new(ARENA_LIMIT_BYTES);
    assert_non_null(arena);
    assert_non_null(mkdtemp(directory));
    assert_ok(service_open_with_peers(&registrations_service, directory, "tcp://127.0.0.1:0",
                                      running_peers, arena, &instance));
    const struct rpc_client_options options = {
        .service = "registrations",
        .addresses = arena_printf(arena, "tcp://127.0.0.1:%u", service_port(instance)),
        .max_in_flight = 8,
    };
    assert_ok(rpc_client_open(&options, arena, &client));
    for (int i = 0; i < 500 && !rpc_client_connected(client); i++) {
        usleep(10000);
    }
    return !rpc_client_connected(client);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

int running_teardown(void **state)
{
    (void)state;
    rpc_client_close(client, CLOSE_BOUND_MS);
    assert_true(service_close(instance, CLOSE_BOUND_MS));
    arena_free(arena);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char *quoted(char *text)
{
    assert_non_null(text);
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            *c = '"';
        }
    }
    return text;
}

const char *json(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return quoted(text);
}

static const char *encoded(const ProtobufCMessage *message)
{
    struct buffer buffer;

    buffer_init(&buffer, ANSWER_LIMIT_BYTES);
    json_encode(&buffer, message);
    assert_false(buffer_failed(&buffer));
    const char *text = arena_copy(arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    return text;
}

static const ProtobufCMethodDescriptor *method_find(const char *name)
{
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(registrations_service.descriptor, name);

    if (method == NULL) {
        fail_msg("no method %s", name);
    }
    return method;
}

/* The message of an error, then the pairs of its ErrorInfo. */
static const char *error_text(const Google__Rpc__Status *error)
{
    const char *text = error->message;

    for (size_t i = 0; i < error->n_details; i++) {
        const Google__Protobuf__Any *detail = error->details[i];
        void *info = NULL;

        if (strstr(detail->type_url, "ErrorInfo") == NULL) {
            continue;
        }
        const struct slice bytes = {(const char *)detail->value.data, detail->value.len};
        assert_ok(message_decode(arena, &google__rpc__error_info__descriptor, bytes, &info));
        text = arena_printf(arena, "%s %s", text, encoded(info));
    }
    return text;
}

/* ret_answer: the response, or what error_text() says. */
static struct status call_message(const char *name, const void *request, const char **ret_answer)
{
    const ProtobufCMethodDescriptor *method = method_find(name);
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer;
    void *message = NULL;

    const struct rpc_request call = {
        .method = arena_printf(arena, "%s/%s", registrations_service.descriptor->name, name),
        .timeout_ms = TIMEOUT_MS,
        .payload = request,
    };
    assert_ok(rpc_client_call_wait(client, &call, &reply));
    assert_ok(rpc_reply_parse(reply, arena, &answer));
    if (answer.status.code == STATUS_OK) {
        assert_ok(message_decode(arena, method->output, answer.payload, &message));
        *ret_answer = encoded(message);
    } else {
        *ret_answer = error_text(answer.status_detail);
    }
    rpc_reply_free(reply);
    return answer.status;
}

static struct status call(const char *name, const char *request, const char **ret_answer)
{
    void *message = NULL;

    assert_ok(json_decode(arena, method_find(name)->input, slice_from(request), &message));
    return call_message(name, message, ret_answer);
}

const char *ask(const char *method, const char *format, ...)
{
    const char *answer = NULL;
    va_list args;

    va_start(args, format);
    const char *request = quoted(arena_vprintf(arena, format, args));
    va_end(args);
    if (call(method, request, &answer).code != STATUS_OK) {
        fail_msg("%s %s: %s", method, request, answer);
    }
    return answer;
}

static const char *check_refusal(struct status status, const char *answer, enum status_code code,
                                 const char *reason)
{
    if (status.code != code || status.reason == NULL || strcmp(status.reason, reason) != 0) {
        fail_msg("%s %s was expected: %s", status_code_name(code), reason, answer);
    }
    return answer;
}

const char *refused(const char *method, enum status_code code, const char *reason,
                    const char *format, ...)
{
    const char *answer = NULL;
    va_list args;

    va_start(args, format);
    const char *request = quoted(arena_vprintf(arena, format, args));
    va_end(args);
    const struct status status = call(method, request, &answer);
    return check_refusal(status, answer, code, reason);
}

const char *refused_message(const char *method, enum status_code code, const char *reason,
                            const void *request)
{
    const char *answer = NULL;
    const struct status status = call_message(method, request, &answer);

    return check_refusal(status, answer, code, reason);
}

void assert_text(const char *answer, const char *text, bool wanted, const char *file, int line)
{
    if ((strstr(answer, quoted(arena_strdup(arena, text))) != NULL) != wanted) {
        print_error("%s:%d: %s %s in %s\n", file, line, wanted ? "no" : "there is", text, answer);
        _fail(file, line);
    }
}

const char *made_organization(const char *kind, const char *parent)
{
    const char *name = arena_printf(arena, "organizations/o%d", ++made);

    ask("CreateOrganization",
        "{'organizationId':'o%d','organization':{'displayName':{'vi':'Đơn vị %d'},'kind':'%s',"
        "'parent':'%s'}}",
        made, made, kind, parent);
    return name;
}

const char *made_movement(void)
{
    const char *name = arena_printf(arena, "movements/m%d", ++made);

    ask("CreateMovement",
        "{'movementId':'m%d','movement':{'displayName':{'vi':'Phong trào %d'},'year':2022,"
        "'themes':[{'id':'t1','displayName':{'vi':'Một'}},{'id':'t2','displayName':{'vi':'Hai'}}]}"
        "}",
        made, made);
    ask("LaunchMovement", "{'name':'%s'}", name);
    return name;
}

const char *made_registration(const char *movement, const char *registrant)
{
    const char *name = arena_printf(arena, "%s/registrations/r%d", movement, ++made);

    ask("CreateRegistration",
        "{'parent':'%s','registrationId':'r%d','registration':{'displayName':{'vi':'Việc %d'},"
        "'commitment':{'manual':{'criterion':'xong'}},%s}}",
        movement, made, made, registrant);
    return name;
}

const char *made_registration_in(const char *movement, const char *registrant, const char *state)
{
    static const struct {
        const char *state;
        const char *method;
        const char *fields;
    } steps[] = {
        {"DRAFT", NULL, NULL},
        {"SUBMITTED", "SubmitRegistration", ""},
        {"APPROVED", "ApproveRegistration", ""},
        {"SELF_ASSESSED", "SelfAssessRegistration", ",'text':'đã xong','proposedResult':'GOOD'"},
        {"EVALUATED", "EvaluateRegistration", ",'result':'GOOD'"},
    };
    const char *name = made_registration(movement, registrant);

    if (strcmp(state, "WITHDRAWN") == 0) {
        ask("WithdrawRegistration", "{'name':'%s'}", name);
        return name;
    }
    if (strcmp(state, "RETURNED") == 0) {
        ask("SubmitRegistration", "{'name':'%s'}", name);
        ask("ReturnRegistration", "{'name':'%s','reason':'thiếu'}", name);
        return name;
    }
    for (size_t i = 0; strcmp(steps[i].state, state) != 0; i++) {
        ask(steps[i + 1].method, "{'name':'%s'%s}", name, steps[i + 1].fields);
    }
    return name;
}

const char *made_achievement(const char *movement, const char *registrant, const char *result)
{
    const char *name = made_registration_in(movement, registrant, "SELF_ASSESSED");

    ask("EvaluateRegistration", "{'name':'%s','result':'%s'}", name, result);
    return name;
}

const char *made_commendation(const char *movement, const char *recipient, const char *form,
                              const char *achievement, const char *proposer)
{
    const char *name = arena_printf(arena, "%s/commendations/c%d", movement, ++made);

    ask("CreateCommendation",
        "{'parent':'%s','commendationId':'c%d','commendation':{%s,'form':'%s','achievement':'%s',"
        "'proposer':{'fullName':'Người đề nghị','organization':'%s'}}}",
        movement, made, recipient, form, achievement, proposer);
    return name;
}
