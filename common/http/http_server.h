/*
 * http_server.h - HTTP/1.1 on libuv loops, one thread each, each with a listener of its own
 * (SO_REUSEPORT).
 *
 * A request is handed over when its last byte was read; its answer may be given at once or
 * later, on the thread of its loop. Answers of one connection leave in the order of the requests.
 * The program ignores SIGPIPE.
 *
 * Errors: INVALID_ARGUMENT INVALID_ADDRESS, UNAVAILABLE ADDRESS_IN_USE and CANNOT_LISTEN, naming
 * the address; RESOURCE_EXHAUSTED OUT_OF_MEMORY.
 */
#ifndef HTTP_HTTP_SERVER_H
#define HTTP_HTTP_SERVER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "http/http_head.h"
#include "http/http_peer.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct http_server;
struct http_connection;

enum { HTTP_REQUEST_ARENA_BYTES = 1 << 20 };

/* One request; belongs to the server, and lives until its answer was sent or given up. */
struct http_request {
    struct http_head head;
    struct slice body;
    struct arena *arena;  /* of this request */
    void *loop_data;      /* what on_loop() gave */
    void *handler_data;   /* the handler's own */
    uint64_t received_ns; /* uv_hrtime() when its last byte was read, or it was refused */
    size_t sent_bytes;    /* of the answer's body, in on_end() */

    unsigned handler_row;  /* the handler's own; 0 at first */
    unsigned handler_turn; /* the same */

    /* The rest is the server's. */
    struct http_connection *connection; /* NULL once the client is gone */
    struct http_loop *loop;
    struct http_request *next;
    struct buffer input;
    struct buffer fields; /* header lines of the answer */
    struct buffer output;
    char prefix[256]; /* status line and the server's own headers */
    size_t prefix_length;
    struct slice answer;
    const char *content_type;
    struct http_peer *peer; /* whose request it is, which may have come through a proxy */
    size_t reserved_bytes;  /* for an answer that is not made yet */
    size_t counted_bytes;   /* of the loop's and the peer's bytes, for this request */
    size_t unsent_bytes;    /* that its connection waits for, and is not read from meanwhile */
    int code;
    void (*release)(void *arg); /* of what the answer's body is in; NULL: nothing */
    void *release_arg;
    bool is_admitted; /* and not answered */
    bool is_constant; /* the answer's body takes no memory */
    bool is_answered;
    bool is_last;
};

/* Zero stands for the default in brackets. */
struct http_limits {
    unsigned connections_max; /* of the server [4096] */
    unsigned pipeline_max;    /* requests of one connection under way [16] */
    size_t body_max_bytes;    /* [1 MiB] */
    size_t memory_max_bytes;  /* requests and answers that all loops hold [256 MiB]; past it the
                                 connections that hold most by not reading are reset */
    unsigned requests_max;    /* admitted and not answered [1024] */
    bool has_peer_shares;     /* when less than a quarter of the connections, requests or bytes is
                                 free, no peer gets more than half of them [no] */
    unsigned head_timeout_ms; /* first byte to end of the head [10 s] */
    unsigned body_idle_ms;    /* between two reads of a body [10 s] */
    unsigned body_whole_ms;   /* a whole body [30 s] */
    unsigned idle_timeout_ms; /* to the next request; to the first it is head_timeout_ms [60 s] */
    unsigned write_idle_ms;   /* without progress in sending [30 s] */
    unsigned linger_ms;       /* reading on after the last answer [2 s] */
    unsigned drain_idle_ms;   /* an idle connection's last chance when draining [500 ms] */
};

struct http_server_options {
    const char *address; /* "127.0.0.1:8080", "[::1]:0"; port 0 is chosen by the system */
    unsigned loops;      /* 0: one per core */
    struct http_limits limits;
    const struct http_networks *trusted_proxies; /* NULL: none */
    void *arg;

    /* On the request's loop; answers with http_respond(), now or later. */
    void (*on_request)(void *arg, struct http_request *request);
    /* The server refuses: answers with http_respond() at once. Of the head only what could be
     * read is set. NULL: a line of text. */
    void (*on_refusal)(void *arg, struct http_request *request, const struct http_refusal *refusal);
    /* An answer was given to a client that is still there: more headers can be added. NULL: none.
     */
    void (*on_answer)(void *arg, struct http_request *request);
    /* The last that is heard of a request of which at least the head was read: its answer was
     * handed to the system, or nobody is left to take it (is_sent is false). code is 0 when its
     * body never came whole: then neither on_request() nor on_refusal() was called. May be NULL. */
    void (*on_end)(void *arg, struct http_request *request, bool is_sent);
    /* Once per loop, before it serves and after its last request; either may be NULL. */
    struct status (*on_loop)(void *arg, uv_loop_t *loop, void **ret_loop_data);
    void (*on_loop_end)(void *arg, void *loop_data);
};

/* Starts the threads. options is copied, what it points to must outlive the server. */
struct status http_server_open(const struct http_server_options *options, struct arena *arena,
                               struct http_server **ret_server);

/*
 * Whether a server could listen on the address now, and beside one on another (NULL: there is
 * none). The errors of http_server_open(). Opens nothing that a client could reach.
 */
struct status http_address_check(const char *address, const char *other, struct arena *arena);

/* "127.0.0.1:8080" with the port that was chosen. */
const char *http_server_address(const struct http_server *server);
uint16_t http_server_port(const struct http_server *server);

/* Connections that are open now, and that may be. Any thread. */
unsigned http_server_connections(const struct http_server *server);
unsigned http_server_connections_max(const struct http_server *server);

/* What requests and answers hold now, and may hold. Any thread. */
size_t http_server_bytes(const struct http_server *server);
size_t http_server_bytes_max(const struct http_server *server);

/* Connections that were closed to make room. Any thread. */
enum http_shed {
    HTTP_SHED_READERS, /* reset: they did not take what the server held for them */
    HTTP_SHED_IDLE,    /* closed: they asked nothing, and others wanted their places */
    HTTP_SHED_CROWDS,  /* refused: their peer had its share of the connections already */
    HTTP_SHEDS,
};
uint64_t http_server_shed(const struct http_server *server, enum http_shed kind);

/* The server that a request came to. */
const struct http_server *http_server_of(const struct http_request *request);

/*
 * Drains: accepts no more, answers every request that came, closes. True when all threads ended
 * and the server is freed; false when bound_ms was not enough: threads still run, and the program
 * can only _exit(). server may be NULL.
 */
bool http_server_close(struct http_server *server, unsigned bound_ms);

/*
 * Admits a request for which work is to be done, and reserves bytes for its answer until that is
 * given. May reset connections that do not read. False: there is no room, or the peer has its
 * share already; answer RESOURCE_EXHAUSTED. A request that was admitted may be admitted again with
 * another number of bytes; when that fails it keeps those that it had.
 */
bool http_admit(struct http_request *request, size_t bytes);

/* The answer will come to about so many bytes, but is not made yet: where they are many, the
 * connection is not read from until it is taken. */
void http_expect(struct http_request *request, size_t bytes);

/* What the peer of this request holds of its loop, and its connection. */
size_t http_peer_bytes(const struct http_request *request);
size_t http_connection_bytes(const struct http_request *request);

/* A header of the answer. name is a literal; bytes of value that a header cannot have are left
 * out. */
void http_add_header(struct http_request *request, const char *name, struct slice value);

/* Several header lines at once, as they go out, each with its CR LF. */
void http_add_fields(struct http_request *request, struct slice lines);

/* The header lines that were added so far, until the next one is. */
struct slice http_fields(const struct http_request *request);
void http_drop_fields(struct http_request *request);

/* Memory for the answer's body that lives as long as the request. */
struct buffer *http_output(struct http_request *request);

/*
 * Gives the answer, once. body must live as long as the request does: of its arena or output, or
 * constant. content_type is a literal; NULL for an answer without a body (204, 304). Date,
 * Content-Length and Connection are added.
 */
void http_respond(struct http_request *request, int code, const char *content_type,
                  struct slice body);

/* As http_respond(), with a body that the program keeps anyway: it is counted for nothing. */
void http_respond_constant(struct http_request *request, int code, const char *content_type,
                           struct slice body);

/* As http_respond(), with a body that others share: release(arg) is called once on the loop's
 * thread, when the body is no longer needed. */
void http_respond_shared(struct http_request *request, int code, const char *content_type,
                         struct slice body, void (*release)(void *arg), void *arg);

/* "Not Found". */
const char *http_reason_phrase(int code);

#endif
