/* idempotency_test.c - one key, at most one effect, and every retry gets the first answer. */
#include "library.h"

#include <pthread.h>

OWN_REASON(ANY, ABORTED);

#define NAME "shelves/a/books/one"

static struct job keyed(struct library *library, struct status (*act)(struct job *, struct tx *),
                        const char *key, uint8_t request)
{
    struct job job = job_make(library, act, NAME);

    job.write.idempotency_key = key;
    job.write.request_hash[0] = request;
    return job;
}

static void assert_same_answer(const struct job *first, const struct job *again)
{
    assert_true(again->write.replayed);
    assert_int_equal(again->runs, 0);
    assert_int_equal(again->write.answer.length, first->write.answer.length);
    assert_memory_equal(again->write.answer.data, first->write.answer.data,
                        first->write.answer.length);
}

static void a_retry_gets_the_first_answer_and_has_no_effect(void **state)
{
    struct library *library = *state;
    struct job first = keyed(library, act_create, "k", 1);
    struct job again = keyed(library, act_create, "k", 1);

    assert_ok(job_run(library, &first));
    assert_false(first.write.replayed);
    assert_ok(book_update(library, NAME, "later", 9));
    assert_ok(job_run(library, &again));
    assert_same_answer(&first, &again);
    assert_int_equal(again.write.version.seq, 2);
}

static void a_retry_after_a_restart_gets_the_first_answer(void **state)
{
    struct library *library = *state;
    struct job first = keyed(library, act_create, "k", 1);
    struct job again = keyed(library, act_create, "k", 1);

    assert_ok(job_run(library, &first));
    library_reopen(library);
    assert_ok(job_run(library, &again));
    assert_same_answer(&first, &again);
}

static void equal_keys_in_one_group_run_once(void **state)
{
    struct library *library = *state;
    enum { JOBS = 20 };
    struct job jobs[JOBS];
    unsigned runs = 0;

    for (int i = 0; i < JOBS; i++) {
        jobs[i] = keyed(library, act_create, "k", 1);
        assert_ok(job_start(library, &jobs[i]));
    }
    for (int i = 0; i < JOBS; i++) {
        assert_ok(job_wait(&jobs[i]));
        runs += jobs[i].runs;
        assert_int_equal(jobs[i].write.answer.length, jobs[0].write.answer.length);
        assert_memory_equal(jobs[i].write.answer.data, jobs[0].write.answer.data,
                            jobs[0].write.answer.length);
    }
    assert_int_equal(runs, 1);
    assert_int_equal(store_version(library->store).seq, 1);
}

static void a_key_of_another_request_is_refused(void **state)
{
    struct library *library = *state;
    struct job first = keyed(library, act_create, "k", 1);
    struct job other = keyed(library, act_update, "k", 2);

    assert_ok(job_run(library, &first));
    assert_status(job_run(library, &other), STATUS_INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED");
    assert_int_equal(other.runs, 0);
    assert_false(other.write.replayed);
}

static void keys_are_each_callers_own(void **state)
{
    struct library *library = *state;
    struct job first = keyed(library, act_create, "k", 1);
    struct job other = keyed(library, act_update, "k", 1);

    other.write.caller = "binh";
    assert_ok(job_run(library, &first));
    assert_ok(job_run(library, &other));
    assert_int_equal(other.runs, 1);
}

static void a_refusal_is_replayed_with_its_details(void **state)
{
    struct library *library = *state;
    struct job first = keyed(library, act_create_then_fail, "k", 1);
    struct job again = keyed(library, act_create, "k", 1);
    Library__Book *book = NULL;

    assert_status(job_run(library, &first), STATUS_FAILED_PRECONDITION, "SHELF_FULL");
    assert_status(job_run(library, &again), STATUS_FAILED_PRECONDITION, "SHELF_FULL");
    assert_same_answer(&first, &again);
    assert_status(book_get(library, NAME, 0, &book), STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    library_reopen(library);
    again = keyed(library, act_create, "k", 1);
    assert_status(job_run(library, &again), STATUS_FAILED_PRECONDITION, "SHELF_FULL");
    assert_same_answer(&first, &again);
}

static struct status act_fail_as(struct job *job, struct tx *tx)
{
    TRY(act_create(job, tx));
    return status_as((enum status_code)job->pages, status_of(REASON_ANY, "no"));
}

static void an_outcome_that_may_change_is_not_kept(void **state)
{
    struct library *library = *state;
    static const enum status_code codes[] = {STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED,
                                             STATUS_RESOURCE_EXHAUSTED, STATUS_CANCELLED,
                                             STATUS_INTERNAL};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct job failing = keyed(library, act_fail_as, "k", 1);
        failing.pages = codes[i];
        assert_status(job_run(library, &failing), codes[i], "ANY");
    }
    struct job first = keyed(library, act_create, "k", 1);
    assert_ok(job_run(library, &first));
    assert_int_equal(first.runs, 1);
    assert_int_equal(store_version(library->store).seq, 1);
}

static void an_empty_key_is_none(void **state)
{
    struct library *library = *state;
    struct job first = keyed(library, act_create, "", 1);
    struct job again = keyed(library, act_create, "", 1);

    assert_ok(job_run(library, &first));
    assert_status(job_run(library, &again), STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS");
    assert_int_equal(again.runs, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(a_retry_gets_the_first_answer_and_has_no_effect),
        T(a_retry_after_a_restart_gets_the_first_answer),
        T(equal_keys_in_one_group_run_once),
        T(a_key_of_another_request_is_refused),
        T(keys_are_each_callers_own),
        T(a_refusal_is_replayed_with_its_details),
        T(an_outcome_that_may_change_is_not_kept),
        T(an_empty_key_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
