/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_state.c - every pair of state and event, against a table of its own
 */
#include "state/job_state.h"

#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Written by hand from doc/design/04-life-of-a-job.md, not from the .def file:
 * rows are states, columns are START REFUSE LAUNCH_FAILED STARTED CANCEL END_OK
 * END_FAILED END_TIMEOUT LOST SUSPEND RESUME LEAVE REQUEUE PREEMPTED SPREAD
 * DONE END_MEMORY; "-" leads nowhere. */
static const char *const expected[JOB_STATE_COUNT][JOB_EVENT_COUNT] = {
    [JOB_PENDING] = {"CF", "F", "-", "-", "CA", "-", "-", "-", "-", "-", "-", "-", "-",
                     "-", "SP", "-", "-"},
    [JOB_STARTING] = {"-", "F", "PD", "R", "CG", "CD", "F", "TO", "NF", "-", "-", "CG",
                      "-", "-", "-", "-", "OOM"},
    [JOB_RUNNING] = {"-", "-", "-", "-", "CG", "CD", "F", "TO", "NF", "S", "-", "CG",
                     "-", "-", "-", "-", "OOM"},
    [JOB_COMPLETING] = {"-", "-", "CA", "CG", "CG", "CA", "CA", "CA", "CA", "-", "-",
                        "-", "PD", "PR", "-", "CD", "CA"},
    [JOB_COMPLETED] = {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
                       "-", "-", "-", "-"},
    [JOB_CANCELLED] = {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
                       "-", "-", "-", "-"},
    [JOB_FAILED] = {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
                    "-", "-", "-", "-"},
    [JOB_TIMEOUT] = {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
                     "-", "-", "-", "-"},
    [JOB_NODE_FAIL] = {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
                       "-", "-", "-", "-"},
    [JOB_SUSPENDED] = {"-", "-", "-", "-", "CG", "CD", "F", "TO", "NF", "-", "R", "CG",
                       "-", "-", "-", "-", "OOM"},
    [JOB_SPREAD] = {"-", "-", "-", "-", "CA", "CD", "F", "-", "-", "-", "-", "-", "-",
                    "-", "-", "-", "-"},
    [JOB_PREEMPTED] = {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
                       "-", "-", "-", "-"},
    [JOB_OUT_OF_MEMORY] = {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
                           "-", "-", "-", "-", "-"},
};

static void every_pair_leads_where_the_design_says(void **state)
{
    (void)state;
    for (unsigned int s = 0; s < JOB_STATE_COUNT; s++) {
        for (unsigned int e = 0; e < JOB_EVENT_COUNT; e++) {
            enum job_state next = (enum job_state)s;
            struct err err = {0};
            int rc = job_state_next((enum job_state)s, (enum job_event)e, &next, &err);

            if (strcmp(expected[s][e], "-") == 0) {
                assert_int_equal(rc, -EINVAL);
                assert_int_equal(next, s);
                assert_non_null(strstr(err.text, job_state_name((enum job_state)s)));
                assert_non_null(strstr(err.text, job_event_words((enum job_event)e)));
            } else {
                assert_int_equal(rc, 0);
                assert_string_equal(job_state_short(next), expected[s][e]);
            }
        }
    }
}

static void a_final_state_has_no_way_out_and_others_have_one(void **state)
{
    (void)state;
    for (unsigned int s = 0; s < JOB_STATE_COUNT; s++) {
        unsigned int ways = 0;
        enum job_state next;

        for (unsigned int e = 0; e < JOB_EVENT_COUNT; e++)
            ways +=
                job_state_next((enum job_state)s, (enum job_event)e, &next, NULL) == 0;
        assert_int_equal(ways == 0, job_state_is_final((enum job_state)s));
    }
}

static void every_active_state_can_be_lost_and_every_other_cannot(void **state)
{
    (void)state;
    for (unsigned int s = 0; s < JOB_STATE_COUNT; s++) {
        enum job_state next;
        int rc = job_state_next((enum job_state)s, EV_LOST, &next, NULL);

        assert_int_equal(rc == 0, job_state_is_active((enum job_state)s));
    }
}

static void states_are_read_by_long_and_short_names_in_any_case(void **state)
{
    enum job_state got;

    (void)state;
    for (unsigned int s = 0; s < JOB_STATE_COUNT; s++) {
        assert_int_equal(job_state_parse(job_state_name((enum job_state)s), &got, NULL),
                         0);
        assert_int_equal(got, s);
        assert_int_equal(
            job_state_parse(job_state_short((enum job_state)s), &got, NULL), 0);
        assert_int_equal(got, s);
    }
    assert_int_equal(job_state_parse("running", &got, NULL), 0);
    assert_int_equal(got, JOB_RUNNING);
}

static void a_misspelt_state_is_answered_with_the_nearest(void **state)
{
    enum job_state got = JOB_FAILED;
    struct err err;

    (void)state;
    assert_int_equal(job_state_parse("RUNING", &got, &err), -EINVAL);
    assert_string_equal(err.text,
                        "'RUNING' is not a job state; did you mean 'RUNNING'?");
    assert_int_equal(got, JOB_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_leads_where_the_design_says),
        cmocka_unit_test(a_final_state_has_no_way_out_and_others_have_one),
        cmocka_unit_test(every_active_state_can_be_lost_and_every_other_cannot),
        cmocka_unit_test(states_are_read_by_long_and_short_names_in_any_case),
        cmocka_unit_test(a_misspelt_state_is_answered_with_the_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
