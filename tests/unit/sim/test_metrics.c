/* SPDX-License-Identifier: Apache-2.0
 *
 * test_metrics.c - schedules whose figures are known
 */
#include "sim/metrics.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double value, double expected)
{
    if (fabs(value - expected) > 1e-9)
        fail_msg("%.12g is not %.12g", value, expected);
}

static void short_jobs_count_as_ten_seconds(void **state)
{
    (void)state;
    assert_near(bounded_slowdown(0, 0), 1);
    assert_near(bounded_slowdown(90, 1), 9.1);
    assert_near(bounded_slowdown(90, 10), 10);
    assert_near(bounded_slowdown(100, 100), 2);
    assert_near(bounded_slowdown(5, 2), 1);
}

static void a_schedule_of_three_jobs(void **state)
{
    const struct outcome outcomes[] = {
        {.submit = 100, .start = 100, .end = 200, .procs = 2},
        {.submit = 110, .start = 200, .end = 300, .procs = 4},
        {.submit = 120, .start = 120, .end = 121, .procs = 1},
    };
    struct metrics m;

    (void)state;
    metrics_of(outcomes, 3, 4, &m);
    assert_int_equal(m.all.jobs, 3);
    assert_int_equal(m.makespan, 200);
    assert_near(m.utilisation, (200 + 400 + 1) / 800.0);
    assert_near(m.all.mean_wait, 30);
    assert_near(m.all.p50_wait, 0);
    assert_near(m.all.p99_wait, 90);
    assert_near(m.all.max_wait, 90);
    assert_near(m.all.mean_bsld, (1 + 1.9 + 1) / 3);
    assert_near(m.all.max_response, 190);
    assert_near(m.all.work, 601);
    assert_int_equal(m.by_size[0].jobs, 1);
    assert_int_equal(m.by_size[1].jobs, 2);
    assert_near(m.by_size[1].mean_wait, 45);
}

static void a_percentile_is_the_value_of_that_rank(void **state)
{
    struct outcome outcomes[200];
    struct metrics m;

    (void)state;
    for (int i = 0; i < 200; i++)
        outcomes[i] =
            (struct outcome){.submit = 0, .start = 200 - i, .end = 300, .procs = 1};
    metrics_of(outcomes, 200, 1, &m);
    assert_near(m.all.p50_wait, 100);
    assert_near(m.all.p90_wait, 180);
    assert_near(m.all.p95_wait, 190);
    assert_near(m.all.p99_wait, 198);
    assert_near(m.all.max_wait, 200);
}

static void no_job_has_no_figures(void **state)
{
    struct metrics m;

    (void)state;
    metrics_of(NULL, 0, 4, &m);
    assert_int_equal(m.all.jobs, 0);
    assert_near(m.all.mean_bsld, 0);
    assert_near(m.utilisation, 0);
}

static void a_mean_over_windows_counts_each_window_once(void **state)
{
    const struct outcome first[] = {{.start = 10, .end = 20, .procs = 1}};
    const struct outcome second[] = {{.start = 30, .end = 40, .procs = 4},
                                     {.start = 50, .end = 60, .procs = 4}};
    struct metrics each[2], mean;

    (void)state;
    metrics_of(first, 1, 4, &each[0]);
    metrics_of(second, 2, 4, &each[1]);
    metrics_mean(each, 2, &mean);
    assert_int_equal(mean.all.jobs, 3);
    assert_near(mean.all.mean_wait, 25);
    assert_near(mean.all.mean_bsld, (2 + 5) / 2.0);
    assert_int_equal(mean.makespan, 40);
    assert_near(mean.by_size[0].mean_wait, 10);
    assert_near(mean.by_size[1].mean_wait, 40);
}

static void classes_of_size_grow_fourfold(void **state)
{
    static const struct {
        uint32_t procs;
        size_t size_class;
    } rows[] = {{1, 0},  {2, 1},  {4, 1},         {5, 2},
                {16, 2}, {17, 3}, {67108864, 13}, {UINT32_MAX, 13}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t least, most;

        assert_int_equal(metrics_size_class(rows[i].procs), rows[i].size_class);
        metrics_size_bounds(rows[i].size_class, &least, &most);
        assert_true(least <= rows[i].procs && rows[i].procs <= most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_jobs_count_as_ten_seconds),
        cmocka_unit_test(a_schedule_of_three_jobs),
        cmocka_unit_test(a_percentile_is_the_value_of_that_rank),
        cmocka_unit_test(no_job_has_no_figures),
        cmocka_unit_test(a_mean_over_windows_counts_each_window_once),
        cmocka_unit_test(classes_of_size_grow_fourfold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
