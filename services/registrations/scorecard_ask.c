/* scorecard_ask.c - two rounds of calls in parallel: targets, counts and verdicts, then progress.
 */
#include "scorecard_ask.h"

#include "dongkhoi/registrations/v1/registrations.pb-c.h"
#include "pb/message.h"
#include "serve/values.h"

#include <stdlib.h>
#include <string.h>

enum { PROGRESS_BATCH_MAX = 100, TARGETS_PAGE = 1000 };

const struct peer scorecard_peers[SOURCES] = {
    [SOURCE_INDICATORS] = {"indicators", "tcp://127.0.0.1:7102",
                           &dongkhoi__indicators__v1__indicator_service__descriptor},
    [SOURCE_CLUSTERS] = {"clusters", "tcp://127.0.0.1:7103",
                         &dongkhoi__clusters__v1__cluster_service__descriptor},
    [SOURCE_NIGHTECONOMY] = {"nighteconomy", "tcp://127.0.0.1:7104",
                             &dongkhoi__nighteconomy__v1__night_economy_service__descriptor},
};

struct progress_ask *asks_progress(struct call *call, struct asks *asks, const char *name, int year)
{
    struct progress_ask **place = &asks->progresses;

    while (*place != NULL && ((*place)->year != year || strcmp((*place)->name, name) != 0)) {
        place = &(*place)->next;
    }
    if (*place == NULL) {
        *place = ARENA_NEW(call->arena, struct progress_ask);
        (*place)->name = name;
        (*place)->year = year;
    }
    return *place;
}

struct count_ask *asks_count(struct call *call, struct asks *asks, int year)
{
    struct count_ask **place = &asks->counts;

    while (*place != NULL && (*place)->year != year) {
        place = &(*place)->next;
    }
    if (*place == NULL) {
        *place = ARENA_NEW(call->arena, struct count_ask);
        (*place)->year = year;
    }
    return *place;
}

struct verdict_ask *asks_verdict(struct call *call, struct asks *asks, const char *name)
{
    struct verdict_ask **place = &asks->verdicts;

    while (*place != NULL && strcmp((*place)->name, name) != 0) {
        place = &(*place)->next;
    }
    if (*place == NULL) {
        *place = ARENA_NEW(call->arena, struct verdict_ask);
        (*place)->name = name;
    }
    return *place;
}

bool asks_no_answer(struct status status)
{
    return peer_says_nothing(status) ||
           (status.code != STATUS_OK && status.code != STATUS_NOT_FOUND &&
            status.code != STATUS_FAILED_PRECONDITION && status.code != STATUS_INVALID_ARGUMENT);
}

void asks_note(struct asks *asks, enum source source, const struct peer_call *answer)
{
    const Dongkhoi__Type__V1__LastChange *change =
        answer->response != NULL ? message_child(answer->response, "last_change") : NULL;

    asks->asked[source] = true;
    if (asks->failures[source].code == STATUS_OK && asks_no_answer(answer->status)) {
        asks->failures[source] = answer->status;
    }
    if (change != NULL && (!asks->is_shown[source] || change->seq < asks->shown_seq[source])) {
        asks->is_shown[source] = true;
        asks->shown_seq[source] = change->seq;
    }
}

/* A request of this type, prepared to read as the asks do. */
static void *request_new(struct call *call, const struct asks *asks,
                         const ProtobufCMessageDescriptor *type)
{
    void *request = message_new(call->arena, type);

    if (asks->as_of != NULL) {
        (void)message_set_child(request, "as_of", asks->as_of);
    }
    (void)message_set_string(request, "published_by", asks->published_by);
    return request;
}

/* Calls under construction. */
struct batch {
    struct peer_call *calls;
    size_t count;
};

static void batch_add(struct batch *batch, enum source source, const char *method, void *request)
{
    batch->calls[batch->count++] = (struct peer_call){
        .peer = scorecard_peers[source].name, .method = method, .request = request};
}

static void *targets_request(struct call *call, const struct asks *asks, const char *page_token)
{
    Dongkhoi__Indicators__V1__ListTargetsRequest *request =
        request_new(call, asks, &dongkhoi__indicators__v1__list_targets_request__descriptor);

    request->parent = (char *)"indicators/-";
    request->page_size = TARGETS_PAGE;
    request->page_token = (char *)page_token;
    request->filter = arena_printf(call->arena, "year = %d", asks->year);
    return request;
}

static void *count_request(struct call *call, const struct asks *asks, int year)
{
    Dongkhoi__Clusters__V1__CountNewClustersRequest *request =
        request_new(call, asks, &dongkhoi__clusters__v1__count_new_clusters_request__descriptor);

    request->year = year;
    request->counted_only = true;
    return request;
}

static void *verdict_request(struct call *call, const struct asks *asks, const char *name)
{
    Dongkhoi__Nighteconomy__V1__GetMilestoneVerdictRequest *request = request_new(
        call, asks, &dongkhoi__nighteconomy__v1__get_milestone_verdict_request__descriptor);

    request->name = (char *)name;
    return request;
}

/* The indicators of a page of targets; ret_token is "" at the end. */
static struct status targets_take(struct call *call, struct asks *asks,
                                  const struct peer_call *answer, const char **ret_token)
{
    const Dongkhoi__Indicators__V1__ListTargetsResponse *page = answer->response;

    asks_note(asks, SOURCE_INDICATORS, answer);
    *ret_token = "";
    if (answer->status.code != STATUS_OK) {
        return STATUS_NONE;
    }
    for (size_t i = 0; i < page->n_targets; i++) {
        const char *target = page->targets[i]->name;
        const char *end = strstr(target, "/targets/");
        const char *name = end == NULL
                               ? NULL
                               : arena_copy(call->arena, (struct slice){
                                                             .data = target,
                                                             .length = (size_t)(end - target),
                                                         });
        struct progress_ask *ask = asks_progress(call, asks, name, asks->year);
        ask->of_target = true;
    }
    *ret_token = page->next_page_token;
    return STATUS_NONE;
}

static struct status targets_rest(struct call *call, struct asks *asks, const char *page_token)
{
    while (page_token[0] != '\0') {
        struct peer_call next = {.peer = scorecard_peers[SOURCE_INDICATORS].name,
                                 .method = "ListTargets",
                                 .request = targets_request(call, asks, page_token)};
        peer_call_all(call, &next, 1);
        TRY(targets_take(call, asks, &next, &page_token));
    }
    return STATUS_NONE;
}

/* Targets, counts and verdicts at once. */
static struct status first_round(struct call *call, struct asks *asks)
{
    struct batch batch = {0};
    const char *page_token = "";
    size_t place = 1;

    for (const struct count_ask *ask = asks->counts; ask != NULL; ask = ask->next) {
        place++;
    }
    for (const struct verdict_ask *ask = asks->verdicts; ask != NULL; ask = ask->next) {
        place++;
    }
    batch.calls = arena_array(call->arena, place, sizeof(*batch.calls));
    batch_add(&batch, SOURCE_INDICATORS, "ListTargets", targets_request(call, asks, ""));
    for (const struct count_ask *ask = asks->counts; ask != NULL; ask = ask->next) {
        batch_add(&batch, SOURCE_CLUSTERS, "CountNewClusters",
                  count_request(call, asks, ask->year));
    }
    for (const struct verdict_ask *ask = asks->verdicts; ask != NULL; ask = ask->next) {
        batch_add(&batch, SOURCE_NIGHTECONOMY, "GetMilestoneVerdict",
                  verdict_request(call, asks, ask->name));
    }
    peer_call_all(call, batch.calls, batch.count);
    place = 1;
    for (struct count_ask *ask = asks->counts; ask != NULL; ask = ask->next) {
        ask->status = batch.calls[place].status;
        ask->count = batch.calls[place].response;
        asks_note(asks, SOURCE_CLUSTERS, &batch.calls[place++]);
    }
    for (struct verdict_ask *ask = asks->verdicts; ask != NULL; ask = ask->next) {
        ask->status = batch.calls[place].status;
        ask->verdict = batch.calls[place].response;
        asks_note(asks, SOURCE_NIGHTECONOMY, &batch.calls[place++]);
    }
    TRY(targets_take(call, asks, &batch.calls[0], &page_token));
    return targets_rest(call, asks, page_token);
}

/* One request for indicators of the same year as the first that was not sent yet. */
static void *progress_request(struct call *call, struct asks *asks, struct progress_ask *first)
{
    Dongkhoi__Indicators__V1__BatchGetProgressRequest *request =
        request_new(call, asks, &dongkhoi__indicators__v1__batch_get_progress_request__descriptor);

    request->latest = true;
    request->period = arena_printf(call->arena, "%04d", first->year);
    request->names = arena_array(call->arena, PROGRESS_BATCH_MAX, sizeof(*request->names));
    for (struct progress_ask *ask = first; ask != NULL && request->n_names < PROGRESS_BATCH_MAX;
         ask = ask->next) {
        if (!ask->sent && ask->year == first->year) {
            ask->sent = true;
            request->names[request->n_names++] = (char *)ask->name;
        }
    }
    return request;
}

static void progress_take(struct call *call, struct asks *asks, const struct peer_call *answer)
{
    const Dongkhoi__Indicators__V1__BatchGetProgressRequest *request = answer->request;
    const Dongkhoi__Indicators__V1__BatchGetProgressResponse *response = answer->response;
    const int year = (int)strtol(request->period, NULL, 10);
    size_t next = 0;

    asks_note(asks, SOURCE_INDICATORS, answer);
    for (size_t i = 0; i < request->n_names; i++) {
        struct progress_ask *ask = asks_progress(call, asks, request->names[i], year);
        ask->status = answer->status;
        /* Those that are there come in the order of the request. */
        if (response != NULL && next < response->n_progresses &&
            strcmp(response->progresses[next]->name, ask->name) == 0) {
            ask->progress = response->progresses[next++];
        }
    }
}

static struct status second_round(struct call *call, struct asks *asks)
{
    const struct status failure = asks->failures[SOURCE_INDICATORS];
    struct batch batch = {0};
    size_t most = 0;

    for (struct progress_ask *ask = asks->progresses; ask != NULL; ask = ask->next) {
        ask->status = failure;
        most++;
    }
    if (failure.code == STATUS_UNAVAILABLE || failure.code == STATUS_DEADLINE_EXCEEDED) {
        return STATUS_NONE; /* it would not answer that either */
    }
    batch.calls = arena_array(call->arena, most, sizeof(*batch.calls));
    for (struct progress_ask *ask = asks->progresses; ask != NULL; ask = ask->next) {
        if (!ask->sent) {
            batch_add(&batch, SOURCE_INDICATORS, "BatchGetProgress",
                      progress_request(call, asks, ask));
        }
    }
    if (batch.count > 0) {
        peer_call_all(call, batch.calls, batch.count);
    }
    for (size_t i = 0; i < batch.count; i++) {
        progress_take(call, asks, &batch.calls[i]);
    }
    return STATUS_NONE;
}

struct status asks_send(struct call *call, struct asks *asks)
{
    TRY(first_round(call, asks));
    return second_round(call, asks);
}

struct status asks_report(struct call *call, const struct asks *asks, void *answer)
{
    bool complete = true;

    for (int i = 0; i < SOURCES; i++) {
        const struct rpc_version *version = peer_version(call, scorecard_peers[i].name);
        const struct status *failure = &asks->failures[i];
        if (!asks->asked[i]) {
            continue;
        }
        Dongkhoi__Registrations__V1__ScorecardSource *source =
            message_new(call->arena, &dongkhoi__registrations__v1__scorecard_source__descriptor);
        source->service = (char *)scorecard_peers[i].name;
        source->answered = failure->code == STATUS_OK;
        /* As of a time it is the last entry by then, however far the source has gone on since. */
        source->seq = source->answered && asks->is_shown[i] ? asks->shown_seq[i]
                      : version != NULL                     ? version->seq
                                                            : 0;
        TRY(message_append(call, answer, "sources", source));
        if (!source->answered) {
            complete = false;
            TRY(note_append(call, answer, "complete", "SERVICE_DOWN", "%s did not answer: %s",
                            source->service, failure->message));
        }
    }
    (void)message_set_int(answer, "complete", complete);
    return STATUS_NONE;
}
