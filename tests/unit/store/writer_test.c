/* writer_test.c - group commit: many threads, failures beside successes, limits, and kill -9. */
#include "library.h"

#include "base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, WRITES = 25 };

struct worker {
    struct library *library;
    int number;
    int failures;
    int out; /* kill test: names that were acknowledged go here; -1: none */
    pthread_t thread;
};

static void *write_many(void *arg)
{
    struct worker *worker = arg;
    struct arena *arena = arena_new(1 << 20);
    struct library own = *worker->library;
    uint64_t last_seq = 0;

    own.arena = arena;
    for (int i = 0; i < WRITES || worker->out >= 0; i++) {
        char name[64];
        arena_reset(arena);
        (void)snprintf(name, sizeof(name), "shelves/a/books/t%d-%d", worker->number, i);
        struct job job = job_make(&own, act_create, name);
        const struct status status = job_run(&own, &job);
        worker->failures += status.code != STATUS_OK || job.write.version.seq <= last_seq;
        last_seq = job.write.version.seq;
        if (worker->out >= 0 && status.code == STATUS_OK &&
            write(worker->out, name, sizeof(name)) != sizeof(name)) {
            break;
        }
    }
    arena_free(arena);
    return NULL;
}

static void many_threads_write_and_nothing_is_lost(void **state)
{
    struct library *library = *state;
    struct worker workers[THREADS];
    const struct list_request request = {.page = {.parent = "shelves/a", .page_size = 1000}};
    const char *titles = NULL;
    const char *token = NULL;
    uint64_t entries = 0;

    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.library = library, .number = i, .out = -1};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, write_many, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].failures, 0);
    }
    assert_int_equal(store_version(library->store).seq, THREADS * WRITES);
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_int_equal(strlen(titles), 2 * THREADS * WRITES - 1);
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, THREADS * WRITES);
}

/* Blocks the writer's thread until it is posted, so that what follows is one group. */
static sem_t gate;

static struct status act_wait(struct job *job, struct tx *tx)
{
    (void)job;
    (void)tx;
    while (sem_wait(&gate) != 0) {
    }
    return STATUS_NONE;
}

static void gate_open(void)
{
    (void)sem_post(&gate);
}

static struct job gate_close(struct library *library)
{
    (void)sem_init(&gate, 0, 0);
    return job_make(library, act_wait, "");
}

static void a_failed_write_leaves_its_neighbours_alone(void **state)
{
    struct library *library = *state;
    struct job waiting = gate_close(library);
    struct job before = job_make(library, act_create, "shelves/a/books/before");
    struct job failing = job_make(library, act_create_then_fail, "shelves/a/books/failing");
    struct job after = job_make(library, act_create, "shelves/a/books/after");
    Library__Book *book = NULL;
    uint64_t entries = 0;

    assert_ok(job_start(library, &waiting));
    assert_ok(job_start(library, &before));
    assert_ok(job_start(library, &failing));
    assert_ok(job_start(library, &after));
    gate_open();
    assert_ok(job_wait(&waiting));
    assert_ok(job_wait(&before));
    assert_status(job_wait(&failing), STATUS_FAILED_PRECONDITION, "SHELF_FULL");
    assert_ok(job_wait(&after));
    assert_int_equal(after.write.version.seq, 2);
    assert_status(book_get(library, "shelves/a/books/failing", 0, &book), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    assert_ok(book_get(library, "shelves/a/books/after", 0, &book));
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, 2);
}

static void validate_only_answers_and_stores_nothing(void **state)
{
    struct library *library = *state;
    struct job job = job_make(library, act_create, "shelves/a/books/one");
    Library__Book *book = NULL;

    job.write.validate_only = true;
    job.write.idempotency_key = "key";
    assert_ok(job_run(library, &job));
    assert_true(job.write.answer.length > 0);
    assert_string_equal(job.book->title, "T");
    assert_int_equal(job.write.version.seq, 0);
    assert_status(book_get(library, "shelves/a/books/one", 0, &book), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    job.write.validate_only = false;
    assert_ok(job_run(library, &job));
    assert_false(job.write.replayed);
    assert_int_equal(job.write.version.seq, 1);
}

static void a_write_past_its_deadline_is_not_run(void **state)
{
    struct library *library = *state;
    struct job waiting = gate_close(library);
    struct job late = job_make(library, act_create, "shelves/a/books/late");
    struct job in_time = job_make(library, act_create, "shelves/a/books/in-time");

    late.write.deadline_boot_ms = clock_boot_ms() + 5;
    in_time.write.deadline_boot_ms = clock_boot_ms() + 60000;
    assert_ok(job_start(library, &waiting));
    (void)usleep(50000);
    assert_ok(job_start(library, &late));
    assert_ok(job_start(library, &in_time));
    gate_open();
    assert_ok(job_wait(&waiting));
    assert_status(job_wait(&late), STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_int_equal(late.runs, 0);
    assert_ok(job_wait(&in_time));
}

static void a_full_queue_refuses_at_once(void **state)
{
    struct library *library = *state;
    struct store_options options = library_options(library);
    struct job waiting = gate_close(library);
    struct job jobs[4];

    library_close(library);
    options.queue_max = 3;
    assert_ok(store_open(&options, library->arena, &library->store));
    assert_ok(job_start(library, &waiting));
    (void)usleep(50000); /* it is taken; the queue is empty */
    for (int i = 0; i < 3; i++) {
        jobs[i] =
            job_make(library, act_create, arena_printf(library->arena, "shelves/a/books/b%d", i));
        assert_ok(job_start(library, &jobs[i]));
    }
    jobs[3] = job_make(library, act_create, "shelves/a/books/b3");
    assert_status(job_start(library, &jobs[3]), STATUS_RESOURCE_EXHAUSTED, "QUEUE_FULL");
    gate_open();
    for (int i = 0; i < 3; i++) {
        assert_ok(job_wait(&jobs[i]));
    }
    assert_int_equal(jobs[3].answers, 0);
}

static void closing_commits_what_is_queued(void **state)
{
    struct library *library = *state;
    struct job waiting = gate_close(library);
    struct job job = job_make(library, act_create, "shelves/a/books/one");
    Library__Book *book = NULL;

    assert_ok(job_start(library, &waiting));
    assert_ok(job_start(library, &job));
    gate_open();
    library_reopen(library);
    assert_int_equal(job.answers, 1);
    assert_ok(job.write.status);
    assert_ok(book_get(library, "shelves/a/books/one", 0, &book));
    assert_int_equal(store_version(library->store).seq, 1);
}

static void a_reader_sees_a_write_once_it_was_answered(void **state)
{
    struct library *library = *state;
    struct tx before;
    struct tx after;
    void *book = NULL;

    assert_ok(book_create(library, "shelves/a/books/one", "A", 1));
    assert_ok(store_read_begin(library->store, library->arena, &before));
    const uint64_t seq = before.version.seq;
    assert_int_equal(seq, 1);
    assert_ok(book_update(library, "shelves/a/books/one", "B", 1));
    /* The snapshot stands still, with its version. */
    assert_ok(resource_get(&before, &book_kind, "shelves/a/books/one", &book));
    assert_string_equal(((Library__Book *)book)->title, "A");
    store_read_end(&before);
    assert_ok(store_read_begin(library->store, library->arena, &after));
    assert_int_equal(after.version.seq, 2);
    assert_int_equal(after.version.hash, store_version(library->store).hash);
    assert_ok(resource_get(&after, &book_kind, "shelves/a/books/one", &book));
    assert_string_equal(((Library__Book *)book)->title, "B");
    store_read_end(&after);
}

static void the_log_is_moved_into_the_file_while_readers_come_and_go(void **state)
{
    struct library *library = *state;
    const char *log = arena_printf(library->arena, "%s-wal", library_file(library));
    struct library own = *library;
    Library__Book *book = NULL;

    own.arena = arena_new(16 << 20);
    for (int i = 0; i < 40; i++) {
        arena_reset(own.arena);
        struct job job =
            job_make(&own, act_create, arena_printf(own.arena, "shelves/a/books/b%d", i));
        job.scan_bytes = 500000;
        assert_ok(job_run(&own, &job));
        assert_ok(book_get(&own, job.name, 0, &book));
    }
    arena_free(own.arena);
    FILE *file = fopen(log, "re");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long bytes = ftell(file);
    (void)fclose(file);
    /* Twice 20 MB were written through it. */
    assert_true(bytes < 12L << 20);
}

/* The child: writes on several threads until it is killed. */
_Noreturn static void write_until_killed(struct library *library, int out)
{
    struct worker workers[4];

    library_open(library);
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){.library = library, .number = i, .out = out};
        if (pthread_create(&workers[i].thread, NULL, write_many, &workers[i]) != 0) {
            _exit(1);
        }
    }
    (void)pause();
    _exit(1);
}

static void every_answered_write_is_there_after_kill_9(void **state)
{
    struct library *library = *state;
    enum { ACKNOWLEDGED = 200 };
    char name[64];
    int ends[2];
    Library__Book *book = NULL;
    uint64_t entries = 0;
    size_t count = 0;

    library_close(library);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        write_until_killed(library, ends[1]);
    }
    assert_true(child > 0);
    (void)close(ends[1]);
    char *names = arena_alloc(library->arena, 4 * ACKNOWLEDGED * sizeof(name));
    while (read(ends[0], name, sizeof(name)) == sizeof(name) && count < 4 * (size_t)ACKNOWLEDGED) {
        memcpy(names + count * sizeof(name), name, sizeof(name));
        if (++count == ACKNOWLEDGED) {
            (void)kill(child, SIGKILL);
        }
    }
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ends[0]);
    assert_true(count >= ACKNOWLEDGED);
    library_open(library);
    for (size_t i = 0; i < count; i++) {
        assert_ok(book_get(library, names + i * sizeof(name), 0, &book));
    }
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_true(entries >= count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(many_threads_write_and_nothing_is_lost),
        T(a_failed_write_leaves_its_neighbours_alone),
        T(validate_only_answers_and_stores_nothing),
        T(a_write_past_its_deadline_is_not_run),
        T(a_full_queue_refuses_at_once),
        T(closing_commits_what_is_queued),
        T(a_reader_sees_a_write_once_it_was_answered),
        T(the_log_is_moved_into_the_file_while_readers_come_and_go),
        T(every_answered_write_is_there_after_kill_9),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
