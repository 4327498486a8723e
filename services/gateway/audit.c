/*
 * audit.c - one in so many cached answers is asked for again and compared.
 *
 *     hit -> the same request to the service -> same versions? -> same bytes?
 *
 * An answer of another version proves nothing. A difference is a bug: it is counted, and a line of
 * the log. The audit lives by itself: its client has its answer already.
 */
#include "base/log.h"
#include "base/memory.h"
#include "cache.h"
#include "pb/decode.h"

#include <stdlib.h>
#include <string.h>

enum { AUDIT_TIMEOUT_MS = 5000, AUDIT_ARENA_BYTES = 64 << 20, AUDIT_BODY_BYTES = 128 << 20 };

struct audit {
    struct letter letter; /* first: the letter is the audit */
    struct outlet *outlet;
    struct cache *cache; /* valid while the outlet takes letters */
    const struct schema_method *method;
    struct cache_entry *entry;
    struct arena *arena;
    struct rpc_reply *reply;
};

/* Loop thread, or after the loop's end. */
static void audit_free(struct audit *audit)
{
    cache_entry_release(audit->entry);
    outlet_release(audit->outlet);
    arena_free(audit->arena);
    rpc_reply_free(audit->reply);
    free(audit);
}

static bool is_of_same_versions(const struct audit *audit, const struct rpc_answer *answer)
{
    const struct cache_parts *parts = &audit->entry->parts;

    if (answer->version_count != parts->version_count) {
        return false;
    }
    for (unsigned i = 0; i < parts->version_count; i++) {
        const char *name = audit->cache->gateway->backends[parts->versions[i].backend].name;
        bool is_there = false;

        for (size_t k = 0; k < answer->version_count; k++) {
            const struct rpc_version *version = &answer->versions[k];
            is_there = is_there || (strcmp(version->service, name) == 0 &&
                                    version->seq == parts->versions[i].seq &&
                                    version->hash == parts->versions[i].hash);
        }
        if (!is_there) {
            return false;
        }
    }
    return true;
}

/* The answer's body as it would be given now; false where it cannot be had. */
static bool render_again(struct audit *audit, struct slice payload, struct buffer *body)
{
    void *message = NULL;

    if (message_decode(audit->arena, audit->method->output->type, payload, &message).code !=
        STATUS_OK) {
        return false;
    }
    return media_render(audit->arena, body, message, audit->entry->parts.media).code == STATUS_OK &&
           !buffer_failed(body);
}

static void judge(struct audit *audit)
{
    struct rpc_answer answer;
    struct buffer body;
    bool day_turns = false;

    if (audit->reply == NULL ||
        rpc_reply_parse(audit->reply, audit->arena, &answer).code != STATUS_OK ||
        answer.status.code != STATUS_OK || !is_of_same_versions(audit, &answer) ||
        cache_day(&day_turns) != audit->entry->parts.day || day_turns) {
        return;
    }
    buffer_init(&body, AUDIT_BODY_BYTES);
    if (render_again(audit, answer.payload, &body)) {
        struct gateway_metrics *metrics = &audit->cache->gateway->metrics;

        metric_count(metrics->audits, 0, 0, 1);
        if (!slice_equals(buffer_slice(&body), audit->entry->parts.body)) {
            metric_count(metrics->audit_differences, 0, 0, 1);
            log_event(LOG_ERROR, "audit_difference", "method", audit->method->full_name, NULL);
        }
    }
    buffer_done(&body);
}

static void deliver(struct letter *letter)
{
    struct audit *audit = (struct audit *)letter;

    judge(audit);
    audit_free(audit);
}

static void on_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct audit *audit = arg;

    (void)status;
    audit->reply = reply;
    if (!outlet_post(audit->outlet, &audit->letter)) {
        audit_free(audit);
    }
}

void audit_start(struct cache *cache, const struct schema_method *method, struct slice payload,
                 struct cache_entry *entry)
{
    struct audit *audit = memory_zeroed(sizeof(*audit));
    void *message = NULL;

    audit->letter.deliver = deliver;
    audit->outlet = outlet_hold(cache->outlet);
    audit->cache = cache;
    audit->method = method;
    audit->entry = entry;
    cache_entry_hold(entry);
    audit->arena = arena_new(AUDIT_ARENA_BYTES);
    if (message_decode(audit->arena, method->input->type, payload, &message).code == STATUS_OK) {
        const struct rpc_request request = {
            .method = method->full_name, .timeout_ms = AUDIT_TIMEOUT_MS, .payload = message};
        struct rpc_client *client = gateway_backend(cache->gateway, method)->client;

        if (rpc_client_call(client, &request, on_reply, audit).code == STATUS_OK) {
            return;
        }
    }
    audit_free(audit);
}
