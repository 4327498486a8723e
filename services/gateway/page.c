/*
 * page.c - the page at "/":
 *
 *     parameters read -> movements asked for -> one chosen -> its scorecard asked for -> HTML
 *
 * Without script: what can be chosen is a form. The page lives in the request's arena.
 */
#include "account.h"
#include "answer.h"
#include "base/clock.h"
#include "call_headers.h"
#include "gateway.h"
#include "page_view.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "pb/message.h"
#include "transcode.h"

#include <string.h>

#define SERVICE "dongkhoi.registrations.v1.RegistrationService/"
#define BACKEND "dongkhoi.registrations.v1"
#define COLLECTION "movements/"

#define MALFORMED_REPLY                                                                            \
    ((struct status){.code = STATUS_INTERNAL,                                                      \
                     .reason = "MALFORMED_REPLY",                                                  \
                     .message = "the service's message cannot be read"})

enum { MOVEMENTS_MAX = 100 }; /* to choose from: the newest */
enum { CHOICE_MAX_BYTES = HTTP_REQUEST_ARENA_BYTES / 2 };

typedef Dongkhoi__Registrations__V1__Movement movement_message;

struct page {
    struct letter letter; /* first: the letter is the page */
    struct gateway_loop *loop;
    struct http_request *request;
    struct page_view view;
    struct call_headers headers;
    const ProtobufCMessageDescriptor *type; /* of the answer that is waited for */
    void (*show)(struct page *page, const void *message);
    struct status failure; /* of the call itself */
    struct rpc_reply *reply;
};

static void respond(struct page *page, int code)
{
    struct http_request *request = page->request;
    struct buffer *html = page->view.html;

    if (buffer_failed(html)) {
        answer_status(request, status_out_of_memory(), NULL);
        return;
    }
    answer_cache_status(request, "fwd=bypass");
    http_add_header(request, "Content-Security-Policy", slice_from(page_security_policy()));
    http_add_header(request, "X-Content-Type-Options", slice_from("nosniff"));
    http_add_header(request, "Referrer-Policy", slice_from("no-referrer"));
    http_add_header(request, "Cache-Control", slice_from("no-cache"));
    http_add_header(request, "Content-Language", slice_from(language_tag(page->view.language)));
    http_add_header(request, "Vary", slice_from("Accept-Language"));
    http_respond(request, code, "text/html; charset=utf-8", buffer_slice(html));
}

static void show_failure(struct page *page, struct status status,
                         const struct Google__Rpc__Status *detail)
{
    const int code = http_code_of(status, false);

    account_reason(page->request, status.reason);
    if (code == 500) {
        status = status_for_strangers(status);
        detail = NULL;
    }
    buffer_clear(page->view.html);
    page_show_failure(&page->view, status, detail);
    if (is_worth_retrying(code, status) && !buffer_failed(page->view.html)) {
        http_add_header(page->request, "Retry-After", slice_from("1"));
    }
    respond(page, code);
}

static void deliver_parsed(struct page *page, const struct rpc_answer *answer)
{
    void *message = NULL;

    if (answer->status.code != STATUS_OK) {
        show_failure(page, answer->status, answer->status_detail);
        return;
    }
    const struct status decoded =
        message_decode(page->loop->scratch, page->type, answer->payload, &message);
    if (decoded.code == STATUS_OK) {
        page->show(page, message);
    } else if (decoded.code == STATUS_RESOURCE_EXHAUSTED) {
        show_failure(page, decoded, NULL);
    } else {
        show_failure(page, MALFORMED_REPLY, NULL);
    }
}

static void deliver(struct letter *letter)
{
    struct page *page = (struct page *)letter;
    struct rpc_reply *reply = page->reply;
    struct rpc_answer answer;

    page->reply = NULL;
    if (reply == NULL) {
        show_failure(page, page->failure, NULL);
        return;
    }
    arena_reset(page->loop->scratch);
    const struct status parsed = rpc_reply_parse(reply, page->loop->scratch, &answer);
    if (parsed.code == STATUS_OK) {
        account_call(page->request, answer.timing);
        deliver_parsed(page, &answer);
    } else {
        show_failure(page, parsed, NULL);
    }
    rpc_reply_free(reply);
}

static void on_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct page *page = arg;

    page->failure = status;
    page->reply = reply;
    if (mailbox_post(page->loop->mailbox, &page->letter) != 0) {
        rpc_reply_free(reply);
    }
}

static void ask(struct page *page, const char *method, const ProtobufCMessage *message,
                const ProtobufCMessageDescriptor *answer,
                void (*show)(struct page *page, const void *message))
{
    const struct rpc_request request = {
        .method = method,
        .idempotency_key = "",
        .traceparent = account_traceparent(page->request),
        .if_match = "",
        .timeout_ms = page->headers.timeout_ms,
        .payload = message,
    };
    struct backend *backend = gateway_backend_of(page->loop->gateway, BACKEND);

    page->type = answer;
    page->show = show;
    const struct status status =
        backend != NULL ? rpc_client_call(backend->client, &request, on_reply, page)
                        : (struct status){.code = STATUS_UNAVAILABLE,
                                          .reason = "SERVICE_DOWN",
                                          .message = "there is no service for registrations"};
    if (status.code != STATUS_OK) {
        show_failure(page, status, NULL);
    }
}

static void show_scorecard(struct page *page, const void *message)
{
    /* What one row needs may be much; it is gone with the callback. */
    page->view.arena = page->loop->scratch;
    page_show_scorecard(&page->view, message);
    respond(page, 200);
}

static void ask_scorecard(struct page *page)
{
    Dongkhoi__Registrations__V1__GetScorecardRequest request =
        DONGKHOI__REGISTRATIONS__V1__GET_SCORECARD_REQUEST__INIT;
    struct arena *arena = page->request->arena;
    struct status status = STATUS_NONE;

    request.name = arena_printf(arena, COLLECTION "%s", page->view.movement);
    request.published_by = (char *)page->view.published_by;
    if (request.name == NULL) {
        status = status_out_of_memory();
    } else if (page->view.as_of[0] != '\0') {
        status = json_set_from_text(arena, &request.base, slice_from("as_of"),
                                    slice_from(page->view.as_of));
    }
    if (status.code != STATUS_OK) {
        show_failure(page, status, NULL);
        return;
    }
    ask(page, SERVICE "GetScorecard", &request.base,
        &dongkhoi__registrations__v1__scorecard__descriptor, show_scorecard);
}

static const char *launch_date(const movement_message *movement)
{
    return movement->launching != NULL ? movement->launching->date : "";
}

static bool is_newer(const movement_message *a, const movement_message *b)
{
    if (a->state != b->state) {
        return a->state == DONGKHOI__REGISTRATIONS__V1__MOVEMENT__STATE__LAUNCHED;
    }
    return a->year != b->year ? a->year > b->year : strcmp(launch_date(a), launch_date(b)) > 0;
}

/* The newest that is launched; else the newest that is closed. */
static const movement_message *newest(movement_message *const *movements, size_t count)
{
    const movement_message *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (best == NULL || is_newer(movements[i], best)) {
            best = movements[i];
        }
    }
    return best;
}

/* What of a movement the page shows, where it outlives the answer that it came in. */
static movement_message *keep(struct arena *arena, const movement_message *movement)
{
    movement_message *kept = message_new(arena, movement->base.descriptor);

    if (kept != NULL) {
        kept->name = arena_strdup(arena, movement->name);
        kept->display_name = movement->display_name != NULL
                                 ? message_clone(arena, &movement->display_name->base)
                                 : NULL;
    }
    return kept != NULL && kept->name != NULL ? kept : NULL;
}

/* As many as there is memory for: the choice is a convenience. */
static void keep_all(struct page *page, movement_message *const *movements, size_t count)
{
    struct arena *arena = page->request->arena;
    movement_message **kept = arena_array(arena, count, sizeof(*kept));

    page->view.movements = kept;
    for (size_t i = 0; kept != NULL && i < count; i++) {
        kept[i] = arena_used_bytes(arena) < CHOICE_MAX_BYTES ? keep(arena, movements[i]) : NULL;
        if (kept[i] == NULL) {
            return;
        }
        page->view.movement_count++;
    }
}

static void show_movements(struct page *page, const void *message)
{
    const Dongkhoi__Registrations__V1__ListMovementsResponse *response = message;
    const movement_message *chosen = newest(response->movements, response->n_movements);

    keep_all(page, response->movements, response->n_movements);
    if (page->view.movement[0] == '\0' && chosen != NULL) {
        page->view.movement = arena_strdup(page->request->arena, chosen->name + strlen(COLLECTION));
    }
    if (page->view.movement == NULL) {
        page->view.movement = "";
        show_failure(page, status_out_of_memory(), NULL);
    } else if (page->view.movement[0] == '\0') {
        page_show_nothing(&page->view);
        respond(page, 200);
    } else {
        ask_scorecard(page);
    }
}

/* The first parameter of this name; "" when there is none. NULL: it is no text. */
static const char *parameter(struct arena *arena, struct slice query, const char *name)
{
    while (query.length > 0) {
        const char *end = memchr(query.data, '&', query.length);
        const size_t length = end != NULL ? (size_t)(end - query.data) : query.length;
        const size_t taken = end != NULL ? length + 1 : length;
        const char *equals = memchr(query.data, '=', length);
        const size_t name_length = equals != NULL ? (size_t)(equals - query.data) : length;
        struct slice value = {query.data + name_length, length - name_length};

        if (slice_is((struct slice){query.data, name_length}, name)) {
            if (equals != NULL) {
                value = (struct slice){value.data + 1, value.length - 1};
            }
            return percent_decode(arena, value, true, &value) ? value.data : NULL;
        }
        query = (struct slice){query.data + taken, query.length - taken};
    }
    return "";
}

/* Vietnamese unless the client says otherwise: it is the language of those who print the page. */
static struct status read_request(struct page *page)
{
    const struct http_request *request = page->request;
    const struct slice query = request->head.query;
    struct page_view *view = &page->view;
    const char *language = parameter(request->arena, query, "lang");

    view->language = language_choose(&request->head, LANGUAGE_VI);
    if (language != NULL) {
        (void)language_parse(slice_from(language), &view->language);
    }
    const char *movement = parameter(request->arena, query, "movement");
    const char *as_of = parameter(request->arena, query, "asOf");
    const char *published_by = parameter(request->arena, query, "publishedBy");
    if (movement == NULL || as_of == NULL || published_by == NULL) {
        return (struct status){.code = STATUS_INVALID_ARGUMENT,
                               .reason = "INVALID_VALUE",
                               .message = "a parameter is no text"};
    }
    const size_t prefix =
        strncmp(movement, COLLECTION, strlen(COLLECTION)) == 0 ? strlen(COLLECTION) : 0;
    view->movement = movement + prefix;
    view->as_of = as_of;
    view->published_by = published_by;
    return call_headers_read(request->arena, &request->head, false, &page->headers);
}

void page_start(struct gateway_loop *loop, struct http_request *request)
{
    Dongkhoi__Registrations__V1__ListMovementsRequest list =
        DONGKHOI__REGISTRATIONS__V1__LIST_MOVEMENTS_REQUEST__INIT;
    struct page *page = ARENA_NEW(request->arena, struct page);

    if (page == NULL) {
        answer_status(request, status_out_of_memory(), NULL);
        return;
    }
    page->letter.deliver = deliver;
    page->loop = loop;
    page->request = request;
    page->view = (struct page_view){
        .arena = request->arena,
        .html = http_output(request),
        .movement = "",
        .as_of = "",
        .published_by = "",
        .now_us = clock_now_us(),
    };
    const struct status status = read_request(page);
    if (status.code != STATUS_OK) {
        show_failure(page, status, NULL);
        return;
    }
    list.page_size = MOVEMENTS_MAX;
    list.filter = (char *)"state = LAUNCHED OR state = CLOSED";
    list.order_by = (char *)"year desc";
    ask(page, SERVICE "ListMovements", &list.base,
        &dongkhoi__registrations__v1__list_movements_response__descriptor, show_movements);
}
