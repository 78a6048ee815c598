/* SPDX-License-Identifier: Apache-2.0
 *
 * test_processes.c - what /proc tells of processes
 */
#include "node/processes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define REST " 4194304 1 2 3 4 150 25 7 8 20 0 1 0 99 1000 300 18446744073709551615"

static void a_line_is_read_whatever_the_name_holds(void **state)
{
    struct process_stat stat;

    (void)state;
    assert_true(
        process_stat_parse("42 (a) b (c) R 7 42 42 0 -1" REST, 100, 4096, &stat));
    assert_int_equal(stat.pid, 42);
    assert_int_equal(stat.parent, 7);
    assert_int_equal(stat.state, 'R');
    assert_int_equal(stat.user_usec, 1500000);
    assert_int_equal(stat.system_usec, 250000);
    assert_int_equal(stat.memory, 300 * 4096);
    assert_string_equal(stat.command, "[a) b (c]");
}

static void what_is_no_line_is_refused(void **state)
{
    struct process_stat stat;

    (void)state;
    assert_false(process_stat_parse("", 100, 4096, &stat));
    assert_false(process_stat_parse("42 (sh) R 7", 100, 4096, &stat));
    assert_false(process_stat_parse("42 )sh( R 7 42 42 0 -1" REST, 100, 4096, &stat));
}

static void a_living_process_is_read_and_found_below_its_parent(void **state)
{
    cleanup(freep) pid_t *below = NULL;
    struct process_stat stat;
    pid_t child = fork();
    size_t n, at = 0;

    (void)state;
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    assert_true(process_stat_read(child, &stat));
    assert_int_equal(stat.parent, getpid());
    assert_non_null(strstr(stat.command, "test_processes"));
    n = processes_below(getpid(), &below);
    while (at < n && below[at] != child)
        at++;
    assert_true(at < n);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    assert_false(process_stat_read(child, &stat));
}

/* The kernel counts roughly: what is small may be none. */
static void resident_memory_is_about_what_was_touched(void **state)
{
    cleanup(freep) char *block = xmalloc(64 << 20);
    struct process_stat stat;

    (void)state;
    memset(block, 1, 64 << 20);
    assert_true(process_stat_read(getpid(), &stat));
    assert_true(stat.memory > 60 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_whatever_the_name_holds),
        cmocka_unit_test(what_is_no_line_is_refused),
        cmocka_unit_test(a_living_process_is_read_and_found_below_its_parent),
        cmocka_unit_test(resident_memory_is_about_what_was_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
