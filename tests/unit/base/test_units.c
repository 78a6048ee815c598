/* SPDX-License-Identifier: Apache-2.0
 *
 * test_units.c - sizes, counts and signals
 */
#include "base/units.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void sizes_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {
        {"0", 0},
        {"512", 512ULL << 20},
        {"1K", 1024},
        {"1k", 1024},
        {"2M", 2ULL << 20},
        {"2MB", 2ULL << 20},
        {"2MiB", 2ULL << 20},
        {"1.5G", 3ULL << 29},
        {"3T", 3ULL << 40},
        {"100B", 100},
        {"0.5K", 512},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t bytes = 1;

        assert_int_equal(size_parse(rows[i].text, 1 << 20, &bytes, NULL), 0);
        assert_int_equal(bytes, rows[i].bytes);
    }
}

static void bad_sizes_are_refused(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"", -EINVAL},          {"M", -EINVAL},    {"-1M", -EINVAL},
        {"1X", -EINVAL},        {"1MBs", -EINVAL}, {"1.M", -EINVAL},
        {"1 M", -EINVAL},       {"0x10", -EINVAL}, {"18446744073709551616B", -ERANGE},
        {"99999999T", -ERANGE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t bytes = 7;
        struct err err;

        assert_int_equal(size_parse(rows[i].text, 1, &bytes, &err), rows[i].rc);
        assert_int_equal(bytes, 7);
        assert_non_null(strstr(err.text, rows[i].text));
    }
}

static void sizes_are_printed_with_three_figures(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0B"},
        {999, "999B"},
        {1000, "0.977K"},
        {1024, "1K"},
        {1536, "1.5K"},
        {3ULL << 29, "1.5G"},
        {155ULL << 30, "155G"},
        {1023ULL << 20, "0.999G"},
        {2000ULL << 40, "2000T"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *text = size_format(rows[i].bytes);

        assert_string_equal(text, rows[i].text);
    }
}

static void numbers_are_read_within_their_bounds(void **state)
{
    int64_t n = 99;

    (void)state;
    assert_int_equal(number_parse("0", 0, 10, &n, NULL), 0);
    assert_int_equal(n, 0);
    assert_int_equal(number_parse("010", 0, 10, &n, NULL), 0);
    assert_int_equal(n, 10);
    assert_int_equal(number_parse("-3", -5, 10, &n, NULL), 0);
    assert_int_equal(n, -3);
    assert_int_equal(number_parse("11", 0, 10, &n, NULL), -ERANGE);
    assert_int_equal(number_parse("99999999999999999999", 0, INT64_MAX, &n, NULL),
                     -ERANGE);
    assert_int_equal(n, -3);
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const texts[] = {"",   "-",  "-1",  "+1", "1x",
                                        " 1", "1 ", "1.5", "x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        int64_t n;
        struct err err;

        assert_int_equal(number_parse(texts[i], 0, 10, &n, &err), -EINVAL);
        assert_non_null(strstr(err.text, "is not a whole number"));
    }
}

static void ranges_of_counts_are_read(void **state)
{
    uint32_t min, max;

    (void)state;
    assert_int_equal(count_range_parse("4", &min, &max, NULL), 0);
    assert_true(min == 4 && max == 4);
    assert_int_equal(count_range_parse("2-4", &min, &max, NULL), 0);
    assert_true(min == 2 && max == 4);
    assert_int_equal(count_range_parse("2-", &min, &max, NULL), 0);
    assert_true(min == 2 && max == UINT32_MAX);
}

static void bad_ranges_of_counts_are_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "is not a count"},         {"0", "the least count is 1"},
        {"0-3", "the least count"},     {"4-2", "runs backwards"},
        {"-4", "is not a count"},       {"2-4-6", "is not a count"},
        {"4x", "is not a count"},       {"4294967295", "too large"},
        {"1-99999999999", "too large"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t min, max;
        struct err err;

        assert_true(count_range_parse(rows[i].text, &min, &max, &err) < 0);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].text, err.text);
    }
}

static void repeated_counts_are_folded(void **state)
{
    static const uint32_t counts[] = {4, 4, 4, 2, 1, 1};
    cleanup(freep) char *text = counts_format(counts, ARRAY_SIZE(counts));
    cleanup(freep) char *one = counts_format(counts, 1);
    cleanup(freep) char *none = counts_format(counts, 0);

    (void)state;
    assert_string_equal(text, "4(x3),2,1(x2)");
    assert_string_equal(one, "4");
    assert_string_equal(none, "");
}

static void signals_are_read_by_name_and_number(void **state)
{
    static const struct {
        const char *text;
        int signo;
    } rows[] = {{"TERM", SIGTERM},
                {"SIGTERM", SIGTERM},
                {"sigkill", SIGKILL},
                {"usr1", SIGUSR1},
                {"9", 9},
                {"64", 64}};
    int signo;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(signal_parse(rows[i].text, &signo, NULL), 0);
        assert_int_equal(signo, rows[i].signo);
    }
    for (int i = 1; i < 32; i++) {
        assert_int_equal(signal_parse(signal_name(i), &signo, NULL), 0);
        assert_int_equal(signo, i);
    }
}

static void what_is_no_signal_is_refused(void **state)
{
    static const char *const texts[] = {"", "SIG", "SIGFOO", "0", "65", "9x", "-9"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        int signo;

        assert_int_equal(signal_parse(texts[i], &signo, NULL), -EINVAL);
    }
    assert_string_equal(signal_name(45), "signal 45");
    assert_string_equal(signal_name(0), "signal 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(bad_sizes_are_refused),
        cmocka_unit_test(sizes_are_printed_with_three_figures),
        cmocka_unit_test(numbers_are_read_within_their_bounds),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(ranges_of_counts_are_read),
        cmocka_unit_test(bad_ranges_of_counts_are_refused),
        cmocka_unit_test(repeated_counts_are_folded),
        cmocka_unit_test(signals_are_read_by_name_and_number),
        cmocka_unit_test(what_is_no_signal_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
