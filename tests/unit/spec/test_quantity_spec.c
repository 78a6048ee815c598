/* SPDX-License-Identifier: Apache-2.0
 *
 * test_quantity_spec.c - amounts are read exactly, and written in one form
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "spec/quantity_spec.h"

static const struct {
    const char *text, *canonical;
    int64_t whole;
    int32_t nano;
} good[] = {
    {"0", "0", 0, 0},
    {"500m", "500m", 0, 500000000},
    {"0.5", "500m", 0, 500000000},
    {".5", "500m", 0, 500000000},
    {"1000m", "1", 1, 0},
    {"1.", "1", 1, 0},
    {"+2k", "2k", 2000, 0},
    {"1500", "1500", 1500, 0},
    {"1Ki", "1Ki", 1024, 0},
    {"1024Mi", "1Gi", INT64_C(1) << 30, 0},
    {"1.5Gi", "1536Mi", INT64_C(3) << 29, 0},
    {"0.5Ki", "512", 512, 0},
    {"7Ei", "7Ei", INT64_C(7) << 60, 0},
    {"1e3", "1e3", 1000, 0},
    {"1E3", "1e3", 1000, 0},
    {"15e2", "1500", 1500, 0},
    {"1e-3", "1e-3", 0, 1000000},
    {"1E", "1E", INT64_C(1000000000000000000), 0},
    {"1n", "1n", 0, 1},
    {"-1.5", "-1500m", -1, -500000000},
    {"9223372036854775807", "9223372036854775807", INT64_MAX, 0},
    {"000001", "1", 1, 0},
};

static void what_is_read_is_exact_and_prints_in_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        cleanup(freep) char *text = NULL, *again = NULL;
        struct quantity q, second;
        struct err err;

        assert_int_equal(quantity_parse(good[i].text, &q, &err), 0);
        assert_int_equal(q.whole, good[i].whole);
        assert_int_equal(q.nano, good[i].nano);
        text = quantity_format(&q);
        assert_string_equal(text, good[i].canonical);
        assert_int_equal(quantity_parse(text, &second, &err), 0);
        assert_int_equal(quantity_compare(&q, &second), 0);
        again = quantity_format(&second);
        assert_string_equal(text, again);
    }
}

static void what_is_no_quantity_is_refused(void **state)
{
    static const char *const bad[] = {"",     ".",  "m",    "1 Gi",  "1gi",
                                      "1KiB", "1e", "0x10", "1.2.3", "--1",
                                      "1mm",  "1K", "e3",   "1e+",   "1Zi"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct quantity q;
        struct err err;

        assert_int_equal(quantity_parse(bad[i], &q, &err), -EINVAL);
        assert_non_null(strstr(err.text, "is not a quantity"));
    }
}

static void what_is_out_of_range_is_refused_not_rounded(void **state)
{
    static const char *const bad[] = {
        "9223372036854775808", "8Ei", "10E", "1e19", "1e999", "0.1n", "1e-10", "-8Ei"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct quantity q = {.whole = 42};
        struct err err;

        assert_int_equal(quantity_parse(bad[i], &q, &err), -ERANGE);
        assert_int_equal(q.whole, 42);
    }
}

static void parts_are_rounded_up(void **state)
{
    struct quantity half, third, sum;
    struct quantity most = {.whole = INT64_MAX};

    (void)state;
    assert_int_equal(quantity_parse("500m", &half, NULL), 0);
    assert_int_equal(quantity_parse("333333u", &third, NULL), 0);
    assert_int_equal(quantity_units(&half), 1);
    assert_int_equal(quantity_milli(&half), 500);
    assert_int_equal(quantity_milli(&third), 334);
    assert_int_equal(quantity_milli(&most), INT64_MAX);
    assert_int_equal(quantity_add(&half, &half, &sum), 0);
    assert_int_equal(sum.whole, 1);
    assert_int_equal(quantity_add(&most, &half, &sum), -ERANGE);
    assert_true(quantity_compare(&half, &third) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_exact_and_prints_in_canonical_form),
        cmocka_unit_test(what_is_no_quantity_is_refused),
        cmocka_unit_test(what_is_out_of_range_is_refused_not_rounded),
        cmocka_unit_test(parts_are_rounded_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
