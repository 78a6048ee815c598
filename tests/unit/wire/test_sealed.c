/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sealed.c - bytes on disk that only the key opens
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "wire/sealed.h"

static const char text[] = "a word that nobody reads";

static void what_was_sealed_is_opened_by_its_key_alone(void **state)
{
    uint8_t key[SEALED_KEY_BYTES], other[SEALED_KEY_BYTES];
    cleanup(freep) uint8_t *sealed = NULL;
    cleanup(freep) uint8_t *clear = NULL;
    size_t len, n;

    (void)state;
    sealed_make_key(key);
    sealed_make_key(other);
    sealed = sealed_make(key, text, strlen(text), &len);
    assert_null(memmem(sealed, len, "word", 4));
    clear = sealed_open(key, sealed, len, &n);
    assert_non_null(clear);
    assert_int_equal(n, strlen(text));
    assert_string_equal((const char *)clear, text);
    assert_null(sealed_open(other, sealed, len, &n));
}

static void twice_the_same_is_not_seen_to_be(void **state)
{
    uint8_t key[SEALED_KEY_BYTES];
    cleanup(freep) uint8_t *first = NULL;
    cleanup(freep) uint8_t *second = NULL;
    size_t n, m;

    (void)state;
    sealed_make_key(key);
    first = sealed_make(key, text, strlen(text), &n);
    second = sealed_make(key, text, strlen(text), &m);
    assert_int_equal(n, m);
    assert_memory_not_equal(first, second, n);
}

static void whatever_is_changed_or_cut_is_noticed(void **state)
{
    uint8_t key[SEALED_KEY_BYTES];
    cleanup(freep) uint8_t *sealed = NULL;
    size_t len, n;

    (void)state;
    sealed_make_key(key);
    sealed = sealed_make(key, text, strlen(text), &len);
    for (size_t i = 0; i < len; i++) {
        sealed[i] ^= 1;
        assert_null(sealed_open(key, sealed, len, &n));
        assert_null(sealed_open(key, sealed, i, &n));
        sealed[i] ^= 1;
    }
    assert_null(sealed_open(key, "{}", 2, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_opened_by_its_key_alone),
        cmocka_unit_test(twice_the_same_is_not_seen_to_be),
        cmocka_unit_test(whatever_is_changed_or_cut_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
