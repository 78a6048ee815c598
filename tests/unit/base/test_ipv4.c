/* SPDX-License-Identifier: Apache-2.0
 *
 * test_ipv4.c - addresses and ranges
 */
#include "base/ipv4.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ipv4_range range(const char *text)
{
    struct ipv4_range r;

    assert_int_equal(ipv4_range_parse(text, &r, NULL), 0);
    return r;
}

static void what_is_read_is_written_the_same(void **state)
{
    static const char *const good[] = {"0.0.0.0/0", "10.88.0.0/16", "10.88.1.64/26",
                                       "255.255.255.255/32"};
    char text[IPV4_RANGE_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_string_equal(ipv4_range_text(range(good[i]), text), good[i]);
}

static void what_is_no_range_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "10.88.0.0",
        "10.88.0.0/",
        "10.88.0/16",
        "10.88.0.0/33",
        "10.88.0.0/016",
        "10.88.0.0/-1",
        "10.88.0.0/ 8",
        "/8",
        "10.88.0.256/8",
        "::1/8",
        "1111111111111111111111/8",
    };
    struct ipv4_range r;
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(ipv4_range_parse(bad[i], &r, &err), -EINVAL);
        assert_non_null(strstr(err.text, "is not a range like"));
    }
}

static void bits_beyond_the_prefix_are_refused_with_what_was_meant(void **state)
{
    struct ipv4_range r;
    struct err err;

    (void)state;
    assert_int_equal(ipv4_range_parse("10.88.1.7/16", &r, &err), -EINVAL);
    assert_string_equal(
        err.text, "'10.88.1.7/16' has bits beyond its prefix: write 10.88.0.0/16");
}

static void parts_cover_a_range_without_overlap(void **state)
{
    struct ipv4_range cidr = range("10.88.0.0/16");
    char text[IPV4_RANGE_TEXT_MAX];

    (void)state;
    assert_int_equal(ipv4_range_parts(cidr, 24), 256);
    assert_int_equal(ipv4_range_parts(cidr, 16), 1);
    assert_int_equal(ipv4_range_parts(cidr, 15), 0);
    assert_int_equal(ipv4_range_parts(range("0.0.0.0/0"), 32), UINT64_C(1) << 32);
    assert_string_equal(ipv4_range_text(ipv4_range_part(cidr, 24, 255), text),
                        "10.88.255.0/24");
    for (uint64_t i = 0; i < 256; i++) {
        struct ipv4_range part = ipv4_range_part(cidr, 24, i);

        assert_true(ipv4_range_has(cidr, part.base));
        assert_int_equal(part.base - cidr.base, i * 256);
    }
}

static void a_range_has_its_own_addresses_alone(void **state)
{
    struct ipv4_range r = range("10.88.1.64/26");
    uint32_t address = 0;

    (void)state;
    assert_int_equal(ipv4_parse("10.88.1.127", &address, NULL), 0);
    assert_true(ipv4_range_has(r, address));
    assert_false(ipv4_range_has(r, address + 1));
    assert_false(ipv4_range_has(r, r.base - 1));
    assert_true(ipv4_range_has(range("0.0.0.0/0"), address));
    assert_true(ipv4_range_equal(r, r));
    assert_false(ipv4_range_equal(r, range("10.88.1.64/27")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_the_same),
        cmocka_unit_test(what_is_no_range_is_refused),
        cmocka_unit_test(bits_beyond_the_prefix_are_refused_with_what_was_meant),
        cmocka_unit_test(parts_cover_a_range_without_overlap),
        cmocka_unit_test(a_range_has_its_own_addresses_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
