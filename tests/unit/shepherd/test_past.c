/* SPDX-License-Identifier: Apache-2.0
 *
 * test_past.c - what is kept of steps that have ended
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "shepherd/past.h"

static void add(struct past *past, uint32_t id)
{
    struct past_step step = {
        .id = id, .exit_code = (int)(id % 7), .name = xstrdup("x")};

    past_add(past, &step);
}

static void steps_are_found_in_whatever_order_they_ended(void **state)
{
    struct past past = {0};
    const uint32_t order[] = {3, 0, 2, 1};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        add(&past, order[i]);
    for (uint32_t id = 0; id < 4; id++)
        assert_int_equal(past_find(&past, id)->exit_code, id % 7);
    assert_null(past_find(&past, 4));
    assert_int_equal(past_at(&past, 0)->id, 3);
    past_fini(&past);
}

static void the_oldest_are_forgotten(void **state)
{
    struct past past = {0};

    (void)state;
    for (uint32_t id = 0; id < PAST_MAX + 10; id++)
        add(&past, id);
    assert_int_equal(past.n, PAST_MAX);
    assert_null(past_find(&past, 9));
    assert_non_null(past_find(&past, 10));
    assert_int_equal(past_at(&past, 0)->id, 10);
    assert_int_equal(past_at(&past, PAST_MAX - 1)->id, PAST_MAX + 9);
    past_fini(&past);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_found_in_whatever_order_they_ended),
        cmocka_unit_test(the_oldest_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
