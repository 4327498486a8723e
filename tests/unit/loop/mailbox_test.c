/* mailbox_test.c - tests mailbox.c. */
#include "unit.h"

#include "loop/mailbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { POSTERS = 4, LETTERS_EACH = 5000 };

struct note {
    struct letter letter;
    struct mailbox *box;
    int number;
};

static int delivered_numbers[16];
static int delivered_count;

static void on_note(struct letter *letter)
{
    struct note *note = (struct note *)letter;

    delivered_numbers[delivered_count++] = note->number;
}

static void on_closing_note(struct letter *letter)
{
    struct note *note = (struct note *)letter;

    on_note(letter);
    mailbox_close(note->box);
}

static void letters_arrive_in_order_of_posting(void **state)
{
    struct mailbox *box = NULL;
    struct note notes[5];
    uv_loop_t loop;

    (void)state;
    delivered_count = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(mailbox_open(&loop, &box), 0);
    for (int i = 0; i < 5; i++) {
        notes[i] = (struct note){.letter.deliver = on_note, .box = box, .number = i};
        assert_int_equal(mailbox_post(box, &notes[i].letter), 0);
    }
    assert_int_equal(delivered_count, 0);
    (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(delivered_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(delivered_numbers[i], i);
    }
    mailbox_close(box);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void letters_posted_before_the_close_are_delivered_by_it(void **state)
{
    struct mailbox *box = NULL;
    struct note note = {.letter.deliver = on_note, .number = 7};
    uv_loop_t loop;

    (void)state;
    delivered_count = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(mailbox_open(&loop, &box), 0);
    assert_int_equal(mailbox_post(box, &note.letter), 0);
    mailbox_close(box);
    assert_int_equal(delivered_count, 1);
    assert_int_equal(mailbox_post(box, &note.letter), UV_ECANCELED);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(delivered_count, 1);
}

static void a_letter_that_closes_the_box_does_not_overtake_others(void **state)
{
    struct mailbox *box = NULL;
    struct note notes[3];
    uv_loop_t loop;

    (void)state;
    delivered_count = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(mailbox_open(&loop, &box), 0);
    for (int i = 0; i < 3; i++) {
        notes[i] = (struct note){
            .letter.deliver = i == 0 ? on_closing_note : on_note, .box = box, .number = i};
        assert_int_equal(mailbox_post(box, &notes[i].letter), 0);
    }
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(delivered_count, 3);
    assert_int_equal(delivered_numbers[1], 1);
    assert_int_equal(delivered_numbers[2], 2);
    assert_int_equal(uv_loop_close(&loop), 0);
}

struct count {
    struct mailbox *box;
    int arrived; /* loop thread only */
    pthread_mutex_t lock;
    int refused;
};

struct counted {
    struct letter letter;
    struct count *count;
};

static void on_counted(struct letter *letter)
{
    struct counted *counted = (struct counted *)letter;

    counted->count->arrived++;
    if (counted->count->arrived == POSTERS * LETTERS_EACH) {
        mailbox_close(counted->count->box);
    }
    free(counted);
}

static void *poster_run(void *arg)
{
    struct count *count = arg;

    for (int i = 0; i < LETTERS_EACH; i++) {
        struct counted *counted = calloc(1, sizeof(*counted));
        counted->letter.deliver = on_counted;
        counted->count = count;
        if (mailbox_post(count->box, &counted->letter) != 0) {
            pthread_mutex_lock(&count->lock);
            count->refused++;
            pthread_mutex_unlock(&count->lock);
            free(counted);
        }
    }
    return NULL;
}

static void no_letter_of_many_threads_is_lost(void **state)
{
    struct count count = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[POSTERS];
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(mailbox_open(&loop, &count.box), 0);
    for (int i = 0; i < POSTERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, poster_run, &count), 0);
    }
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(count.arrived, POSTERS * LETTERS_EACH);
    assert_int_equal(count.refused, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_arrive_in_order_of_posting),
        cmocka_unit_test(letters_posted_before_the_close_are_delivered_by_it),
        cmocka_unit_test(a_letter_that_closes_the_box_does_not_overtake_others),
        cmocka_unit_test(no_letter_of_many_threads_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
