/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fair_bound.c - what is bounded in total, divided among users
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "controller/fair_bound.h"

static void with_room_for_all_each_has_his_own_bound(void **state)
{
    const size_t has[] = {3, 100, 7};

    (void)state;
    assert_int_equal(fair_bound(has, ARRAY_SIZE(has), 50, 1000), 50);
    assert_int_equal(fair_bound(has, ARRAY_SIZE(has), 500, 110), 500);
    assert_int_equal(fair_bound(has, 0, 5, 1), 5);
}

static void who_has_most_gives_first(void **state)
{
    const size_t has[] = {3, 100, 7}, two[] = {60, 2, 50};

    (void)state;
    assert_int_equal(fair_bound(has, ARRAY_SIZE(has), 500, 30), 20);
    assert_int_equal(fair_bound(two, ARRAY_SIZE(two), 500, 100), 49);
    assert_int_equal(fair_bound(two, ARRAY_SIZE(two), 500, 0), 0);
}

/* Random users: never more than all, and nobody could have one more. */
static void the_bound_is_kept_and_used_up(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t has[8], n = 0, all, cap, kept = 0, more = 0, total = 0;

        for (n = 0; n < (size_t)round % 8 + 1; n++) {
            seed = seed * 1664525 + 1013904223;
            has[n] = seed >> 24;
            total += has[n];
        }
        all = (seed >> 8) % 1000;
        cap = fair_bound(has, n, SIZE_MAX, all);
        for (size_t i = 0; i < n; i++) {
            kept += has[i] < cap ? has[i] : cap;
            more += has[i] <= cap ? has[i] : cap + 1;
        }
        assert_true(kept <= all);
        assert_true(total <= all || more > all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_room_for_all_each_has_his_own_bound),
        cmocka_unit_test(who_has_most_gives_first),
        cmocka_unit_test(the_bound_is_kept_and_used_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
