/* memory_cache_test.c - bounds, order of leaving, and what lives on. */
#include "unit.h"

#include "memory_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 64 << 10 };

static struct memory_cache *cache;

static int set_up(void **state)
{
    (void)state;
    cache = memory_cache_new(LIMIT_BYTES);
    return cache == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    memory_cache_free(cache);
    return 0;
}

/* With one user. */
static struct cache_entry *entry_of(const char *key, size_t body_bytes, uint64_t seq)
{
    char *body = malloc(body_bytes + 1);
    const struct cache_version version = {.backend = 1, .seq = seq, .hash = 5};
    const struct cache_parts parts = {
        .key = slice_from(key),
        .key_hash = memory_cache_hash(cache, slice_from(key)),
        .entity_tag = slice_from("\"t\""),
        .fields = slice_from("Vary: Accept\r\n"),
        .body = {body, body_bytes},
        .versions = &version,
        .version_count = 1,
    };

    assert_non_null(body);
    memset(body, 'x', body_bytes);
    struct cache_entry *entry = cache_entry_new(&parts);
    free(body);
    assert_non_null(entry);
    return entry;
}

static void put(const char *key, size_t body_bytes, uint64_t seq)
{
    struct cache_entry *entry = entry_of(key, body_bytes, seq);

    memory_cache_put(cache, entry);
    cache_entry_release(entry);
}

static struct cache_entry *find(const char *key)
{
    return memory_cache_find(cache, slice_from(key), memory_cache_hash(cache, slice_from(key)));
}

static void what_is_put_is_found_whole(void **state)
{
    (void)state;
    put("a", 100, 7);
    const struct cache_entry *entry = find("a");
    assert_non_null(entry);
    assert_int_equal(entry->parts.body.length, 100);
    assert_true(slice_is(entry->parts.entity_tag, "\"t\""));
    assert_true(slice_is(entry->parts.fields, "Vary: Accept\r\n"));
    assert_int_equal(entry->parts.version_count, 1);
    assert_int_equal(entry->parts.versions[0].seq, 7);
    assert_null(find("b"));
    assert_null(find(""));
    assert_int_equal(memory_cache_count(cache), 1);
    assert_int_equal(memory_cache_bytes(cache), entry->size);
}

static void a_newer_answer_takes_the_place_of_the_older(void **state)
{
    (void)state;
    put("a", 100, 7);
    put("a", 200, 8);
    assert_int_equal(find("a")->parts.versions[0].seq, 8);
    assert_int_equal(memory_cache_count(cache), 1);
    assert_int_equal(memory_cache_bytes(cache), find("a")->size);
}

static void the_bound_holds_whatever_is_put(void **state)
{
    char key[32];

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(key, sizeof(key), "key %u", i % 700);
        put(key, (i * 7919) % 9000, i);
        assert_true(memory_cache_bytes(cache) <= LIMIT_BYTES);
    }
    assert_true(memory_cache_count(cache) > 5);
}

static void the_least_used_leaves_first(void **state)
{
    char key[32];

    (void)state;
    put("used", 1000, 1);
    put("unused", 1000, 1);
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(key, sizeof(key), "key %u", i);
        put(key, 1000, 1);
        assert_non_null(find("used"));
    }
    assert_null(find("unused"));
    assert_null(find("key 0"));
    assert_non_null(find("key 199"));
}

static void what_is_too_large_is_not_kept_and_drives_nothing_out(void **state)
{
    (void)state;
    put("small", 100, 1);
    put("large", LIMIT_BYTES / 8, 1);
    assert_null(find("large"));
    assert_non_null(find("small"));
    put("small", LIMIT_BYTES / 2, 2); /* what was there is old in any case */
    assert_null(find("small"));
    assert_int_equal(memory_cache_bytes(cache), 0);
}

static void an_entry_in_use_outlives_its_place(void **state)
{
    (void)state;
    put("a", 100, 7);
    struct cache_entry *entry = find("a");
    cache_entry_hold(entry);
    put("a", 100, 8);
    assert_int_equal(entry->parts.versions[0].seq, 7);
    assert_int_equal(entry->parts.body.data[99], 'x');
    cache_entry_release(entry);
}

static void the_same_entry_can_be_put_twice(void **state)
{
    struct cache_entry *entry = entry_of("a", 10, 1);

    (void)state;
    memory_cache_put(cache, entry);
    memory_cache_put(cache, entry);
    assert_int_equal(memory_cache_count(cache), 1);
    cache_entry_release(entry);
    assert_non_null(find("a"));
}

static void without_bytes_nothing_is_kept(void **state)
{
    struct memory_cache *none = memory_cache_new(0);
    struct cache_entry *entry = entry_of("a", 0, 1);

    (void)state;
    memory_cache_put(none, entry);
    assert_int_equal(memory_cache_count(none), 0);
    cache_entry_release(entry);
    memory_cache_free(none);
}

static void hashes_are_of_all_bytes_and_of_a_secret(void **state)
{
    struct memory_cache *other = memory_cache_new(0);
    static const char text[] = "0123456789abcdefghij";

    (void)state;
    for (size_t length = 0; length < sizeof(text) - 1; length++) {
        const uint64_t hash = memory_cache_hash(cache, (struct slice){text, length});

        assert_true(hash != memory_cache_hash(cache, (struct slice){text, length + 1}));
        assert_true(hash == memory_cache_hash(cache, (struct slice){text, length}));
        assert_true(hash != memory_cache_hash(other, (struct slice){text, length}));
    }
    memory_cache_free(other);
}

#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CACHE(what_is_put_is_found_whole),
        WITH_CACHE(a_newer_answer_takes_the_place_of_the_older),
        WITH_CACHE(the_bound_holds_whatever_is_put),
        WITH_CACHE(the_least_used_leaves_first),
        WITH_CACHE(what_is_too_large_is_not_kept_and_drives_nothing_out),
        WITH_CACHE(an_entry_in_use_outlives_its_place),
        WITH_CACHE(the_same_entry_can_be_put_twice),
        WITH_CACHE(without_bytes_nothing_is_kept),
        WITH_CACHE(hashes_are_of_all_bytes_and_of_a_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
