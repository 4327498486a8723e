/* gateway_fixture.c - one service that plays all of them, and requests on new connections. */
#include "gateway_fixture.h"

#include "api.h"

#include "dongkhoi/changes/v1/changes.pb-c.h"
#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "dongkhoi/registrations/v1/registrations.pb-c.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 << 20 };

struct fake_backend *service;
struct gateway *gateway;
static struct arena *arena;

/* The services that the fake one plays, and the gateway's own. */
static const ProtobufCServiceDescriptor *const played[] = {
    &dongkhoi__changes__v1__change_service__descriptor,
    &dongkhoi__clusters__v1__cluster_service__descriptor,
    &dongkhoi__indicators__v1__indicator_service__descriptor,
    &dongkhoi__registrations__v1__registration_service__descriptor,
};

struct gateway *fixture_gateway(const char *address)
{
    const struct backend backends[] = {
        {.name = "indicators", .package = "dongkhoi.indicators.v1", .addresses = address},
        {.name = "clusters", .package = "dongkhoi.clusters.v1", .addresses = address},
        {.name = "nighteconomy", .package = "dongkhoi.nighteconomy.v1", .addresses = address},
        {.name = "registrations", .package = "dongkhoi.registrations.v1", .addresses = address},
    };
    struct gateway_options options = {.listen = "127.0.0.1:0",
                                      .loops = 2,
                                      .backends = backends,
                                      .backend_count = sizeof(backends) / sizeof(backends[0])};
    struct gateway *started = NULL;

    assert_ok(schema_load(arena, api_descriptor_set(), played, sizeof(played) / sizeof(played[0]),
                          &options.schema));
    assert_ok(gateway_open(&options, arena, &started));
    return started;
}

void fixture_wait_connected(struct gateway *started)
{
    for (size_t i = 0; i < started->backend_count; i++) {
        for (int k = 0; k < 500 && !rpc_client_connected(started->backends[i].client); k++) {
            (void)usleep(10000);
        }
    }
}

int fixture_set_up(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    service = fake_backend_open();
    gateway = fixture_gateway(fake_backend_address(service));
    fixture_wait_connected(gateway);
    return 0;
}

int fixture_tear_down(void **state)
{
    (void)state;
    assert_true(gateway_close(gateway, CLOSE_MS));
    fake_backend_close(service);
    arena_free(arena);
    return 0;
}

struct client_answer ask_with(const char *line, const char *headers, const char *body)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);
    struct client_answer answer;
    static char text[8192];
    const bool has_type = body[0] == '\0' || strcasestr(headers, "Content-Type:") != NULL;

    (void)snprintf(
        text, sizeof(text), "%s HTTP/1.1\r\nHost: localhost\r\n%s%sContent-Length: %zu\r\n\r\n%s",
        line, headers, has_type ? "" : "Content-Type: application/json\r\n", strlen(body), body);
    assert_true(client_send_text(client, text));
    assert_true(client_read(client, strncmp(line, "HEAD", 4) == 0, &answer));
    client_close(client);
    return answer;
}

struct client_answer ask(const char *line, const char *body)
{
    return ask_with(line, "", body);
}

void expect(const struct client_answer *answer, int code, const char *text)
{
    if (answer->code != code || strstr(answer->body, text) == NULL) {
        fail_msg("%d %s instead of %d %s", answer->code, answer->body, code, text);
    }
}

void expect_ask(const char *line, const char *headers, const char *body, int code, const char *text)
{
    struct client_answer answer = ask_with(line, headers, body);

    if (answer.code != code || strstr(answer.body, text) == NULL) {
        fail_msg("%s %s: %d %s instead of %d %s", line, body, answer.code, answer.body, code, text);
    }
    client_answer_done(&answer);
}
