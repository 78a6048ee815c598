/* SPDX-License-Identifier: Apache-2.0
 *
 * test_top_table.c - rows of berth top, and rates between two looks
 */
#include "cli/top_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/mem.h"

/* What node 'name' says of one job with one step, at second 'second'. */
static void add(struct top_sample *sample, const char *name, uint32_t job,
                double cpu_seconds, uint64_t memory, int64_t second)
{
    Berth__Usage usage = BERTH__USAGE__INIT;
    Berth__StepUsage step = BERTH__STEP_USAGE__INIT, *steps[] = {&step};
    Berth__JobUsage ju = BERTH__JOB_USAGE__INIT, *jobs[] = {&ju};
    Berth__UsageList list = BERTH__USAGE_LIST__INIT;
    cleanup(freep) char *node = xstrdup(name);

    usage.user_usec = (uint64_t)(1e6 * cpu_seconds);
    usage.memory = memory;
    usage.processes = 2;
    step.step_id = 0;
    step.usage = ju.total = &usage;
    ju.job_id = job;
    ju.steps = steps;
    ju.n_steps = 1;
    list.node = node;
    list.usec = 1000000 * second;
    list.jobs = jobs;
    list.n_jobs = 1;
    top_add(sample, &list, &job, 1);
}

static void rates_are_summed_over_nodes(void **state)
{
    cleanup(top_sample_fini) struct top_sample before = {0};
    cleanup(top_sample_fini) struct top_sample now = {0};
    cleanup(top_sample_fini) struct top_sample folded = {0};

    (void)state;
    add(&before, "n1", 7, 10, 100, 50);
    add(&before, "n2", 7, 20, 100, 950); /* clocks differ */
    add(&now, "n1", 7, 14, 150, 52);
    add(&now, "n2", 7, 21, 100, 952);
    top_rate(&now, &before);
    top_fold(&now, &folded);
    assert_int_equal(folded.n, 1);
    assert_true(fabs(folded.rows[0].cores - 2.5) < 1e-6);
    assert_int_equal(folded.rows[0].memory, 250);
    assert_int_equal(folded.rows[0].processes, 4);
}

static void a_first_look_has_no_rate_and_a_sum_that_shrinks_none(void **state)
{
    cleanup(top_sample_fini) struct top_sample before = {0};
    cleanup(top_sample_fini) struct top_sample now = {0};

    (void)state;
    add(&now, "n1", 7, 10, 1, 50);
    top_rate(&now, &before);
    assert_true(now.rows[0].cores < 0);
    add(&before, "n1", 7, 11, 1, 49);
    top_rate(&now, &before);
    assert_true(fabs(now.rows[0].cores) < 1e-9);
}

static void rows_stand_in_the_order_asked_for(void **state)
{
    cleanup(top_sample_fini) struct top_sample now = {0};
    cleanup(top_sample_fini) struct top_sample folded = {0};

    (void)state;
    add(&now, "n1", 9, 0, 10, 1);
    add(&now, "n1", 7, 0, 30, 1);
    add(&now, "n1", 8, 0, 20, 1);
    top_fold(&now, &folded);
    top_sort(&folded, TOP_BY_MEMORY);
    assert_int_equal(folded.rows[0].job, 7);
    assert_int_equal(folded.rows[2].job, 9);
    top_sort(&folded, TOP_BY_JOB);
    assert_int_equal(folded.rows[1].job, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_summed_over_nodes),
        cmocka_unit_test(a_first_look_has_no_rate_and_a_sum_that_shrinks_none),
        cmocka_unit_test(rows_stand_in_the_order_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
