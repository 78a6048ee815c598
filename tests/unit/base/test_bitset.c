/* SPDX-License-Identifier: Apache-2.0
 *
 * test_bitset.c - sets against a plain array of bools
 */
#include "base/bitset.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BITS 150

static struct bitset *parsed(const char *text, size_t nbits)
{
    struct bitset *set = NULL;
    struct err err;

    if (bitset_parse(text, nbits, &set, &err) < 0)
        fail_msg("%s", err.text);
    return set;
}

static void a_text_parses_and_prints_the_same(void **state)
{
    static const struct {
        const char *in, *out;
        size_t count;
    } rows[] = {
        {"", "", 0},
        {"0", "0", 1},
        {"149", "149", 1},
        {"0-3,8", "0-3,8", 5},
        {"8,0-3", "0-3,8", 5},
        {"1,2,3", "1-3", 3},
        {"0-149", "0-149", 150},
        {"60-70,64", "60-70", 11},
        {"007", "7", 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(bitset_destroyp) struct bitset *set = parsed(rows[i].in, BITS);
        cleanup(freep) char *out = bitset_format(set);

        assert_string_equal(out, rows[i].out);
        assert_int_equal(bitset_count(set), rows[i].count);
    }
}

static void bad_text_is_refused_with_words(void **state)
{
    static const struct {
        const char *in, *words;
    } rows[] = {
        {"150", "150 is too large, there are 150"},
        {"3-1", "3-1 runs backwards"},
        {"1,", "unexpected ',' at character 2"},
        {",1", "a number is missing at character 1"},
        {"1,,2", "a number is missing at character 3"},
        {"1-", "a number is missing at character 3"},
        {"-1", "a number is missing at character 1"},
        {"1 2", "unexpected ' ' at character 2"},
        {"0x3", "unexpected 'x' at character 2"},
        {"18446744073709551616", "too large"},
        {"0-18446744073709551617", "too large"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct bitset *set = NULL;
        struct err err;

        assert_int_equal(bitset_parse(rows[i].in, BITS, &set, &err), -EINVAL);
        assert_null(set);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].in, err.text);
    }
}

static void a_set_without_bits_is_empty(void **state)
{
    cleanup(bitset_destroyp) struct bitset *set = parsed("", 0);

    (void)state;
    assert_int_equal(bitset_count(set), 0);
    assert_int_equal(bitset_next(set, 0), 0);
    assert_false(bitset_test(set, 0));
}

static void ranges_are_set_across_words(void **state)
{
    (void)state;
    for (size_t first = 0; first <= BITS; first += 7)
        for (size_t n = 0; n <= BITS - first; n += 13) {
            cleanup(bitset_destroyp) struct bitset *set = bitset_create(BITS);

            bitset_set_range(set, first, n);
            for (size_t i = 0; i < BITS; i++)
                assert_int_equal(bitset_test(set, i), i >= first && i < first + n);
        }
}

static void random_sets(unsigned *seed, struct bitset *set, bool *model)
{
    for (size_t i = 0; i < BITS; i++) {
        model[i] = rand_r(seed) % 3 == 0;
        if (model[i])
            bitset_set(set, i);
        else
            bitset_clear(set, i);
    }
}

static void check_operations(const struct bitset *a, const bool *ma,
                             const struct bitset *b, const bool *mb)
{
    bool is_subset = true, is_equal = true;
    size_t count = 0;

    for (size_t i = 0; i < BITS; i++) {
        count += ma[i];
        is_subset = is_subset && (!ma[i] || mb[i]);
        is_equal = is_equal && ma[i] == mb[i];
    }
    assert_int_equal(bitset_count(a), count);
    assert_int_equal(bitset_is_subset(a, b), is_subset);
    assert_int_equal(bitset_equals(a, b), is_equal);
}

/* 'a' becomes a subset of 'b', so that the answer is not always no. */
static void narrow(struct bitset *a, bool *ma, const bool *mb)
{
    for (size_t i = 0; i < BITS; i++) {
        ma[i] = ma[i] && mb[i];
        if (!ma[i])
            bitset_clear(a, i);
    }
}

static void operations_agree_with_a_plain_array(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < 50; round++) {
        cleanup(bitset_destroyp) struct bitset *a = bitset_create(BITS);
        cleanup(bitset_destroyp) struct bitset *b = bitset_create(BITS);
        bool ma[BITS], mb[BITS];

        random_sets(&seed, a, ma);
        random_sets(&seed, b, mb);
        check_operations(a, ma, b, mb);
        check_operations(a, ma, a, ma);
        narrow(a, ma, mb);
        check_operations(a, ma, b, mb);
        check_operations(b, mb, a, ma);
        bitset_copy(a, b);
        assert_true(bitset_equals(a, b));
    }
}

static void next_visits_each_bit_once(void **state)
{
    static const size_t expected[] = {0, 63, 64, 127, 149};
    cleanup(bitset_destroyp) struct bitset *set = parsed("0,63,64,127,149", BITS);
    size_t n = 0;

    (void)state;
    for (size_t i = bitset_next(set, 0); i < BITS; i = bitset_next(set, i + 1))
        assert_int_equal(i, expected[n++]);
    assert_int_equal(n, ARRAY_SIZE(expected));
    assert_int_equal(bitset_next(set, 1000), BITS);
}

static void destroying_nothing_is_fine(void **state)
{
    (void)state;
    bitset_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_parses_and_prints_the_same),
        cmocka_unit_test(bad_text_is_refused_with_words),
        cmocka_unit_test(a_set_without_bits_is_empty),
        cmocka_unit_test(ranges_are_set_across_words),
        cmocka_unit_test(operations_agree_with_a_plain_array),
        cmocka_unit_test(next_visits_each_bit_once),
        cmocka_unit_test(destroying_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
