/*
 * read.c - a GET from its last byte to an entry, or to a flight:
 *
 *     read -> lease checked -> version picked -> entry looked up --same version--> answered
 *       |                         no lease: asked, with all that wait |
 *       +--no-cache--> flight, alone                                  +--> flight
 *
 * The order of the first four is rule 5, with CLOCK_BOOTTIME: a read that pauses after the check
 * is still right, since it had begun by then. An entry is looked at earlier only for which
 * services it depends on; what it says counts when all of their versions are the known ones.
 */
#include "account.h"
#include "admission.h"
#include "answer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "flight.h"
#include "patience.h"
#include "pb/message.h"
#include "transcode.h"

#include <assert.h>
#include <string.h>

static void release_entry(void *arg)
{
    cache_entry_release(arg);
}

static void answer_client(struct http_request *request, struct cache_entry *entry,
                          const char *detail)
{
    http_add_fields(request, entry->parts.fields);
    answer_cache_status(request, detail);
    if (if_none_match(&request->head, entry->parts.entity_tag)) {
        http_respond(request, 304, NULL, (struct slice){0});
        return;
    }
    cache_entry_hold(entry);
    http_respond_shared(request, 200, media_content_type(entry->parts.media), entry->parts.body,
                        release_entry, entry);
}

void read_answer(struct read *read, struct cache_entry *entry, const char *detail)
{
    if (read->on_end == NULL) {
        answer_client(read->request, entry, detail);
        return;
    }
    const struct read_end end = {.source = detail, .message = entry->parts.body};
    cache_entry_hold(entry);
    read->on_end(read, &end);
    cache_entry_release(entry);
}

void read_fail(struct read *read, const char *detail, struct status status)
{
    if (read->on_end != NULL) {
        const struct read_end end = {.source = detail, .status = status};

        read->on_end(read, &end);
        return;
    }
    const unsigned needed = cache_needs(read->loop->cache, read->method, 1U << read->backend);
    if (patience_retries(read->loop->patience, read->request, read->match, needed, gateway_go,
                         status)) {
        return;
    }
    answer_cache_status(read->request, detail);
    answer_failure(read->request, status, false);
}

/* True when Accept is absent or plainly JSON, which it nearly always is: then nothing needs to be
 * weighed. */
static bool accepts_json_plainly(const struct http_head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equals_ignoring_case(head->fields[i].name, "Accept") &&
            !slice_is(head->fields[i].value, "*/*") &&
            !slice_is(head->fields[i].value, "application/json")) {
            return false;
        }
    }
    return true;
}

/* Cache-Control: no-cache, in any list of directives. */
static bool wants_no_cache(const struct http_head *head)
{
    static const char directive[] = "no-cache";
    const size_t length = sizeof(directive) - 1;

    for (size_t i = 0; i < head->field_count; i++) {
        const struct slice value = head->fields[i].value;

        if (!http_equals_ignoring_case(head->fields[i].name, "Cache-Control")) {
            continue;
        }
        for (size_t at = 0; at + length <= value.length; at++) {
            const bool begins = at == 0 || value.data[at - 1] == ',' || value.data[at - 1] == ' ' ||
                                value.data[at - 1] == '\t';
            const struct slice part = {value.data + at, length};

            if (begins && http_equals_ignoring_case(part, directive)) {
                return true;
            }
        }
    }
    return false;
}

enum lookup { LOOKUP_HIT, LOOKUP_STALE, LOOKUP_UNKNOWN };

/* Is the entry of the versions that are known under a lease now? UNKNOWN without a lease. */
static enum lookup judge_under_lease(const struct cache *cache, const struct cache_entry *entry,
                                     int32_t day)
{
    enum lookup result = entry->parts.day == day ? LOOKUP_HIT : LOOKUP_STALE;

    for (unsigned i = 0; i < entry->parts.version_count; i++) {
        const struct cache_version *version = &entry->parts.versions[i];
        struct known_version known;

        if (!lease_client_check(cache->gateway->backends[version->backend].lease, &known)) {
            return LOOKUP_UNKNOWN;
        }
        if (!version_is(&known, version->seq, version->hash)) {
            result = LOOKUP_STALE;
        }
    }
    return result;
}

/* The same for a read that had to ask: by the versions that it took at its start. */
static bool is_of_known_versions(const struct read *read, const struct cache_entry *entry)
{
    if (entry->parts.day != read->day) {
        return false;
    }
    for (unsigned i = 0; i < entry->parts.version_count; i++) {
        const struct cache_version *version = &entry->parts.versions[i];

        if ((read->known_backends & 1U << version->backend) == 0 ||
            !version_is(&read->known[version->backend], version->seq, version->hash)) {
            return false;
        }
    }
    return true;
}

static void count_hit(struct cache *cache, const struct schema_method *method,
                      const struct router_match *match, struct http_request *request,
                      struct cache_entry *entry);

/* The hot path: a lease is held and the entry is there. Allocates nothing. */
static bool answer_from_memory(struct gateway_loop *loop, struct http_request *request,
                               const struct router_match *match, struct cache_entry *entry,
                               int32_t day)
{
    if (entry == NULL || judge_under_lease(loop->cache, entry, day) != LOOKUP_HIT) {
        return false;
    }
    count_hit(loop->cache, match->route->method, match, request, entry);
    account_tier(request, ACCOUNT_MEMORY);
    answer_client(request, entry, "hit; detail=memory");
    return true;
}

static struct status pack_request(struct arena *arena, const struct http_request *request,
                                  const struct router_match *match,
                                  const ProtobufCMessage **ret_message, struct slice *ret_payload)
{
    struct transcode_source source = {
        .match = match,
        .query = request->head.query,
        .body = request->body,
    };
    ProtobufCMessage *message = NULL;

    source.has_content_type = http_head_find(&request->head, "content-type", &source.content_type);
    TRY(transcode_request(arena, &source, &message));
    TRY(message_pack(arena, message, ret_payload));
    *ret_message = message;
    return STATUS_NONE;
}

static void count_hit(struct cache *cache, const struct schema_method *method,
                      const struct router_match *match, struct http_request *request,
                      struct cache_entry *entry)
{
    const ProtobufCMessage *message = NULL;
    struct slice payload;

    cache_count(cache, TIER_MEMORY);
    if (cache_audit_is_due(cache) &&
        pack_request(request->arena, request, match, &message, &payload).code == STATUS_OK) {
        audit_start(cache, method, payload, entry);
    }
}

/* All versions are there, or could not be had. */
static void look_up(struct read *read)
{
    struct cache *cache = read->loop->cache;

    if (read->known_backends != 0) {
        struct cache_entry *entry = memory_cache_find(cache->memory, read->key, read->key_hash);

        if (entry != NULL && is_of_known_versions(read, entry)) {
            cache_count(cache, TIER_MEMORY);
            if (cache_audit_is_due(cache)) {
                audit_start(cache, read->method, read->payload, entry);
            }
            account_tier(read->request, ACCOUNT_MEMORY);
            read_answer(read, entry, "hit; detail=memory");
            return;
        }
        read->forward = entry != NULL ? FORWARD_STALE : FORWARD_MISS;
    } else {
        read->forward = FORWARD_BYPASS;
        read->is_alone = true;
    }
    flight_board(read);
}

static void asked_one(struct read *read)
{
    assert(read->asking > 0);
    if (--read->asking == 0) {
        look_up(read);
    }
}

static void on_version(struct ask_waiter *waiter, struct lease_answer answer)
{
    struct read *read = waiter->arg;

    if (answer.is_known) {
        read->known[waiter->backend] = answer.version;
        read->known_backends |= 1U << waiter->backend;
    }
    asked_one(read);
}

/* Takes the versions of these services: under a lease, else by asking. */
static void take_versions(struct read *read, unsigned backends)
{
    const struct gateway *gateway = read->loop->gateway;

    read->asking = 1;
    for (unsigned i = 0; i < gateway->backend_count; i++) {
        if ((backends & 1U << i) == 0) {
            continue;
        }
        if (lease_client_check(gateway->backends[i].lease, &read->known[i])) {
            read->known_backends |= 1U << i;
            continue;
        }
        read->waiters[i] = (struct ask_waiter){.on_version = on_version, .arg = read, .backend = i};
        read->asking++;
        version_ask_join(read->loop->cache->asks[i], &read->waiters[i]);
    }
    asked_one(read);
}

static unsigned backends_of(const struct cache_entry *entry)
{
    unsigned backends = 0;

    for (unsigned i = 0; i < entry->parts.version_count; i++) {
        backends |= 1U << entry->parts.versions[i].backend;
    }
    return backends;
}

/* Goes on with a read that memory did not answer at once. forward: why it has to go to its service,
 * if it has to; entry: tells which services' versions it needs. */
static void go(struct read *read, enum forward forward, const struct cache_entry *entry)
{
    if (forward != FORWARD_NOT) {
        read->forward = forward;
        read->is_alone = true;
        flight_board(read);
        return;
    }
    take_versions(read, entry != NULL
                            ? backends_of(entry)
                            : cache_needs(read->loop->cache, read->method, 1U << read->backend));
}

/* The request's hash covers whatever decides the answer: the message, the form, and the day, which
 * is the default of some fields. A link to the next page has the request's own words in it. */
static void hash_request(struct read *read, enum media media)
{
    const struct http_head *head = &read->request->head;
    const char *form = media_name(media);
    const bool has_links = media != MEDIA_JSON && media != MEDIA_MESSAGE;
    const struct slice parts[] = {
        read->payload,
        {(const char *)&read->day, sizeof(read->day)},
        slice_from(form),
        has_links ? head->path : (struct slice){0},
        has_links ? head->query : (struct slice){0},
    };
    uint8_t hash[DIGEST_BYTES];

    digest_many(parts, sizeof(parts) / sizeof(parts[0]), hash);
    hex_encode(hash, sizeof(hash), read->request_hash);
}

static void prepare(struct read *read, enum media media)
{
    struct gateway *gateway = read->loop->gateway;

    hash_request(read, media);
    read->backend = (unsigned)(gateway_backend(gateway, read->method) - gateway->backends);
    read->start_tick = ++read->loop->cache->tick;
}

static struct status pack_own(struct read *read)
{
    struct arena *arena = read->request->arena;

    TRY(message_pack(arena, read->message, &read->payload));
    const size_t name_bytes = strlen(read->method->full_name);
    const size_t bytes = 1 + name_bytes + 1 + read->payload.length;
    char *key = arena_alloc(arena, bytes);
    key[0] = (char)('0' + MEDIA_MESSAGE);
    memcpy(key + 1, read->method->full_name, name_bytes);
    key[1 + name_bytes] = '?';
    if (read->payload.length > 0) {
        memcpy(key + 2 + name_bytes, read->payload.data, read->payload.length);
    }
    read->key = (struct slice){key, bytes};
    return status_within(arena, STATUS_NONE);
}

void read_message(struct read *read)
{
    struct memory_cache *memory = read->loop->cache->memory;
    const bool no_cache = wants_no_cache(&read->request->head);
    bool is_turning = false;

    read->day = cache_day(&is_turning);
    const struct status status = pack_own(read);
    if (status.code != STATUS_OK) {
        read_fail(read, "fwd=bypass", status);
        return;
    }
    read->key_hash = memory_cache_hash(memory, read->key);
    prepare(read, MEDIA_MESSAGE);
    const struct cache_entry *entry = memory_cache_find(memory, read->key, read->key_hash);
    go(read, no_cache ? FORWARD_REQUEST : is_turning ? FORWARD_BYPASS : FORWARD_NOT, entry);
}

static struct status pack(struct read *read, const struct router_match *match)
{
    struct arena *arena = read->request->arena;
    struct router_match *kept = ARENA_NEW(arena, struct router_match);

    *kept = *match;
    read->match = kept;
    TRY(pack_request(arena, read->request, match, &read->message, &read->payload));
    read->key.data = arena_copy(arena, read->key);
    return status_within(arena, STATUS_NONE);
}

void read_start(struct gateway_loop *loop, struct http_request *request,
                const struct router_match *match)
{
    struct cache *cache = loop->cache;
    const struct schema_method *method = match->route->method;
    enum media media = MEDIA_JSON;
    bool is_turning = false;
    struct call_headers headers;

    const struct status valid = status_within(
        request->arena, call_headers_read(request->arena, &request->head, false, &headers));
    if (valid.code != STATUS_OK) {
        answer_status(request, valid);
        return;
    }
    if (!accepts_json_plainly(&request->head)) {
        if (!answer_is_acceptable(request, method->output->type)) {
            return;
        }
        (void)media_choose(&request->head, media_of(method->output->type), &media);
    }
    const bool no_cache = wants_no_cache(&request->head) || request->body.length > 0;
    const int32_t day = cache_day(&is_turning);
    const struct slice key = cache_key(cache, media, &request->head);
    const uint64_t hash = memory_cache_hash(cache->memory, key);
    struct cache_entry *entry = no_cache ? NULL : memory_cache_find(cache->memory, key, hash);
    if (answer_from_memory(loop, request, match, entry, day)) {
        return;
    }
    if (!admission_enter(loop->admission, request, match, gateway_go)) {
        return;
    }
    struct read *read = ARENA_NEW(request->arena, struct read);
    read->loop = loop;
    read->request = request;
    read->method = method;
    read->headers = headers;
    read->key = key;
    read->key_hash = hash;
    read->day = day;
    read->headers.timeout_ms = patience_left_ms(request, headers.timeout_ms);
    read->deadline_boot_ms = clock_boot_ms() + read->headers.timeout_ms;
    const struct status status = pack(read, match);
    if (status.code != STATUS_OK) {
        answer_status(request, status);
        return;
    }
    prepare(read, media);
    go(read, no_cache ? FORWARD_REQUEST : is_turning ? FORWARD_BYPASS : FORWARD_NOT, entry);
}
