/* running.c - opens the service, calls it, and removes what it left. */
#include "unit.h"

#include "running.h"

#include "base/buffer.h"
#include "indicators.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "rpc/rpc_client.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ARENA_LIMIT_BYTES = 256 << 20,
    ANSWER_LIMIT_BYTES = 16 << 20,
    TIMEOUT_MS = 20000,
    CLOSE_BOUND_MS = 5000,
};

static struct arena *arena;
static struct service_instance *instance;
static struct rpc_client *client;
static char directory[] = "/tmp/indicators_test_XXXXXX";

int running_setup(void **state)
{
    (void)state;
    arena = arena_new(ARENA_LIMIT_BYTES);
    assert_non_null(arena);
    assert_non_null(mkdtemp(directory));
    assert_ok(service_open(&indicators_service, directory, "tcp://127.0.0.1:0", arena, &instance));
    const struct rpc_client_options options = {
        .service = "indicators",
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

static const ProtobufCMethodDescriptor *method_find(const char *name)
{
    const ProtobufCServiceDescriptor *service = indicators_service.descriptor;

    for (unsigned i = 0; i < service->n_methods; i++) {
        if (strcmp(service->methods[i].name, name) == 0) {
            return &service->methods[i];
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

static struct status call_message(const char *name, const void *request, const char **ret_answer)
{
    const ProtobufCMethodDescriptor *method = method_find(name);
    struct rpc_reply *reply = NULL;
    struct rpc_answer answer;
    struct buffer buffer;
    void *message = NULL;

    const struct rpc_request call = {
        .method = arena_printf(arena, "%s/%s", indicators_service.descriptor->name, name),
        .timeout_ms = TIMEOUT_MS,
        .payload = request,
    };
    assert_ok(rpc_client_call_wait(client, &call, &reply));
    assert_ok(rpc_reply_parse(reply, arena, &answer));
    if (answer.status.code == STATUS_OK) {
        assert_ok(message_decode(arena, method->output, answer.payload, &message));
        buffer_init(&buffer, ANSWER_LIMIT_BYTES);
        json_encode(&buffer, message);
        assert_false(buffer_failed(&buffer));
        *ret_answer = arena_copy(arena, buffer_slice(&buffer));
        buffer_done(&buffer);
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

const char *ask(const char *method, const char *request)
{
    const char *answer = NULL;
    const struct status status = call(method, request, &answer);

    if (status.code != STATUS_OK) {
        fail_msg("%s %s: %s %s %s", method, request, status_code_name(status.code), status.reason,
                 status.message);
    }
    return answer;
}

struct status ask_refused(const char *method, const char *request)
{
    const char *answer = NULL;
    const struct status status = call(method, request, &answer);

    if (status.code == STATUS_OK) {
        fail_msg("%s %s was answered %s", method, request, answer);
    }
    return status;
}

struct status ask_message_refused(const char *method, const void *request)
{
    const char *answer = NULL;
    const struct status status = call_message(method, request, &answer);

    if (status.code == STATUS_OK) {
        fail_msg("%s was answered %s", method, answer);
    }
    return status;
}

static char *with_quotes(char *text)
{
    for (char *c = text; c != NULL && *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return text;
}

const char *json(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return with_quotes(text);
}

void assert_text_in(const char *answer, const char *text, const char *file, int line)
{
    if (strstr(answer, with_quotes(arena_strdup(arena, text))) == NULL) {
        print_error("%s:%d: no %s in %s\n", file, line, text, answer);
        fail();
    }
}

const char *made_indicator(const char *kind, int decimals)
{
    static int count;
    const char *id = json("i-%d", ++count);

    (void)ask("CreateIndicator",
              json("{'indicatorId':'%s','indicator':{'displayName':{'vi':'Chỉ tiêu'},'unit':'MW',"
                   "'kind':'%s','direction':'HIGHER_IS_BETTER','decimals':%d}}",
                   id, kind, decimals));
    return json("indicators/%s", id);
}

const char *made_target(const char *name, int year, const char *fields)
{
    return ask("CreateTarget",
               json("{'parent':'%s','targetId':'%d','target':{%s}}", name, year, fields));
}

const char *value_fields(const char *period, const char *basis, const char *value,
                         const char *status)
{
    return json("'period':'%s','basis':'%s','value':%s,'status':'%s'", period, basis, value,
                status);
}

const char *create_request(const char *name, const char *fields)
{
    return json("{'parent':'%s','observation':{%s}}", name, fields);
}

const char *upsert_request(const char *name, const char *fields)
{
    return json("{'allowMissing':true,'observation':{'name':'%s',%s}}", name, fields);
}

const char *progress_answer(const char *name, const char *period)
{
    return ask("GetProgress", json("{'name':'%s','period':'%s'}", name, period));
}

const char *field_text(const char *answer, const char *name)
{
    const char *start = strstr(answer, json("'%s':'", name));

    assert_non_null(start);
    start += strlen(name) + strlen("'':'");
    return arena_printf(arena, "%.*s", (int)strcspn(start, "\""), start);
}
