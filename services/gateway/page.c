/*
 * page.c - the page at "/":
 *
 *     parameters read -> movements read -> one chosen -> its scorecard read -> HTML
 *
 * Both reads are as those of clients: from the cache, and as fresh. Without script: what can be
 * chosen is a form. The page lives in the request's arena.
 */
#include "account.h"
#include "admission.h"
#include "answer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "flight.h"
#include "page_view.h"
#include "pb/decode.h"
#include "pb/json.h"
#include "pb/message.h"
#include "transcode.h"

#include <string.h>

#define SERVICE "dongkhoi.registrations.v1.RegistrationService"
#define COLLECTION "movements/"

#define MALFORMED_REPLY                                                                            \
    ((struct status){.code = STATUS_INTERNAL,                                                      \
                     .reason = "MALFORMED_REPLY",                                                  \
                     .message = "the service's message cannot be read"})

enum { MOVEMENTS_MAX = 100 };    /* to choose from: the newest */
enum { PAGE_BYTES = 128 << 10 }; /* about what it comes to */
enum { CHOICE_MAX_BYTES = HTTP_REQUEST_ARENA_BYTES / 2 };

typedef Dongkhoi__Registrations__V1__Movement movement_message;

struct page {
    struct gateway_loop *loop;
    struct http_request *request;
    struct page_view view;
    struct call_headers headers;
    int64_t deadline_boot_ms;
    struct read movements;
    struct read scorecard;
    void (*show)(struct page *page, const void *message); /* what is read now */
    const char *source; /* for Cache-Status: of the read that went farther */
};

/* Of all but the time at which the page was made: the same words are the same page. */
static const char *entity_tag(const struct page *page)
{
    const struct slice html = buffer_slice(page->view.html);
    const size_t from = page->view.made_from;
    const size_t to = page->view.made_to;
    const struct slice parts[] = {{html.data, from}, {html.data + to, html.length - to}};
    uint8_t hash[DIGEST_BYTES];
    char text[17];

    digest_many(parts, sizeof(parts) / sizeof(parts[0]), hash);
    hex_encode(hash, 8, text);
    return arena_printf(page->request->arena, "W/\"%s\"", text);
}

/* How far a read went. */
static enum account_tier tier_of(const char *source)
{
    if (strstr(source, "detail=memory") != NULL) {
        return ACCOUNT_MEMORY;
    }
    return strstr(source, "detail=redis") != NULL ? ACCOUNT_REDIS : ACCOUNT_SERVICE;
}

static void respond(struct page *page, int code)
{
    struct http_request *request = page->request;
    struct buffer *html = page->view.html;

    const char *tag = code == 200 ? entity_tag(page) : "";

    if (buffer_failed(html) || arena_exhausted(page->view.arena) ||
        arena_exhausted(request->arena)) {
        answer_status(request, status_out_of_memory(), NULL);
        return;
    }
    answer_cache_status(request, page->source != NULL ? page->source : "fwd=bypass");
    if (page->source != NULL) {
        account_tier(request, tier_of(page->source));
    }
    http_add_header(request, "Content-Security-Policy", slice_from(page_security_policy()));
    http_add_header(request, "Referrer-Policy", slice_from("no-referrer"));
    http_add_header(request, "Content-Language", slice_from(language_tag(page->view.language)));
    http_add_header(request, "Vary", slice_from("Accept-Language"));
    if (code == 200) {
        http_add_header(request, "ETag", slice_from(tag));
        if (if_none_match(&request->head, slice_from(tag + strlen("W/")))) {
            http_respond(request, 304, NULL, (struct slice){0});
            return;
        }
    }
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
    page->view.arena = page->request->arena;
    buffer_clear(page->view.html);
    page_show_failure(&page->view, status, detail);
    if (is_worth_retrying(code, status) && !buffer_failed(page->view.html)) {
        http_add_header(page->request, "Retry-After", slice_from("1"));
    }
    respond(page, code);
}

static void note_source(struct page *page, const char *source)
{
    if (page->source == NULL || tier_of(source) < tier_of(page->source)) {
        page->source = arena_strdup(page->request->arena, source);
    }
}

/* Reads that waited for one answer may end within each other, so the loop's scratch is not free. */
static void on_end(struct read *read, const struct read_end *end)
{
    struct page *page = read->arg;
    struct arena *arena = arena_new(SCRATCH_BYTES);
    struct status status = end->status;
    void *message = NULL;

    note_source(page, end->source);
    if (status.code != STATUS_OK) {
        show_failure(page, status, end->status_detail);
        arena_free(arena);
        return;
    }
    status = message_decode(arena, read->method->output->type, end->message, &message);
    if (status.code == STATUS_OK) {
        page->view.arena = arena;
        page->show(page, message);
    } else {
        show_failure(page, status.code == STATUS_RESOURCE_EXHAUSTED ? status : MALFORMED_REPLY,
                     NULL);
    }
    arena_free(arena);
}

static const struct schema_method *method_find(const struct gateway *gateway, const char *name)
{
    const struct schema_service *service = schema_service(gateway->schema, SERVICE);

    for (size_t i = 0; service != NULL && i < service->method_count; i++) {
        if (strcmp(service->methods[i].name, name) == 0) {
            return &service->methods[i];
        }
    }
    return NULL;
}

static void start(struct page *page, struct read *read, const char *method,
                  const ProtobufCMessage *message,
                  void (*show)(struct page *page, const void *message))
{
    read->loop = page->loop;
    read->request = page->request;
    read->headers = page->headers;
    read->deadline_boot_ms = page->deadline_boot_ms;
    read->on_end = on_end;
    read->arg = page;
    read->message = message;
    read->method = method_find(page->loop->gateway, method);
    page->show = show;
    if (read->method == NULL) {
        show_failure(page,
                     (struct status){.code = STATUS_UNAVAILABLE,
                                     .reason = "SERVICE_DOWN",
                                     .message = "there is no service for registrations"},
                     NULL);
        return;
    }
    read_message(read);
}

static void show_scorecard(struct page *page, const void *message)
{
    page_show_scorecard(&page->view, message);
    respond(page, 200);
}

static void ask_scorecard(struct page *page)
{
    struct arena *arena = page->request->arena;
    Dongkhoi__Registrations__V1__GetScorecardRequest *request =
        message_new(arena, &dongkhoi__registrations__v1__get_scorecard_request__descriptor);
    struct status status = STATUS_NONE;

    request->name = arena_printf(arena, COLLECTION "%s", page->view.movement);
    request->published_by = (char *)page->view.published_by;
    if (page->view.as_of[0] != '\0') {
        status = json_set_from_text(arena, &request->base, slice_from("as_of"),
                                    slice_from(page->view.as_of));
    }
    if (status.code != STATUS_OK) {
        show_failure(page, status, NULL);
        return;
    }
    start(page, &page->scorecard, "GetScorecard", &request->base, show_scorecard);
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

    kept->name = arena_strdup(arena, movement->name);
    kept->display_name =
        movement->display_name != NULL ? message_clone(arena, &movement->display_name->base) : NULL;
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
    if (page->view.movement[0] == '\0') {
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
    if (!http_admit(request, PAGE_BYTES)) {
        answer_status(request, admission_no_room(), NULL);
        return;
    }
    struct page *page = ARENA_NEW(request->arena, struct page);
    Dongkhoi__Registrations__V1__ListMovementsRequest *list = message_new(
        request->arena, &dongkhoi__registrations__v1__list_movements_request__descriptor);

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
    page->deadline_boot_ms = clock_boot_ms() + page->headers.timeout_ms;
    list->page_size = MOVEMENTS_MAX;
    list->filter = (char *)"synthetic = false AND (state = LAUNCHED OR state = CLOSED)";
    list->order_by = (char *)"year desc";
    start(page, &page->movements, "ListMovements", &list->base, show_movements);
}
