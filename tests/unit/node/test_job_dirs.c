/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_dirs.c - directories of jobs stay while a shepherd is left, and go then
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "node/shepherd_priv.h"

struct fixture {
    struct node node;
    uv_loop_t loop;
    char dir[64];
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/berth-jobdirs-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->node.run_dir = f->dir;
    f->node.loop = &f->loop;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct shepherd *shepherd, *next;

    HASH_ITER(hh, f->node.shepherds, shepherd, next)
    {
        HASH_DEL(f->node.shepherds, shepherd);
        free(shepherd);
    }
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(io_remove_tree(f->dir, NULL), 0);
    free(f);
    return 0;
}

static char *path_of(const struct fixture *f, const char *name)
{
    return xasprintf("%s/%s", f->dir, name);
}

static void make(const struct fixture *f, const char *name)
{
    cleanup(freep) char *path = path_of(f, name);
    cleanup(freep) char *inner = xasprintf("%s/user/batch", path);

    assert_int_equal(io_mkdir_p(inner, 0755, NULL), 0);
}

static bool is_there(const struct fixture *f, const char *name)
{
    cleanup(freep) char *path = path_of(f, name);

    return access(path, F_OK) == 0;
}

static int count_entries(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    int n = -2; /* "." and ".." */

    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
}

static void add_shepherd(struct fixture *f, const char *name, uint32_t job,
                         uint32_t epoch)
{
    struct shepherd *shepherd = xcalloc(1, sizeof(*shepherd));

    (void)snprintf(shepherd->name, sizeof(shepherd->name), "%s", name);
    shepherd->job = job;
    shepherd->epoch = epoch;
    HASH_ADD_STR(f->node.shepherds, name, shepherd);
}

static void a_directory_goes_with_the_last_shepherd(void **state)
{
    struct fixture *f = *state;

    make(f, "job.17.1");
    add_shepherd(f, "17.0", 17, 2); /* of another start */
    job_dir_remove_unless_used(&f->node, 17, 1);
    assert_false(is_there(f, "job.17.1"));
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(count_entries(f), 0);
}

static void a_directory_in_use_stays(void **state)
{
    struct fixture *f = *state;

    make(f, "job.17.1");
    add_shepherd(f, "17.0", 17, 1);
    job_dir_remove_unless_used(&f->node, 17, 1);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(is_there(f, "job.17.1/user/batch"));
}

static void a_step_that_starts_during_the_removal_keeps_its_directory(void **state)
{
    struct fixture *f = *state;

    make(f, "job.17.1");
    job_dir_remove_unless_used(&f->node, 17, 1);
    make(f, "job.17.1");
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(is_there(f, "job.17.1/user/batch"));
    job_dir_remove_unless_used(&f->node, 17, 1);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(count_entries(f), 0);
}

static void a_start_sweeps_what_nobody_is_left_of(void **state)
{
    struct fixture *f = *state;

    make(f, "job.17.1");
    make(f, "job.18.1");
    make(f, "gone.3.1.0");
    make(f, "something.else");
    add_shepherd(f, "18.lead", 18, 1);
    job_dirs_sweep(&f->node);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(is_there(f, "job.18.1"));
    assert_true(is_there(f, "something.else"));
    assert_int_equal(count_entries(f), 2);
}

static void a_directory_that_was_never_made_is_no_trouble(void **state)
{
    struct fixture *f = *state;

    job_dir_remove_unless_used(&f->node, 99, 1);
    assert_int_equal(count_entries(f), 0);
}

#define DIRS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIRS_TEST(a_directory_goes_with_the_last_shepherd),
        DIRS_TEST(a_directory_in_use_stays),
        DIRS_TEST(a_step_that_starts_during_the_removal_keeps_its_directory),
        DIRS_TEST(a_start_sweeps_what_nobody_is_left_of),
        DIRS_TEST(a_directory_that_was_never_made_is_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
