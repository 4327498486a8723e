/* resource.c - one resource at a time: reading it, and storing its next revision. */
#include "store/resource.h"

#include "base/ids.h"
#include "pb/decode.h"
#include "pb/message.h"
#include "pb/timestamp.h"
#include "store/store_internal.h"

#include <assert.h>

const char *resource_parent(struct arena *arena, const char *name)
{
    const char *slash = strrchr(name, '/');

    /* The last two segments are collection and id. */
    while (slash != NULL && slash > name && slash[-1] != '/') {
        slash--;
    }
    if (slash == NULL || slash == name) {
        return "";
    }
    return arena_copy(arena, (struct slice){.data = name, .length = (size_t)(slash - 1 - name)});
}

const char *resource_id(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash != NULL ? slash + 1 : name;
}

/* The segment at the start of text, and where the next one begins; NULL at the end. */
static struct slice segment(const char *text, const char **ret_next)
{
    const size_t length = strcspn(text, "/");

    *ret_next = text[length] == '/' ? text + length + 1 : NULL;
    return (struct slice){.data = text, .length = length};
}

bool resource_name_matches(const char *pattern, const char *name)
{
    while (pattern != NULL && name != NULL) {
        const struct slice expected = segment(pattern, &pattern);
        const struct slice found = segment(name, &name);
        if (expected.length > 0 && expected.data[0] == '{') {
            if (!id_is_valid(found)) {
                return false;
            }
        } else if (!slice_equals(expected, found)) {
            return false;
        }
    }
    return pattern == NULL && name == NULL;
}

struct status resource_decode(struct arena *arena, const struct resource_kind *kind,
                              struct slice body, void **ret_message)
{
    const struct status status = message_decode(arena, kind->type, body, ret_message);

    if (status.code == STATUS_OK || status.code == STATUS_RESOURCE_EXHAUSTED) {
        return status;
    }
    return (struct status){.code = STATUS_DATA_LOSS,
                           .reason = "STORE_CORRUPT",
                           .message = "a stored resource cannot be read"};
}

static void set_time(struct arena *arena, ProtobufCMessage *message, const char *field,
                     int64_t time_us)
{
    const ProtobufCFieldDescriptor *found = message_field(message->descriptor, slice_from(field));

    if (found != NULL && found->descriptor == &google__protobuf__timestamp__descriptor) {
        (void)message_set_child(message, field, time_wrap(arena, time_us));
    }
}

/* A body has the times that were known when it was written; those of its row may be corrected. */
static void set_times(const struct tx *tx, struct arena *arena, ProtobufCMessage *message,
                      int64_t created_us, int64_t updated_us)
{
    if (tx->store->corrections.count > 0) {
        set_time(arena, message, "create_time", created_us);
        set_time(arena, message, "update_time", updated_us);
    }
}

struct status row_decode(const struct tx *tx, struct arena *arena, const struct resource_kind *kind,
                         struct db_statement *statement, void **ret_message)
{
    void *message = NULL;

    TRY(resource_decode(arena, kind, db_bytes(statement, ROW_BODY), &message));
    set_times(tx, arena, message, db_int64(statement, ROW_CREATED),
              db_int64(statement, ROW_FROM_TIME));
    *ret_message = message;
    return STATUS_NONE;
}

/* The body, in the arena, with these times in it. */
static struct status body_correct(const struct tx *tx, const struct resource_kind *kind,
                                  int64_t created_us, int64_t updated_us, struct slice *body)
{
    void *message = NULL;

    if (tx->store->corrections.count == 0) {
        return STATUS_NONE;
    }
    TRY(resource_decode(tx->arena, kind, *body, &message));
    set_times(tx, tx->arena, message, created_us, updated_us);
    return message_pack(tx->arena, message, body);
}

struct status resource_entry_body(struct tx *tx, const struct resource_kind *kind, const char *name,
                                  int32_t revision, struct slice *body)
{
    const struct table *table = NULL;
    struct db_statement *statement = NULL;
    int64_t created_us = 0;
    int64_t updated_us = 0;
    bool row = false;

    if (tx->store->corrections.count == 0) {
        return STATUS_NONE;
    }
    TRY(table_of(tx, kind, &table));
    TRY(db_prepare(tx->db, table->times, &statement));
    db_bind_text(statement, 1, slice_from(name));
    db_bind_int64(statement, 2, revision);
    const struct status status = db_step(statement, &row);
    if (status.code == STATUS_OK && row) {
        created_us = db_int64(statement, 0);
        updated_us = db_int64(statement, 1);
    }
    db_reset(statement);
    TRY(status);
    return row ? body_correct(tx, kind, created_us, updated_us, body) : STATUS_NONE;
}

/* What the row that was looked up has; ret_bytes.data is NULL when there is none. */
static struct status take_packed(struct tx *tx, const struct resource_kind *kind,
                                 struct db_statement *statement, struct slice *ret_bytes)
{
    struct slice found = {0};
    bool row = false;

    TRY(db_step(statement, &row));
    if (row) {
        found.length = db_bytes(statement, 0).length;
        found.data = arena_copy(tx->arena, db_bytes(statement, 0));
        TRY(status_within(tx->arena, STATUS_NONE));
        TRY(body_correct(tx, kind, db_int64(statement, 1), db_int64(statement, 2), &found));
    }
    *ret_bytes = found;
    return STATUS_NONE;
}

/* Looks the row up; ret_bytes.data is NULL when there is none, else in the arena. */
static struct status find_packed(struct tx *tx, const struct resource_kind *kind, const char *name,
                                 struct slice *ret_bytes)
{
    const struct table *table = NULL;
    struct db_statement *statement = NULL;

    TRY(table_of(tx, kind, &table));
    TRY(db_prepare(tx->db, tx_is_as_of(tx) ? table->get_as_of : table->get, &statement));
    db_bind_text(statement, 1, slice_from(name));
    if (tx_is_as_of(tx)) {
        db_bind_int64(statement, 2, (int64_t)tx->as_of_seq);
        db_bind_int64(statement, 3, (int64_t)tx->as_of_seq);
    }
    const struct status status = take_packed(tx, kind, statement, ret_bytes);
    db_reset(statement);
    return status;
}

struct status resource_not_found(struct tx *tx, const char *name)
{
    return status_make(tx->arena, STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND", NULL,
                       "there is no resource %s%s", name, tx_is_as_of(tx) ? " at that time" : "");
}

struct status resource_get_packed(struct tx *tx, const struct resource_kind *kind, const char *name,
                                  struct slice *ret_bytes)
{
    struct slice bytes = {0};

    TRY(find_packed(tx, kind, name, &bytes));
    if (bytes.data == NULL) {
        return resource_not_found(tx, name);
    }
    *ret_bytes = bytes;
    return STATUS_NONE;
}

struct status resource_find(struct tx *tx, const struct resource_kind *kind, const char *name,
                            void **ret_message)
{
    struct slice bytes = {0};

    TRY(find_packed(tx, kind, name, &bytes));
    if (bytes.data == NULL) {
        *ret_message = NULL;
        return STATUS_NONE;
    }
    return resource_decode(tx->arena, kind, bytes, ret_message);
}

struct status resource_get(struct tx *tx, const struct resource_kind *kind, const char *name,
                           void **ret_message)
{
    struct slice bytes = {0};

    TRY(resource_get_packed(tx, kind, name, &bytes));
    return resource_decode(tx->arena, kind, bytes, ret_message);
}

/* What identifies a revision beside its name. */
struct identity {
    char uid[UUID_TEXT_BYTES];
    int64_t revision;
    int64_t created_us;
    bool is_current;
};

static void identity_from_row(struct db_statement *row, struct identity *identity)
{
    const struct slice uid = db_bytes(row, 0);

    if (uid.length < sizeof(identity->uid)) {
        memcpy(identity->uid, uid.data, uid.length);
    }
    identity->revision = db_int64(row, 1);
    identity->created_us = db_int64(row, 2);
    identity->is_current = db_is_null(row, 3);
}

/* The last revision that the name ever had; all zero when it never had one. */
static struct status newest(struct tx *tx, const struct table *table, const char *name,
                            struct identity *ret_identity)
{
    struct db_statement *statement = NULL;
    struct identity identity = {0};
    bool row = false;

    TRY(db_prepare(tx->db, table->newest, &statement));
    db_bind_text(statement, 1, slice_from(name));
    const struct status status = db_step(statement, &row);
    if (status.code == STATUS_OK && row) {
        identity_from_row(statement, &identity);
    }
    db_reset(statement);
    TRY(status);
    *ret_identity = identity;
    return STATUS_NONE;
}

/* 16 hexadecimal digits that no other revision of any resource has. */
static char *make_etag(struct arena *arena, const struct identity *identity)
{
    enum { ETAG_HASH_BYTES = 8 };
    uint8_t hash[DIGEST_BYTES];
    const char *text = arena_printf(arena, "%s/%lld", identity->uid, (long long)identity->revision);
    char *etag = arena_alloc(arena, 2 * ETAG_HASH_BYTES + 1);

    digest(slice_from(text), hash);
    hex_encode(hash, ETAG_HASH_BYTES, etag);
    return etag;
}

/* Those of the standard fields that the message has. */
static void set_standard_fields(struct tx *tx, ProtobufCMessage *message,
                                const struct identity *identity, int64_t time_us)
{
    const char *uid = arena_strdup(tx->arena, identity->uid);
    const char *etag = make_etag(tx->arena, identity);

    set_time(tx->arena, message, "create_time", identity->created_us);
    set_time(tx->arena, message, "update_time", time_us);
    (void)message_set_string(message, "uid", uid);
    (void)message_set_string(message, "etag", etag);
    (void)message_set_int(message, "revision", identity->revision);
}

/* Ends the current revision of name at this entry. */
static struct status end_current(struct tx *tx, const struct table *table, const char *name,
                                 const struct journal_head *at, bool deleted)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(tx->db, table->end, &statement));
    db_bind_int64(statement, 1, (int64_t)at->seq);
    db_bind_int64(statement, 2, at->time_us);
    db_bind_int64(statement, 3, deleted);
    db_bind_text(statement, 4, slice_from(name));
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

struct new_row {
    const char *name;
    const char *parent;
    const struct identity *identity;
    const ProtobufCMessage *message;
    struct slice body;
};

static struct status insert_row(struct tx *tx, const struct table *table, const struct new_row *new)
{
    const struct resource_kind *kind = table->kind;
    const struct journal_head *at = &tx->store->head;
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(tx->db, table->insert, &statement));
    db_bind_text(statement, 1, slice_from(new->name));
    db_bind_text(statement, 2, slice_from(new->identity->uid));
    db_bind_int64(statement, 3, new->identity->revision);
    db_bind_int64(statement, 4, (int64_t)at->seq);
    db_bind_int64(statement, 5, at->time_us);
    db_bind_int64(statement, 6, new->identity->created_us);
    db_bind_text(statement, 7, slice_from(new->parent));
    db_bind_blob(statement, 8, new->body);
    for (size_t i = 0; i < kind->column_count; i++) {
        column_bind(statement, INSERT_COLUMNS + 1 + (int)i, &kind->columns[i],
                    column_value(&kind->columns[i], tx->arena, new->message));
    }
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

/* Journal entry and row of the next revision, identity's; a current one ends. */
static struct status put(struct tx *tx, const struct table *table, ProtobufCMessage *message,
                         const struct identity *identity, int64_t time_us)
{
    const char *name = message_string(message, "name");
    struct new_row row = {.name = name,
                          .parent = resource_parent(tx->arena, name),
                          .identity = identity,
                          .message = message};

    set_standard_fields(tx, message, identity, time_us);
    TRY(message_pack(tx->arena, message, &row.body));
    const struct journal_change change = {.kind = table->kind->plural,
                                          .name = name,
                                          .revision = (int32_t)identity->revision,
                                          .body = row.body};
    TRY(journal_append(tx, &change, time_us));
    if (identity->is_current) {
        TRY(end_current(tx, table, name, &tx->store->head, false));
    }
    return insert_row(tx, table, &row);
}

static struct status check_writable(struct tx *tx, const struct resource_kind *kind,
                                    const char *name)
{
    assert(tx->writable);
    if (tx->writable && resource_name_matches(kind->pattern, name)) {
        return STATUS_NONE;
    }
    return status_make(tx->arena, STATUS_INTERNAL, "STORE_KIND", NULL,
                       "a resource %s cannot be stored under the name %s", kind->singular, name);
}

/* The first entry of a write has the time that its rules were told; times never repeat. */
static int64_t entry_time(const struct tx *tx)
{
    const int64_t last_us = tx->store->head.time_us;

    return tx->time_us > last_us ? tx->time_us : last_us + 1;
}

/* Where a resource of this name is kept, and the newest that there is of it. */
static struct status find_newest(struct tx *tx, const struct resource_kind *kind, const char *name,
                                 const struct table **ret_table, struct identity *ret_identity)
{
    TRY(check_writable(tx, kind, name));
    TRY(table_of(tx, kind, ret_table));
    return newest(tx, *ret_table, name, ret_identity);
}

struct status resource_create(struct tx *tx, const struct resource_kind *kind, void *message)
{
    const char *name = message_string(message, "name");
    const struct table *table = NULL;
    struct identity identity;

    TRY(find_newest(tx, kind, name, &table, &identity));
    if (identity.is_current) {
        return status_make(tx->arena, STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS", NULL,
                           "the resource %s exists already", name);
    }
    const int64_t time_us = entry_time(tx);
    uuid_make(time_us, identity.uid);
    identity.revision++;
    identity.created_us = time_us;
    return put(tx, table, message, &identity, time_us);
}

struct status resource_update(struct tx *tx, const struct resource_kind *kind, void *message)
{
    const char *name = message_string(message, "name");
    const struct table *table = NULL;
    struct identity identity;

    TRY(find_newest(tx, kind, name, &table, &identity));
    if (!identity.is_current) {
        return resource_not_found(tx, name);
    }
    identity.revision++;
    return put(tx, table, message, &identity, entry_time(tx));
}

struct status resource_delete(struct tx *tx, const struct resource_kind *kind, const char *name)
{
    const struct table *table = NULL;
    struct identity identity;

    TRY(find_newest(tx, kind, name, &table, &identity));
    if (!identity.is_current) {
        return resource_not_found(tx, name);
    }
    const struct journal_change change = {
        .kind = kind->plural, .name = name, .revision = (int32_t)identity.revision};
    TRY(journal_append(tx, &change, entry_time(tx)));
    return end_current(tx, table, name, &tx->store->head, true);
}

static struct status any_below(struct tx *tx, const struct table *table, struct slice from,
                               struct slice to, const char **ret_child)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(tx->db, table->below, &statement));
    db_bind_text(statement, 1, from);
    db_bind_text(statement, 2, to);
    const struct status status = db_step(statement, &row);
    if (status.code == STATUS_OK && row) {
        *ret_child = arena_copy(tx->arena, db_bytes(statement, 0));
    }
    db_reset(statement);
    return status;
}

struct status resource_any_child(struct tx *tx, const char *name, const char **ret_child)
{
    /* '0' is the character after '/'. */
    const char *from = arena_printf(tx->arena, "%s/", name);
    const char *to = arena_printf(tx->arena, "%s0", name);
    const char *child = NULL;

    for (size_t i = 0; i < tx->store->table_count && child == NULL; i++) {
        TRY(any_below(tx, &tx->store->tables[i], slice_from(from), slice_from(to), &child));
    }
    *ret_child = child;
    return STATUS_NONE;
}
