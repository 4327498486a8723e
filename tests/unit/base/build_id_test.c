/* build_id_test.c - the running program tells what it was built from. */
#include "unit.h"

#include "base/build_id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void the_id_is_the_same_at_each_call(void **state)
{
    const struct slice first = build_id();
    const struct slice second = build_id();

    (void)state;
    assert_true(first.length >= 8);
    assert_true(slice_equals(first, second));
}

/* The linker writes the note into the file as it is in memory. */
static void the_id_is_in_the_program_file(void **state)
{
    enum { FILE_MAX_BYTES = 64 << 20 };
    const struct slice id = build_id();
    FILE *file = fopen("/proc/self/exe", "rb");
    char *bytes = malloc(FILE_MAX_BYTES);

    (void)state;
    assert_non_null(file);
    assert_non_null(bytes);
    const size_t length = fread(bytes, 1, FILE_MAX_BYTES, file);
    assert_non_null(memmem(bytes, length, id.data, id.length));
    free(bytes);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_is_the_same_at_each_call),
        cmocka_unit_test(the_id_is_in_the_program_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
