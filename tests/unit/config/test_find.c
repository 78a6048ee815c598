/* SPDX-License-Identifier: Apache-2.0
 *
 * test_find.c - which file is meant, in which order
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "config/config.h"

static char home[] = "/tmp/berth-test-XXXXXX";

static int make_home(void **state)
{
    cleanup(freep) char *dir = NULL;

    (void)state;
    if (!mkdtemp(home))
        return -1;
    dir = xasprintf("%s/.local/state/berth", home);
    unsetenv("BERTH_CONF");
    setenv("HOME", home, 1);
    return io_mkdir_p(dir, 0700, NULL);
}

static int remove_home(void **state)
{
    (void)state;
    return io_remove_tree(home, NULL);
}

static void the_file_given_wins(void **state)
{
    cleanup(freep) char *path = NULL;

    (void)state;
    setenv("BERTH_CONF", "/from/env.yaml", 1);
    assert_int_equal(config_find("/given.yaml", &path, NULL), 0);
    assert_string_equal(path, "/given.yaml");
    unsetenv("BERTH_CONF");
}

static void the_environment_comes_next(void **state)
{
    cleanup(freep) char *path = NULL;

    (void)state;
    setenv("BERTH_CONF", "/from/env.yaml", 1);
    assert_int_equal(config_find(NULL, &path, NULL), 0);
    assert_string_equal(path, "/from/env.yaml");
    unsetenv("BERTH_CONF");
}

static void a_personal_cluster_that_is_up_comes_next(void **state)
{
    cleanup(freep) char *link = xasprintf("%s/.local/state/berth/current.yaml", home);
    cleanup(freep) char *file = xasprintf("%s/berth.yaml", home);
    cleanup(freep) char *path = NULL;

    (void)state;
    assert_int_equal(symlink(file, link), 0);
    assert_int_equal(io_write_file_atomic(file, "x", 1, 0600, NULL), 0);
    assert_int_equal(config_find(NULL, &path, NULL), 0);
    assert_string_equal(path, link);
    unlink(file);
}

/* The link of the test before leads nowhere now. */
static void a_personal_cluster_that_is_gone_does_not_count(void **state)
{
    cleanup(freep) char *link = xasprintf("%s/.local/state/berth/current.yaml", home);
    cleanup(freep) char *path = NULL;
    struct err err = {0};
    int r = config_find(NULL, &path, &err);

    (void)state;
    if (r == 0)
        assert_string_not_equal(path, link);
    else
        assert_non_null(strstr(err.text, "berth cluster up"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_given_wins),
        cmocka_unit_test(the_environment_comes_next),
        cmocka_unit_test(a_personal_cluster_that_is_up_comes_next),
        cmocka_unit_test(a_personal_cluster_that_is_gone_does_not_count),
    };

    return cmocka_run_group_tests(tests, make_home, remove_home);
}
