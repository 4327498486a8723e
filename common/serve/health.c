/* health.c - the command health: one connection to the running service, one CheckHealth. */
#include "serve/health.h"

#include "base/clock.h"
#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "pb/decode.h"
#include "rpc/rpc_client.h"
#include "serve/commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    CONNECT_MS = 2000,
    ANSWER_MS = 2000,
    CLOSE_MS = 200,
    POLL_MS = 5,
};

/* The address to dial: a service that listens on all addresses of the machine is asked on loopback.
 */
static const char *address_dial(struct arena *arena, const char *address)
{
    static const char *const all[][2] = {
        {"tcp://0.0.0.0:", "tcp://127.0.0.1:"},
        {"tcp://[::]:", "tcp://[::1]:"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const size_t length = strlen(all[i][0]);
        if (strncmp(address, all[i][0], length) == 0) {
            return arena_printf(arena, "%s%s", all[i][1], address + length);
        }
    }
    return address;
}

static bool wait_connected(struct rpc_client *client)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000};
    const int64_t end = clock_boot_ms() + CONNECT_MS;

    while (!rpc_client_connected(client) && clock_boot_ms() < end) {
        (void)nanosleep(&pause, NULL);
    }
    return rpc_client_connected(client);
}

static struct status answer_read(struct arena *arena, struct rpc_reply *reply,
                                 Dongkhoi__Rpc__V1__CheckHealthResponse **ret_response)
{
    struct rpc_answer answer;
    void *message = NULL;

    TRY(rpc_reply_parse(reply, arena, &answer));
    TRY(answer.status);
    TRY(message_decode(arena, &dongkhoi__rpc__v1__check_health_response__descriptor, answer.payload,
                       &message));
    *ret_response = message;
    return STATUS_NONE;
}

/* Asks once; the response lives in the arena. */
static struct status ask(struct arena *arena, struct rpc_client *client,
                         Dongkhoi__Rpc__V1__CheckHealthResponse **ret_response)
{
    const Dongkhoi__Rpc__V1__CheckHealthRequest payload =
        DONGKHOI__RPC__V1__CHECK_HEALTH_REQUEST__INIT;
    const struct rpc_request request = {
        .method = "dongkhoi.rpc.v1.HealthService/CheckHealth",
        .timeout_ms = ANSWER_MS,
        .payload = &payload.base,
    };
    struct rpc_reply *reply = NULL;

    if (!wait_connected(client)) {
        return status_of(REASON_SERVICE_DOWN, "nobody listens there");
    }
    TRY(rpc_client_call_wait(client, &request, &reply));
    const struct status status = answer_read(arena, reply, ret_response);
    rpc_reply_free(reply);
    return status;
}

static bool judge(struct arena *arena, const char *service,
                  const Dongkhoi__Rpc__V1__CheckHealthResponse *response, const char **ret_text)
{
    if (strcmp(response->service, service) != 0) {
        *ret_text = arena_printf(arena, "another service answers: %s", response->service);
        return false;
    }
    if (!response->serving || !response->writable) {
        *ret_text = arena_printf(arena, "%s: %s", service,
                                 response->message[0] != '\0' ? response->message : "not serving");
        return false;
    }
    *ret_text = arena_printf(arena, "%s: serving, journal at %llu%s%s", service,
                             (unsigned long long)response->seq,
                             response->n_unreachable > 0 ? ", not connected to " : "",
                             response->n_unreachable > 0 ? response->unreachable[0] : "");
    return true;
}

bool health_ask(struct arena *arena, const char *service, const char *address,
                const char **ret_text)
{
    const char *dialled = address_dial(arena, address);
    Dongkhoi__Rpc__V1__CheckHealthResponse *response = NULL;
    struct rpc_client *client = NULL;
    bool is_healthy = false;

    if (dialled == NULL) {
        *ret_text = "out of memory";
        return false;
    }
    const struct rpc_client_options options = {.service = service, .addresses = dialled};
    struct status status = rpc_client_open(&options, arena, &client);
    if (status.code == STATUS_OK) {
        status = ask(arena, client, &response);
    }
    if (status.code == STATUS_OK) {
        is_healthy = judge(arena, service, response, ret_text);
    } else {
        *ret_text = arena_printf(arena, "%s at %s: %s", service, dialled, status.message);
    }
    if (*ret_text == NULL) {
        *ret_text = "out of memory";
    }
    rpc_client_close(client, CLOSE_MS);
    return is_healthy;
}

int command_health(void *arg, int argc, char **argv)
{
    const struct command_context *context = arg;
    const char *text = NULL;

    if (argc > 0) {
        (void)fprintf(stderr, "%s: health takes no argument: %s\n", context->program, argv[0]);
        return COMMAND_TROUBLE;
    }
    const bool is_healthy =
        health_ask(context->arena, context->service->name, context->address, &text);
    (void)printf("%s\n", text);
    return is_healthy ? COMMAND_OK : COMMAND_NO;
}
