/* SPDX-License-Identifier: Apache-2.0
 *
 * test_addresses.c - addresses of pods, and what they say of subnets
 */
#include "podnet/addresses.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct ipv4_range slice = {.base = 0x0a580100, .prefix = 24};

static void subnets_have_as_many_bits_as_they_need(void **state)
{
    static const struct {
        size_t n;
        unsigned int bits;
    } rows[] = {{0, 0}, {1, 1}, {2, 2}, {3, 2}, {4, 3}, {7, 3}, {8, 4}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(podnet_subnet_bits(rows[i].n), rows[i].bits);
    assert_int_equal(podnet_subnet_mask(slice, 0), 0);
    assert_int_equal(podnet_subnet_mask(slice, 1), 0x80);
    assert_int_equal(podnet_subnet_mask(slice, 3), 0xc0);
    assert_int_equal(podnet_subnet_value(slice, 3, 0), 0);
    assert_int_equal(podnet_subnet_value(slice, 3, 3), 0xc0);
}

static void a_slice_is_given_away_whole_but_for_three_addresses(void **state)
{
    uint32_t used[256], last = 0;
    bool seen[256] = {false};
    size_t n = 0;
    struct err err;

    (void)state;
    while (podnet_pick(slice, 0, 0, used, n, last, &last, &err) == 0) {
        assert_true(ipv4_range_has(slice, last));
        assert_false(seen[last & 0xff]);
        seen[last & 0xff] = true;
        used[n++] = last;
    }
    assert_int_equal(n, 253);
    assert_false(seen[0] || seen[1] || seen[255]);
    assert_int_equal(err.code, ENOSPC);
    assert_non_null(strstr(err.text, "10.88.1.0/24: a smaller pods.node_prefix"));
}

static void an_address_that_is_back_is_given_away_last(void **state)
{
    const uint32_t used[] = {slice.base + 2, slice.base + 4};
    uint32_t address = 0;

    (void)state;
    assert_int_equal(podnet_pick(slice, 0, 0, used, 2, used[1], &address, NULL), 0);
    assert_int_equal(address, slice.base + 5);
    assert_int_equal(
        podnet_pick(slice, 0, 0, used, 2, slice.base + 254, &address, NULL), 0);
    assert_int_equal(address, slice.base + 3);
}

static void each_subnet_has_addresses_of_its_own_block(void **state)
{
    enum { SUBNETS = 3 };
    uint32_t mask = podnet_subnet_mask(slice, SUBNETS);
    size_t total = 0;

    (void)state;
    for (size_t i = 0; i <= SUBNETS; i++) {
        uint32_t used[256], last = 0;
        size_t n = 0;

        while (podnet_pick(slice, SUBNETS, i, used, n, last, &last, NULL) == 0) {
            assert_int_equal(last & mask, podnet_subnet_value(slice, SUBNETS, i));
            used[n++] = last;
        }
        total += n;
    }
    assert_int_equal(total, 253);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subnets_have_as_many_bits_as_they_need),
        cmocka_unit_test(a_slice_is_given_away_whole_but_for_three_addresses),
        cmocka_unit_test(an_address_that_is_back_is_given_away_last),
        cmocka_unit_test(each_subnet_has_addresses_of_its_own_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
