/*
 * dispatch_table.h - the methods of a service by their full names. Only for dispatch.c.
 */
#ifndef SERVE_DISPATCH_TABLE_H
#define SERVE_DISPATCH_TABLE_H

#include "serve/service.h"

struct dispatch_entry {
    char *full_name; /* "dongkhoi.clusters.v1.ClusterService/GetCluster" */
    const ProtobufCMethodDescriptor *descriptor;
    const struct schema_message *input; /* annotations of the request */
    const struct method *method;
    enum method_mode mode;
};

struct dispatch_table;

/* schema is of the service and must outlive the table. INTERNAL METHOD_TABLE unless the service's
 * table has each method of its descriptor once. */
struct status dispatch_table_new(const struct service *service, const struct schema *schema,
                                 struct arena *arena, struct dispatch_table **ret_table);
/* table may be NULL. */
void dispatch_table_free(struct dispatch_table *table);

/* By name; NULL past the last. */
const struct dispatch_entry *dispatch_table_at(const struct dispatch_table *table, size_t index);

/* NULL when there is no such method. Any thread. */
const struct dispatch_entry *dispatch_table_find(const struct dispatch_table *table,
                                                 const char *full_name);

#endif
