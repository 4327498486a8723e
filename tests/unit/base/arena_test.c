/* arena_test.c - tests arena.c. */
#include "unit.h"

#include "base/arena.h"

#include <string.h>

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

static void growth_past_the_limit_is_refused(void **state)
{
    struct arena *arena = arena_new(4096);

    (void)state;
    assert_non_null(arena_alloc(arena, 4096));
    assert_null(arena_alloc(arena, 1));
    arena_reset(arena);
    assert_non_null(arena_alloc(arena, 16));
    assert_null(arena_alloc(arena, 4096));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_array(arena, SIZE_MAX / 2, 3));
    arena_free(arena);
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
        cmocka_unit_test(growth_past_the_limit_is_refused),
        cmocka_unit_test(a_large_allocation_gets_a_chunk_of_its_own),
        cmocka_unit_test(printf_and_copies_end_with_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
