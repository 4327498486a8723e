/*
 * standard.h - what the standard methods share. Only for serve/.
 *
 * Paths of fields in errors are lowerCamelCase and start at the request ("cluster.displayName.vi").
 */
#ifndef SERVE_STANDARD_H
#define SERVE_STANDARD_H

#include "google/protobuf/timestamp.pb-c.h"
#include "serve/service.h"

#include <stdbool.h>

/* "base.fieldName" of a proto name, or "fieldName" when base is NULL. */
const char *field_path(struct call *call, const char *base, const char *proto_name);

/* INVALID_ARGUMENT: FIELD_REQUIRED, or INVALID_NAME for what does not fit the kind's pattern. */
struct status name_check(struct call *call, const struct resource_kind *kind, const char *field,
                         const char *name);

/* The kind whose pattern the name fits; NULL when there is none. */
const struct resource_kind *kind_of_name(const struct service *service, const char *name);

/* Pattern, then existence: INVALID_ARGUMENT INVALID_PARENT, NOT_FOUND PARENT_NOT_FOUND. With
 * wildcards an id of "-" stands for any. */
struct status parent_check(struct call *call, const struct resource_kind *kind, const char *parent,
                           bool wildcards);

/* ABORTED ETAG_MISMATCH: with the field for the request's own etag, without for if_match. */
struct status etag_check(struct call *call, const char *current, const char *etag,
                         const char *field);

/* Whether a Timestamp is a time of the years 0001 to 9999. */
bool is_time(const Google__Protobuf__Timestamp *time);

/* The resource as the answer: response is of the kind's type, or has it as a field. */
struct status resource_answer(struct call *call, const struct resource_kind *kind,
                              const void *resource, void *response);

/* The paths of an update mask as proto names; "*" stays. */
struct field_mask {
    char **paths;
    size_t count;
};

/* rules_check() of a message that stands in the request at field, which was not looked at before
 * the handler: a resource, or a request of a batch (NULL: paths start at the message). */
struct status annotations_check(struct call *call, const ProtobufCMessage *message,
                                const char *field);

/* INVALID_ARGUMENT OUTPUT_ONLY_FIELD for the first field inside the mask (NULL: all) that is set
 * and not as in current (NULL: nothing is set there). */
struct status output_only_check(struct call *call, const ProtobufCMessage *given,
                                const ProtobufCMessage *current, const struct field_mask *mask,
                                const char *field);

/* Output-only and standard fields become those of current, which may be NULL. */
void output_only_restore(struct call *call, ProtobufCMessage *message,
                         const ProtobufCMessage *current);

/* INVALID_ARGUMENT IMMUTABLE_FIELD for the first IMMUTABLE field that differs. */
struct status immutable_check(struct call *call, const ProtobufCMessage *before,
                              const ProtobufCMessage *after, const char *field);

#endif
