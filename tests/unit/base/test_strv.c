/* SPDX-License-Identifier: Apache-2.0
 *
 * test_strv.c - string vectors and environments
 */
#include "base/strv.h"

#include "base/mem.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void splitting_drops_empty_pieces(void **state)
{
    cleanup(strv_freep) char **v = strv_split(",a,,bc;d,", ",;");
    cleanup(freep) char *joined = strv_join(v, "|");

    (void)state;
    assert_int_equal(strv_len(v), 3);
    assert_string_equal(joined, "a|bc|d");
}

static void a_string_is_found_whole(void **state)
{
    cleanup(strv_freep) char **v = strv_split("a,bc,d", ",");

    (void)state;
    assert_true(strv_has(v, "bc"));
    assert_true(strv_has(v, "d"));
    assert_false(strv_has(v, "b"));
    assert_false(strv_has(v, ""));
    assert_false(strv_has(NULL, "a"));
}

static void nothing_splits_into_an_empty_vector(void **state)
{
    cleanup(strv_freep) char **v = strv_split("", ",");
    cleanup(strv_freep) char **seps = strv_split(",,", ",");

    (void)state;
    assert_non_null(v);
    assert_int_equal(strv_len(v), 0);
    assert_int_equal(strv_len(seps), 0);
}

static void null_is_an_empty_vector(void **state)
{
    cleanup(strv_freep) char **copy = strv_dup(NULL);
    cleanup(freep) char *joined = strv_join(NULL, ",");

    (void)state;
    assert_int_equal(strv_len(NULL), 0);
    assert_int_equal(strv_len(copy), 0);
    assert_string_equal(joined, "");
    assert_null(strv_getenv(NULL, "A"));
    strv_unsetenv(NULL, "A");
    strv_free(NULL);
}

static void a_copy_stands_alone(void **state)
{
    cleanup(strv_freep) char **v = NULL;
    cleanup(strv_freep) char **copy = NULL;

    (void)state;
    strv_add(&v, "a");
    strv_take(&v, xstrdup("b"));
    copy = strv_dup(v);
    strv_add(&v, "c");
    assert_int_equal(strv_len(copy), 2);
    assert_string_equal(copy[1], "b");
    assert_ptr_not_equal(copy[1], v[1]);
}

static void a_variable_is_set_replaced_and_removed(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_setenv(&env, "A", "1");
    strv_setenv(&env, "AB", "2");
    strv_setenv(&env, "A", "3=4");
    assert_int_equal(strv_len(env), 2);
    assert_string_equal(strv_getenv(env, "A"), "3=4");
    assert_string_equal(strv_getenv(env, "AB"), "2");
    assert_null(strv_getenv(env, "B"));
    strv_unsetenv(env, "A");
    assert_int_equal(strv_len(env), 1);
    assert_null(strv_getenv(env, "A"));
    assert_string_equal(env[0], "AB=2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitting_drops_empty_pieces),
        cmocka_unit_test(a_string_is_found_whole),
        cmocka_unit_test(nothing_splits_into_an_empty_vector),
        cmocka_unit_test(null_is_an_empty_vector),
        cmocka_unit_test(a_copy_stands_alone),
        cmocka_unit_test(a_variable_is_set_replaced_and_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
