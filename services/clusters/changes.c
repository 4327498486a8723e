/*
 * changes.c - pages over a series. A revision of a cluster adds at most one entry to each series
 * and none is ever removed, so a page token is the revision of the last entry seen.
 */
#include "changes.h"

#include "area.h"
#include "base/clock.h"
#include "base/digest.h"
#include "cluster.h"
#include "pb/message.h"
#include "reasons.h"
#include "serve/service.h"

#include <stdio.h>
#include <string.h>

enum {
    PAGE_SIZE_DEFAULT = 50,
    PAGE_SIZE_MAX = 1000,
    TAG_BYTES = 8,
    TAG_TEXT_BYTES = 2 * TAG_BYTES + 1,
};

/* What a token is bound to: the series, the cluster and the time asked for. */
static void page_tag(const Dongkhoi__Clusters__V1__Cluster *cluster, const void *request,
                     const char *list, char text[TAG_TEXT_BYTES])
{
    const Google__Protobuf__Timestamp *as_of = message_child(request, "as_of");
    const int64_t time[2] = {as_of != NULL ? as_of->seconds : 0, as_of != NULL ? as_of->nanos : -1};
    const struct slice parts[] = {
        slice_from(list),
        slice_from(cluster->uid),
        {.data = (const char *)time, .length = sizeof(time)},
    };
    uint8_t hash[DIGEST_BYTES];

    digest_many(parts, sizeof(parts) / sizeof(parts[0]), hash);
    hex_encode(hash, TAG_BYTES, text);
}

/* The index of the first entry of the page. */
static struct status page_start(struct call *call, ProtobufCMessage *const *entries, size_t count,
                                const char *token, const char *tag, size_t *ret_start)
{
    if (token[0] == '\0') {
        *ret_start = 0;
        return STATUS_NONE;
    }
    for (size_t i = 0; i < count; i++) {
        char expected[TAG_TEXT_BYTES + 16];

        (void)snprintf(expected, sizeof(expected), "%s-%d", tag,
                       (int)message_int(entries[i], "revision", 0));
        if (strcmp(expected, token) == 0) {
            *ret_start = i + 1;
            return STATUS_NONE;
        }
    }
    return REFUSE(call, REASON_INVALID_PAGE_TOKEN, "pageToken",
                  "pageToken is not one of this request");
}

static struct status find_cluster(struct call *call, const char *field, const char *name,
                                  void **ret_cluster)
{
    if (!resource_name_matches(cluster_kind.pattern, name)) {
        return REFUSE(call, REASON_INVALID_NAME, field, "%s must be of the form %s: \"%s\"", field,
                      cluster_kind.pattern, name);
    }
    return resource_get(call->tx, &cluster_kind, name, ret_cluster);
}

/* list is the field's name, the same in the cluster and in the response. */
static struct status list_changes(struct call *call, const void *request, const char *list,
                                  void *response)
{
    const int64_t asked = message_int(request, "page_size", 0);
    char tag[TAG_TEXT_BYTES];
    void *cluster = NULL;
    size_t count = 0;
    size_t start = 0;

    if (asked < 0) {
        return call_refuse(call, REASON_INVALID_PAGE_SIZE, "pageSize");
    }
    TRY(standard_as_of(call, request));
    TRY(find_cluster(call, "parent", message_string(request, "parent"), &cluster));
    ProtobufCMessage **entries = message_list(cluster, list, &count);
    page_tag(cluster, request, list, tag);
    TRY(page_start(call, entries, count, message_string(request, "page_token"), tag, &start));

    const size_t wanted = asked == 0              ? PAGE_SIZE_DEFAULT
                          : asked > PAGE_SIZE_MAX ? PAGE_SIZE_MAX
                                                  : (size_t)asked;
    const size_t length = count - start < wanted ? count - start : wanted;
    if (start + length < count) {
        const char *token =
            arena_printf(call->arena, "%s-%d", tag,
                         (int)message_int(entries[start + length - 1], "revision", 0));
        (void)message_set_string(response, "next_page_token", token);
    }
    (void)message_set_list(response, list, length > 0 ? entries + start : NULL, length);
    return STATUS_NONE;
}

struct status list_stage_changes(struct call *call, const void *request, void *response)
{
    return list_changes(call, request, "stage_changes", response);
}

struct status list_area_changes(struct call *call, const void *request, void *response)
{
    return list_changes(call, request, "area_changes", response);
}

struct status get_cluster_area(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Clusters__V1__GetClusterAreaRequest *req = request;
    Dongkhoi__Clusters__V1__ClusterArea *answer = response;
    char today[DATE_TEXT_BYTES];
    void *cluster = NULL;

    TRY(standard_as_of(call, request));
    TRY(find_cluster(call, "name", req->name, &cluster));
    date_format(date_of_time(call->tx->is_as_of ? call->tx->as_of_time_us : call->now_us), today);
    answer->name = req->name;
    answer->date = req->date[0] != '\0' ? req->date : arena_strdup(call->arena, today);
    return area_at(call, cluster, answer);
}
