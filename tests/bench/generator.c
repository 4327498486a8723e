/*
 * generator.c - HTTP load on one thread: one request, over and over, on connections kept alive.
 *
 *     CONNECTING -> IDLE -> HEAD -> BODY -> IDLE
 *
 * Closed model: each connection sends as soon as it was answered. Open model (--rate): request i
 * is due at start + i / rate whether or not the server keeps up; it waits for an idle connection,
 * and its latency counts from when it was due. The open model spins instead of sleeping, so that
 * timers add nothing: give it a core of its own.
 */
#include "histogram.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <uv.h>

enum {
    HEAD_MAX_BYTES = 16 << 10,
    REQUEST_MAX_BYTES = 8 << 10,
    CONNECTIONS_MAX = 4096,
    BODY_CHUNK_BYTES = 256 << 10,
    GRACE_NS = 2000000000,
    NUMBERS_MAX = 4,
    NUMBER_DIGITS_MIN = 4, /* so many Ns in a row become the number of the request */
};

struct number {
    size_t at;
    size_t digits;
};

struct options {
    int port;
    unsigned connections;
    double rate; /* 0: closed model */
    double seconds;
    double warmup_seconds;
    const char *expect; /* counts the answers with this in their head; NULL: none */
    char request[REQUEST_MAX_BYTES];
    size_t request_length;
    struct number numbers[NUMBERS_MAX];
    size_t number_count;
    uint64_t first; /* number */
    uint64_t cycle; /* different numbers; 0: no end of them */
};

enum state { STATE_CONNECTING, STATE_IDLE, STATE_HEAD, STATE_BODY };

struct load;

struct connection {
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct load *load;
    enum state state;
    uint64_t due_ns;
    size_t head_length;
    size_t body_left;
    struct connection *next_idle;
    char head[HEAD_MAX_BYTES];
};

struct load {
    uv_loop_t loop;
    uv_idle_t spin;
    uv_timer_t end;
    struct options *options;
    struct connection *connections;
    struct connection *idle;
    unsigned connected;
    uint64_t start_ns;
    uint64_t measure_ns; /* the warm-up is over */
    uint64_t end_ns;
    uint64_t due; /* requests of the open model, all told */
    uint64_t sent;
    uint64_t answered;
    uint64_t measured; /* of them within the time that is measured */
    uint64_t expected;
    uint64_t refused; /* answers that are no success */
    uint64_t broken;  /* connections lost, answers that cannot be read */
    int last_refusal;
    size_t body_bytes; /* of the last answer */
    struct histogram latency;
    char chunk[BODY_CHUNK_BYTES];
};

static void die(const char *what, int err)
{
    (void)fprintf(stderr, "generator: %s%s%s\n", what, err != 0 ? ": " : "",
                  err != 0 ? uv_strerror(err) : "");
    exit(EXIT_FAILURE);
}

static void connection_open(struct connection *connection);

static void on_lost(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    if (uv_hrtime() < connection->load->end_ns) {
        connection_open(connection);
    }
}

static void connection_lose(struct connection *connection)
{
    if (connection->load->start_ns == 0) {
        die("a connection was lost before the start", 0);
    }
    if (!uv_is_closing((uv_handle_t *)&connection->tcp)) {
        connection->load->broken++;
        connection->state = STATE_CONNECTING;
        uv_close((uv_handle_t *)&connection->tcp, on_lost);
    }
}

static void write_number(struct options *options, uint64_t request)
{
    const uint64_t number =
        options->first + (options->cycle > 0 ? request % options->cycle : request);

    for (size_t i = 0; i < options->number_count; i++) {
        const struct number *place = &options->numbers[i];
        uint64_t rest = number;
        for (size_t k = place->digits; k > 0; k--) {
            options->request[place->at + k - 1] = (char)('0' + rest % 10);
            rest /= 10;
        }
    }
}

static void connection_send(struct connection *connection, uint64_t due_ns)
{
    struct load *load = connection->load;
    struct options *options = load->options;

    write_number(options, load->sent);
    const uv_buf_t part = uv_buf_init(options->request, (unsigned)options->request_length);
    load->sent++;
    connection->due_ns = due_ns;
    connection->head_length = 0;
    connection->state = STATE_HEAD;
    if (uv_try_write((uv_stream_t *)&connection->tcp, &part, 1) != (int)part.len) {
        connection_lose(connection);
    }
}

/* Open model: sends what is due, as far as there are connections. */
static void send_due(struct load *load)
{
    const double interval_ns = 1e9 / load->options->rate;
    const uint64_t now = uv_hrtime();

    while (load->idle != NULL && load->sent < load->due) {
        const uint64_t due_ns = load->start_ns + (uint64_t)((double)load->sent * interval_ns);
        if (due_ns > now) {
            return;
        }
        struct connection *connection = load->idle;
        load->idle = connection->next_idle;
        connection_send(connection, due_ns);
    }
}

static void on_spin(uv_idle_t *spin)
{
    struct load *load = spin->data;

    if (load->start_ns != 0) {
        send_due(load);
    }
}

/* When the time is over, the loop ends with the last answer. */
static void connection_rest(struct connection *connection)
{
    struct load *load = connection->load;
    const uint64_t now = uv_hrtime();

    connection->state = STATE_IDLE;
    if (load->start_ns == 0 || load->options->rate > 0) {
        connection->next_idle = load->idle;
        load->idle = connection;
    } else if (now < load->end_ns) {
        connection_send(connection, now);
    }
}

static void note_answer(struct connection *connection)
{
    struct load *load = connection->load;
    const uint64_t now = uv_hrtime();

    load->answered++;
    if (now >= load->measure_ns && now < load->end_ns) {
        load->measured++;
    }
    if (connection->due_ns >= load->measure_ns) {
        histogram_add(&load->latency, now - connection->due_ns);
    }
    connection_rest(connection);
}

/* The value of Content-Length; -1 where there is none. */
static long content_length(const char *head, size_t length)
{
    static const char name[] = "content-length:";
    const char *line = head;
    const char *end = head + length;

    while (line != NULL && line < end) {
        if ((size_t)(end - line) > sizeof(name) && strncasecmp(line, name, sizeof(name) - 1) == 0) {
            return strtol(line + sizeof(name) - 1, NULL, 10);
        }
        line = memchr(line, '\n', (size_t)(end - line));
        line = line != NULL ? line + 1 : NULL;
    }
    return -1;
}

/* False when it cannot be read. */
static bool take_head(struct connection *connection, size_t length)
{
    struct load *load = connection->load;
    const char *head = connection->head;
    const size_t beyond = connection->head_length - length;
    const long body = content_length(head, length);
    const int status = length > 12 ? atoi(head + 9) : 0;

    if (strncmp(head, "HTTP/1.1 ", 9) != 0 || body < 0 || beyond > (size_t)body) {
        return false;
    }
    if (status < 200 || status > 299) {
        load->refused++;
        load->last_refusal = status;
    }
    if (load->options->expect != NULL &&
        memmem(head, length, load->options->expect, strlen(load->options->expect)) != NULL) {
        load->expected++;
    }
    load->body_bytes = (size_t)body;
    connection->body_left = (size_t)body - beyond;
    connection->state = STATE_BODY;
    return true;
}

static bool take_bytes(struct connection *connection, size_t count)
{
    if (connection->state == STATE_HEAD) {
        connection->head_length += count;
        const char *end = memmem(connection->head, connection->head_length, "\r\n\r\n", 4);
        if (end == NULL) {
            return connection->head_length < HEAD_MAX_BYTES - 1;
        }
        if (!take_head(connection, (size_t)(end - connection->head) + 4)) {
            return false;
        }
    } else if (connection->state == STATE_BODY && count <= connection->body_left) {
        connection->body_left -= count;
    } else {
        return false;
    }
    if (connection->body_left == 0) {
        note_answer(connection);
    }
    return true;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct connection *connection = handle->data;

    (void)suggested;
    if (connection->state == STATE_BODY) {
        *ret_buffer = uv_buf_init(connection->load->chunk, BODY_CHUNK_BYTES);
    } else {
        /* One byte is kept for the NUL that stays at the end. */
        *ret_buffer = uv_buf_init(connection->head + connection->head_length,
                                  (unsigned)(HEAD_MAX_BYTES - 1 - connection->head_length));
    }
}

static void on_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;

    (void)buffer;
    if (count < 0 || (count > 0 && !take_bytes(connection, (size_t)count))) {
        connection_lose(connection);
    }
}

static void on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* All are connected: from here the time counts. */
static void load_start(struct load *load)
{
    const struct options *options = load->options;
    const double seconds = options->warmup_seconds + options->seconds;
    struct connection *idle = load->idle;

    load->start_ns = uv_hrtime();
    load->measure_ns = load->start_ns + (uint64_t)(options->warmup_seconds * 1e9);
    load->end_ns = load->start_ns + (uint64_t)(seconds * 1e9);
    load->due = (uint64_t)(options->rate * seconds);
    (void)uv_timer_start(&load->end, on_end, (uint64_t)(seconds * 1e3) + GRACE_NS / 1000000, 0);
    if (options->rate > 0) {
        send_due(load);
        return;
    }
    load->idle = NULL;
    while (idle != NULL) {
        struct connection *connection = idle;
        idle = idle->next_idle;
        connection_send(connection, load->start_ns);
    }
}

static void on_connect(uv_connect_t *request, int err)
{
    struct connection *connection = request->data;
    struct load *load = connection->load;

    if (err == UV_ECANCELED) { /* load_close() */
        return;
    }
    if (err != 0) {
        die("cannot connect", err);
    }
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    (void)uv_read_start((uv_stream_t *)&connection->tcp, on_room, on_bytes);
    connection_rest(connection);
    load->connected++;
    if (load->connected == load->options->connections) {
        load_start(load);
    }
}

static void connection_open(struct connection *connection)
{
    struct load *load = connection->load;
    struct sockaddr_in address;

    (void)uv_ip4_addr("127.0.0.1", load->options->port, &address);
    (void)uv_tcp_init(&load->loop, &connection->tcp);
    connection->tcp.data = connection;
    connection->connect.data = connection;
    connection->state = STATE_CONNECTING;
    const int err = uv_tcp_connect(&connection->connect, &connection->tcp,
                                   (const struct sockaddr *)&address, on_connect);
    if (err != 0) {
        die("cannot connect", err);
    }
}

static bool is_over(const struct load *load)
{
    return load->end_ns != 0 && uv_hrtime() >= load->end_ns && load->sent >= load->due &&
           load->answered + load->broken >= load->sent;
}

/* Requests that were due and got no answer have waited until now, at the least. */
static uint64_t count_unanswered(struct load *load)
{
    const double rate = load->options->rate;
    const uint64_t now = uv_hrtime();
    const uint64_t due = load->due > load->sent ? load->due : load->sent;

    for (uint64_t i = load->sent; i < due; i++) {
        histogram_add(&load->latency, now - load->start_ns - (uint64_t)((double)i * 1e9 / rate));
    }
    for (unsigned i = 0; i < load->options->connections; i++) {
        const struct connection *connection = &load->connections[i];
        if (connection->state == STATE_HEAD || connection->state == STATE_BODY) {
            histogram_add(&load->latency, now - connection->due_ns);
        }
    }
    return due > load->answered ? due - load->answered : 0;
}

static void load_run(struct load *load)
{
    (void)uv_loop_init(&load->loop);
    (void)uv_timer_init(&load->loop, &load->end);
    (void)uv_idle_init(&load->loop, &load->spin);
    load->spin.data = load;
    if (load->options->rate > 0) {
        (void)uv_idle_start(&load->spin, on_spin);
    }
    for (unsigned i = 0; i < load->options->connections; i++) {
        load->connections[i].load = load;
        connection_open(&load->connections[i]);
    }
    while (!is_over(load) && uv_run(&load->loop, UV_RUN_ONCE) != 0) {
        if (load->end_ns != 0 && uv_hrtime() > load->end_ns + GRACE_NS) {
            break;
        }
    }
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void load_close(struct load *load)
{
    uv_walk(&load->loop, close_handle, NULL);
    while (uv_run(&load->loop, UV_RUN_DEFAULT) != 0) {
    }
    (void)uv_loop_close(&load->loop);
}

static void load_print(struct load *load)
{
    const struct options *options = load->options;
    const uint64_t unanswered = count_unanswered(load);
    const double wall = (double)(uv_hrtime() - load->start_ns) / 1e9;
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    const double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"model\": \"%s\", \"connections\": %u, \"rate\": %.1f, \"seconds\": %.2f, ",
           options->rate > 0 ? "open" : "closed", options->connections, options->rate,
           options->seconds);
    printf("\"per_second\": %.1f, \"answered\": %llu, \"expected\": %llu, \"refused\": %llu, ",
           (double)load->measured / options->seconds, (unsigned long long)load->answered,
           (unsigned long long)load->expected, (unsigned long long)load->refused);
    printf("\"last_refusal\": %d, \"broken\": %llu, \"unanswered\": %llu, \"body_bytes\": %zu, ",
           load->last_refusal, (unsigned long long)load->broken, (unsigned long long)unanswered,
           load->body_bytes);
    printf("\"busy\": %.3f, \"latency_us\": ", cpu / wall);
    histogram_print(&load->latency, stdout);
    printf("}\n");
}

static void request_read(struct options *options, const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        die("cannot open the file of the request", 0);
    }
    options->request_length = fread(options->request, 1, sizeof(options->request), file);
    (void)fclose(file);
    for (size_t i = 0; i < options->request_length; i++) {
        size_t digits = 0;
        while (i + digits < options->request_length && options->request[i + digits] == 'N') {
            digits++;
        }
        if (digits >= NUMBER_DIGITS_MIN && options->number_count < NUMBERS_MAX) {
            options->numbers[options->number_count++] = (struct number){i, digits};
            i += digits;
        }
    }
}

static void usage(void)
{
    (void)fputs("usage: bench_generator --port PORT --request FILE [--connections N] [--rate R]\n"
                "                       [--seconds S] [--warmup S] [--expect TEXT]\n"
                "                       [--first N] [--cycle N]\n\n"
                "Sends the bytes of FILE; four or more Ns in it become the request's number,\n"
                "which counts from --first and starts anew after --cycle.\n"
                "--rate is requests a second (open model); without it the model is closed.\n",
                stderr);
    exit(2);
}

static struct options options_read(int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},    {"request", required_argument, NULL, 'f'},
        {"rate", required_argument, NULL, 'r'},    {"connections", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'}, {"warmup", required_argument, NULL, 'w'},
        {"expect", required_argument, NULL, 'e'},  {"first", required_argument, NULL, 'n'},
        {"cycle", required_argument, NULL, 'k'},   {NULL, 0, NULL, 0},
    };
    struct options options = {.connections = 1, .seconds = 1};
    int name = 0;

    while ((name = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (name) {
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'f':
            request_read(&options, optarg);
            break;
        case 'r':
            options.rate = strtod(optarg, NULL);
            break;
        case 'c':
            options.connections = (unsigned)atoi(optarg);
            break;
        case 's':
            options.seconds = strtod(optarg, NULL);
            break;
        case 'w':
            options.warmup_seconds = strtod(optarg, NULL);
            break;
        case 'e':
            options.expect = optarg;
            break;
        case 'n':
            options.first = strtoull(optarg, NULL, 10);
            break;
        case 'k':
            options.cycle = strtoull(optarg, NULL, 10);
            break;
        default:
            usage();
        }
    }
    if (options.port <= 0 || options.port > 65535 || options.request_length == 0 ||
        options.connections == 0 || options.connections > CONNECTIONS_MAX || options.seconds <= 0 ||
        options.warmup_seconds < 0 || options.rate < 0) {
        usage();
    }
    return options;
}

int main(int argc, char **argv)
{
    struct options options = options_read(argc, argv);
    struct load *load = calloc(1, sizeof(*load));
    struct connection *connections = calloc(options.connections, sizeof(*connections));

    if (load == NULL || connections == NULL) {
        die("out of memory", 0);
    }
    load->options = &options;
    load->connections = connections;
    load_run(load);
    load_print(load);
    load_close(load);
    free(connections);
    free(load);
    return EXIT_SUCCESS;
}
