/* flight_reply.c - from a reply to an entry: envelope, versions, message, text. Touches nothing of
 * the loop, so that it can run beside it. */
#include "flight_reply.h"

#include "answer.h"
#include "pb/decode.h"
#include "pb/message.h"

#include <string.h>

#define MALFORMED_REPLY status_of(REASON_MALFORMED_REPLY, NULL)

/* The place of a service in our table; false for one that we do not know. */
static bool backend_index(const struct gateway *gateway, const char *service, unsigned *ret_index)
{
    for (unsigned i = 0; i < gateway->backend_count; i++) {
        if (strcmp(gateway->backends[i].name, service) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* Reads the versions that came with an answer. False when they cannot be relied upon, because a
 * service could not be asked: then the answer is not kept. */
static bool versions_read(const struct gateway *gateway, const struct rpc_answer *answer,
                          struct cache_version *versions, unsigned *ret_count)
{
    if (answer->version_count == 0 || answer->version_count > CACHE_VERSIONS_MAX) {
        return false;
    }
    for (size_t i = 0; i < answer->version_count; i++) {
        const struct rpc_version *from = &answer->versions[i];
        struct cache_version version = {.seq = from->seq, .hash = from->hash};

        if (from->seq == 0 || !backend_index(gateway, from->service, &version.backend)) {
            return false;
        }
        /* In the order of our table, which is that of names in Redis. */
        unsigned at = (unsigned)i;
        while (at > 0 && versions[at - 1].backend > version.backend) {
            versions[at] = versions[at - 1];
            at--;
        }
        versions[at] = version;
    }
    *ret_count = (unsigned)answer->version_count;
    return true;
}

/* Whether the answer is of the read's day. Around midnight a service's clock may say another day
 * than ours, so then nothing is kept. */
static bool is_of_one_day(const struct read *read)
{
    bool is_turning = false;

    return cache_day(&is_turning) == read->day && !is_turning;
}

static struct status render(struct read *read, struct arena *scratch,
                            const ProtobufCMessage *message, struct rendering *ret_rendering)
{
    if (read->on_end == NULL) {
        return answer_render(read->request, message, ret_rendering);
    }
    *ret_rendering = (struct rendering){.media = MEDIA_MESSAGE, .entity_tag = ""};
    return message_pack(scratch, message, &ret_rendering->body);
}

/* Whether the entry before was rendered from an equal message: its text can be used again, whatever
 * the versions. */
static bool is_rendered(const struct cache_entry *before, const struct cache_parts *parts)
{
    return before != NULL && before->parts.source_hash == parts->source_hash &&
           parts->source_hash != 0;
}

static bool is_of_same_versions(const struct cache_entry *before, const struct cache_parts *parts)
{
    if (before->parts.day != parts->day || before->parts.version_count != parts->version_count) {
        return false;
    }
    for (unsigned i = 0; i < parts->version_count; i++) {
        const struct cache_version *a = &before->parts.versions[i];
        const struct cache_version *b = &parts->versions[i];

        if (a->backend != b->backend || a->seq != b->seq || a->hash != b->hash) {
            return false;
        }
    }
    return true;
}

/* Renders the payload, unless it was rendered before. */
static struct status render_payload(struct flight_reply *reply, struct arena *scratch,
                                    struct cache_parts *parts)
{
    struct read *read = reply->read;
    const struct cache_entry *before = reply->before;
    struct rendering rendering;
    void *message = NULL;

    if (is_rendered(before, parts)) {
        parts->media = before->parts.media;
        parts->entity_tag = before->parts.entity_tag;
        parts->fields = before->parts.fields;
        parts->body = before->parts.body;
        return STATUS_NONE;
    }
    const struct status decoded =
        message_decode(scratch, read->method->output->type, reply->answer.payload, &message);
    if (decoded.code != STATUS_OK) {
        return decoded.code == STATUS_RESOURCE_EXHAUSTED ? decoded : MALFORMED_REPLY;
    }
    TRY(render(read, scratch, message, &rendering));
    parts->media = rendering.media;
    parts->entity_tag = slice_from(rendering.entity_tag);
    parts->fields = rendering.fields;
    parts->body = rendering.body;
    return STATUS_NONE;
}

/* The answer becomes an entry, unless the one before is the same under the same versions. */
static struct status make_entry(struct flight_reply *reply, struct arena *scratch)
{
    struct read *read = reply->read;
    struct cache_parts parts = {
        .key = read->key,
        .key_hash = read->key_hash,
        .day = read->day,
        .versions = reply->versions,
        .version_count = reply->version_count,
        .source_hash = memory_cache_hash(read->loop->cache->memory, reply->answer.payload),
    };

    reply->is_keepable = reply->version_count > 0 && is_of_one_day(read);
    if (reply->is_keepable && is_rendered(reply->before, &parts) &&
        is_of_same_versions(reply->before, &parts)) {
        cache_entry_hold(reply->before);
        reply->entry = reply->before;
    } else {
        TRY(status_within(scratch, render_payload(reply, scratch, &parts)));
        reply->entry = cache_entry_new(&parts);
    }
    if (read->on_end == NULL) {
        http_drop_fields(read->request); /* an entry brings its own */
    }
    return STATUS_NONE;
}

static struct status read_reply(struct flight_reply *reply, struct arena *scratch)
{
    struct read *read = reply->read;

    TRY(read->failure);
    TRY(rpc_reply_parse(read->reply, scratch, &reply->answer));
    if (!versions_read(read->loop->gateway, &reply->answer, reply->versions,
                       &reply->version_count)) {
        reply->version_count = 0;
    }
    return reply->answer.status.code == STATUS_OK ? make_entry(reply, scratch) : STATUS_NONE;
}

void flight_reply_read(struct flight_reply *reply, struct arena *scratch)
{
    reply->failure = read_reply(reply, scratch);
}
