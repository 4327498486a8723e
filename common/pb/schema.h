/*
 * schema.h - what the .proto files say and protobuf-c's descriptors do not: annotations of
 * google.api, comments, services with their routes. Read from the FileDescriptorSet that protoc
 * wrote at build time; immutable after schema_load(), so any thread.
 */
#ifndef PB_SCHEMA_H
#define PB_SCHEMA_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

enum field_behavior {
    FIELD_REQUIRED = 1 << 0,
    FIELD_OUTPUT_ONLY = 1 << 1,
    FIELD_INPUT_ONLY = 1 << 2,
    FIELD_IMMUTABLE = 1 << 3,
    FIELD_OPTIONAL = 1 << 4,
};

/* dongkhoi.type.v1.rules: what a field may hold. */
enum schema_format { FORMAT_ANY, FORMAT_DATE, FORMAT_MONTH, FORMAT_URI };

struct schema_rules {
    size_t max_length;          /* in characters; 0: any */
    const char *pattern;        /* of the whole text; NULL: any. It compiles. */
    const char *pattern_reason; /* of a refusal by it */
    enum schema_format format;
    bool past;                   /* not in the future */
    const char *required_reason; /* of a refusal because it is missing */
    bool has_range;
    double minimum;
    double maximum;
};

struct schema_field {
    const char *name;      /* proto name */
    const char *json_name; /* lowerCamelCase */
    uint32_t number;
    unsigned behavior; /* bits of enum field_behavior */
    bool is_map;
    bool in_oneof;
    const char *comment;        /* "" when there is none; without leading spaces */
    const char *reference_type; /* of google.api.resource_reference; NULL when there is none */
    const struct schema_rules *rules; /* NULL when there are none */
    /* NULL when no method leads to the message that the field is of. */
    const ProtobufCFieldDescriptor *descriptor;
    const struct schema_message *message; /* the type of a message field, else NULL */
};

struct schema_message {
    const char *name; /* "dongkhoi.clusters.v1.Cluster" */
    const char *comment;
    const ProtobufCMessageDescriptor *type; /* NULL when no method leads to it */
    struct schema_field *fields;            /* in the order of the file */
    size_t field_count;
    bool is_input;                /* the request of a method */
    const char *resource_type;    /* "dongkhoi/Cluster"; NULL when it is no resource */
    const char *resource_pattern; /* "clusters/{cluster}" */
};

struct schema_enum {
    const char *name;
    const char *comment;
    const char **value_names;
    const char **value_comments;
    const int32_t *value_numbers;
    size_t value_count;
};

struct schema_route {
    const char *verb; /* "GET" */
    const char *path; /* as in google.api.http, with its braces and stars */
    const char *body; /* "" none, "*" all, else a field's proto name */
};

/* dongkhoi.type.v1.batching: with which calls one of the method may share a message. */
enum schema_batching { BATCHING_ALONE, BATCHING_WITH_READS, BATCHING_WITH_WRITES };

struct schema_method {
    const char *name;      /* "GetCluster" */
    const char *full_name; /* "dongkhoi.clusters.v1.ClusterService/GetCluster" */
    const char *comment;
    const struct schema_message *input;
    const struct schema_message *output;
    const struct schema_route *routes; /* the first binding, then the additional ones */
    size_t route_count;
    enum schema_batching batching;
    const struct schema_service *service;
};

struct schema_service {
    const char *name; /* "dongkhoi.clusters.v1.ClusterService" */
    const char *comment;
    const struct schema_method *methods;
    size_t method_count;
};

struct schema;

/*
 * services are the generated services; the types of all messages are found from their methods.
 * The arena must outlive the schema. INTERNAL INVALID_SCHEMA when the bytes are no
 * FileDescriptorSet or lack one of the services or types.
 */
struct status schema_load(struct arena *arena, struct slice descriptor_set,
                          const ProtobufCServiceDescriptor *const *services, size_t service_count,
                          const struct schema **ret_schema);

/* NULL when there is none of this full name. */
const struct schema_message *schema_message(const struct schema *schema, const char *full_name);
const struct schema_enum *schema_enum(const struct schema *schema, const char *full_name);
const struct schema_service *schema_service(const struct schema *schema, const char *full_name);
const struct schema_field *schema_field(const struct schema_message *message, const char *name);

/* The services that were given to schema_load(), in that order. */
const struct schema_service *schema_services(const struct schema *schema, size_t *ret_count);

#endif
