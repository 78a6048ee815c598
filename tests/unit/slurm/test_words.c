/* SPDX-License-Identifier: Apache-2.0
 *
 * test_words.c - times, durations and sizes as Slurm writes them
 */
#include "slurm/words.h"

#include "base/mem.h"
#include "base/units.h"

#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEXT(wanted, call)                                 \
    do {                                                   \
        struct strbuf out = STRBUF_INIT;                   \
        call;                                              \
        assert_string_equal(out.s ? out.s : "", (wanted)); \
        strbuf_fini(&out);                                 \
    } while (0)

static void what_has_passed_is_as_short_as_it_can_be(void **state)
{
    (void)state;
    TEXT("0:00", put_elapsed(&out, 0));
    TEXT("0:59", put_elapsed(&out, 59));
    TEXT("59:59", put_elapsed(&out, 3599));
    TEXT("1:00:00", put_elapsed(&out, 3600));
    TEXT("23:59:59", put_elapsed(&out, 86399));
    TEXT("1-00:00:00", put_elapsed(&out, 86400));
    TEXT("17-01:00:11", put_elapsed(&out, 17 * 86400 + 3611));
    TEXT("INVALID", put_elapsed(&out, -1));
}

static void a_clock_has_all_its_places(void **state)
{
    (void)state;
    TEXT("00:00:05", put_clock(&out, 5));
    TEXT("2-01:02:03", put_clock(&out, 2 * 86400 + 3723));
    TEXT("INVALID", put_clock(&out, -5));
}

static void limits_may_be_none_or_not_known(void **state)
{
    (void)state;
    TEXT("UNLIMITED", put_limit(&out, TIME_UNLIMITED, "UNLIMITED"));
    TEXT("infinite", put_limit(&out, TIME_UNLIMITED, "infinite"));
    TEXT("NOT_SET", put_limit(&out, 0, "UNLIMITED"));
    TEXT("30:00", put_limit(&out, 1800, "UNLIMITED"));
}

static void processor_time_has_milliseconds_below_an_hour(void **state)
{
    (void)state;
    TEXT("00:00.000", put_cpu_time(&out, 999));
    TEXT("00:01.234", put_cpu_time(&out, 1234567));
    TEXT("59:59.999", put_cpu_time(&out, UINT64_C(3599999999)));
    TEXT("01:00:00", put_cpu_time(&out, UINT64_C(3600000000)));
    TEXT("1-02:03:04", put_cpu_time(&out, UINT64_C(93784000000)));
}

static void sizes_take_the_largest_exact_unit_or_stay(void **state)
{
    (void)state;
    TEXT("2G", put_size(&out, 2048, 'M', SIZE_EXACT));
    TEXT("2049M", put_size(&out, 2049, 'M', SIZE_EXACT));
    TEXT("2048M", put_size(&out, 2048, 'M', SIZE_PLAIN));
    TEXT("0", put_size(&out, 0, 'M', SIZE_EXACT));
    TEXT("1K", put_size(&out, 1024, 0, SIZE_EXACT));
    TEXT("1023", put_size(&out, 1023, 0, SIZE_EXACT));
    TEXT("1.50G", put_size_in(&out, 1536, 'M', 'G'));
    TEXT("2G", put_size_in(&out, 2048, 'M', 'G'));
    TEXT("2048K", put_size_in(&out, 2, 'M', 'K'));
}

static void times_go_by_the_users_format(void **state)
{
    int64_t noon = 1700000000; /* 2023-11-14T22:13:20Z */

    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    unsetenv("SLURM_TIME_FORMAT");
    TEXT("2023-11-14T22:13:20", put_time(&out, noon, "N/A"));
    TEXT("N/A", put_time(&out, 0, "N/A"));
    setenv("SLURM_TIME_FORMAT", "standard", 1);
    TEXT("2023-11-14T22:13:20", put_time(&out, noon, "N/A"));
    setenv("SLURM_TIME_FORMAT", "%s", 1);
    TEXT("1700000000", put_time(&out, noon, "N/A"));
    setenv("SLURM_TIME_FORMAT", "relative", 1);
    TEXT("14 Nov 2023", put_time(&out, noon, "N/A"));
    unsetenv("SLURM_TIME_FORMAT");
}

static void numbers_and_empty_texts(void **state)
{
    (void)state;
    TEXT("0", put_number(&out, 0));
    TEXT("-17", put_number(&out, -17));
    TEXT("-9223372036854775808", put_number(&out, INT64_MIN));
    TEXT("(null)", put_or_null(&out, ""));
    TEXT("(null)", put_or_null(&out, NULL));
    TEXT("x", put_or_null(&out, "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_passed_is_as_short_as_it_can_be),
        cmocka_unit_test(a_clock_has_all_its_places),
        cmocka_unit_test(limits_may_be_none_or_not_known),
        cmocka_unit_test(processor_time_has_milliseconds_below_an_hour),
        cmocka_unit_test(sizes_take_the_largest_exact_unit_or_stay),
        cmocka_unit_test(times_go_by_the_users_format),
        cmocka_unit_test(numbers_and_empty_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
