/* SPDX-License-Identifier: Apache-2.0
 *
 * test_cron_plan.c - CronJobs over a clock that is only told
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/mem.h"
#include "workload/cron_plan.h"

#define JOBS 64

struct world {
    struct mf_cron_spec spec;
    struct cron_spec when;
    struct zone zone;
    bool has_zone;
    struct cron_progress progress;
    struct cron_job_child jobs[JOBS];
    size_t n;
    struct cron_plan plan;
};

static int64_t at(const char *text)
{
    struct tm tm = {.tm_sec = 0};

    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
    return timegm(&tm);
}

static void begin(struct world *w, const char *schedule, const char *now)
{
    *w = (struct world){.spec = {.starting_deadline = MF_UNSET,
                                 .concurrency = MF_CRON_ALLOW,
                                 .successes_kept = 3,
                                 .failures_kept = 1}};
    assert_int_equal(cron_spec_parse(schedule, &w->when, NULL), 0);
    w->progress.made_at = at(now);
}

static void use_rule(struct world *w, const char *rule)
{
    assert_int_equal(zone_rule_parse(rule, &w->zone.rule, NULL), 0);
    w->zone.has_rule = true;
    w->has_zone = true;
}

/* What it starts at 'now', or 0. The Job is then one of its Jobs. */
static int64_t plan_at(struct world *w, int64_t now)
{
    cron_plan_fini(&w->plan);
    cron_plan_make(&w->spec, &w->when, w->has_zone ? &w->zone : NULL, &w->progress,
                   w->jobs, w->n, now, &w->plan);
    for (size_t i = 0; i < w->plan.ends.n; i++)
        w->jobs[w->plan.ends.items[i]].is_ending = true;
    for (size_t i = 0; i < w->plan.passed.n; i++)
        w->jobs[w->plan.passed.items[i]].is_ending = true;
    if (w->plan.start) {
        assert_true(w->n < JOBS);
        w->jobs[w->n++] = (struct cron_job_child){.made_at = now};
    }
    return w->plan.start;
}

static void expect(struct world *w, const char *now, const char *start)
{
    int64_t is = plan_at(w, at(now));

    if (is != (start ? at(start) : 0))
        fail_msg("at %s: %lld", now, (long long)is);
}

static void end_job(struct world *w, size_t i, bool failed, const char *when)
{
    w->jobs[i].is_over = true;
    w->jobs[i].has_failed = failed;
    w->jobs[i].end_time = at(when);
}

static void each_time_starts_one_job(void **state)
{
    struct world w;

    (void)state;
    begin(&w, "*/5 * * * *", "2026-11-26 08:01:30");
    expect(&w, "2026-11-26 08:01:30", NULL);
    assert_int_equal(w.plan.again, at("2026-11-26 08:05:00"));
    expect(&w, "2026-11-26 08:04:59", NULL);
    expect(&w, "2026-11-26 08:05:00", "2026-11-26 08:05:00");
    expect(&w, "2026-11-26 08:05:00", NULL);
    expect(&w, "2026-11-26 08:07:00", NULL);
    expect(&w, "2026-11-26 08:10:03", "2026-11-26 08:10:00");
    assert_int_equal(w.plan.again, at("2026-11-26 08:15:00"));
    cron_plan_fini(&w.plan);
}

static void of_times_that_were_missed_the_last_is_made_up_for(void **state)
{
    struct world w;

    (void)state;
    begin(&w, "0 * * * *", "2026-11-26 08:30:00");
    expect(&w, "2026-11-26 12:10:00", "2026-11-26 12:00:00");
    assert_int_equal(w.plan.missed, 4);
    expect(&w, "2026-11-26 12:11:00", NULL);
    /* Weeks without a controller: words, and one Job. */
    expect(&w, "2026-12-26 12:10:00", "2026-12-26 12:00:00");
    assert_int_equal(w.plan.missed, CRON_MISSED_MAX + 1);
    cron_plan_fini(&w.plan);
}

static void a_start_may_be_too_late(void **state)
{
    struct world w;

    (void)state;
    begin(&w, "0 8 * * *", "2026-11-26 07:00:00");
    w.spec.starting_deadline = 200;
    expect(&w, "2026-11-26 08:03:21", NULL);
    assert_int_equal(w.plan.omission, CRON_TOO_LATE);
    assert_int_equal(w.plan.due, at("2026-11-26 08:00:00"));
    assert_int_equal(w.plan.again, at("2026-11-27 08:00:00"));
    expect(&w, "2026-11-27 08:03:20", "2026-11-27 08:00:00");
    cron_plan_fini(&w.plan);
}

static void the_policy_says_what_if_the_last_has_not_ended(void **state)
{
    static const struct {
        enum mf_concurrency policy;
        bool starts, ends;
        enum cron_omission omission;
    } rows[] = {
        {MF_CRON_ALLOW, true, false, CRON_STARTS},
        {MF_CRON_FORBID, false, false, CRON_IS_RUNNING},
        {MF_CRON_REPLACE, true, true, CRON_STARTS},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct world w;

        begin(&w, "* * * * *", "2026-11-26 07:59:00");
        w.spec.concurrency = rows[i].policy;
        expect(&w, "2026-11-26 08:00:00", "2026-11-26 08:00:00");
        assert_int_equal(plan_at(&w, at("2026-11-26 08:01:00")) != 0, rows[i].starts);
        assert_int_equal(w.plan.omission, rows[i].omission);
        assert_int_equal(w.jobs[0].is_ending, rows[i].ends);
        cron_plan_fini(&w.plan);
    }
}

static void what_was_forbidden_starts_when_the_last_has_ended(void **state)
{
    struct world w;

    (void)state;
    begin(&w, "* * * * *", "2026-11-26 07:59:00");
    w.spec.concurrency = MF_CRON_FORBID;
    w.spec.starting_deadline = 30;
    expect(&w, "2026-11-26 08:00:00", "2026-11-26 08:00:00");
    expect(&w, "2026-11-26 08:01:00", NULL);
    end_job(&w, 0, false, "2026-11-26 08:01:20");
    expect(&w, "2026-11-26 08:01:20", "2026-11-26 08:01:00");
    assert_int_equal(w.progress.last_success, at("2026-11-26 08:01:20"));
    expect(&w, "2026-11-26 08:02:00", NULL);
    end_job(&w, 1, false, "2026-11-26 08:02:40");
    expect(&w, "2026-11-26 08:02:40", NULL);
    assert_int_equal(w.plan.omission, CRON_TOO_LATE);
    cron_plan_fini(&w.plan);
}

static void a_suspended_one_starts_nothing_and_then_the_last(void **state)
{
    struct world w;

    (void)state;
    begin(&w, "0 * * * *", "2026-11-26 07:30:00");
    w.spec.is_suspended = true;
    expect(&w, "2026-11-26 09:10:00", NULL);
    assert_int_equal(w.plan.omission, CRON_SUSPENDED);
    assert_int_equal(w.plan.again, 0);
    w.spec.is_suspended = false;
    expect(&w, "2026-11-26 10:10:00", "2026-11-26 10:00:00");
    cron_plan_fini(&w.plan);
}

static void as_many_ended_jobs_are_kept_as_the_limits_say(void **state)
{
    static const char *const times[] = {"2026-11-26 08:01:00", "2026-11-26 08:02:00",
                                        "2026-11-26 08:03:00", "2026-11-26 08:04:00",
                                        "2026-11-26 08:05:00", "2026-11-26 08:06:00"};
    struct world w;

    (void)state;
    begin(&w, "* * * * *", "2026-11-26 08:00:00");
    w.spec.successes_kept = 2;
    w.spec.failures_kept = 0;
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        expect(&w, times[i], times[i]);
        end_job(&w, i, i == 3, times[i]);
    }
    expect(&w, "2026-11-26 08:06:30", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(times); i++)
        assert_int_equal(w.jobs[i].is_ending, i != 4 && i != 5);
    cron_plan_fini(&w.plan);
}

static void every_counts_from_the_last_start(void **state)
{
    struct world w;

    (void)state;
    begin(&w, "@every 90m", "2026-11-26 08:10:00");
    expect(&w, "2026-11-26 09:39:59", NULL);
    assert_int_equal(w.plan.again, at("2026-11-26 09:40:00"));
    expect(&w, "2026-11-26 09:41:00", "2026-11-26 09:40:00");
    assert_int_equal(w.plan.again, at("2026-11-26 11:10:00"));
    /* Missed ones keep the beat. */
    expect(&w, "2026-11-26 19:00:00", "2026-11-26 18:40:00");
    cron_plan_fini(&w.plan);
}

static void the_name_of_a_job_is_that_of_its_minute(void **state)
{
    cleanup(freep) char *name = cron_job_name("nightly", INT64_C(1795593600));

    (void)state;
    assert_string_equal(name, "nightly-29926560");
}

/* Wakes when it asked to, through three years with clocks that are set. */
static int64_t live(const char *schedule, const char *rule, bool is_twice)
{
    struct world w;
    int64_t starts = 0, now = at("2026-01-01 00:00:00");

    begin(&w, schedule, "2026-01-01 00:00:00");
    use_rule(&w, rule);
    w.spec.successes_kept = 1;
    while (now < at("2029-01-01 00:00:00")) {
        int64_t start;

        w.n = 0;
        start = plan_at(&w, now);
        assert_true(!start || start == now);
        starts += start != 0;
        if (is_twice)
            assert_int_equal(plan_at(&w, now), 0);
        assert_true(w.plan.again > now);
        now = w.plan.again;
    }
    cron_plan_fini(&w.plan);
    return starts;
}

static void years_pass_and_clocks_are_set(void **state)
{
    static const char new_york[] = "EST5EDT,M3.2.0,M11.1.0";
    static const struct {
        const char *schedule, *rule;
        int64_t starts;
    } rows[] = {
        /* 2028 is a leap year: 1096 days. */
        {"0 12 * * *", new_york, 1096},
        {"0 12 * * *", "UTC0", 1096},
        {"0 * * * *", new_york, 1096 * 24 - 1},
        /* Half past two is leapt over in March, half past one comes twice. */
        {"30 2 * * *", new_york, 1096 - 3},
        {"30 1 * * *", new_york, 1096 + 3},
        {"0 9 * * MON", "CET-1CEST,M3.5.0,M10.5.0/3", 156},
        {"0 0 29 2 *", "CET-1CEST,M3.5.0,M10.5.0/3", 1},
        {"@monthly", "AEST-10AEDT,M10.1.0,M4.1.0/3", 36},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t starts = live(rows[i].schedule, rows[i].rule, i != 2);

        if (starts != rows[i].starts)
            fail_msg("%s %s: %lld starts", rows[i].schedule, rows[i].rule,
                     (long long)starts);
    }
}

/* What the library says that Kubernetes uses (spec_test.go of robfig/cron). */
static void clocks_are_set_as_kubernetes_has_it(void **state)
{
    static const struct {
        const char *schedule, *after, *next;
    } rows[] = {
        {"0 2 * * *", "2012-03-11 05:00:00", "2012-03-12 06:00:00"},
        {"30 2 11 3 *", "2012-03-11 05:00:00", "2013-03-11 06:30:00"},
        {"0 * * * *", "2012-03-11 06:00:00", "2012-03-11 07:00:00"},
        {"0 1 * * *", "2012-11-04 04:00:00", "2012-11-04 05:00:00"},
        {"0 1 * * *", "2012-11-04 05:00:00", "2012-11-04 06:00:00"},
        {"0 1 * * *", "2012-11-04 06:00:00", "2012-11-05 06:00:00"},
        {"30 1 4 11 *", "2012-11-04 05:45:00", "2012-11-04 06:30:00"},
        {"30 2 4 11 *", "2012-11-04 04:00:00", "2012-11-04 07:30:00"},
        {"0 2 * * *", "2012-11-04 04:00:00", "2012-11-04 07:00:00"},
    };
    struct world w;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        begin(&w, rows[i].schedule, rows[i].after);
        use_rule(&w, "EST5EDT,M3.2.0,M11.1.0");
        if (cron_spec_next(&w.when, at(rows[i].after), zone_offset, &w.zone) !=
            at(rows[i].next))
            fail_msg("%s after %s", rows[i].schedule, rows[i].after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_time_starts_one_job),
        cmocka_unit_test(of_times_that_were_missed_the_last_is_made_up_for),
        cmocka_unit_test(a_start_may_be_too_late),
        cmocka_unit_test(the_policy_says_what_if_the_last_has_not_ended),
        cmocka_unit_test(what_was_forbidden_starts_when_the_last_has_ended),
        cmocka_unit_test(a_suspended_one_starts_nothing_and_then_the_last),
        cmocka_unit_test(as_many_ended_jobs_are_kept_as_the_limits_say),
        cmocka_unit_test(every_counts_from_the_last_start),
        cmocka_unit_test(the_name_of_a_job_is_that_of_its_minute),
        cmocka_unit_test(years_pass_and_clocks_are_set),
        cmocka_unit_test(clocks_are_set_as_kubernetes_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
