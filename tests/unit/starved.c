/*
 * starved.c - linked into the tests of a service, it makes every call of theirs also with too
 * little memory: with an arena of a few bytes first, then with more and more, until the call does
 * not lack any. That last answer is the one that the test goes on with, so whatever a starved call
 * wrote, remembered or kept for others shows in what the test asserts next.
 *
 * The two functions that it stands in for are wrapped by the linker (--wrap): the service gets its
 * call's arena here, and the test sends its calls here.
 */
#include "unit.h"

#include "rpc/rpc_client.h"
#include "rpc/rpc_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_LIMIT_BYTES = 16,
    /* The first call of each method goes on by a part of this size, and at least by one of the
     * arena's steps; later ones double, or the tests would take minutes. */
    FINE_PARTS = 32,
    METHODS_MAX = 128,
    METHOD_MAX_BYTES = 128,
    REPLY_ARENA_BYTES = 64 << 20,
    /* What may be served past the limit beyond what the call needs with enough memory: refusals and
     * their places. */
    SLACK_BYTES = 16 << 10,
};

struct arena *__real_rpc_call_arena(struct rpc_call *call);
struct arena *__wrap_rpc_call_arena(struct rpc_call *call);
struct status __real_rpc_client_call_wait(struct rpc_client *client,
                                          const struct rpc_request *request,
                                          struct rpc_reply **ret_reply);
struct status __wrap_rpc_client_call_wait(struct rpc_client *client,
                                          const struct rpc_request *request,
                                          struct rpc_reply **ret_reply);

/* Calls are made one after the other: the test waits for each. */
static struct {
    const char *method; /* that is called now */
    size_t limit_bytes; /* of its arena; 0: as in a program */
    struct arena *arena;
    char seen[METHODS_MAX][METHOD_MAX_BYTES];
    size_t seen_count;
} starved;

static void write_seen(void)
{
    const char *path = getenv("STARVED_METHODS");
    FILE *file = path != NULL ? fopen(path, "we") : NULL;

    for (size_t i = 0; file != NULL && i < starved.seen_count; i++) {
        (void)fprintf(file, "%s\n", starved.seen[i]);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    arena_free(starved.arena);
}

/* True when the method was not starved before; it counts as starved from now on. */
static bool see(const char *method)
{
    if (starved.seen_count == 0) {
        (void)atexit(write_seen);
    }
    for (size_t i = 0; i < starved.seen_count; i++) {
        if (strcmp(starved.seen[i], method) == 0) {
            return false;
        }
    }
    assert_true(starved.seen_count < METHODS_MAX);
    (void)snprintf(starved.seen[starved.seen_count++], METHOD_MAX_BYTES, "%s", method);
    return true;
}

struct arena *__wrap_rpc_call_arena(struct rpc_call *call)
{
    const char *method = rpc_call_info(call)->method;

    if (starved.limit_bytes == 0 || strcmp(method, starved.method) != 0) {
        return __real_rpc_call_arena(call);
    }
    if (rpc_call_context(call) == NULL) { /* the first that the service asks of a call */
        arena_free(starved.arena);
        starved.arena = arena_new(starved.limit_bytes);
    }
    return starved.arena;
}

/* What a reply says: whether the call lacked memory, and the service's version. */
static bool lacked(struct rpc_reply *reply, uint64_t *ret_seq)
{
    struct arena *arena = arena_new(REPLY_ARENA_BYTES);
    struct rpc_answer answer;

    assert_ok(rpc_reply_parse(reply, arena, &answer));
    const bool is_lacking = answer.status.code == STATUS_RESOURCE_EXHAUSTED &&
                            strcmp(answer.status.reason, "REQUEST_TOO_COSTLY") == 0;
    assert_true(answer.version_count > 0);
    *ret_seq = answer.versions[0].seq;
    arena_free(arena);
    return is_lacking;
}

struct status __wrap_rpc_client_call_wait(struct rpc_client *client,
                                          const struct rpc_request *request,
                                          struct rpc_reply **ret_reply)
{
    const size_t parts = see(request->method) ? FINE_PARTS : 1;
    size_t most_bytes = 0;
    unsigned lacks = 0;
    uint64_t first_seq = 0;
    uint64_t seq = 0;

    starved.method = request->method;
    for (size_t limit = FIRST_LIMIT_BYTES;
         limit<RPC_CALL_ARENA_BYTES; limit += limit / parts> FIRST_LIMIT_BYTES
             ? limit / parts
             : FIRST_LIMIT_BYTES) {
        struct rpc_reply *reply = NULL;

        starved.limit_bytes = limit;
        const struct status status = __real_rpc_client_call_wait(client, request, &reply);
        if (status.code != STATUS_OK) {
            return status;
        }
        const bool is_lacking = lacked(reply, &seq);
        const size_t used_bytes = arena_used_bytes(starved.arena);
        if (!is_lacking) {
            assert_true(lacks > 0); /* or nothing was tried */
            if (most_bytes > used_bytes + SLACK_BYTES) {
                fail_msg("%s took %zu bytes when it lacked memory, and needs %zu", request->method,
                         most_bytes, used_bytes);
            }
            *ret_reply = reply;
            return STATUS_NONE;
        }
        if (first_seq != 0 && seq != first_seq) {
            fail_msg("%s lacked memory and wrote entry %" PRIu64, request->method, seq);
        }
        first_seq = seq;
        lacks++;
        most_bytes = used_bytes > most_bytes ? used_bytes : most_bytes;
        rpc_reply_free(reply);
    }
    starved.limit_bytes = 0;
    return __real_rpc_client_call_wait(client, request, ret_reply);
}
