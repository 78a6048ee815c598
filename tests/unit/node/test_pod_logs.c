/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_logs.c - what pods wrote stays as long as it should, whatever they say
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "node/pod_logs.h"
#include "node/shepherd_priv.h"

#define HOUR 3600
#define DAY (24 * HOUR)
#define KEPT_MOST 500

struct fixture {
    struct node node;
    struct config config;
    uv_loop_t loop;
    char dir[64];
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/berth-podlogs-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->node.run_dir = f->dir;
    f->node.pod_logs_dir = f->dir;
    f->config.pods.logs_user = 1;
    f->config.pods.logs_node = 2;
    f->node.config = &f->config;
    f->node.loop = &f->loop;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(io_remove_tree(f->dir, NULL), 0);
    free(f);
    return 0;
}

static void set_time(const char *path, int64_t ago)
{
    const struct timespec times[2] = {{.tv_sec = time(NULL) - ago},
                                      {.tv_sec = time(NULL) - ago}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Of a pod that ended so long ago; its user says otherwise. */
static void make(const struct fixture *f, uint32_t job, int64_t ago, int64_t said)
{
    cleanup(freep) char *path = pod_logs_dir(&f->node, job, 1);
    cleanup(freep) char *user = xasprintf("%s/user", path);

    assert_int_equal(io_mkdir_p(user, 0755, NULL), 0);
    set_time(user, said);
    set_time(path, ago);
}

static bool is_there(const struct fixture *f, uint32_t job)
{
    cleanup(freep) char *path = pod_logs_dir(&f->node, job, 1);

    return access(path, F_OK) == 0;
}

static void sweep(struct fixture *f)
{
    pod_logs_sweep(&f->node);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
}

static void the_users_directory_says_nothing_of_the_age(void **state)
{
    struct fixture *f = *state;

    make(f, 1, 2 * DAY, -1000 * DAY);
    make(f, 2, HOUR, 2 * DAY);
    sweep(f);
    assert_false(is_there(f, 1));
    assert_true(is_there(f, 2));
}

static void the_oldest_go_first(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 1; i <= KEPT_MOST + 1; i++)
        make(f, i, HOUR + (i == 7), i == 7 ? -1000 * DAY : HOUR);
    sweep(f);
    for (uint32_t i = 1; i <= KEPT_MOST + 1; i++)
        assert_int_equal(is_there(f, i), i != 7);
}

static void the_time_counts_from_the_end(void **state)
{
    struct fixture *f = *state;

    make(f, 1, 2 * DAY, 2 * DAY);
    pod_logs_ended(&f->node, 1, 1);
    pod_logs_ended(&f->node, 2, 1); /* it has none */
    sweep(f);
    assert_true(is_there(f, 1));
    assert_false(is_there(f, 2));
}

/* Its end may come while nobody is here to see it. */
static void the_time_counts_from_when_it_ran_last(void **state)
{
    struct fixture *f = *state;
    struct shepherd shepherd = {.job = 1, .epoch = 1, .name = "1.lead"};

    make(f, 1, 2 * DAY, 2 * DAY);
    HASH_ADD_STR(f->node.shepherds, name, &shepherd);
    sweep(f);
    HASH_DEL(f->node.shepherds, &shepherd);
    sweep(f);
    assert_true(is_there(f, 1));
}

/* Links and what they lead to are nobody's here. */
static void a_user_with_too_much_loses_the_oldest(void **state)
{
    struct fixture *f = *state;
    cleanup(freep) char *big = xcalloc(1, 600 << 10);

    for (uint32_t i = 1; i <= 3; i++) {
        cleanup(freep) char *dir = NULL;
        cleanup(freep) char *path = NULL;
        cleanup(freep) char *link = NULL;

        make(f, i, i * HOUR, HOUR);
        dir = pod_logs_dir(&f->node, i, 1);
        path = xasprintf("%s/user/a.0.log", dir);
        link = xasprintf("%s/user/usr", dir);
        assert_int_equal(symlink("/usr", link), 0);
        if (i != 3)
            assert_int_equal(io_write_file_atomic(path, big, 600 << 10, 0600, NULL), 0);
        set_time(dir, i * HOUR);
    }
    sweep(f);
    assert_true(is_there(f, 1));
    assert_false(is_there(f, 2));
    assert_false(is_there(f, 3));
    assert_int_equal(access("/usr/bin", F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_users_directory_says_nothing_of_the_age),
        TEST(the_oldest_go_first),
        TEST(the_time_counts_from_the_end),
        TEST(the_time_counts_from_when_it_ran_last),
        TEST(a_user_with_too_much_loses_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
