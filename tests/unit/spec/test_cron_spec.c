/* SPDX-License-Identifier: Apache-2.0
 *
 * test_cron_spec.c - schedules, and the next time of one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/mem.h"
#include "spec/cron_spec.h"

/* "2026-11-26 08:00" of UTC. */
static int64_t at(const char *text)
{
    struct tm tm = {.tm_sec = 0};

    assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
    return timegm(&tm);
}

static void expect_next(const char *schedule, const char *after, const char *next)
{
    struct cron_spec spec;
    struct err err;

    assert_int_equal(cron_spec_parse(schedule, &spec, &err), 0);
    assert_int_equal(cron_spec_next(&spec, at(after), NULL, NULL), at(next));
}

static void the_next_time_is_found(void **state)
{
    (void)state;
    expect_next("*/5 * * * *", "2026-11-26 08:00", "2026-11-26 08:05");
    expect_next("0 0 * * *", "2026-11-26 08:00", "2026-11-27 00:00");
    expect_next("30 9-17/4 * * MON-FRI", "2026-11-26 14:00", "2026-11-26 17:30");
    expect_next("30 9 * * sat", "2026-11-26 14:00", "2026-11-28 09:30");
    expect_next("0 12 29 2 *", "2026-11-26 08:00", "2028-02-29 12:00");
    expect_next("5/20 3 * * ?", "2026-11-26 03:25", "2026-11-26 03:45");
    expect_next("@weekly", "2026-11-26 08:00", "2026-11-29 00:00");
    expect_next("@yearly", "2026-11-26 08:00", "2027-01-01 00:00");
    expect_next("@every 1h30m", "2026-11-26 08:00", "2026-11-26 09:30");
    /* Both kinds of days: either is enough. */
    expect_next("0 0 13 * FRI", "2026-11-26 08:00", "2026-11-27 00:00");
    /* With a star, both hold. */
    expect_next("0 0 */2 * FRI", "2026-11-26 08:00", "2026-11-27 00:00");
}

static void a_day_that_never_comes_has_no_next_time(void **state)
{
    struct cron_spec spec;

    (void)state;
    assert_int_equal(cron_spec_parse("0 0 31 2 *", &spec, NULL), 0);
    assert_int_equal(cron_spec_next(&spec, at("2026-11-26 08:00"), NULL, NULL), -1);
}

/* One hour ahead, two from 1 March 02:00 to 1 November 03:00 local time. */
static int64_t summer(int64_t utc, const void *zone)
{
    (void)zone;
    return utc >= at("2026-03-01 01:00") && utc < at("2026-11-01 01:00") ? 7200 : 3600;
}

static void a_time_the_clock_leaps_over_is_left_out(void **state)
{
    struct cron_spec spec;

    (void)state;
    assert_int_equal(cron_spec_parse("30 2 * * *", &spec, NULL), 0);
    assert_int_equal(cron_spec_next(&spec, at("2026-02-28 12:00"), summer, NULL),
                     at("2026-03-02 00:30"));
}

static void a_time_that_comes_twice_counts_twice(void **state)
{
    static const char *const daily[] = {"2026-11-01 00:30", "2026-11-01 01:30",
                                        "2026-11-02 01:30"};
    struct cron_spec spec;
    int64_t last = at("2026-10-31 12:00");

    (void)state;
    assert_int_equal(cron_spec_parse("30 2 * * *", &spec, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(daily); i++) {
        last = cron_spec_next(&spec, last, summer, NULL);
        assert_int_equal(last, at(daily[i]));
    }
}

/* Whatever clocks do, an hour is an hour. */
static void hourly_is_every_hour_while_clocks_are_set(void **state)
{
    static const char *const begin[] = {"2026-02-28 20:00", "2026-10-31 20:00"};
    struct cron_spec spec;

    (void)state;
    assert_int_equal(cron_spec_parse("@hourly", &spec, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(begin); i++)
        for (int64_t h = 0, t = at(begin[i]); h < 48; h++, t += 3600)
            assert_int_equal(cron_spec_next(&spec, t, summer, NULL), t + 3600);
}

/* At half past midnight clocks are set to half past eleven of the day before. */
static int64_t over_midnight(int64_t utc, const void *zone)
{
    (void)zone;
    return utc < at("2026-11-01 00:30") ? 0 : -3600;
}

static void clocks_that_are_set_back_over_midnight_show_both_days_twice(void **state)
{
    static const char *const times[] = {"2026-10-31 23:45", "2026-11-01 00:15",
                                        "2026-11-01 00:45", "2026-11-01 01:15"};
    struct cron_spec spec;
    int64_t last = at("2026-10-31 23:20");

    (void)state;
    assert_int_equal(cron_spec_parse("15,45 0,23 * * *", &spec, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        last = cron_spec_next(&spec, last, over_midnight, NULL);
        assert_int_equal(last, at(times[i]));
    }
}

static void a_wrong_field_is_named(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"60 * * * *", "minute '60': 0 to 59 is expected"},
        {"* 24 * * *", "hour '24'"},
        {"* * 0 * *", "day of the month '0'"},
        {"* * * JUNK *", "month 'JUNK'"},
        {"* * * * 7", "day of the week '7': 0 to 6"},
        {"*/0 * * * *", "a step of 1 or more"},
        {"5-1 * * * *", "minute '5-1'"},
        {"* * * *", "has 4 fields, not five"},
        {"@never", "is not one of @yearly"},
        {"@every 30", "a time such as 1h30m"},
        {"", "has 0 fields"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct cron_spec spec;
        struct err err;

        assert_true(cron_spec_parse(bad[i].text, &spec, &err) < 0);
        if (!strstr(err.text, bad[i].words))
            fail_msg("'%s' is not in '%s'", bad[i].words, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_time_is_found),
        cmocka_unit_test(a_day_that_never_comes_has_no_next_time),
        cmocka_unit_test(a_time_the_clock_leaps_over_is_left_out),
        cmocka_unit_test(a_time_that_comes_twice_counts_twice),
        cmocka_unit_test(hourly_is_every_hour_while_clocks_are_set),
        cmocka_unit_test(clocks_that_are_set_back_over_midnight_show_both_days_twice),
        cmocka_unit_test(a_wrong_field_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
