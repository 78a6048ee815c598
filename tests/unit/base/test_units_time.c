/* SPDX-License-Identifier: Apache-2.0
 *
 * test_units_time.c - durations and points in time
 */
#include "base/units.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE 60
#define HOUR 3600
#define DAY 86400

/* 2026-01-31 13:00:00 UTC. */
#define NOW 1769864400

static void durations_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"0", 0},
        {"90", 90 * MINUTE},
        {"1:30", 90},
        {"1:02:03", HOUR + 2 * MINUTE + 3},
        {"2-12", 2 * DAY + 12 * HOUR},
        {"2-12:30", 2 * DAY + 12 * HOUR + 30 * MINUTE},
        {"2-12:30:15", 2 * DAY + 12 * HOUR + 30 * MINUTE + 15},
        {"UNLIMITED", TIME_UNLIMITED},
        {"infinite", TIME_UNLIMITED},
        {"90s", 90},
        {"10m", 10 * MINUTE},
        {"1h30m", 90 * MINUTE},
        {"1w", 7 * DAY},
        {"2days", 2 * DAY},
        {"1Hour", HOUR},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t seconds = -7;

        assert_int_equal(duration_parse(rows[i].text, &seconds, NULL), 0);
        assert_int_equal(seconds, rows[i].seconds);
    }
}

static void bad_durations_are_refused(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"", -EINVAL},
        {"-1", -EINVAL},
        {"1:2:3:4", -EINVAL},
        {"1-", -EINVAL},
        {"1:", -EINVAL},
        {":1", -EINVAL},
        {"1-2-3", -EINVAL},
        {"1h30", -EINVAL},
        {"1x", -EINVAL},
        {"h", -EINVAL},
        {"1h-3", -EINVAL},
        {"10 m", -EINVAL},
        {"1:2-3", -EINVAL},
        {"40000-0", -ERANGE},
        {"99999999999", -ERANGE},
        {"9999999999999999999999", -ERANGE},
        {"5300w", -ERANGE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t seconds = -7;
        struct err err;

        assert_int_equal(duration_parse(rows[i].text, &seconds, &err), rows[i].rc);
        assert_int_equal(seconds, -7);
        assert_non_null(strstr(err.text, rows[i].text));
    }
}

static void durations_print_as_they_are_read(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {0, "00:00:00"},
        {59, "00:00:59"},
        {HOUR + 2 * MINUTE + 3, "01:02:03"},
        {2 * DAY + 12 * HOUR, "2-12:00:00"},
        {TIME_UNLIMITED, "UNLIMITED"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *text = duration_format(rows[i].seconds);
        int64_t again;

        assert_string_equal(text, rows[i].text);
        assert_int_equal(duration_parse(text, &again, NULL), 0);
        assert_int_equal(again, rows[i].seconds);
    }
}

static void points_in_time_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t when;
    } rows[] = {
        {"now", NOW},
        {"now+60", NOW + 60},
        {"now+1hour", NOW + HOUR},
        {"NOW+2-0", NOW + 2 * DAY},
        {"today", NOW - 13 * HOUR},
        {"tomorrow", NOW + 11 * HOUR},
        {"midnight", NOW + 11 * HOUR},
        {"noon", NOW + 23 * HOUR},
        {"13:00", NOW},
        {"14:30", NOW + HOUR + 30 * MINUTE},
        {"12:59:59", NOW + DAY - 1},
        {"2026-01-31", NOW - 13 * HOUR},
        {"2026-02-01T00:00", NOW + 11 * HOUR},
        {"2026-01-31T13:00:01", NOW + 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t when = 0;

        assert_int_equal(when_parse(rows[i].text, NOW, &when, NULL), 0);
        assert_int_equal(when, rows[i].when);
    }
}

static void bad_points_in_time_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "soon",
        "now+",
        "now-1",
        "now+x",
        "24:00",
        "1:00",
        "12:60",
        "12:00:61",
        "2026-13-01",
        "2026-02-30",
        "26-01-01",
        "2026-01-01T",
        "2026-01-01 12:00",
        "1969-01-01",
        "now+UNLIMITED",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        int64_t when = 7;
        struct err err;

        assert_int_equal(when_parse(texts[i], NOW, &when, &err), -EINVAL);
        assert_int_equal(when, 7);
        assert_true(err.text[0] != '\0');
    }
}

static void a_point_in_time_prints_as_it_is_read(void **state)
{
    cleanup(freep) char *text = when_format(NOW);
    cleanup(freep) char *never = when_format(0);
    int64_t again;

    (void)state;
    assert_string_equal(text, "2026-01-31T13:00:00");
    assert_string_equal(never, "Unknown");
    assert_int_equal(when_parse(text, 0, &again, NULL), 0);
    assert_int_equal(again, NOW);
}

static int use_utc(void **state)
{
    (void)state;
    (void)setenv("TZ", "UTC0", 1);
    tzset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(bad_durations_are_refused),
        cmocka_unit_test(durations_print_as_they_are_read),
        cmocka_unit_test(points_in_time_are_read),
        cmocka_unit_test(bad_points_in_time_are_refused),
        cmocka_unit_test(a_point_in_time_prints_as_it_is_read),
    };

    return cmocka_run_group_tests(tests, use_utc, NULL);
}
