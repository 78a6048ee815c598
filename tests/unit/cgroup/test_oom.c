/* SPDX-License-Identifier: Apache-2.0
 *
 * test_oom.c - what is said of a process that was killed for lack of memory
 */
#include "cgroup/oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#define MIB (1ull << 20)

static void a_hog_is_told_from_what_is_missing(void **state)
{
    const struct berth_cgroup_usage usage = {
        .memory_limit = 64 * MIB, .anon = MIB, .shmem = 2 * MIB, .file = MIB};
    cleanup(freep) char *words = oom_words(&usage, "task 3", 1, 60 * MIB);

    (void)state;
    assert_string_equal(words,
                        "out of memory: task 3 was killed at the limit of 64M (--mem), "
                        "of which processes had about 61M, files in /tmp and /dev/shm "
                        "2M, cached files 1M; its largest process had 60M");
}

static void files_in_memory_are_told_where_they_fill_it(void **state)
{
    const struct berth_cgroup_usage usage = {.memory_limit = 64 * MIB,
                                             .shmem = 63 * MIB};
    cleanup(freep) char *words = oom_words(&usage, "task 0", 3, 0);

    (void)state;
    assert_string_equal(words,
                        "out of memory: task 0 was killed with 2 other processes at "
                        "the limit of 64M (--mem), of which processes had about 1M, "
                        "files in /tmp and /dev/shm 63M, cached files 0B");
}

static void without_a_limit_it_is_the_machine_that_was_full(void **state)
{
    const struct berth_cgroup_usage usage = {.anon = MIB};
    cleanup(freep) char *words = oom_words(&usage, "task 0", 2, 0);

    (void)state;
    assert_string_equal(words, "out of memory: task 0 was killed with 1 other process");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hog_is_told_from_what_is_missing),
        cmocka_unit_test(files_in_memory_are_told_where_they_fill_it),
        cmocka_unit_test(without_a_limit_it_is_the_machine_that_was_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
