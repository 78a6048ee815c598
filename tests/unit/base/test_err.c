/* SPDX-License-Identifier: Apache-2.0
 *
 * test_err.c - codes and words of failures
 */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_failure_carries_code_and_words(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(err_set(&err, EINVAL, "node %d", 3), -EINVAL);
    assert_int_equal(err.code, EINVAL);
    assert_string_equal(err.text, "node 3");
}

static void a_system_failure_names_the_reason(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(err_sys(&err, ENOENT, "/x"), -ENOENT);
    assert_string_equal(err.text, "/x: No such file or directory");
}

static void words_are_wrapped_from_the_outside(void **state)
{
    struct err err;

    (void)state;
    (void)err_set(&err, EIO, "digest does not match");
    assert_int_equal(err_wrap(&err, "layer %d", 3), -EIO);
    assert_int_equal(err_wrap(&err, "job 17"), -EIO);
    assert_string_equal(err.text, "job 17: layer 3: digest does not match");
}

static void words_that_do_not_fit_are_cut(void **state)
{
    struct err err;

    (void)state;
    (void)err_set(&err, EIO, "%1000s", "x");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    (void)err_wrap(&err, "%1000s", "y");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, EINVAL, "x"), -EINVAL);
    assert_int_equal(err_sys(NULL, ENOENT, "x"), -ENOENT);
    assert_true(err_wrap(NULL, "x") < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_carries_code_and_words),
        cmocka_unit_test(a_system_failure_names_the_reason),
        cmocka_unit_test(words_are_wrapped_from_the_outside),
        cmocka_unit_test(words_that_do_not_fit_are_cut),
        cmocka_unit_test(nobody_has_to_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
