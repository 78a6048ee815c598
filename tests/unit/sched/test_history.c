/* SPDX-License-Identifier: Apache-2.0
 *
 * test_history.c - guesses of run times grow out of what jobs did
 */
#include "fixture.h"

#include <math.h>

#include "sched/history.h"

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 0.02 * b;
}

static void nothing_is_known_but_the_limit(void **state)
{
    (void)state;
    struct history *h = history_create();
    assert_true(is_near(history_guess(h, 7, 3600, 4), 3600));
    assert_true(is_near(history_guess(h, HISTORY_NOBODY, 60, 4), 60));
    history_destroy(h);
}

static void a_user_whose_jobs_end_early_is_known_for_it(void **state)
{
    (void)state;
    struct history *h = history_create();
    for (int i = 0; i < 30; i++)
        history_learn(h, 7, 3600, 4, 300);
    assert_true(history_guess(h, 7, 3600, 4) < 400);
    /* Others are thought to be a little like them, the user's other jobs more. */
    double other = history_guess(h, 8, 3600, 4), kind = history_guess(h, 7, 3700, 8);
    assert_true(other > kind && kind < 700 && other < 3600);
    history_destroy(h);
}

static void the_last_jobs_count_most(void **state)
{
    (void)state;
    struct history *h = history_create();
    for (int i = 0; i < 50; i++)
        history_learn(h, 7, 3600, 4, 3000);
    for (int i = 0; i < 8; i++)
        history_learn(h, 7, 3600, 4, 100);
    assert_true(history_guess(h, 7, 3600, 4) < 500);
    history_destroy(h);
}

static void a_guess_lies_between_a_second_and_the_limit(void **state)
{
    (void)state;
    struct history *h = history_create();
    for (int i = 0; i < 50; i++)
        history_learn(h, 7, 3600, 4, 100000);
    assert_true(history_guess(h, 7, 3600, 4) <= 3600);
    for (int i = 0; i < 500; i++)
        history_learn(h, 7, 5, 1, 0);
    double guess = history_guess(h, 7, 5, 1);
    assert_true(guess >= 1 && guess <= 5);
    history_destroy(h);
}

static void who_runs_briefly_comes_first_in_the_default_order(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_policy policy;
    assert_int_equal(sched_policy_named("default", &policy, NULL), 0);
    fixture_init(&f, true, policy);
    struct sched_request slow = request_of(1, 16), quick = request_of(2, 16);
    slow.uid = 7;
    quick.uid = 8;
    slow.submit_time = quick.submit_time = 50;
    slow.time_limit = quick.time_limit = 3600;
    for (int i = 0; i < 20; i++) {
        sched_learn(f.sched, 7, 3600, 16, 3500);
        sched_learn(f.sched, 8, 3600, 16, 60);
    }
    add(&f, &slow);
    add(&f, &quick);
    assert_pass(&f, 100, "2");
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_but_the_limit),
        cmocka_unit_test(a_user_whose_jobs_end_early_is_known_for_it),
        cmocka_unit_test(the_last_jobs_count_most),
        cmocka_unit_test(a_guess_lies_between_a_second_and_the_limit),
        cmocka_unit_test(who_runs_briefly_comes_first_in_the_default_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
