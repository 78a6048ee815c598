/* SPDX-License-Identifier: Apache-2.0
 *
 * test_login_env.c - what a login shell adds to a job's environment
 */
#include "options/login_env.h"

#include "base/mem.h"
#include "base/strv.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_how(const char *text, unsigned int seconds, bool is_login)
{
    unsigned int got = 0;
    bool login = !is_login;

    assert_int_equal(login_env_how(text, &got, &login, NULL), 0);
    assert_int_equal(got, seconds);
    assert_int_equal(login, is_login);
}

static void how_long_and_which_shell_are_read(void **state)
{
    (void)state;
    assert_how("", 8, true);
    assert_how("10", 10, true);
    assert_how("10L", 10, true);
    assert_how("S", 8, false);
    assert_how("3S", 3, false);
}

static void other_words_are_refused(void **state)
{
    static const char *const wrong[] = {"x", "10X", "LS", "0", "10 L", "99999", "-1"};
    unsigned int seconds;
    bool is_login;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct err err = {0};

        assert_true(login_env_how(wrong[i], &seconds, &is_login, &err) < 0);
        assert_true(err.text[0] != '\0');
    }
}

static void what_is_set_already_stays(void **state)
{
    static char a[] = "A=login", b[] = "B=", c[] = "C=1=2";
    char *const login[] = {a, b, c, NULL};
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_add(&env, "A=mine");
    login_env_add(login, &env);
    assert_string_equal(strv_getenv(env, "A"), "mine");
    assert_string_equal(strv_getenv(env, "B"), "");
    assert_string_equal(strv_getenv(env, "C"), "1=2");
    assert_int_equal(strv_len(env), 3);
}

/* Whoever runs this has some shell; what it says depends on it. */
static void a_shell_tells_its_environment_or_why_not(void **state)
{
    cleanup(strv_freep) char **env = NULL;
    struct err err = {0};

    (void)state;
    if (login_env_read(60, true, &env, &err) < 0) {
        assert_true(strlen(err.text) > 10);
        return;
    }
    assert_non_null(strv_getenv(env, "HOME"));
    assert_non_null(strv_getenv(env, "PATH"));
    assert_null(strv_getenv(env, "_"));
    assert_null(strv_getenv(env, "SHLVL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_long_and_which_shell_are_read),
        cmocka_unit_test(other_words_are_refused),
        cmocka_unit_test(what_is_set_already_stays),
        cmocka_unit_test(a_shell_tells_its_environment_or_why_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
