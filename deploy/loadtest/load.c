/*
 * load.c - the generator's thread puts requests into the queue of one of the workers, chosen by the
 * lane, so that a lane keeps its order; a worker sends one request until it is answered:
 *
 *     queued -> sent --2xx, RESOURCE_EXISTS--> done
 *                 \--429, 503, no answer--> waits, as long as it was told, and is sent again
 *                 \--anything else, or too often--> failed
 *
 * All that is shared is guarded by one lock.
 */
#include "load.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUE_MAX = 8,
    SENDS_MAX = 20,
    PAUSE_FIRST_MS = 100,
    PAUSE_MAX_MS = 5000,
    FAILED_REQUESTS_MAX = 100, /* after these there is no sense in going on */
    SHOW_EVERY_MS = 200,
    SHOW_LINE_EVERY_MS = 10000,
    BAR_CHARACTERS = 30,
};

struct job {
    struct job *next;
    struct request request; /* its body is behind it */
};

struct worker {
    struct load *load;
    pthread_t thread;
    struct job *head;
    struct job **tail;
    unsigned queued;    /* with the one that is being sent */
    uint64_t lane;      /* of the last request, */
    bool lane_was_made; /* whose first resource had been made before */
    struct load_connection connection;
};

struct load {
    struct load_options options;
    pthread_mutex_t lock; /* guards all below, and the queues */
    pthread_cond_t changed;
    struct load_report report;
    bool closing;
    bool shown;
    int64_t started_ms;
    int64_t shown_ms;
    unsigned worker_count;
    struct worker workers[LOAD_CONNECTIONS_MAX];
};

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int64_t milliseconds)
{
    const struct timespec pause = {.tv_sec = (time_t)(milliseconds / 1000),
                                   .tv_nsec = (long)(milliseconds % 1000) * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* One line; on a terminal it is written over. The lock is held. */
static void show(struct load *load, bool last)
{
    const bool terminal = isatty(STDERR_FILENO) == 1;
    const int64_t now = now_ms();
    const uint64_t done = load->report.new_records + load->report.known_records;
    const uint64_t all = load->options.records_expected > done ? load->options.records_expected
                         : done > 0                            ? done
                                                               : 1;
    const double seconds = (double)(now - load->started_ms) / 1000;
    char bar[BAR_CHARACTERS + 1];

    if (load->options.quiet ||
        (!last && now - load->shown_ms < (terminal ? SHOW_EVERY_MS : SHOW_LINE_EVERY_MS))) {
        return;
    }
    load->shown_ms = now;
    for (unsigned i = 0; i < BAR_CHARACTERS; i++) {
        bar[i] = i < done * BAR_CHARACTERS / all || last ? '#' : '.';
    }
    bar[BAR_CHARACTERS] = '\0';
    const double rate = seconds > 0 ? (double)done / seconds : 0;
    const double left = rate > 0 ? (double)(all - done) / rate : 0;
    (void)fprintf(stderr,
                  "%s[%s] %3u %%  %" PRIu64 " records  %.0f/s  %.0f s left  %" PRIu64 " failed%s",
                  terminal ? "\r" : "", bar, last ? 100 : (unsigned)(done * 100 / all), done, rate,
                  last ? 0 : left, load->report.failed_requests, terminal && !last ? "  " : "\n");
}

enum outcome { OUTCOME_NEW, OUTCOME_KNOWN, OUTCOME_AGAIN, OUTCOME_FAILED };

static bool is_reason(const struct answer *answer, const char *reason)
{
    return slice_equals(answer_reason(answer), slice_from(reason));
}

static enum outcome outcome_of(struct worker *worker, const struct request *request)
{
    const struct answer *answer = &worker->connection.answer;

    if (answer->status < 300) {
        return answer->is_replayed ? OUTCOME_KNOWN : OUTCOME_NEW;
    }
    if (answer->status == 429 || answer->status == 503 || answer->status == 504) {
        return OUTCOME_AGAIN;
    }
    /* Keys are forgotten after some time; what they made is still there. */
    if (is_reason(answer, "RESOURCE_EXISTS")) {
        worker->lane_was_made = worker->lane_was_made || !request->may_exist;
        return OUTCOME_KNOWN;
    }
    static const char *const taken_before[] = {"STEP_NOT_POSSIBLE", "STAGE_NOT_POSSIBLE",
                                               "STATE_NOT_POSSIBLE"};
    for (size_t i = 0; i < sizeof(taken_before) / sizeof(taken_before[0]); i++) {
        if (worker->lane_was_made && is_reason(answer, taken_before[i])) {
            return OUTCOME_KNOWN;
        }
    }
    return OUTCOME_FAILED;
}

/* The lock is held. */
static void note_failure(struct load *load, const struct request *request,
                         const struct answer *answer)
{
    struct load_report *report = &load->report;

    if (report->failed_requests++ >= LOAD_FAILURES_KEPT) {
        return;
    }
    const struct slice reason = answer_reason(answer);
    const struct slice message = answer_message(answer);
    (void)snprintf(report->failures[report->failed_requests - 1], sizeof(report->failures[0]),
                   "POST %s: %d %.*s %.*s", request->path, answer->status, SLICE_ARGS(reason),
                   SLICE_ARGS(message));
}

/* Until it is answered for good; counts how often it was sent. */
static enum outcome deliver(struct worker *worker, const struct request *request,
                            unsigned *ret_sends)
{
    struct load_connection *connection = &worker->connection;
    int64_t pause = PAUSE_FIRST_MS;

    for (*ret_sends = 1;; (*ret_sends)++) {
        const bool answered =
            load_connection_post(connection, request->path, request->key, request->body);
        const enum outcome outcome = answered ? outcome_of(worker, request) : OUTCOME_AGAIN;
        if (!answered) {
            answer_clear(&connection->answer);
        }
        if (outcome != OUTCOME_AGAIN) {
            return outcome;
        }
        if (*ret_sends == SENDS_MAX) {
            return OUTCOME_FAILED;
        }
        const long asked = connection->answer.retry_after_seconds;
        pause_ms(asked >= 0 && asked * 1000 > pause ? asked * 1000 : pause);
        pause = 2 * pause < PAUSE_MAX_MS ? 2 * pause : PAUSE_MAX_MS;
    }
}

static void work(struct worker *worker, const struct request *request)
{
    struct load *load = worker->load;
    unsigned sends = 0;

    if (worker->lane != request->lane) {
        worker->lane = request->lane;
        worker->lane_was_made = false;
    }
    const enum outcome outcome = deliver(worker, request, &sends);
    (void)pthread_mutex_lock(&load->lock);
    load->report.requests++;
    load->report.repeated += sends - 1;
    if (outcome == OUTCOME_NEW) {
        load->report.new_records += request->records;
    } else if (outcome == OUTCOME_KNOWN) {
        load->report.known_records += request->records;
    } else {
        note_failure(load, request, &worker->connection.answer);
    }
    show(load, false);
    (void)pthread_mutex_unlock(&load->lock);
}

/* NULL once the load is closing and the queue empty. */
static struct job *next_job(struct worker *worker)
{
    struct load *load = worker->load;

    (void)pthread_mutex_lock(&load->lock);
    while (worker->head == NULL && !load->closing) {
        (void)pthread_cond_wait(&load->changed, &load->lock);
    }
    struct job *job = worker->head;
    if (job != NULL) {
        worker->head = job->next;
        if (worker->head == NULL) {
            worker->tail = &worker->head;
        }
    }
    (void)pthread_mutex_unlock(&load->lock);
    return job;
}

static void *worker_run(void *arg)
{
    struct worker *worker = arg;
    struct load *load = worker->load;

    for (struct job *job = next_job(worker); job != NULL; job = next_job(worker)) {
        work(worker, &job->request);
        free(job);
        (void)pthread_mutex_lock(&load->lock);
        worker->queued--;
        (void)pthread_cond_broadcast(&load->changed);
        (void)pthread_mutex_unlock(&load->lock);
    }
    return NULL;
}

static bool on_request(void *arg, const struct request *request)
{
    struct load *load = arg;
    struct worker *worker = &load->workers[random_mix(request->lane) % load->worker_count];
    struct job *job = malloc(sizeof(*job) + request->body.length);

    if (job == NULL) {
        return false;
    }
    char *body = (char *)(job + 1);
    *job = (struct job){.request = *request};
    memcpy(body, request->body.data, request->body.length);
    job->request.body.data = body;
    (void)pthread_mutex_lock(&load->lock);
    while (worker->queued == QUEUE_MAX) {
        (void)pthread_cond_wait(&load->changed, &load->lock);
    }
    *worker->tail = job;
    worker->tail = &job->next;
    worker->queued++;
    const bool goes_on = load->report.failed_requests < FAILED_REQUESTS_MAX;
    (void)pthread_cond_broadcast(&load->changed);
    (void)pthread_mutex_unlock(&load->lock);
    return goes_on;
}

static bool is_idle(const struct load *load)
{
    for (unsigned i = 0; i < load->worker_count; i++) {
        if (load->workers[i].queued > 0) {
            return false;
        }
    }
    return true;
}

static bool on_stage_end(void *arg)
{
    struct load *load = arg;

    (void)pthread_mutex_lock(&load->lock);
    while (!is_idle(load)) {
        (void)pthread_cond_wait(&load->changed, &load->lock);
    }
    /* What comes next refers to what failed. */
    const bool goes_on = load->report.failed_requests == 0;
    (void)pthread_mutex_unlock(&load->lock);
    return goes_on;
}

struct sink load_sink(struct load *load)
{
    return (struct sink){on_request, on_stage_end, load};
}

struct load *load_open(const struct load_options *options)
{
    struct load *load = calloc(1, sizeof(*load));

    if (load == NULL) {
        return NULL;
    }
    load->options = *options;
    load->started_ms = now_ms();
    load->shown_ms = load->started_ms;
    (void)pthread_mutex_init(&load->lock, NULL);
    (void)pthread_cond_init(&load->changed, NULL);
    for (unsigned i = 0; i < options->connections; i++) {
        struct worker *worker = &load->workers[load->worker_count];
        worker->load = load;
        worker->tail = &worker->head;
        worker->lane = UINT64_MAX;
        load_connection_open(&worker->connection, options->endpoint);
        if (pthread_create(&worker->thread, NULL, worker_run, worker) != 0) {
            struct load_report unused;
            load_connection_close(&worker->connection);
            load_close(load, &unused);
            return NULL;
        }
        load->worker_count++;
    }
    return load;
}

void load_close(struct load *load, struct load_report *ret_report)
{
    (void)pthread_mutex_lock(&load->lock);
    load->closing = true;
    (void)pthread_cond_broadcast(&load->changed);
    (void)pthread_mutex_unlock(&load->lock);
    for (unsigned i = 0; i < load->worker_count; i++) {
        (void)pthread_join(load->workers[i].thread, NULL);
        load_connection_close(&load->workers[i].connection);
    }
    load->report.seconds = (double)(now_ms() - load->started_ms) / 1000;
    show(load, true);
    *ret_report = load->report;
    (void)pthread_cond_destroy(&load->changed);
    (void)pthread_mutex_destroy(&load->lock);
    free(load);
}
