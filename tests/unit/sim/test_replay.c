/* SPDX-License-Identifier: Apache-2.0
 *
 * test_replay.c - small workloads whose schedules were worked out by hand
 *
 * A machine of 10 processors. A row is a job: submit, run, request, processors, and
 * the start that each policy must give it.
 */
#include "sim/replay.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PROCS 10
#define JOBS_MAX 8

struct row {
    int64_t submit, run, request;
    uint32_t procs;
    int64_t start;
};

static struct replay_options options_of(const char *policy)
{
    struct replay_options options = {.sched = sched_options_default};
    struct err err = {0};

    if (sched_policy_named(policy, &options.sched.policy, &err))
        fail_msg("%s", err.text);
    return options;
}

static void run_rows(const struct replay_options *options, const struct row *rows,
                     size_t n, struct replay_result *ret)
{
    struct trace_job jobs[JOBS_MAX];
    struct machine machine;
    struct err err = {0};

    assert_true(n <= JOBS_MAX);
    for (size_t i = 0; i < n; i++)
        jobs[i] = (struct trace_job){.number = (int64_t)i + 1,
                                     .submit = rows[i].submit,
                                     .run = rows[i].run,
                                     .request = rows[i].request,
                                     .procs = rows[i].procs,
                                     .user = -1};
    machine_flat(&machine, PROCS);
    if (replay_run(&machine, jobs, n, options, ret, &err))
        fail_msg("%s", err.text);
    machine_fini(&machine);
}

static void assert_starts(const struct replay_options *options, const struct row *rows,
                          size_t n)
{
    struct replay_result result;

    run_rows(options, rows, n, &result);
    for (size_t i = 0; i < n; i++)
        if (result.outcomes[i].start != rows[i].start)
            fail_msg("job %zu starts at %ld, not at %ld", i + 1,
                     (long)result.outcomes[i].start, (long)rows[i].start);
    assert_int_equal(result.refused, 0);
    assert_int_equal(result.starts, n);
    replay_result_fini(&result);
}

static void fifo_lets_nobody_pass(void **state)
{
    const struct replay_options options = options_of("fifo");
    const struct row rows[] = {
        {0, 100, 100, 6, 0},
        {1, 50, 50, 6, 100},
        {2, 10, 10, 4, 100}, /* would fit at once */
    };

    (void)state;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
}

static void easy_fills_up_before_the_first_and_beside_it(void **state)
{
    const struct replay_options options = options_of("easy");
    const struct row rows[] = {
        {0, 100, 100, 6, 0},
        {1, 50, 50, 8, 100}, /* the first that waits: promised 100 */
        {2, 90, 90, 2, 2},   /* is over before */
        {3, 200, 200, 2, 3}, /* beside it: 10 - 8 are left over */
        {4, 200, 200, 2, 150},
    };

    (void)state;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
}

static void easy_may_delay_the_second_and_conservative_does_not(void **state)
{
    const struct replay_options easy = options_of("easy");
    const struct replay_options conservative = options_of("conservative");
    struct row rows[] = {
        {0, 100, 100, 8, 0},
        {1, 100, 100, 8, 100},
        {2, 100, 100, 10, 400}, /* conservative: promised 200 */
        {3, 400, 400, 2, 3},
    };

    (void)state;
    rows[2].start = 403;
    assert_starts(&easy, rows, ARRAY_SIZE(rows));
    rows[2].start = 200;
    rows[3].start = 300;
    assert_starts(&conservative, rows, ARRAY_SIZE(rows));
}

static void an_early_end_is_used_at_once(void **state)
{
    const struct replay_options options = options_of("easy");
    const struct row rows[] = {
        {0, 40, 100, 10, 0},
        {1, 10, 10, 10, 40},
    };

    (void)state;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
}

static void shortest_first_reorders_what_fills_up(void **state)
{
    struct replay_options options = options_of("easy");
    const struct row rows[] = {
        {0, 100, 100, 8, 0},  {1, 50, 50, 10, 100},
        {2, 10, 10, 10, 150}, {2, 80, 80, 2, 20}, /* came first, but is longer */
        {2, 18, 18, 2, 2},
    };
    struct row queue_order[ARRAY_SIZE(rows)];

    (void)state;
    options.pass_each_second = true;
    memcpy(queue_order, rows, sizeof(rows));
    queue_order[3].start = 2;
    queue_order[4].start = 82;
    assert_starts(&options, queue_order, ARRAY_SIZE(rows));
    options.sched.policy.backfill_shortest = true;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
}

static void the_shortest_comes_first_when_that_is_the_order(void **state)
{
    struct replay_options options = options_of("fifo");
    const struct row rows[] = {
        {0, 100, 100, 10, 0},
        {1, 50, 50, 10, 110},
        {2, 10, 10, 10, 100},
    };

    (void)state;
    options.sched.policy.order = SCHED_BY_TIME;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
}

static void jobs_whose_request_is_over_leave_together(void **state)
{
    const struct replay_options options = options_of("easy");
    const struct row rows[] = {
        {0, 100, 100, 5, 0},
        {0, 100, 100, 5, 0},
        {1, 50, 50, 10, 100}, /* needs both ends */
        {2, 10, 10, 5, 150},  /* must not slip in between them */
    };

    (void)state;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
}

static void a_job_of_no_time_starts_and_ends(void **state)
{
    const struct replay_options options = options_of("easy");
    const struct row rows[] = {{5, 0, 1, 10, 5}, {5, 10, 10, 10, 5}};
    struct replay_result result;

    (void)state;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
    run_rows(&options, rows, ARRAY_SIZE(rows), &result);
    assert_int_equal(result.outcomes[0].end, 5);
    assert_int_equal(result.outcomes[1].end, 15);
    replay_result_fini(&result);
}

static void a_job_past_its_request_keeps_what_it_has(void **state)
{
    const struct replay_options options = options_of("easy");
    const struct row rows[] = {
        {0, 300, 100, 10, 0},
        {1, 50, 50, 10, 300},
        {150, 20, 20, 5, 350},
    };

    (void)state;
    assert_starts(&options, rows, ARRAY_SIZE(rows));
}

static void what_no_node_could_hold_is_refused_and_counted(void **state)
{
    const struct replay_options options = options_of("easy");
    const struct row rows[] = {{0, 10, 10, 11, -1}, {0, 10, 10, 10, 0}};
    struct replay_result result;

    (void)state;
    run_rows(&options, rows, ARRAY_SIZE(rows), &result);
    assert_int_equal(result.refused, 1);
    assert_int_equal(result.starts, 1);
    assert_int_equal(result.outcomes[0].procs, 0);
    assert_int_equal(result.outcomes[1].start, 0);
    replay_result_fini(&result);
}

static void no_jobs_are_no_work(void **state)
{
    const struct replay_options options = options_of("easy");
    struct replay_result result;

    (void)state;
    run_rows(&options, NULL, 0, &result);
    assert_int_equal(result.starts, 0);
    replay_result_fini(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifo_lets_nobody_pass),
        cmocka_unit_test(easy_fills_up_before_the_first_and_beside_it),
        cmocka_unit_test(easy_may_delay_the_second_and_conservative_does_not),
        cmocka_unit_test(an_early_end_is_used_at_once),
        cmocka_unit_test(shortest_first_reorders_what_fills_up),
        cmocka_unit_test(the_shortest_comes_first_when_that_is_the_order),
        cmocka_unit_test(jobs_whose_request_is_over_leave_together),
        cmocka_unit_test(a_job_of_no_time_starts_and_ends),
        cmocka_unit_test(a_job_past_its_request_keeps_what_it_has),
        cmocka_unit_test(what_no_node_could_hold_is_refused_and_counted),
        cmocka_unit_test(no_jobs_are_no_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
