/* dispatch_table.c - the service's table joined with its descriptor, sorted by name. */
#include "serve/dispatch_table.h"

#include "base/memory.h"
#include "pb/schema.h"
#include "serve/reasons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dispatch_table {
    size_t count;
    struct dispatch_entry entries[]; /* by full_name */
};

static int entry_compare(const void *a, const void *b)
{
    const struct dispatch_entry *left = a;
    const struct dispatch_entry *right = b;

    return strcmp(left->full_name, right->full_name);
}

const struct dispatch_entry *dispatch_table_find(const struct dispatch_table *table,
                                                 const char *full_name)
{
    const struct dispatch_entry key = {.full_name = (char *)(uintptr_t)full_name};

    return bsearch(&key, table->entries, table->count, sizeof(key), entry_compare);
}

const struct dispatch_entry *dispatch_table_at(const struct dispatch_table *table, size_t index)
{
    return index < table->count ? &table->entries[index] : NULL;
}

static const struct method *method_find(const struct service *service, const char *name)
{
    const struct method *found = NULL;

    for (size_t i = 0; i < service->method_count; i++) {
        if (strcmp(service->methods[i].name, name) == 0) {
            if (found != NULL) {
                return NULL; /* twice is as bad as never */
            }
            found = &service->methods[i];
        }
    }
    return found;
}

static struct status entry_fill(const struct service *service,
                                const ProtobufCMethodDescriptor *descriptor, struct arena *arena,
                                struct dispatch_entry *entry)
{
    entry->descriptor = descriptor;
    entry->method = method_find(service, descriptor->name);
    if (entry->method == NULL) {
        return status_make(arena, REASON_METHOD_TABLE, NULL, "the table of %s must have %s once",
                           service->name, descriptor->name);
    }
    entry->mode = entry->method->mode;
    if (entry->mode == METHOD_QUICK && entry->method->kind != NULL &&
        entry->method->kind->complete != NULL) {
        entry->mode = METHOD_POOL;
    }
    const size_t size = strlen(service->descriptor->name) + strlen(descriptor->name) + 2;
    entry->full_name = memory_zeroed(size);
    (void)snprintf(entry->full_name, size, "%s/%s", service->descriptor->name, descriptor->name);
    return STATUS_NONE;
}

/* Only what the writer does waits for its commit, so only that may travel with writes. */
static struct status batching_check(const struct service *service, const struct schema *schema,
                                    const struct dispatch_entry *entry, struct arena *arena)
{
    const struct schema_service *about = schema_service(schema, service->descriptor->name);
    const bool is_write = entry->method->mode == METHOD_WRITE;

    for (size_t i = 0; about != NULL && i < about->method_count; i++) {
        const enum schema_batching batching = about->methods[i].batching;
        if (strcmp(about->methods[i].name, entry->method->name) == 0 &&
            batching == (is_write ? BATCHING_WITH_READS : BATCHING_WITH_WRITES)) {
            return status_make(arena, REASON_METHOD_TABLE, NULL,
                               "the batching of %s is not that of its mode", entry->full_name);
        }
    }
    return STATUS_NONE;
}

static struct status table_fill(struct dispatch_table *table, const struct service *service,
                                const struct schema *schema, struct arena *arena)
{
    for (size_t i = 0; i < table->count; i++) {
        TRY(entry_fill(service, &service->descriptor->methods[i], arena, &table->entries[i]));
        table->entries[i].input =
            schema_message(schema, service->descriptor->methods[i].input->name);
        TRY(batching_check(service, schema, &table->entries[i], arena));
    }
    if (service->method_count != table->count) {
        return status_make(arena, REASON_METHOD_TABLE, NULL,
                           "the table of %s has a method that is not in %s", service->name,
                           service->descriptor->name);
    }
    qsort(table->entries, table->count, sizeof(table->entries[0]), entry_compare);
    return STATUS_NONE;
}

struct status dispatch_table_new(const struct service *service, const struct schema *schema,
                                 struct arena *arena, struct dispatch_table **ret_table)
{
    const size_t count = service->descriptor->n_methods;
    struct dispatch_table *table =
        memory_zeroed(sizeof(*table) + count * sizeof(table->entries[0]));

    table->count = count;
    const struct status status = table_fill(table, service, schema, arena);
    if (status.code != STATUS_OK) {
        dispatch_table_free(table);
        return status;
    }
    *ret_table = table;
    return STATUS_NONE;
}

void dispatch_table_free(struct dispatch_table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i < table->count; i++) {
        free(table->entries[i].full_name);
    }
    free(table);
}
