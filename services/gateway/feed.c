/*
 * feed.c - GET /v1/changes: every service is asked at once behind the cursor's place; the last
 * answer merges and answers, beside the loop where the page is large. A service that cannot be read
 * holds the feed.
 *
 *     ASKED --all gave all they have--> answered
 *                 \--one may be writing what comes before the latest--> that one is ASKED AGAIN,
 *                     when it has written: its changes up to there --> answered
 */
#include "account.h"
#include "admission.h"
#include "answer.h"
#include "call_headers.h"
#include "dongkhoi/rpc/v1/journal.pb-c.h"
#include "feed_cursor.h"
#include "feed_merge.h"
#include "gateway.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "job.h"
#include "patience.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "transcode.h"

#include <stdlib.h>

typedef Dongkhoi__Changes__V1__Change Change;

struct feed;

/* One service's part. */
struct feed_part {
    struct letter letter; /* first: the letter is the part */
    struct feed *feed;
    struct status failure; /* of the call itself */
    struct rpc_reply *reply;
};

/* Lives in the request's arena. */
struct feed {
    struct job job; /* first: the job is the feed */
    struct gateway_loop *loop;
    struct http_request *request;
    struct router_match match;
    struct call_headers headers;
    size_t limit;
    size_t waiting;
    size_t count;
    bool is_asked_again;
    int64_t end_us; /* of what was given first; then it is asked again up to there */
    struct rpc_timing slowest;
    bool has_answers;
    struct feed_position positions[BACKENDS_MAX];
    struct feed_part parts[BACKENDS_MAX];

    /* Set by feed_read(). */
    struct status statuses[BACKENDS_MAX]; /* of the services' answers */
    bool is_held;                         /* one of them is a failure */
    bool lags[BACKENDS_MAX];              /* who is to be asked again */
    bool must_ask_again;
    struct status failure; /* of the page */
    struct rendering rendering;
};

void feed_register_types(const struct schema *schema)
{
    size_t count = 0;
    const struct schema_service *services = schema_services(schema, &count);

    json_register_any(&dongkhoi__changes__v1__clock_correction__descriptor);

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < services[i].method_count; k++) {
            const struct schema_message *output = services[i].methods[k].output;

            if (output->resource_type != NULL && output->type != NULL) {
                json_register_any(output->type);
            }
        }
    }
}

bool feed_has_method(const struct schema_method *method)
{
    return strcmp(method->service->name, dongkhoi__changes__v1__change_service__descriptor.name) ==
           0;
}

static const char *service_name(const struct feed *feed, size_t index)
{
    return feed->loop->gateway->backends[index].name;
}

/* They were asked at the same time: the time is that of the slowest. */
static void slowest_keep(struct feed *feed, struct rpc_timing timing)
{
    const struct rpc_timing *kept = &feed->slowest;
    const uint64_t before = (uint64_t)kept->queue_us + kept->service_us + kept->store_us;

    feed->has_answers = true;
    if ((uint64_t)timing.queue_us + timing.service_us + timing.store_us > before) {
        feed->slowest = timing;
    }
}

/* The answer of one service. */
static struct status part_parse(struct feed *feed, size_t index, struct arena *scratch,
                                struct feed_source *ret_source)
{
    const struct feed_part *part = &feed->parts[index];
    struct rpc_answer answer;
    void *message = NULL;

    TRY(part->failure);
    TRY(rpc_reply_parse(part->reply, scratch, &answer));
    slowest_keep(feed, answer.timing);
    TRY(answer.status);
    TRY(message_decode(scratch, &dongkhoi__rpc__v1__read_journal_response__descriptor,
                       answer.payload, &message));
    const Dongkhoi__Rpc__V1__ReadJournalResponse *response = message;
    *ret_source = (struct feed_source){
        .service = service_name(feed, index),
        .changes = response->changes,
        .count = response->n_changes,
        .has_more = response->has_more,
        .watermark_us = response->watermark_us,
    };
    return STATUS_NONE;
}

/* What to say of all failures: that services are away before anything else, naming them. */
static void answer_held(const struct feed *feed)
{
    struct http_request *request = feed->request;
    const struct status *statuses = feed->statuses;
    struct status chosen = STATUS_NONE;
    const char *names = "";

    for (size_t i = 0; i < feed->count; i++) {
        const bool is_worse = chosen.code == STATUS_OK || (chosen.code != STATUS_UNAVAILABLE &&
                                                           statuses[i].code == STATUS_UNAVAILABLE);

        if (statuses[i].code != STATUS_OK && names != NULL) {
            names = arena_printf(request->arena, "%s%s%s", names, names[0] != '\0' ? ", " : "",
                                 service_name(feed, i));
            chosen = is_worse ? statuses[i] : chosen;
        }
    }
    if (patience_retries(feed->loop->patience, request, &feed->match,
                         feed_backends(feed->loop->gateway), gateway_go, chosen)) {
        return;
    }
    const char *const metadata[] = {"service", names, NULL};
    const char *text = arena_printf(request->arena, "the feed waits for %s: %s", names,
                                    chosen.message != NULL ? chosen.message : "");
    chosen.message = text != NULL ? text : "the feed waits for a service";
    if (chosen.reason != NULL && strcmp(chosen.reason, "OUTCOME_UNKNOWN") == 0) {
        chosen.reason = "SERVICE_DOWN"; /* nothing was to be changed */
    } else if (chosen.reason != NULL && strcmp(chosen.reason, "CURSOR_OUTDATED") == 0) {
        chosen.field = "since";
    }
    if (http_code_of(chosen, false) == 500) {
        answer_failure(request, chosen, NULL, false);
    } else {
        answer_status(request, chosen, metadata);
    }
}

static uint64_t hash_start(const char *hex)
{
    char digits[17] = {0};

    memcpy(digits, hex, strnlen(hex, 16));
    return strtoull(digits, NULL, 16);
}

/* Each service goes on behind the last change that is in the page. */
static const char *next_cursor(struct feed *feed, const struct feed_source *sources)
{
    for (size_t i = 0; i < feed->count; i++) {
        if (sources[i].taken > 0) {
            const Change *last = sources[i].changes[sources[i].taken - 1];

            feed->positions[i].seq = (uint64_t)last->seq;
            feed->positions[i].hash = hash_start(last->hash);
        }
    }
    return feed_cursor_make(feed->request->arena, feed->positions, feed->count);
}

static struct status render_page(struct feed *feed, struct feed_source *sources,
                                 struct arena *scratch)
{
    Dongkhoi__Changes__V1__ListChangesResponse response =
        DONGKHOI__CHANGES__V1__LIST_CHANGES_RESPONSE__INIT;
    Google__Protobuf__Timestamp watermark = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct feed_page page = {.limit = feed->limit};

    page.changes = arena_array(scratch, page.limit, sizeof(page.changes[0]));
    feed_merge(sources, feed->count, feed->end_us, &page);
    const char *cursor = next_cursor(feed, sources);
    watermark.seconds = page.watermark_us / 1000000;
    watermark.nanos = (int32_t)(page.watermark_us % 1000000) * 1000;
    response.changes = page.changes;
    response.n_changes = page.count;
    response.next_cursor = (char *)(uintptr_t)cursor;
    response.caught_up = page.is_caught_up;
    response.watermark = &watermark;
    return answer_render(feed->request, &response.base, &feed->rendering);
}

/* Any thread: touches only the feed and its request. */
static void feed_read(struct feed *feed, struct arena *scratch)
{
    struct feed_source sources[BACKENDS_MAX] = {0};
    bool is_lagging = false;

    for (size_t i = 0; i < feed->count; i++) {
        feed->statuses[i] = part_parse(feed, i, scratch, &sources[i]);
        feed->is_held = feed->is_held || feed->statuses[i].code != STATUS_OK;
    }
    if (feed->is_held) {
        return;
    }
    if (!feed->is_asked_again) {
        feed->end_us = feed_end_us(sources, feed->count);
        for (size_t i = 0; i < feed->count; i++) {
            feed->lags[i] = feed_lags(&sources[i], feed->end_us);
            is_lagging = is_lagging || feed->lags[i];
        }
    }
    feed->must_ask_again = is_lagging;
    if (!is_lagging) {
        feed->failure = status_within(scratch, render_page(feed, sources, scratch));
    }
}

static void answer(struct feed *feed)
{
    struct http_request *request = feed->request;

    if (feed->has_answers) {
        account_call(request, feed->slowest);
    }
    if (feed->is_held) {
        answer_held(feed);
    } else if (feed->failure.code != STATUS_OK) {
        answer_failure(request, feed->failure, NULL, false);
    } else {
        answer_cache_status(request, "fwd=bypass");
        answer_rendered(request, &feed->rendering);
    }
}

static void answer_no_room(struct feed *feed)
{
    answer_status(feed->request, admission_no_room(), NULL);
}

/* The feed is gone with its request, so the replies that it rests on are kept apart. */
static void end(struct feed *feed, void (*give)(struct feed *feed))
{
    struct rpc_reply *replies[BACKENDS_MAX] = {0};
    const size_t count = feed->count;

    for (size_t i = 0; i < count; i++) {
        replies[i] = feed->parts[i].reply;
    }
    give(feed);
    for (size_t i = 0; i < count; i++) {
        rpc_reply_free(replies[i]);
    }
}

static void ask(struct feed *feed, size_t index);
static void settle(struct feed *feed);

static void ask_again(struct feed *feed)
{
    feed->is_asked_again = true;
    feed->must_ask_again = false;
    feed->waiting = 1; /* for this function */
    for (size_t i = 0; i < feed->count; i++) {
        feed->waiting += feed->lags[i];
    }
    for (size_t i = 0; i < feed->count; i++) {
        if (feed->lags[i]) {
            rpc_reply_free(feed->parts[i].reply);
            feed->parts[i].reply = NULL;
            ask(feed, i);
        }
    }
    settle(feed);
}

static void go_on(struct feed *feed)
{
    if (feed->must_ask_again) {
        ask_again(feed);
    } else {
        end(feed, answer);
    }
}

static void job_run(struct job *job)
{
    feed_read((struct feed *)job, job->arena);
}

static void job_done(struct job *job)
{
    go_on((struct feed *)job);
}

static size_t bytes_of_replies(const struct feed *feed)
{
    size_t bytes = 0;

    for (size_t i = 0; i < feed->count; i++) {
        bytes += feed->parts[i].reply != NULL ? rpc_reply_bytes(feed->parts[i].reply) : 0;
    }
    return bytes;
}

static void settle(struct feed *feed)
{
    if (--feed->waiting > 0) {
        return;
    }
    const size_t bytes = bytes_of_replies(feed);
    if (bytes < JOB_LEAST_BYTES) {
        arena_reset(feed->loop->scratch);
        feed_read(feed, feed->loop->scratch);
        go_on(feed);
        return;
    }
    feed->job.run = job_run;
    feed->job.on_done = job_done;
    if (!http_admit(feed->request, bytes * ANSWER_GROWTH) ||
        !job_start(feed->loop->uv, &feed->job)) {
        end(feed, answer_no_room);
    }
}

static void deliver(struct letter *letter)
{
    settle(((struct feed_part *)letter)->feed);
}

static void on_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct feed_part *part = arg;

    part->failure = status;
    part->reply = reply;
    /* The mailbox is open while a request waits. */
    if (mailbox_post(part->feed->loop->mailbox, &part->letter) != 0) {
        rpc_reply_free(reply);
    }
}

static void ask(struct feed *feed, size_t index)
{
    struct feed_part *part = &feed->parts[index];
    Dongkhoi__Rpc__V1__ReadJournalRequest payload = DONGKHOI__RPC__V1__READ_JOURNAL_REQUEST__INIT;
    const struct rpc_request call = {
        .method = "dongkhoi.rpc.v1.JournalService/ReadJournal",
        .traceparent = account_traceparent(feed->request),
        .timeout_ms = patience_left_ms(feed->request, feed->headers.timeout_ms),
        .payload = &payload.base,
    };

    payload.after_seq = feed->positions[index].seq;
    payload.after_hash = feed->positions[index].hash;
    payload.limit = (uint32_t)feed->limit;
    payload.clear_us = feed->is_asked_again ? feed->end_us : 0;
    part->letter.deliver = deliver;
    part->feed = feed;
    const struct status status =
        rpc_client_call(feed->loop->gateway->backends[index].client, &call, on_reply, part);
    if (status.code != STATUS_OK) {
        part->failure = status;
        settle(feed);
    }
}

static struct status page_size(struct arena *arena, int32_t asked, size_t *ret_limit)
{
    if (asked < 0) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_PAGE_SIZE", "pageSize",
                           "pageSize is %d, and may not be negative", asked);
    }
    *ret_limit = asked == 0              ? FEED_PAGE_DEFAULT
                 : asked > FEED_PAGE_MAX ? FEED_PAGE_MAX
                                         : (size_t)asked;
    return STATUS_NONE;
}

static struct status read_request(struct feed *feed, const struct router_match *match)
{
    struct http_request *request = feed->request;
    struct transcode_source source = {
        .match = match,
        .query = request->head.query,
        .body = request->body,
    };
    ProtobufCMessage *message = NULL;

    TRY(call_headers_read(request->arena, &request->head, false, &feed->headers));
    source.has_content_type = http_head_find(&request->head, "content-type", &source.content_type);
    TRY(transcode_request(feed->loop->scratch, &source, &message));
    const Dongkhoi__Changes__V1__ListChangesRequest *list =
        (const Dongkhoi__Changes__V1__ListChangesRequest *)message;
    TRY(page_size(request->arena, list->page_size, &feed->limit));
    return feed_cursor_read(request->arena, list->since, feed->positions, feed->count);
}

unsigned feed_backends(const struct gateway *gateway)
{
    return (1U << gateway->backend_count) - 1;
}

void feed_start(struct gateway_loop *loop, struct http_request *request,
                const struct router_match *match)
{
    if (!admission_enter(loop->admission, request, match, gateway_go)) {
        return;
    }
    struct feed *feed = ARENA_NEW(request->arena, struct feed);
    if (!answer_is_acceptable(request, match->route->method->output->type)) {
        return;
    }
    feed->loop = loop;
    feed->request = request;
    feed->match = *match;
    feed->count = loop->gateway->backend_count;
    for (size_t i = 0; i < feed->count; i++) {
        feed->positions[i].service = service_name(feed, i);
    }
    arena_reset(loop->scratch);
    const struct status status = read_request(feed, match);
    if (status.code != STATUS_OK) {
        answer_status(request, status, NULL);
        return;
    }
    /* One for this function: no answer may come before all were asked. */
    feed->waiting = feed->count + 1;
    for (size_t i = 0; i < feed->count; i++) {
        ask(feed, i);
    }
    settle(feed);
}
