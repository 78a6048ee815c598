/* SPDX-License-Identifier: Apache-2.0
 *
 * test_load.c - which plugins mpi_load takes, and what it says of the others
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "mpi/mpi.h"

#define DIR_OF_FAKES "tests/unit/mpi/.libs"

static void is_refused(const char *name, int code, const char *words)
{
    const struct berth_mpi_ops *ops = NULL;
    struct err err = {0};
    assert_int_equal(mpi_load(name, DIR_OF_FAKES, &ops, &err), -code);
    assert_null(ops);
    if (!strstr(err.text, words))
        fail_msg("no '%s' in '%s'", words, err.text);
}

static void a_right_plugin_is_taken(void **state)
{
    (void)state;
    const struct berth_mpi_ops *ops = NULL;
    struct err err = {0};
    assert_int_equal(mpi_load("good", DIR_OF_FAKES, &ops, &err), 0);
    assert_non_null(ops);
    assert_non_null(ops->start);
}

static void the_environment_names_the_directory(void **state)
{
    (void)state;
    const struct berth_mpi_ops *ops = NULL;
    setenv("BERTH_PLUGIN_DIR", DIR_OF_FAKES, 1);
    assert_int_equal(mpi_load("good", NULL, &ops, NULL), 0);
    unsetenv("BERTH_PLUGIN_DIR");
    assert_non_null(ops);
}

static void an_absent_plugin_is_refused_with_those_that_are_there(void **state)
{
    (void)state;
    is_refused("pmi9", ENOENT, "no MPI plugin 'pmi9' in " DIR_OF_FAKES "; there is: ");
    is_refused("pmi9", ENOENT, "good");
}

static void an_absent_directory_is_named(void **state)
{
    (void)state;
    const struct berth_mpi_ops *ops;
    struct err err = {0};
    assert_int_equal(mpi_load("pmix", "/nowhere", &ops, &err), -ENOENT);
    assert_string_equal(err.text, "no MPI plugin 'pmix': /nowhere holds no MPI plugin");
}

static void a_name_that_leaves_the_directory_is_refused(void **state)
{
    (void)state;
    is_refused("../evil", EINVAL, "'../evil' cannot be the name of an MPI plugin");
    is_refused("", EINVAL, "'' cannot be the name");
}

static void another_abi_is_refused(void **state)
{
    (void)state;
    is_refused("abi", ELIBBAD, "is made for plugin ABI 99");
}

static void another_table_size_is_refused(void **state)
{
    (void)state;
    is_refused("size", ELIBBAD, "has a table of 8 bytes");
}

static void a_plugin_without_a_mandatory_function_is_refused(void **state)
{
    (void)state;
    is_refused("slot", ELIBBAD, "lacks the mandatory function 'fence_done'");
}

static void a_plugin_under_another_name_is_refused(void **state)
{
    (void)state;
    is_refused("name", ELIBBAD, "calls itself 'other', not 'name'");
}

static void a_library_that_is_no_plugin_is_refused(void **state)
{
    (void)state;
    is_refused("symbol", ELIBBAD, "it has no symbol berth_mpi_plugin");
}

static void a_file_that_is_no_library_is_refused(void **state)
{
    (void)state;
    char dir[] = "/tmp/berth-load-XXXXXX";
    const struct berth_mpi_ops *ops;
    struct err err = {0};
    assert_non_null(mkdtemp(dir));
    cleanup(freep) char *path = xasprintf("%s/mpi_text.so", dir);
    assert_int_equal(io_write_file_atomic(path, "text", 4, 0644, NULL), 0);
    int rc = mpi_load("text", dir, &ops, &err);
    io_remove_tree(dir, NULL);
    assert_int_equal(rc, -ELIBBAD);
    assert_non_null(strstr(err.text, "MPI plugin 'text' does not load: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_plugin_is_taken),
        cmocka_unit_test(the_environment_names_the_directory),
        cmocka_unit_test(an_absent_plugin_is_refused_with_those_that_are_there),
        cmocka_unit_test(an_absent_directory_is_named),
        cmocka_unit_test(a_name_that_leaves_the_directory_is_refused),
        cmocka_unit_test(another_abi_is_refused),
        cmocka_unit_test(another_table_size_is_refused),
        cmocka_unit_test(a_plugin_without_a_mandatory_function_is_refused),
        cmocka_unit_test(a_plugin_under_another_name_is_refused),
        cmocka_unit_test(a_library_that_is_no_plugin_is_refused),
        cmocka_unit_test(a_file_that_is_no_library_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
