/* disk_test.c - limits of room: read, crossed both ways, and what the store does about them. */
#include "library.h"

#include "base/clock.h"
#include "store/disk.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

enum { BLOCK = 4096 };

/* What the disk is told to have; read by the store's writer. */
static atomic_long free_blocks;
static atomic_int looks;
static atomic_int changes;
static atomic_int last_state;

static int pretend(const char *path, struct statvfs *ret_disk)
{
    (void)path;
    (void)atomic_fetch_add(&looks, 1);
    if (atomic_load(&free_blocks) < 0) {
        errno = EIO;
        return -1;
    }
    *ret_disk = (struct statvfs){
        .f_frsize = BLOCK,
        .f_blocks = 1000,
        .f_bfree = 1000,
        .f_bavail = (fsblkcnt_t)atomic_load(&free_blocks),
    };
    return 0;
}

static void on_change(void *arg, enum disk_state state, int64_t free_bytes)
{
    (void)arg;
    assert_int_equal(free_bytes, atomic_load(&free_blocks) * BLOCK);
    (void)atomic_fetch_add(&changes, 1);
    atomic_store(&last_state, state);
}

static struct disk_options options_of(const char *warn, const char *reserve)
{
    struct disk_options options = {.look = pretend, .on_change = on_change};

    atomic_store(&changes, 0);
    atomic_store(&looks, 0);
    assert_true(disk_limit_parse(warn, &options.warn));
    assert_true(disk_limit_parse(reserve, &options.reserve));
    return options;
}

static void limits_are_bytes_or_percents(void **state)
{
    static const char *const wrong[] = {
        "",   "%",  "-1",  "1.5%", "0%",  "91%",  "5%%", "5 %",
        "1G", " 5", "5% ", "0x10", "1e9", "100%", "+5",  "1234567890123456789"};
    struct disk_limit limit = {.bytes = 42};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(disk_limit_parse(wrong[i], &limit));
        assert_non_null(disk_limit_check(wrong[i]));
        assert_int_equal(limit.bytes, 42);
    }
    assert_true(disk_limit_parse("5%", &limit));
    assert_int_equal(limit.percent, 5);
    assert_true(disk_limit_parse("1073741824", &limit));
    assert_int_equal(limit.percent, 0);
    assert_int_equal(limit.bytes, 1073741824);
    assert_null(disk_limit_check("0"));
}

static void a_limit_is_left_with_some_more_room(void **state)
{
    const struct disk_options options = options_of("10%", "131072"); /* 100 blocks; 32 */
    static const struct {
        long blocks;
        enum disk_state state;
    } steps[] = {
        {500, DISK_ROOMY}, {100, DISK_ROOMY},  {99, DISK_LOW},      {105, DISK_LOW},
        {107, DISK_ROOMY}, {99, DISK_LOW},     {31, DISK_RESERVED}, {33, DISK_RESERVED},
        {35, DISK_LOW},    {0, DISK_RESERVED}, {900, DISK_ROOMY},
    };
    struct disk disk;

    (void)state;
    atomic_store(&free_blocks, 500);
    disk_init(&disk, &options, "/");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        atomic_store(&free_blocks, steps[i].blocks);
        disk_look(&disk, 0);
        assert_int_equal(disk.view.state, steps[i].state);
        assert_int_equal(disk.view.free_bytes, steps[i].blocks * BLOCK);
    }
    assert_int_equal(atomic_load(&changes), 7);
}

static void a_disk_is_looked_at_now_and_then(void **state)
{
    const struct disk_options options = options_of("0", "0");
    struct disk disk;

    (void)state;
    atomic_store(&free_blocks, 0);
    disk_init(&disk, &options, "/");
    const int64_t start = clock_boot_ms();
    for (int ms = 0; ms < 10000; ms++) {
        (void)disk_look_when_due(&disk, start + ms);
    }
    assert_in_range(atomic_load(&looks), 5, 6);
    assert_int_equal(disk.view.state, DISK_ROOMY); /* without limits nothing is too little */
}

static void a_disk_that_cannot_be_looked_at_stays_as_it_was(void **state)
{
    const struct disk_options options = options_of("10%", "5%");
    struct disk disk;

    (void)state;
    atomic_store(&free_blocks, 60);
    disk_init(&disk, &options, "/");
    atomic_store(&free_blocks, -1);
    disk_look(&disk, 0);
    assert_int_equal(disk.view.state, DISK_LOW);
    assert_int_equal(disk.view.free_bytes, 60 * BLOCK);
}

static void open_on_pretended_disk(struct library *library)
{
    struct store_options options = library_options(library);

    options.disk = options_of("10%", "5%");
    assert_ok(store_open(&options, library->arena, &library->store));
}

static void wait_for_state(struct library *library, enum disk_state state, bool read_only)
{
    for (int i = 0; i < 1000; i++) {
        if (store_disk(library->store).state == state &&
            (store_read_only(library->store) != NULL) == read_only) {
            return;
        }
        (void)usleep(10000);
    }
    fail_msg("the disk's state is %d", store_disk(library->store).state);
}

static void a_store_stops_writing_before_the_disk_is_full_and_comes_back(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;

    library_close(library);
    atomic_store(&free_blocks, 500);
    open_on_pretended_disk(library);
    assert_ok(book_create(library, "shelves/a/books/a", "A", 1));
    atomic_store(&free_blocks, 80);
    wait_for_state(library, DISK_LOW, false); /* also without writes */
    assert_ok(book_create(library, "shelves/a/books/b", "B", 1));
    atomic_store(&free_blocks, 40);
    wait_for_state(library, DISK_RESERVED, true);
    assert_non_null(strstr(store_read_only(library->store), "nearly full"));
    assert_status(book_create(library, "shelves/a/books/c", "C", 1), STATUS_UNAVAILABLE,
                  "STORE_READ_ONLY");
    assert_ok(book_get(library, "shelves/a/books/b", 0, &book));
    atomic_store(&free_blocks, 52); /* not yet: the slack */
    const int before = atomic_load(&looks);
    while (atomic_load(&looks) - before < 2) { /* the second comes when the first was judged */
        (void)usleep(10000);
    }
    assert_non_null(store_read_only(library->store));
    atomic_store(&free_blocks, 500);
    wait_for_state(library, DISK_ROOMY, false);
    assert_ok(book_create(library, "shelves/a/books/c", "C", 1));
    assert_int_equal(atomic_load(&last_state), DISK_ROOMY);
}

static void a_store_opened_without_its_reserve_only_reads(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;

    assert_ok(book_create(library, "shelves/a/books/a", "A", 1));
    library_close(library);
    atomic_store(&free_blocks, 1);
    open_on_pretended_disk(library);
    assert_non_null(store_read_only(library->store));
    assert_ok(book_get(library, "shelves/a/books/a", 0, &book));
    atomic_store(&free_blocks, 500);
    wait_for_state(library, DISK_ROOMY, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_bytes_or_percents),
        cmocka_unit_test(a_limit_is_left_with_some_more_room),
        cmocka_unit_test(a_disk_is_looked_at_now_and_then),
        cmocka_unit_test(a_disk_that_cannot_be_looked_at_stays_as_it_was),
        cmocka_unit_test_setup_teardown(
            a_store_stops_writing_before_the_disk_is_full_and_comes_back, library_setup,
            library_teardown),
        cmocka_unit_test_setup_teardown(a_store_opened_without_its_reserve_only_reads,
                                        library_setup, library_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
