/* SPDX-License-Identifier: Apache-2.0
 *
 * test_index_set.c - completion indexes as intervals
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "spec/index_set.h"

static void a_text_is_read_and_written_in_its_shortest_form(void **state)
{
    static const struct {
        const char *text, *back;
        int64_t count;
    } good[] = {
        {"", "", 0},
        {"0", "0", 1},
        {"0,1,2,3,7", "0-3,7", 5},
        {"7,0-3", "0-3,7", 5},
        {"5-9,0-6", "0-9", 10},
        {"2-3,4-5", "2-5", 4},
        {"1-99999", "1-99999", 99999},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        cleanup(freep) char *back = NULL;
        struct index_set set;

        assert_int_equal(index_set_parse(good[i].text, &set, NULL), 0);
        back = index_set_format(&set);
        assert_string_equal(back, good[i].back);
        assert_int_equal(index_set_count(&set), good[i].count);
        index_set_fini(&set);
    }
}

static void a_wrong_part_is_named(void **state)
{
    static const char *const bad[] = {"3-1", "a",   "1,",          ",1",   "1-",
                                      "-1",  "1 2", "99999999999", "0-3:2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct index_set set;
        struct err err;

        assert_int_equal(index_set_parse(bad[i], &set, &err), -EINVAL);
        assert_non_null(strstr(err.text, "numbers and ranges such as 0-3,7"));
        assert_int_equal(set.n, 0);
    }
}

#define BITS 300

static void compare(const struct index_set *set, const struct bitset *bits)
{
    cleanup(freep) char *text = index_set_format(set), *again = NULL;
    struct index_set read;

    assert_int_equal(index_set_count(set), bitset_count(bits));
    for (size_t i = 0; i < BITS; i++)
        assert_int_equal(index_set_has(set, (int64_t)i), bitset_test(bits, i));
    for (size_t i = 1; i < set->n; i++)
        assert_true(set->ranges[i].first > set->ranges[i - 1].last + 1);
    assert_int_equal(index_set_parse(text, &read, NULL), 0);
    again = index_set_format(&read);
    assert_string_equal(again, text);
    index_set_fini(&read);
}

static void it_is_a_set_over_random_changes(void **state)
{
    cleanup(bitset_destroyp) struct bitset *bits = bitset_create(BITS);
    struct index_set set = {.n = 0};

    (void)state;
    srandom(6);
    for (int round = 0; round < 2000; round++) {
        size_t first = (size_t)random() % BITS, n = (size_t)random() % 4;

        if (first + n > BITS)
            n = BITS - first;
        if (n == 1) {
            assert_int_equal(index_set_add(&set, (int64_t)first),
                             !bitset_test(bits, first));
        } else {
            index_set_add_range(&set, (int64_t)first, (int64_t)(first + n) - 1);
        }
        bitset_set_range(bits, first, n);
        if (round % 200 == 199) {
            size_t end = BITS / 2 + (size_t)random() % (BITS / 2);

            index_set_cut(&set, (int64_t)end);
            for (size_t i = end; i < BITS; i++)
                bitset_clear(bits, i);
        }
        if (round % 10 == 0)
            compare(&set, bits);
    }
    index_set_fini(&set);
}

static void gaps_and_what_two_sets_share_are_found(void **state)
{
    struct index_set a, b, copy;

    (void)state;
    assert_int_equal(index_set_parse("0-3,7,9-11", &a, NULL), 0);
    assert_int_equal(index_set_parse("2-9,11-20", &b, NULL), 0);
    assert_int_equal(index_set_gap(&a, 0), 4);
    assert_int_equal(index_set_gap(&a, 5), 5);
    assert_int_equal(index_set_gap(&a, 7), 8);
    assert_int_equal(index_set_gap(&a, 10), 12);
    assert_int_equal(index_set_common(&a, &b), 5);
    assert_int_equal(index_set_common(&b, &a), 5);
    index_set_copy(&a, &copy);
    index_set_add(&copy, 8);
    assert_int_equal(copy.n, 2);
    assert_int_equal(a.n, 3);
    index_set_fini(&a);
    index_set_fini(&b);
    index_set_fini(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_read_and_written_in_its_shortest_form),
        cmocka_unit_test(a_wrong_part_is_named),
        cmocka_unit_test(it_is_a_set_over_random_changes),
        cmocka_unit_test(gaps_and_what_two_sets_share_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
