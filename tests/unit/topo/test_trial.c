/* SPDX-License-Identifier: Apache-2.0
 *
 * test_trial.c - what dies, dies in the child
 */
#include "topo/trial.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int calls;

static int harmless(const void *arg, struct err *err)
{
    (void)err;
    calls += *(const int *)arg;
    return 0;
}

static int refuses(const void *arg, struct err *err)
{
    return err_set(err, *(const int *)arg, "no such luck");
}

static int dies(const void *arg, struct err *err)
{
    (void)err;
    return raise(*(const int *)arg);
}

static int quits(const void *arg, struct err *err)
{
    (void)err;
    _exit(*(const int *)arg);
}

static void what_returns_changes_nothing_here(void **state)
{
    (void)state;
    int one = 1;
    struct err err = {.text = "untouched"};
    assert_int_equal(trial_run(harmless, &one, &err), 0);
    assert_int_equal(calls, 0);
    assert_string_equal(err.text, "untouched");
}

static void a_refusal_comes_back_with_its_words(void **state)
{
    (void)state;
    int code = EDOM;
    struct err err;
    assert_int_equal(trial_run(refuses, &code, &err), -EDOM);
    assert_int_equal(err.code, EDOM);
    assert_string_equal(err.text, "no such luck");
    assert_int_equal(trial_run(refuses, &code, NULL), -EDOM);
}

static void what_crashes_or_quits_is_told_apart(void **state)
{
    (void)state;
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGALRM};
    int success = 0;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        assert_int_equal(trial_run(dies, &signals[i], NULL), -ECHILD);
    assert_int_equal(trial_run(quits, &success, NULL), -ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_returns_changes_nothing_here),
        cmocka_unit_test(a_refusal_comes_back_with_its_words),
        cmocka_unit_test(what_crashes_or_quits_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
