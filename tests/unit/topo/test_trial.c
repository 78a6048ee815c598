/* SPDX-License-Identifier: Apache-2.0
 *
 * test_trial.c - what crashes hwloc, crashes a program of its own
 */
#include "topo/trial.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "topo/node_topo.h"

/* Not inlined: gcc 12 would take the heap bytes for the local that leads to them. */
static __attribute__((noinline)) char *good_xml(void)
{
    struct node_topo *topo;
    char *xml;
    assert_int_equal(node_topo_load("synthetic:core:2 pu:1", &topo, &xml, NULL), 0);
    node_topo_destroy(topo);
    return xml;
}

/* A PU without sets, which no hwloc would have written. */
static const char deadly_xml[] = CORPUS "/pu-without-cpuset.xml";

static void a_topology_that_loads_changes_nothing_here(void **state)
{
    (void)state;
    cleanup(freep) char *xml = good_xml();
    struct err err = {.text = "untouched"};
    assert_int_equal(trial_run(xml, &err), 0);
    assert_string_equal(err.text, "untouched");
}

static void a_refusal_comes_back_with_its_words(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(trial_run("no XML at all", &err), -EINVAL);
    assert_int_equal(err.code, EINVAL);
    assert_true(strlen(err.text) > 10);
    assert_int_equal(trial_run("no XML at all", NULL), -EINVAL);
}

static void what_crashes_is_told_apart(void **state)
{
    (void)state;
    cleanup(freep) char *xml = NULL;
    struct err err;
    assert_int_equal(io_read_file(deadly_xml, 1 << 20, &xml, NULL, &err), 0);
    assert_int_equal(trial_run(xml, &err), -ECHILD);
    assert_non_null(strstr(err.text, "crashes"));
}

/* Much more than a pipe holds. */
static void a_program_that_reads_nothing_stops_nobody(void **state)
{
    (void)state;
    cleanup(freep) char *xml = xcalloc(1, 1 << 20);
    memset(xml, ' ', (1 << 20) - 1);
    setenv("BERTH_TOPOLOGY_TRIAL", "/bin/true", 1);
    assert_int_equal(trial_run(xml, NULL), -ECHILD);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct err err;
    setenv("BERTH_TOPOLOGY_TRIAL", "/nowhere/trial", 1);
    assert_int_equal(trial_run("", &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/trial"));
}

static atomic_bool is_over;

static void *allocate(void *arg)
{
    size_t size = 1;
    while (!is_over) {
        free(malloc(size));
        size = size * 3 % 100003;
    }
    return arg;
}

/* A child of this process would begin with the locks that they hold. */
static void threads_that_allocate_make_no_difference(void **state)
{
    (void)state;
    cleanup(freep) char *xml = good_xml();
    pthread_t threads[2];
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate, NULL), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(trial_run(xml, NULL), 0);
    is_over = true;
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
}

static int keep_program(void **state)
{
    const char *program = getenv("BERTH_TOPOLOGY_TRIAL");
    *state = program ? xstrdup(program) : NULL;
    return 0;
}

static int restore_program(void **state)
{
    if (*state)
        setenv("BERTH_TOPOLOGY_TRIAL", *state, 1);
    else
        unsetenv("BERTH_TOPOLOGY_TRIAL");
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topology_that_loads_changes_nothing_here),
        cmocka_unit_test(a_refusal_comes_back_with_its_words),
        cmocka_unit_test(what_crashes_is_told_apart),
        cmocka_unit_test(threads_that_allocate_make_no_difference),
        cmocka_unit_test_setup_teardown(a_program_that_reads_nothing_stops_nobody,
                                        keep_program, restore_program),
        cmocka_unit_test_setup_teardown(a_program_that_is_not_there_is_named,
                                        keep_program, restore_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
