/* standard_batch.c - many requests of one method as one: all of them or none (AIP-233, AIP-234). */
#include "pb/message.h"
#include "serve/reasons.h"
#include "serve/standard.h"

enum { BATCH_MAX_REQUESTS = 1000 };

struct status call_below_item(struct call *call, struct status status, const char *list,
                              size_t index)
{
    if (status.code == STATUS_OK) {
        return status;
    }
    const char *item = arena_printf(call->arena, "%s[%zu]", list, index);
    const char *message = arena_printf(call->arena, "%s[%zu]: %s", list, index, status.message);

    status.message = message;
    if (status.field != NULL && status.field[0] == '\0') {
        status.field = item;
    } else if (status.field != NULL) {
        status = status_below(call->arena, status, item);
    }
    return status;
}

/* Whether parent is in the batch's own parent, in which an id of "-" stands for any. */
static bool is_covered(const char *whole, const char *parent)
{
    while (*whole != '\0' && *parent != '\0') {
        const size_t length = strcspn(whole, "/");
        const size_t other = strcspn(parent, "/");
        const bool any = length == 1 && whole[0] == '-';
        if (!any && (length != other || strncmp(whole, parent, length) != 0)) {
            return false;
        }
        whole += length + (whole[length] == '/');
        parent += other + (parent[other] == '/');
    }
    return *whole == '\0' && *parent == '\0';
}

/* Refuses in one request what is said once for the whole batch, such as validateOnly. */
static struct status whole_check(struct call *call, const ProtobufCMessage *item)
{
    static const char text[] = "%s is of the whole batch, not of one of its requests";

    if (message_int(item, "validate_only", 0) != 0) {
        return REFUSE(call, REASON_ONLY_FOR_WHOLE_BATCH, "validateOnly", text, "validateOnly");
    }
    if (message_string(item, "request_id")[0] != '\0') {
        return REFUSE(call, REASON_ONLY_FOR_WHOLE_BATCH, "requestId", text, "requestId");
    }
    return STATUS_NONE;
}

/* Checks that one request stays within the batch's parent: a create by its parent, which may be
 * left out, every other by its name. */
static struct status place_check(struct call *call, const char *whole, ProtobufCMessage *item)
{
    const bool is_create = message_field(item->descriptor, slice_from("parent")) != NULL;
    const char *name = message_string(item, is_create ? "parent" : "name");
    const char *parent = is_create ? name : resource_parent(call->arena, name);

    if (is_create && parent[0] == '\0' && strstr(whole, "/-") == NULL) {
        (void)message_set_string(item, "parent", whole);
        return STATUS_NONE;
    }
    if (name[0] != '\0' && !is_covered(whole, parent)) {
        return REFUSE(call, is_create ? REASON_INVALID_PARENT : REASON_INVALID_NAME,
                      is_create ? "parent" : "name", "%s is not in %s", name, whole);
    }
    return STATUS_NONE; /* a missing name is refused by the method itself */
}

static struct status handle_all(struct call *call, method_handler one, const char *whole,
                                ProtobufCMessage **items, ProtobufCMessage **answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        answers[i] = message_new(call->arena, call->method->kind->type);
        TRY(call_below_item(call, whole_check(call, items[i]), "requests", i));
        TRY(call_below_item(call, place_check(call, whole, items[i]), "requests", i));
        TRY(call_below_item(call, annotations_check(call, items[i], NULL), "requests", i));
        TRY(call_below_item(call, one(call, items[i], answers[i]), "requests", i));
    }
    return STATUS_NONE;
}

struct status standard_batch(struct call *call, const void *request, void *response,
                             method_handler one)
{
    const struct resource_kind *kind = call->method->kind;
    const char *parent = message_string(request, "parent");
    size_t count = 0;
    ProtobufCMessage **items = message_list(request, "requests", &count);

    TRY(parent_check(call, kind, parent, true));
    if (count == 0 || count > BATCH_MAX_REQUESTS) {
        return REFUSE(call, count == 0 ? REASON_FIELD_REQUIRED : REASON_TOO_MANY_ITEMS, "requests",
                      "requests must be 1 to %d, not %zu", BATCH_MAX_REQUESTS, count);
    }
    ProtobufCMessage **answers = arena_array(call->arena, count, sizeof(*answers));
    TRY(handle_all(call, one, parent, items, answers, count));
    if (!message_set_list(response, kind->plural, answers, count)) {
        return status_make(call->arena, REASON_RESPONSE_TYPE, NULL, "%s answers without %s",
                           call->method->name, kind->plural);
    }
    return STATUS_NONE;
}

struct status standard_batch_create(struct call *call, const void *request, void *response)
{
    return standard_batch(call, request, response, standard_create);
}
