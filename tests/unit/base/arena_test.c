/* arena_test.c - tests arena.c. */
#include "unit.h"

#include "base/arena.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_BYTES = 1 << 20 };

static void memory_is_zeroed_also_after_a_reset(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);

    (void)state;
    for (int round = 0; round < 3; round++) {
        unsigned char *memory = arena_alloc(arena, 1000);
        for (size_t i = 0; i < 1000; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xff, 1000);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void every_allocation_is_aligned(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);

    (void)state;
    for (size_t size = 0; size < 100; size++) {
        void *memory = arena_alloc(arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
    }
    arena_free(arena);
}

static void growth_past_the_limit_is_served_and_remembered_until_a_reset(void **state)
{
    struct arena *arena = arena_new(4096);

    (void)state;
    memset(arena_alloc(arena, 4096), 1, 4096);
    assert_false(arena_exhausted(arena));
    char *past = arena_alloc(arena, 10000);
    assert_true(arena_exhausted(arena));
    assert_int_equal(past[9999], 0);
    memset(past, 1, 10000);
    assert_string_equal(arena_strdup(arena, "whole"), "whole");
    assert_int_equal(((char *)arena_array(arena, 10, 10))[99], 0);
    arena_reset(arena);
    assert_false(arena_exhausted(arena));
    (void)arena_alloc(arena, 16);
    assert_false(arena_exhausted(arena));
    arena_free(arena);
}

static void a_small_allocation_does_not_make_good_a_large_one(void **state)
{
    struct arena *arena = arena_new(4096);

    (void)state;
    (void)arena_alloc(arena, 5000);
    assert_true(arena_exhausted(arena));
    (void)arena_alloc(arena, 1);
    assert_true(arena_exhausted(arena));
    arena_free(arena);
}

static void room_is_asked_for_without_taking_it(void **state)
{
    struct arena *arena = arena_new(4096);

    (void)state;
    assert_true(arena_has_room(arena, 4096));
    assert_int_equal(arena_used_bytes(arena), 0);
    assert_false(arena_has_room(arena, SIZE_MAX));
    assert_true(arena_exhausted(arena));
    assert_false(arena_has_room(arena, 1));
    arena_free(arena);
}

static void a_text_that_grows_in_every_round_stays_short_past_the_limit(void **state)
{
    enum { LIMIT = 4096, ROUNDS = 5000 };
    struct arena *arena = arena_new(LIMIT);
    const char *text = "";

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        text = arena_printf(arena, "%s, %d", text, i);
    }
    assert_true(arena_exhausted(arena));
    assert_int_equal(strlen(text), 255);
    assert_true(arena_used_bytes(arena) <= LIMIT + ROUNDS * 256);
    arena_free(arena);
}

/* How the process ends that does this. */
static void assert_ends(void (*act)(struct arena *arena))
{
    struct rlimit none = {0};
    int ends[2];
    char line[256] = "";
    int state = 0;

    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct arena *arena = arena_new(LIMIT_BYTES);

        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        act(arena);
        _exit(0);
    }
    (void)close(ends[1]);
    assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &state, 0), child);
    assert_true(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT);
    assert_non_null(strstr(line, "\"event\":\"out_of_memory\""));
}

static void ask_for_all(struct arena *arena)
{
    (void)arena_alloc(arena, SIZE_MAX);
}

static void ask_for_more_than_all(struct arena *arena)
{
    (void)arena_array(arena, SIZE_MAX / 2, 3);
}

static void a_size_that_no_memory_has_ends_the_process(void **state)
{
    (void)state;
    assert_ends(ask_for_all);
    assert_ends(ask_for_more_than_all);
}

static void a_large_allocation_gets_a_chunk_of_its_own(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    char *small = arena_alloc(arena, 10);
    char *large = arena_alloc(arena, 900000);

    (void)state;
    memset(large, 1, 900000);
    assert_int_equal(small[9], 0);
    arena_reset(arena);
    assert_int_equal(arena_used_bytes(arena), 0);
    assert_non_null(arena_alloc(arena, 900000));
    arena_free(arena);
}

static void printf_and_copies_end_with_nul(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    const struct slice part = {.data = "abcdef", .length = 3};

    (void)state;
    assert_string_equal(arena_printf(arena, "%s-%d", "x", 7), "x-7");
    assert_string_equal(arena_copy(arena, part), "abc");
    assert_string_equal(arena_strdup(arena, "tỉnh"), "tỉnh");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_also_after_a_reset),
        cmocka_unit_test(every_allocation_is_aligned),
        cmocka_unit_test(growth_past_the_limit_is_served_and_remembered_until_a_reset),
        cmocka_unit_test(a_small_allocation_does_not_make_good_a_large_one),
        cmocka_unit_test(room_is_asked_for_without_taking_it),
        cmocka_unit_test(a_text_that_grows_in_every_round_stays_short_past_the_limit),
        cmocka_unit_test(a_size_that_no_memory_has_ends_the_process),
        cmocka_unit_test(a_large_allocation_gets_a_chunk_of_its_own),
        cmocka_unit_test(printf_and_copies_end_with_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
