/*
 * rules.h - holds a message against its annotations: REQUIRED, dongkhoi.type.v1.rules, and that an
 * enum has a value that the proto names (on the wire it may be any number).
 */
#ifndef PB_RULES_H
#define PB_RULES_H

#include "pb/schema.h"

/*
 * message is of the type about. Texts that are REQUIRED have more than blanks; OUTPUT_ONLY fields
 * are not looked at, since no client sets them. Messages in it are held against theirs, but
 * resources and requests of other methods are not: an update gives a resource in part, and the
 * handler that puts it together, or takes a batch apart, asks again. field is where the message
 * stands in the request, for the paths of refusals ("cluster.displayName.vi"); NULL: it is the
 * request. now_us is what "in the future" means. INVALID_ARGUMENT with the first field at fault.
 */
struct status rules_check(struct arena *arena, const struct schema_message *about,
                          const ProtobufCMessage *message, const char *field, int64_t now_us);

/* How many characters (code points) a text of UTF-8 has. */
size_t text_characters(const char *text);

/* Whether it has a scheme, a colon and something after it, without blanks and controls. */
bool is_absolute_uri(const char *text);

#endif
