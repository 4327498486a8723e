/* load_answer.c - only answers with a Content-Length, as the gateway sends them. */
#include "load_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX_BYTES = 64 << 10, BODY_KEPT_BYTES = 8 << 10 };

void answer_open(struct answer *answer)
{
    *answer = (struct answer){0};
    buffer_init(&answer->bytes, HEAD_MAX_BYTES + BODY_KEPT_BYTES + 1);
}

void answer_done(struct answer *answer)
{
    buffer_done(&answer->bytes);
}

void answer_clear(struct answer *answer)
{
    const struct buffer bytes = answer->bytes;

    *answer = (struct answer){.bytes = bytes, .retry_after_seconds = -1};
    buffer_clear(&answer->bytes);
}

/* The value when the line is of this field, else NULL. */
static const char *field_value(const char *line, const char *name)
{
    const size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':') {
        return NULL;
    }
    return line + length + 1 + strspn(line + length + 1, " \t");
}

static bool head_line(struct answer *answer, const char *line, bool *has_length)
{
    const char *value = NULL;

    if ((value = field_value(line, "Content-Length")) != NULL) {
        char *end = NULL;
        answer->body_left = strtoul(value, &end, 10);
        *has_length = end != value;
        return *has_length;
    }
    if ((value = field_value(line, "Retry-After")) != NULL) {
        answer->retry_after_seconds = strtol(value, NULL, 10);
    } else if ((value = field_value(line, "Idempotency-Replayed")) != NULL) {
        answer->is_replayed = strncasecmp(value, "true", 4) == 0;
    } else if ((value = field_value(line, "Connection")) != NULL) {
        answer->closes = strncasecmp(value, "close", 5) == 0;
    }
    return true;
}

/* head ends with NUL in place of its last line break. */
static bool head_read(struct answer *answer, char *head)
{
    static const char version[] = "HTTP/1.1 ";
    bool has_length = false;
    char *rest = head;
    char *line = strtok_r(rest, "\r\n", &rest);

    if (line == NULL || strncmp(line, version, strlen(version)) != 0) {
        return false;
    }
    answer->status = (int)strtol(line + strlen(version), NULL, 10);
    while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL) {
        if (!head_line(answer, line, &has_length)) {
            return false;
        }
    }
    return has_length && answer->status >= 200 && answer->status <= 599;
}

/* Counts body bytes and keeps the first of them. */
static bool body_take(struct answer *answer, struct slice bytes)
{
    const size_t kept = answer->bytes.length - answer->head_length;
    const size_t room = kept < BODY_KEPT_BYTES ? BODY_KEPT_BYTES - kept : 0;

    if (bytes.length > answer->body_left) {
        return false;
    }
    answer->body_left -= bytes.length;
    buffer_append(&answer->bytes, bytes.data, bytes.length < room ? bytes.length : room);
    return !buffer_failed(&answer->bytes);
}

bool answer_take(struct answer *answer, struct slice bytes)
{
    if (answer->head_length > 0) {
        return body_take(answer, bytes);
    }
    const size_t before = answer->bytes.length;
    buffer_append(&answer->bytes, bytes.data, bytes.length);
    buffer_append_char(&answer->bytes, '\0');
    if (buffer_failed(&answer->bytes)) {
        return false;
    }
    answer->bytes.length--;
    char *end = memmem(answer->bytes.data, answer->bytes.length, "\r\n\r\n", 4);
    if (end == NULL) {
        return answer->bytes.length <= HEAD_MAX_BYTES;
    }
    *end = '\0';
    answer->head_length = (size_t)(end - answer->bytes.data) + 4;
    if (!head_read(answer, answer->bytes.data)) {
        return false;
    }
    const size_t used = answer->head_length - before;
    answer->bytes.length = answer->head_length;
    return body_take(answer, (struct slice){bytes.data + used, bytes.length - used});
}

bool answer_is_complete(const struct answer *answer)
{
    return answer->head_length > 0 && answer->body_left == 0;
}

/* The text of the member, without unescaping. */
static struct slice member(const struct answer *answer, const char *name)
{
    const size_t length = strlen(name);
    const char *end = answer->bytes.data + answer->bytes.length;
    const char *body = answer->bytes.data + answer->head_length;
    const char *found = answer->head_length > 0 && end > body
                            ? memmem(body, (size_t)(end - body), name, length)
                            : NULL;

    if (found == NULL) {
        return (struct slice){"", 0};
    }
    const char *text = found + length;
    const char *at = text;
    while (at < end && *at != '"') {
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    }
    return (struct slice){text, (size_t)(at - text)};
}

struct slice answer_reason(const struct answer *answer)
{
    return member(answer, "\"reason\":\"");
}

struct slice answer_message(const struct answer *answer)
{
    return member(answer, "\"message\":\"");
}
