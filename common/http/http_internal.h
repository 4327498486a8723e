/*
 * http_internal.h - what the files of http/ share: a server has loops, a loop connections, a
 * connection requests. All but struct http_server belongs to the loop's thread.
 */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include "http/http_chunk.h"
#include "http/http_server.h"

#include <stdatomic.h>

enum {
    READ_BUFFER_BYTES = 64 << 10,
    DATE_BYTES = 40,
    REQUESTS_KEPT_MAX = 64, /* unused requests that a loop keeps for the next ones */
    SPARE_KEPT_MAX_BYTES = 64 << 10,
    OVERFLOW_MAX = 32, /* connections past the limit that are being told so */
    ADDRESS_HOST_BYTES = 64,
    /* From here on a connection is not read from until its answers are taken. */
    CONNECTION_HOLDS_MAX_BYTES = 256 << 10,
    /* Of the system's memory for one connection: what was not sent yet, and what was not read. */
    UNSENT_MAX_BYTES = 128 << 10,
    UNREAD_MAX_BYTES = 64 << 10,
};

enum connection_phase {
    CONNECTION_IDLE,    /* no byte of the next request came */
    CONNECTION_HEAD,    /* a head is half read */
    CONNECTION_BODY,    /* a body is half read */
    CONNECTION_STOPPED, /* nothing more will be read as a request */
    CONNECTION_LINGER,  /* all is sent and writing shut down; what comes is dropped */
    CONNECTION_CLOSED,  /* uv_close() was called */
};

/*
 *   IDLE -> HEAD -> BODY -> IDLE ...      while requests are read
 *   any of them -> STOPPED -> LINGER      after a refusal, the last request, or end of input
 *   any -> CLOSED                         on an error, a deadline, or when lingering ends
 *
 * first..last are the requests that were read, in order; they leave once they are answered. The
 * incoming one, whose body is being read, is not among them yet.
 */
struct http_connection {
    uv_tcp_t tcp;
    struct http_loop *loop;
    struct http_connection *next;
    struct http_connection *previous;
    enum connection_phase phase;
    int64_t since_ms; /* the phase began */
    int64_t last_read_ms;
    int64_t deadline_ms;   /* of lingering */
    struct buffer input;   /* read, not yet understood */
    struct http_scan scan; /* of the head at the start of input */
    struct http_chunk chunk;
    struct http_request *incoming;
    struct http_request *first;
    struct http_request *last;
    unsigned pipelined;
    struct http_request *sending; /* of the write under way */
    struct http_peer *peer;
    size_t bytes;        /* that its requests and its input are counted for */
    size_t input_bytes;  /* of these, of input */
    size_t unsent_bytes; /* of all answers that are expected or given, whatever memory they take */
    bool is_of_proxy;    /* its requests say whose they are */
    uv_write_t write;
    uv_shutdown_t shutdown;
    size_t write_left;
    int64_t write_ms; /* of its last progress */
    bool is_reading;
    bool is_writing;
    bool is_dirty; /* on the loop's list to be flushed */
    bool continue_due;
    bool input_waits; /* input was left for want of room in the pipeline */
    bool empty_line_passed;
    bool has_served;
    bool at_end;   /* the client sends no more */
    bool overflow; /* past the limit of connections */
    struct http_connection *next_dirty;
};

struct http_loop {
    struct http_server *server;
    uv_loop_t uv;
    uv_thread_t thread;
    uv_tcp_t listener;
    uv_async_t wake;
    uv_timer_t tick;
    uv_prepare_t flusher;
    void *data;
    struct http_connection *connections;
    struct http_connection *dirty;
    unsigned overflow_count;
    unsigned request_count; /* given to the handler, not answered */
    struct http_request *spare;
    unsigned spare_count;
    struct http_peers peers;
    atomic_size_t bytes; /* counted for all requests and inputs; others may look */
    unsigned admitted;   /* requests, not answered */
    char *read_buffer;
    char date[DATE_BYTES];
    int64_t date_s;
    int64_t drain_ms;     /* when draining began; 0: not yet */
    unsigned quiet_ticks; /* of draining, since the last new connection */
    bool accept_waits;
    bool is_listening;
    bool is_ending;
    bool has_data;
};

struct http_server {
    struct http_server_options options;
    struct http_limits limits;
    struct http_refusal too_large; /* of a body */
    char too_large_message[80];
    struct http_loop *loops;
    unsigned loop_count;
    unsigned started; /* threads */
    char address[80];
    uint16_t port;
    atomic_bool draining;
    atomic_uint connections;
    atomic_uint_least64_t sheds[HTTP_SHEDS];
    uv_mutex_t lock; /* guards the fields below */
    uv_cond_t ended;
    unsigned running;
};

struct addrinfo;

/* http_address.c */
/* host is that of the address, and *ret_where goes to freeaddrinfo(). */
struct status address_resolve(struct arena *arena, const char *address,
                              char host[ADDRESS_HOST_BYTES], struct addrinfo **ret_where);
uint16_t address_port(const struct sockaddr *address);
/* 0, or why nothing can listen there: an error of libuv. */
int address_check_free(const struct addrinfo *where);
struct status address_refused(struct arena *arena, const char *address, int error);

/* http_connection.c */
void connection_accept(struct http_loop *loop);
void connection_tick(struct http_connection *connection, int64_t now_ms);
/* Looks whether the client took any of what is being written. */
void connection_note_progress(struct http_connection *connection, int64_t now_ms);
void connection_close(struct http_connection *connection);
/* Starts or stops reading, as there is room; goes on with what was read already. */
void connection_resume(struct http_connection *connection);
/* Everything is sent that ever will be. */
void connection_finish(struct http_connection *connection);

/* http_read.c */
void connection_read(struct http_connection *connection, const char *data, size_t length);
void connection_refuse(struct http_connection *connection, const struct http_refusal *refusal);
bool connection_wants_input(const struct http_connection *connection);

/* http_response.c */
void connection_flush(struct http_connection *connection);
void connection_mark_dirty(struct http_connection *connection);

/* Closes at once and without a word: what the system holds for the connection is dropped, too. */
void connection_reset(struct http_connection *connection);

/* http_budget.c */
/* How many bytes the request takes, from now on; 0: it is gone. */
void request_count_bytes(struct http_request *request, size_t bytes);
/* What it takes as it is now: its body and its answer, or what is reserved for it. */
void request_count(struct http_request *request);
/* Ends what http_admit() began. */
void request_release(struct http_request *request);
/* Counts what was read and not understood yet; nothing once the connection is closed. */
void connection_count_input(struct http_connection *connection);
bool loop_has_room(const struct http_loop *loop, size_t bytes);
/* Resets those that hold most until there is room for so many bytes, but never the one given. */
bool loop_make_room(struct http_loop *loop, size_t bytes, const struct http_connection *but);

/* http_places.c */
/* Whether a connection that was just accepted may stay; may close idle ones of others. */
bool connection_gets_place(struct http_connection *connection, bool is_full);

/* http_request.c */
struct http_request *request_new(struct http_loop *loop);
/* As is, without a word. */
void request_free(struct http_request *request);
/* Tells on_end(), then frees it. */
void request_end(struct http_request *request, bool is_sent);

#endif
