/* scorecard_memory_test.c - tests that a line fails with a status whatever allocation fails. */
#include "unit.h"

#include "base/arena.h"
#include "base/clock.h"
#include "pb/json.h"
#include "pb/message.h"
#include "scorecard_fill.h"

#include <string.h>

enum { ARENA_BYTES = 4 << 20, STEP_BYTES = 16, LIMIT_MAX_BYTES = 64 << 10 };

static struct arena *arena;
static struct call whole;
static struct asks asks;

static void *decoded(const ProtobufCMessageDescriptor *type, const char *text)
{
    char *quoted = arena_strdup(arena, text);
    void *message = NULL;

    for (char *c = quoted; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    assert_ok(json_decode(arena, type, slice_from(quoted), &message));
    return message;
}

static const char *const commitments[] = {
    "{'indicator':{'indicator':'a','year':2022,'comparator':'APPROXIMATELY','value':140,"
    "'tolerancePercent':5}}",
    "{'indicator':{'indicator':'none','year':2022,'comparator':'AT_LEAST','value':140}}",
    "{'indicator':{'indicator':'down','year':2022,'comparator':'AT_LEAST','value':0}}",
    "{'newClusters':{'year':2022,'comparator':'AT_LEAST','value':2}}",
    "{'milestone':{'scheme':'s','milestone':'m'}}",
    "{'milestone':{'scheme':'s','milestone':'gone'}}",
    "{'manual':{'criterion':'xong'}}",
};

static int setup(void **state)
{
    const struct status down = {
        .code = STATUS_UNAVAILABLE, .reason = REASON_SERVICE_DOWN, .message = "not connected"};
    const struct status gone = {
        .code = STATUS_NOT_FOUND, .reason = REASON_RESOURCE_NOT_FOUND, .message = "no such thing"};

    (void)state;
    arena = arena_new(ARENA_BYTES);
    whole = (struct call){.arena = arena};
    asks = (struct asks){.published_by = ""};
    asks_progress(&whole, &asks, "indicators/a", 2022)->progress =
        decoded(&dongkhoi__indicators__v1__progress__descriptor,
                "{'name':'indicators/a','unit':'MW','direction':'NEUTRAL','yearToDate':90,"
                "'linearForecast':100,'notes':[{'field':'yearToDate','reason':'EARLIER_PERIOD',"
                "'message':'earlier'}],'inputs':[{'name':'x','revision':1,'value':2}]}");
    (void)asks_progress(&whole, &asks, "indicators/none", 2022);
    asks_progress(&whole, &asks, "indicators/down", 2022)->status = down;
    asks_count(&whole, &asks, 2022)->count =
        decoded(&dongkhoi__clusters__v1__count_new_clusters_response__descriptor,
                "{'clusterTarget':'clusterTargets/2022','minNewClusters':2,'count':1,'clusters':"
                "[{'cluster':'clusters/a','counted':true}],'inputs':[{'name':"
                "'clusterTargets/2022'},{'name':'clusters/a'}]}");
    asks_verdict(&whole, &asks, "schemes/s/milestones/m")->verdict =
        decoded(&dongkhoi__nighteconomy__v1__milestone_verdict__descriptor,
                "{'done':true,'reason':'DONE','sentence':'done','document':{'number':'1'},"
                "'inputs':[{'name':'schemes/s/milestones/m','revision':1,'value':'COMPLETED'}]}");
    asks_verdict(&whole, &asks, "schemes/s/milestones/gone")->status = gone;
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static registration_message *registration_of(const char *commitment)
{
    registration_message *registration =
        decoded(&dongkhoi__registrations__v1__registration__descriptor,
                "{'name':'movements/m/registrations/r','revision':1,'result':'COMPLETED',"
                "'evaluation':{'result':'COMPLETED','date':'2022-12-31'}}");

    registration->commitment =
        decoded(&dongkhoi__registrations__v1__commitment__descriptor, commitment);
    return registration;
}

static struct status fill_within(size_t limit, const registration_message *registration)
{
    const struct line_view view = {.published_by = "", .day = 19000};
    struct arena *small = arena_new(limit);
    struct call call = {.arena = small};
    struct status status = status_out_of_memory();
    struct asks own = {.published_by = ""};

    assert_non_null(small);
    void *line = message_new(small, &dongkhoi__registrations__v1__scorecard_line__descriptor);
    if (line != NULL) {
        status = line_ask(&call, &own, registration);
    }
    if (status.code == STATUS_OK) {
        status = line_fill(&call, &asks, &view, registration, line);
    }
    arena_free(small);
    return status;
}

static void whatever_allocation_fails_a_line_ends_with_a_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(commitments) / sizeof(commitments[0]); i++) {
        const registration_message *registration = registration_of(commitments[i]);
        struct status status = status_out_of_memory();

        for (size_t limit = STEP_BYTES; status.code != STATUS_OK; limit += STEP_BYTES) {
            assert_true(limit < LIMIT_MAX_BYTES);
            status = fill_within(limit, registration);
            assert_true(status.code == STATUS_OK || status.code == STATUS_RESOURCE_EXHAUSTED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_allocation_fails_a_line_ends_with_a_status),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
