/* fake_peers.c - three RPC servers over one table of answers. */
#include "unit.h"

#include "fake_peers.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "rpc/rpc_server.h"
#include "running.h"
#include "scorecard_ask.h"

#include <pthread.h>
#include <string.h>

OWN_REASON(TOO_LATE, UNAVAILABLE);

enum {
    ARENA_LIMIT_BYTES = 64 << 20,
    ANSWERS_MAX = 16,
    HELD_MAX = 256,
    CLOSE_BOUND_MS = 5000,
};

struct answer {
    const char *method;
    void *message;
    void *next;
    struct status status;
    const char *request;
    int requests;
};

static struct {
    pthread_mutex_t lock; /* guards the fields below */
    struct arena *arena;
    struct answer answers[ANSWERS_MAX];
    bool hanging[SOURCES];
    struct rpc_call *held[HELD_MAX];
    size_t held_count;
    struct rpc_server *servers[SOURCES];
} fakes = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const ProtobufCMethodDescriptor *method_find(const char *name)
{
    for (int i = 0; i < SOURCES; i++) {
        const ProtobufCMethodDescriptor *method =
            protobuf_c_service_descriptor_get_method_by_name(scorecard_peers[i].descriptor, name);
        if (method != NULL) {
            return method;
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

/* Under the lock. */
static struct answer *answer_of(const char *method)
{
    size_t i = 0;

    while (i < ANSWERS_MAX && fakes.answers[i].method != NULL &&
           strcmp(fakes.answers[i].method, method) != 0) {
        i++;
    }
    assert_true(i < ANSWERS_MAX);
    if (fakes.answers[i].method == NULL) {
        void *message = NULL;
        assert_ok(
            json_decode(fakes.arena, method_find(method)->output, slice_from("{}"), &message));
        fakes.answers[i] =
            (struct answer){.method = arena_strdup(fakes.arena, method), .message = message};
    }
    return &fakes.answers[i];
}

static const char *request_text(const char *method, struct slice payload)
{
    struct buffer buffer;
    void *message = NULL;

    assert_ok(message_decode(fakes.arena, method_find(method)->input, payload, &message));
    buffer_init(&buffer, 1 << 20);
    json_encode(&buffer, message);
    const char *text = arena_copy(fakes.arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    return text;
}

static void on_call(void *arg, struct rpc_call *call)
{
    const size_t source = (size_t)arg;
    const struct rpc_call_info *info = rpc_call_info(call);

    pthread_mutex_lock(&fakes.lock);
    if (fakes.hanging[source] && fakes.held_count < HELD_MAX) {
        fakes.held[fakes.held_count++] = call;
        pthread_mutex_unlock(&fakes.lock);
        return;
    }
    const char *method = strrchr(info->method, '/') + 1;
    struct answer *answer = answer_of(method);
    struct rpc_result result = {
        .status = answer->status,
        .message = answer->next != NULL ? answer->next : answer->message,
        .service = scorecard_peers[source].name,
        .seq = 100 + source,
        .hash = 1,
    };
    answer->next = NULL;
    answer->request = request_text(method, info->payload);
    answer->requests++;
    rpc_call_answer(call, &result);
    pthread_mutex_unlock(&fakes.lock);
}

static void *decoded(const char *method, const char *response)
{
    char *text = arena_strdup(fakes.arena, response);
    void *message = NULL;

    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    assert_ok(json_decode(fakes.arena, method_find(method)->output, slice_from(text), &message));
    return message;
}

void fake_answer(const char *method, const char *response)
{
    pthread_mutex_lock(&fakes.lock);
    struct answer *answer = answer_of(method);
    answer->message = decoded(method, response);
    answer->status = STATUS_NONE;
    pthread_mutex_unlock(&fakes.lock);
}

void fake_answer_next(const char *method, const char *response)
{
    pthread_mutex_lock(&fakes.lock);
    answer_of(method)->next = decoded(method, response);
    pthread_mutex_unlock(&fakes.lock);
}

void fake_refuse(const char *method, const struct reason *reason)
{
    pthread_mutex_lock(&fakes.lock);
    answer_of(method)->status = status_of(reason, "as it was told to");
    pthread_mutex_unlock(&fakes.lock);
}

void fake_hang(const char *peer)
{
    pthread_mutex_lock(&fakes.lock);
    for (int i = 0; i < SOURCES; i++) {
        fakes.hanging[i] = fakes.hanging[i] || strcmp(scorecard_peers[i].name, peer) == 0;
    }
    pthread_mutex_unlock(&fakes.lock);
}

void fake_reset(void)
{
    const struct rpc_result late = {.status = {.code = STATUS_UNAVAILABLE,
                                               .reason = REASON_TOO_LATE,
                                               .message = "nobody waits any more"}};

    pthread_mutex_lock(&fakes.lock);
    for (int i = 0; i < SOURCES; i++) {
        fakes.hanging[i] = false;
    }
    for (size_t i = 0; i < fakes.held_count; i++) {
        rpc_call_answer(fakes.held[i], &late);
    }
    fakes.held_count = 0;
    memset(fakes.answers, 0, sizeof(fakes.answers));
    pthread_mutex_unlock(&fakes.lock);
}

const char *fake_request(const char *method)
{
    pthread_mutex_lock(&fakes.lock);
    const char *request = answer_of(method)->request;
    pthread_mutex_unlock(&fakes.lock);
    return request != NULL ? request : "";
}

int fake_requests(const char *method)
{
    pthread_mutex_lock(&fakes.lock);
    const int requests = answer_of(method)->requests;
    pthread_mutex_unlock(&fakes.lock);
    return requests;
}

int fake_peers_setup(void **state)
{
    fakes.arena = arena_new(ARENA_LIMIT_BYTES);
    for (size_t i = 0; i < SOURCES; i++) {
        const struct rpc_server_options options = {.address = "tcp://127.0.0.1:0",
                                                   .calls = HELD_MAX,
                                                   .on_call = on_call,
                                                   .arg = (void *)i};
        assert_ok(rpc_server_open(&options, fakes.arena, &fakes.servers[i]));
        running_peers[i] =
            arena_printf(fakes.arena, "tcp://127.0.0.1:%u", rpc_server_port(fakes.servers[i]));
    }
    return running_setup(state);
}

int fake_peers_teardown(void **state)
{
    fake_reset();
    const int failed = running_teardown(state);
    for (int i = 0; i < SOURCES; i++) {
        assert_true(rpc_server_close(fakes.servers[i], CLOSE_BOUND_MS));
    }
    arena_free(fakes.arena);
    return failed;
}
