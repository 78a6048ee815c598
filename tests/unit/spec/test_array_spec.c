/* SPDX-License-Identifier: Apache-2.0
 *
 * test_array_spec.c - sets of array indexes against sets of bits
 */
#include "spec/array_spec.h"

#include "base/bitset.h"
#include "base/mem.h"
#include "base/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BITS 400

static struct array_spec parsed(const char *text)
{
    struct array_spec spec;
    struct err err;

    if (array_spec_parse(text, &spec, &err) != 0)
        fail_msg("'%s': %s", text, err.text);
    return spec;
}

static void indexes_are_kept_in_their_shortest_form(void **state)
{
    static const struct {
        const char *text, *kept;
        uint32_t count, limit;
    } rows[] = {
        {"7", "7", 1, 0},
        {"0-15", "0-15", 16, 0},
        {"1-100000:2%50", "1-99999:2%50", 50000, 50},
        {"0,3,7-9:2", "0,3,7-9:2", 4, 0},
        {"0-15:4%3,20", NULL, 0, 0}, /* the limit ends it */
        {"1-3,4-6", "1-6", 6, 0},
        {"5,4,3", "3-5", 3, 0},
        {"1,3,5", "1,3,5", 3, 0},
        {"1-5:2,7", "1-7:2", 4, 0},
        {"1-10:20", "1", 1, 0},
        {"0-9:2,1-9:2", "0-9", 10, 0},
        {"0-10:2,5-20:5", "0-4:2,5-6,8,10-20:5", 9, 0},
        {"3,3,3", "3", 1, 0},
        {"4000000000", "4000000000", 1, 0},
        {"1-10%0", "1-10", 10, 0},
        {"[0-4]", "0-4", 5, 0},
        {"[0-4,7]%2", "0-4,7%2", 6, 2},
        {"[0-4%2]", "0-4%2", 5, 2},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(array_spec_fini) struct array_spec spec = {0};
        cleanup(freep) char *text = NULL;

        if (!rows[i].kept) {
            assert_int_equal(array_spec_parse(rows[i].text, &spec, NULL), -EINVAL);
            continue;
        }
        spec = parsed(rows[i].text);
        text = array_spec_format(&spec);
        assert_string_equal(text, rows[i].kept);
        assert_int_equal(array_spec_count(&spec), rows[i].count);
        assert_int_equal(spec.limit, rows[i].limit);
    }
}

static void mistakes_are_named_by_column(void **state)
{
    static const struct {
        const char *text, *words;
        int rc;
    } rows[] = {
        {"", "a number is missing at column 1 of ''", -EINVAL},
        {"1,", "a number is missing at column 3 of '1,'", -EINVAL},
        {"1-", "a number is missing at column 3", -EINVAL},
        {"5-1", "a range runs backwards at column 1", -EINVAL},
        {"1,5-9:0", "a step of zero at column 3", -EINVAL},
        {"1-5%", "a number is missing at column 5", -EINVAL},
        {"1-5x", "'x' has no place at column 4", -EINVAL},
        {"1-5 %2", "' ' has no place at column 4", -EINVAL},
        {"[1-5", "']' is missing at column 5", -EINVAL},
        {"1-5]", "']' has no place at column 4", -EINVAL},
        {"[1]%2]", "']' has no place at column 6", -EINVAL},
        {"-3", "a number is missing at column 1", -EINVAL},
        {"4000000001", "more than 4000000000 at column 1", -ERANGE},
        {"1-99999999999999999999", "more than 4000000000 at column 3", -ERANGE},
        {"0-4000000000", "more than 10000000 elements", -E2BIG},
        {"0-9999999,20000000", "more than 10000000 elements", -E2BIG},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct array_spec spec = {.n = 77};
        struct err err;

        assert_int_equal(array_spec_parse(rows[i].text, &spec, &err), rows[i].rc);
        assert_int_equal(spec.n, 77);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].text, err.text);
    }
}

static void a_million_indexes_cost_one_range(void **state)
{
    struct array_spec spec = parsed("1-1000000%100");

    (void)state;
    assert_int_equal(spec.n, 1);
    assert_int_equal(array_spec_count(&spec), 1000000);
    for (uint32_t i = 1; i <= 1000000; i++) {
        assert_int_equal(array_spec_next(&spec, 0), i);
        assert_true(array_spec_remove(&spec, i));
        assert_true(spec.n <= 1);
    }
    assert_int_equal(array_spec_next(&spec, 0), ARRAY_NONE);
    array_spec_fini(&spec);
}

static void ends_and_step_are_known(void **state)
{
    struct array_spec spec = parsed("10-50:10");

    (void)state;
    assert_int_equal(array_spec_next(&spec, 0), 10);
    assert_int_equal(array_spec_next(&spec, 11), 20);
    assert_int_equal(array_spec_next(&spec, 51), ARRAY_NONE);
    assert_int_equal(array_spec_last(&spec), 50);
    assert_int_equal(array_spec_step(&spec), 10);
    assert_true(array_spec_add(&spec, 4000000000));
    assert_int_equal(array_spec_next(&spec, 51), 4000000000);
    assert_int_equal(array_spec_next(&spec, UINT32_MAX - 1), ARRAY_NONE);
    assert_int_equal(array_spec_step(&spec), 1);
    array_spec_fini(&spec);
    assert_int_equal(array_spec_last(&spec), ARRAY_NONE);
}

/* ------------------------------------------------------------------ properties */

static void check_order(const struct array_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++) {
        const struct array_range *r = &spec->ranges[i];

        assert_true(r->first <= r->last && r->step >= 1);
        assert_int_equal((r->last - r->first) % r->step, 0);
        assert_true(r->first != r->last || r->step == 1);
        assert_true(i == 0 || spec->ranges[i - 1].last < r->first);
    }
}

static void check_same(const struct array_spec *spec, const struct bitset *bits)
{
    size_t bit = bitset_next(bits, 0);

    check_order(spec);
    assert_int_equal(array_spec_count(spec), bitset_count(bits));
    for (uint32_t i = array_spec_next(spec, 0); i != ARRAY_NONE;
         i = array_spec_next(spec, i + 1)) {
        assert_int_equal(i, bit);
        bit = bitset_next(bits, bit + 1);
    }
    assert_int_equal(bit, BITS);
    for (uint32_t i = 0; i < BITS; i++)
        assert_int_equal(array_spec_contains(spec, i), bitset_test(bits, i));
}

static char *random_text(struct bitset *bits)
{
    struct strbuf sb = STRBUF_INIT;

    for (int parts = 1 + rand() % 6, i = 0; i < parts; i++) {
        uint32_t first = (uint32_t)rand() % BITS;
        uint32_t last = first + (uint32_t)rand() % (BITS - first);
        uint32_t step = 1 + (uint32_t)rand() % 7;

        strbuf_printf(&sb, "%s%u-%u:%u", i ? "," : "", first, last, step);
        for (uint32_t k = first; k <= last; k += step)
            bitset_set(bits, k);
    }
    return strbuf_take(&sb);
}

static void any_ranges_are_the_set_they_spell(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 2000; round++) {
        cleanup(bitset_destroyp) struct bitset *bits = bitset_create(BITS);
        cleanup(freep) char *text = random_text(bits);
        cleanup(array_spec_fini) struct array_spec spec = parsed(text);
        cleanup(freep) char *once = array_spec_format(&spec);
        cleanup(array_spec_fini) struct array_spec again = parsed(once);
        cleanup(freep) char *twice = array_spec_format(&again);

        check_same(&spec, bits);
        check_same(&again, bits);
        assert_string_equal(once, twice);
    }
}

static void elements_go_and_come_back(void **state)
{
    cleanup(bitset_destroyp) struct bitset *bits = bitset_create(BITS);
    cleanup(freep) char *text = NULL;
    struct array_spec spec, copy;

    (void)state;
    srand(4);
    text = random_text(bits);
    spec = parsed(text);
    for (int round = 0; round < 20000; round++) {
        uint32_t i = (uint32_t)rand() % BITS;
        bool was = bitset_test(bits, i);

        if (rand() % 2) {
            assert_int_equal(array_spec_remove(&spec, i), was);
            bitset_clear(bits, i);
        } else {
            assert_int_equal(array_spec_add(&spec, i), !was);
            bitset_set(bits, i);
        }
        if (round % 50 == 0)
            check_same(&spec, bits);
    }
    array_spec_copy(&spec, &copy);
    array_spec_fini(&spec);
    check_same(&copy, bits);
    array_spec_fini(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indexes_are_kept_in_their_shortest_form),
        cmocka_unit_test(mistakes_are_named_by_column),
        cmocka_unit_test(a_million_indexes_cost_one_range),
        cmocka_unit_test(ends_and_step_are_known),
        cmocka_unit_test(any_ranges_are_the_set_they_spell),
        cmocka_unit_test(elements_go_and_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
