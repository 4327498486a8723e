/* siphash_test.c - the reference's values, and those of libcrypto for every length. */
#include "unit.h"

#include "base/siphash.h"

#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

enum { KEY_BYTES = 16, HASH_BYTES = 8, LONGEST = 600 };

/* As the reference: the key is the bytes 0 to 15, and the text is 0, 1, 2 and so on. */
static uint8_t key[KEY_BYTES];
static uint8_t text[LONGEST];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEY_BYTES; i++) {
        key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < LONGEST; i++) {
        text[i] = (uint8_t)i;
    }
    return 0;
}

static uint64_t ours(size_t length)
{
    uint64_t words[2];

    memcpy(words, key, KEY_BYTES);
    words[0] = le64toh(words[0]);
    words[1] = le64toh(words[1]);
    return siphash(words, (struct slice){(const char *)text, length});
}

static uint64_t of_libcrypto(size_t length)
{
    unsigned compression_rounds = 1;
    unsigned final_rounds = 3;
    size_t size = HASH_BYTES;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &compression_rounds),
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &final_rounds),
        OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_SIPHASH, NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    uint64_t hash = 0;
    size_t written = 0;

    assert_int_equal(EVP_MAC_init(context, key, sizeof(key), parameters), 1);
    assert_int_equal(EVP_MAC_update(context, text, length), 1);
    assert_int_equal(EVP_MAC_final(context, (unsigned char *)&hash, &written, sizeof(hash)), 1);
    assert_int_equal(written, HASH_BYTES);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return le64toh(hash);
}

static void the_values_are_those_of_the_reference(void **state)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } vectors[] = {
        {0, UINT64_C(0xabac0158050fc4dc)},  {1, UINT64_C(0xc9f49bf37d57ca93)},
        {2, UINT64_C(0x82cb9b024dc7d44d)},  {3, UINT64_C(0x8bf80ab8e7ddf7fb)},
        {4, UINT64_C(0xcf75576088d38328)},  {5, UINT64_C(0xdef9d52f49533b67)},
        {6, UINT64_C(0xc50d2b50c59f22a7)},  {7, UINT64_C(0xd3927d989bb11140)},
        {8, UINT64_C(0x369095118d299a8e)},  {9, UINT64_C(0x25a48eb36c063de4)},
        {15, UINT64_C(0xd320d86d2a519956)}, {16, UINT64_C(0xcc4fdd1a7d908b66)},
        {17, UINT64_C(0x9cf2689063dbd80c)}, {31, UINT64_C(0x2370dd1f8c21d1bc)},
        {32, UINT64_C(0x81157b6c16a7b60d)}, {33, UINT64_C(0x4d54b9e57a8ff9bf)},
        {63, UINT64_C(0x9d199062b7bbb3a8)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_true(ours(vectors[i].length) == vectors[i].hash);
    }
}

static void every_length_is_hashed_as_libcrypto_does(void **state)
{
    (void)state;
    for (size_t length = 0; length <= LONGEST; length++) {
        assert_true(ours(length) == of_libcrypto(length));
    }
}

static void another_key_gives_another_hash(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEY_BYTES; i++) {
        const uint64_t before = ours(9);
        key[i] ^= 0x10;
        assert_true(ours(9) != before);
        assert_true(ours(9) == of_libcrypto(9));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_values_are_those_of_the_reference, set_up),
        cmocka_unit_test_setup(every_length_is_hashed_as_libcrypto_does, set_up),
        cmocka_unit_test_setup(another_key_gives_another_hash, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
