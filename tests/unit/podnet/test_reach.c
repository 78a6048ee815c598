/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reach.c - how nodes are reached
 */
#include "podnet/reach.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct reach_local locals[] = {
    {"eth0", 0x0ad50103, {0x0ad50100, 24}, 1500}, /* 10.213.1.3/24 */
    {"ib0", 0x0ad50203, {0x0ad50000, 16}, 2044},  /* 10.213.2.3/16 */
};

static enum reach judge(uint32_t address, const struct reach_local **ret)
{
    return reach_judge(locals, ARRAY_SIZE(locals), address, ret);
}

static void an_address_of_ours_is_this_machine(void **state)
{
    const struct reach_local *local;

    (void)state;
    assert_int_equal(judge(0x0ad50203, &local), REACH_SELF);
    assert_string_equal(local->device, "ib0");
    assert_int_equal(judge(0x7f000001, &local), REACH_SELF);
}

static void the_narrowest_link_is_taken(void **state)
{
    const struct reach_local *local;

    (void)state;
    assert_int_equal(judge(0x0ad50104, &local), REACH_LINK);
    assert_string_equal(local->device, "eth0");
    assert_int_equal(judge(0x0ad50304, &local), REACH_LINK);
    assert_string_equal(local->device, "ib0");
}

static void all_else_is_beyond(void **state)
{
    const struct reach_local *local;

    (void)state;
    assert_int_equal(judge(0x0ad60001, &local), REACH_BEYOND);
    assert_null(local);
    assert_int_equal(reach_judge(NULL, 0, 0x0ad50104, &local), REACH_BEYOND);
}

static void a_name_that_is_an_address_needs_no_resolver(void **state)
{
    uint32_t address = 0;

    (void)state;
    assert_int_equal(reach_resolve("10.213.1.3", &address, NULL), 0);
    assert_int_equal(address, 0x0ad50103);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_of_ours_is_this_machine),
        cmocka_unit_test(the_narrowest_link_is_taken),
        cmocka_unit_test(all_else_is_beyond),
        cmocka_unit_test(a_name_that_is_an_address_needs_no_resolver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
