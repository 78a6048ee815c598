/* SPDX-License-Identifier: Apache-2.0
 *
 * test_trial.c - what dies, dies in the child
 */
#include "topo/trial.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int calls;

static void harmless(const void *arg)
{
    calls += *(const int *)arg;
}

static void fatal(const void *arg)
{
    raise(*(const int *)arg);
}

static void quits(const void *arg)
{
    _exit(*(const int *)arg);
}

static void what_returns_survives_and_changes_nothing_here(void **state)
{
    (void)state;
    int one = 1;
    assert_true(trial_survives(harmless, &one));
    assert_int_equal(calls, 0);
}

static void what_crashes_does_not(void **state)
{
    (void)state;
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGALRM};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        assert_false(trial_survives(fatal, &signals[i]));
}

static void what_quits_does_not(void **state)
{
    (void)state;
    int success = 0;
    assert_false(trial_survives(quits, &success));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_returns_survives_and_changes_nothing_here),
        cmocka_unit_test(what_crashes_does_not),
        cmocka_unit_test(what_quits_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
