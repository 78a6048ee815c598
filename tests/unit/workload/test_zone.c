/* SPDX-License-Identifier: Apache-2.0
 *
 * test_zone.c - what clocks of a time zone show
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <errno.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "workload/zone.h"

#define ZONES "/usr/share/zoneinfo"

/* "2026-11-26 08:00" of UTC. */
static int64_t at(const char *text)
{
    struct tm tm = {.tm_sec = 0};

    assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
    return timegm(&tm);
}

static void a_rule_says_when_summer_is(void **state)
{
    static const struct {
        const char *rule, *utc;
        int64_t offset;
    } rows[] = {
        {"UTC0", "2026-07-01 00:00", 0},
        {"IST-5:30", "2026-07-01 00:00", 19800},
        {"<-03>3", "2026-07-01 00:00", -10800},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08 06:59", -18000},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08 07:00", -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01 05:59", -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01 06:00", -18000},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 00:59", 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:00", 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2060-10-31 01:00", 3600},
        /* South of the equator the year begins in summer. */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01 00:00", 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01 00:00", 36000},
        /* Dublin's winter is the exception. */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01 00:00", 0},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01 00:00", 3600},
        /* Half an hour, and a time before midnight. */
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01 00:00", 39600},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 00:59", -7200},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 01:00", -3600},
        /* All year, as RFC 8536 writes it. */
        {"XXX3EDT4,0/0,J365/23", "2026-01-01 04:00", -14400},
        {"XXX3EDT4,0/0,J365/23", "2026-12-31 23:00", -14400},
        /* J60 is 1 March, in a leap year too; 59 is the 60th day. */
        {"AAA0BBB,J60/0,J300/0", "2028-02-29 23:59", 0},
        {"AAA0BBB,J60/0,J300/0", "2028-03-01 00:00", 3600},
        {"AAA0BBB,59/0,300/0", "2028-02-29 00:00", 3600},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct zone_rule rule;

        assert_int_equal(zone_rule_parse(rows[i].rule, &rule, NULL), 0);
        if (zone_rule_offset(&rule, at(rows[i].utc)) != rows[i].offset)
            fail_msg("%s at %s: %lld", rows[i].rule, rows[i].utc,
                     (long long)zone_rule_offset(&rule, at(rows[i].utc)));
    }
}

static void what_is_no_rule_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "CE-1",
        "CET",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,J0,J5",
        "<CET-1",
        "CET-25",
        "CET-1CEST,M3.5.0/168,M10.5.0",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct zone_rule rule;
        struct err err;

        assert_int_equal(zone_rule_parse(bad[i], &rule, &err), -EINVAL);
        assert_non_null(strstr(err.text, "is no rule of a time zone"));
    }
}

static void names_stay_in_their_directory(void **state)
{
    static const char *const good[] = {"UTC", "Europe/Berlin", "Etc/GMT+5",
                                       "America/Argentina/Buenos_Aires"};
    static const char *const bad[] = {"",        "/etc/passwd", "../passwd",
                                      "Europe/", "a//b",        "a/../b",
                                      "a b",     ".",           "posix.x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(zone_name_is_good(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(zone_name_is_good(bad[i]));
}

static void put(struct strbuf *to, uint64_t value, int bytes)
{
    while (bytes--)
        strbuf_putc(to, (char)(value >> bytes * 8 & 0xff));
}

static void put_header(struct strbuf *to, char version, uint32_t times, uint32_t types)
{
    strbuf_puts(to, "TZif");
    strbuf_putc(to, version);
    put(to, 0, 15 - 8);
    put(to, 0, 8);
    put(to, 0, 4); /* marks of UTC */
    put(to, 0, 4); /* of standard time */
    put(to, 0, 4); /* leap seconds */
    put(to, times, 4);
    put(to, types, 4);
    put(to, 4, 4);
}

/* One hour until 1000, two until 2000, then by 'rule'. */
static void build(struct strbuf *to, const char *rule)
{
    put_header(to, '2', 0, 1);
    put(to, 0, 6);
    put(to, 0, 4);
    put_header(to, '2', 2, 2);
    put(to, 1000, 8);
    put(to, 2000, 8);
    put(to, 1, 1);
    put(to, 0, 1);
    put(to, 3600, 4);
    put(to, 0, 2);
    put(to, 7200, 4);
    put(to, 0x0100, 2);
    put(to, 0, 4);
    strbuf_printf(to, "\n%s\n", rule);
}

static void free_text(struct strbuf *text)
{
    strbuf_fini(text);
}

static void a_table_goes_before_its_rule(void **state)
{
    cleanup(free_text) struct strbuf file = STRBUF_INIT;
    struct zone zone;

    (void)state;
    build(&file, "AAA-3");
    assert_int_equal(zone_parse(file.s, file.len, &zone, NULL), 0);
    assert_int_equal(zone_offset(-5, &zone), 3600);
    assert_int_equal(zone_offset(999, &zone), 3600);
    assert_int_equal(zone_offset(1000, &zone), 7200);
    assert_int_equal(zone_offset(1999, &zone), 7200);
    assert_int_equal(zone_offset(2000, &zone), 10800);
    assert_int_equal(zone_offset(77, NULL), 0);
    zone_fini(&zone);
}

static void a_file_that_is_cut_short_is_refused(void **state)
{
    cleanup(free_text) struct strbuf file = STRBUF_INIT;
    struct zone zone;
    struct err err;

    (void)state;
    build(&file, "AAA-3");
    for (size_t n = 0; n < file.len; n++) {
        cleanup(freep) char *part = xmemdup(file.len ? file.s : "", n + !n);

        assert_int_equal(zone_parse(part, n, &zone, &err), -EINVAL);
    }
    file.s[4] = '\0';
    assert_int_equal(zone_parse(file.s, file.len, &zone, &err), -EINVAL);
    assert_non_null(strstr(err.text, "version 2 is wanted"));
}

static bool load(const char *name, struct zone *ret)
{
    cleanup(freep) char *path = xasprintf(ZONES "/%s", name);
    cleanup(freep) char *bytes = NULL;
    struct err err;
    size_t len;

    if (io_read_file(path, ZONE_FILE_MAX, &bytes, &len, &err) < 0)
        return false;
    if (zone_parse(bytes, len, ret, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    return true;
}

/* The C library reads the same files with code of its own. */
static void the_c_library_agrees(void **state)
{
    static const char *const names[] = {
        "UTC",
        "America/New_York",
        "Europe/Berlin",
        "Europe/Dublin",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "America/Havana",
        "Africa/Casablanca",
        "Pacific/Apia",
        "America/Godthab",
        "Asia/Gaza",
        "Antarctica/Troll",
        "Pacific/Chatham",
        "America/Sao_Paulo",
    };
    int n = 0;

    (void)state;
    srandom(11);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct zone zone;

        if (!load(names[i], &zone))
            continue;
        n++;
        setenv("TZ", names[i], 1);
        tzset();
        for (int round = 0; round < 3000; round++) {
            /* 1950 to 2200, in half hours. */
            time_t utc = (random() % 4400000 - 350000) * INT64_C(1800);
            struct tm tm;

            assert_non_null(localtime_r(&utc, &tm));
            if (tm.tm_gmtoff != zone_offset(utc, &zone))
                fail_msg("%s at %lld: %ld, not %lld", names[i], (long long)utc,
                         tm.tm_gmtoff, (long long)zone_offset(utc, &zone));
        }
        zone_fini(&zone);
    }
    if (!n)
        skip(); /* this machine has no zones */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_says_when_summer_is),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(names_stay_in_their_directory),
        cmocka_unit_test(a_table_goes_before_its_rule),
        cmocka_unit_test(a_file_that_is_cut_short_is_refused),
        cmocka_unit_test(the_c_library_agrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
