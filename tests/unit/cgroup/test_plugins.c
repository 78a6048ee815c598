/* SPDX-License-Identifier: Apache-2.0
 *
 * test_plugins.c - both plugins on a made-up machine: files of a directory
 *
 * A directory does not fill itself with files as a control group does: those that a
 * test writes to are put there first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/plugin.h"
#include "base/strv.h"
#include <berth/cgroup.h>

static char machine[64];

static void put(const char *path, const char *text)
{
    cleanup(freep) char *full = xasprintf("%s/%s", machine, path);
    cleanup(freep) char *dir = xstrdup(full);
    struct err err;

    *strrchr(dir, '/') = '\0';
    assert_int_equal(io_mkdir_p(dir, 0755, &err), 0);
    assert_int_equal(io_write_file_atomic(full, text, strlen(text), 0644, &err), 0);
}

static void has(const char *path, const char *text)
{
    cleanup(freep) char *full = xasprintf("%s/%s", machine, path);
    cleanup(freep) char *found = NULL;
    struct err err = {0};

    if (io_read_file(full, 65536, &found, NULL, &err))
        fail_msg("%s", err.text);
    assert_string_equal(found, text);
}

static bool is_there(const char *path)
{
    cleanup(freep) char *full = xasprintf("%s/%s", machine, path);

    return access(full, F_OK) == 0;
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(machine, "/tmp/berth-cgroup-XXXXXX");
    return mkdtemp(machine) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return io_remove_tree(machine, NULL);
}

static const struct berth_cgroup_ops *load(const char *name)
{
    static const struct plugin_kind kind = {.prefix = "cgroup_",
                                            .title = "cgroup",
                                            .article = "a",
                                            .symbol = BERTH_CGROUP_SYMBOL,
                                            .abi = BERTH_CGROUP_ABI,
                                            .ops_size =
                                                sizeof(struct berth_cgroup_ops)};
    const void *ops;
    struct err err = {0};

    if (plugin_load(&kind, name, ".libs", &ops, &err))
        fail_msg("%s", err.text);
    return ops;
}

static void *open_ok(const struct berth_cgroup_ops *ops, const char *base,
                     struct berth_cgroup_info *ret_info)
{
    const struct berth_cgroup_settings settings = {
        .machine = machine, .base = base, .name = "berth/c.n1"};
    struct berth_cgroup_err err = {0};
    void *self = NULL;

    if (ops->open(&settings, &self, ret_info, &err))
        fail_msg("%s", err.text);
    return self;
}

/* ------------------------------------------------------------------- version 1 */

static void make_v1(void)
{
    put("proc/self/mountinfo",
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "33 31 0:30 /docker/7 /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
        "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
    put("proc/self/cgroup", "4:memory:/own\n5:pids:/docker/7/own\n6:cpuset:/\n0::/\n");
    put("sys/fs/cgroup/memory/own/x", "");
    put("sys/fs/cgroup/pids/own/x", "");
    put("sys/fs/cgroup/cpuset/cpuset.cpus", "0-3\n");
    put("sys/fs/cgroup/cpuset/cpuset.mems", "0\n");
    put("sys/fs/cgroup/cpuset/berth/cpuset.cpus", "\n");
    put("sys/fs/cgroup/cpuset/berth/cpuset.mems", "\n");
    put("sys/fs/cgroup/cpuset/berth/c.n1/cpuset.cpus", "");
    put("sys/fs/cgroup/cpuset/berth/c.n1/cpuset.mems", "");
}

static void v1_makes_its_root_where_the_daemon_is_in_each_tree(void **state)
{
    const struct berth_cgroup_ops *ops = load("v1");
    struct berth_cgroup_info info;
    void *self;

    (void)state;
    make_v1();
    self = open_ok(ops, NULL, &info);
    assert_true(is_there("sys/fs/cgroup/memory/own/berth/c.n1"));
    assert_true(is_there("sys/fs/cgroup/pids/own/berth/c.n1"));
    has("sys/fs/cgroup/cpuset/berth/c.n1/cpuset.cpus", "0-3\n");
    assert_int_equal(info.can,
                     BERTH_CGROUP_MEMORY | BERTH_CGROUP_PIDS | BERTH_CGROUP_CPUSET);
    assert_string_equal(info.words, "cgroup v1: memory pids cpuset");
    ops->close(self);
}

/* A daemon that stopped could remove it from some trees only. */
static void what_is_left_of_a_root_of_v1_can_be_removed(void **state)
{
    const struct berth_cgroup_ops *ops = load("v1");
    struct berth_cgroup_settings settings = {.machine = machine};
    cleanup(freep) char *handle = NULL;
    cleanup(freep) char *gone =
        xasprintf("%s/sys/fs/cgroup/memory/own/berth/c.n1", machine);
    struct berth_cgroup_info info;
    struct berth_cgroup_err err = {0};
    void *self;

    (void)state;
    make_v1();
    self = open_ok(ops, NULL, &info);
    settings.handle = handle = xstrdup(info.handle);
    ops->close(self);
    assert_int_equal(rmdir(gone), 0);
    assert_int_equal(ops->open(&settings, &self, &info, &err), -ENOENT);
    settings.may_lack = true;
    assert_int_equal(ops->open(&settings, &self, &info, &err), 0);
    (void)ops->remove(self, "", &err);
    assert_false(is_there("sys/fs/cgroup/pids/own/berth/c.n1"));
    ops->close(self);
}

static void v1_sets_limits_and_passes_over_what_is_not_there(void **state)
{
    const struct berth_cgroup_ops *ops = load("v1");
    const struct berth_cgroup_limits limits = {
        .memory = 67108864, .pids = 40, .cpus = "1-2", .cpu_weight = 200};
    struct berth_cgroup_info info;
    struct berth_cgroup_err err = {0};
    void *self;

    (void)state;
    make_v1();
    put("sys/fs/cgroup/memory/own/berth/c.n1/job/memory.limit_in_bytes", "");
    put("sys/fs/cgroup/pids/own/berth/c.n1/job/pids.max", "");
    put("sys/fs/cgroup/cpuset/berth/c.n1/job/cpuset.cpus", "0");
    put("sys/fs/cgroup/cpuset/berth/c.n1/job/cpuset.mems", "0");
    self = open_ok(ops, NULL, &info);
    if (ops->make(self, "job", &limits, &err))
        fail_msg("%s", err.text);
    has("sys/fs/cgroup/memory/own/berth/c.n1/job/memory.limit_in_bytes", "67108864");
    has("sys/fs/cgroup/pids/own/berth/c.n1/job/pids.max", "40");
    has("sys/fs/cgroup/cpuset/berth/c.n1/job/cpuset.cpus", "1-2");
    /* One that only counts is made where something is counted. */
    assert_int_equal(ops->make(self, "job/step", NULL, &err), 0);
    assert_true(is_there("sys/fs/cgroup/memory/own/berth/c.n1/job/step"));
    assert_false(is_there("sys/fs/cgroup/pids/own/berth/c.n1/job/step"));
    ops->close(self);
}

/* Files of this double keep what is written to them. */
static void enter_by_doors(const struct berth_cgroup_ops *ops, void *self,
                           const char *path)
{
    struct berth_cgroup_err err = {0};
    int fds[BERTH_CGROUP_DOORS];
    int n = ops->doors(self, path, fds, &err);

    if (n <= 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < n; i++) {
        assert_true(lseek(fds[i], 0, SEEK_END) >= 0);
        assert_int_equal(write(fds[i], "0", 1), 1);
        assert_int_equal(close(fds[i]), 0);
    }
}

static void v1_enters_the_deepest_group_of_each_tree(void **state)
{
    const struct berth_cgroup_ops *ops = load("v1");
    struct berth_cgroup_info info;
    struct berth_cgroup_err err = {0};
    void *self;

    (void)state;
    make_v1();
    put("sys/fs/cgroup/memory/own/berth/c.n1/job/step/tasks", "");
    put("sys/fs/cgroup/pids/own/berth/c.n1/job/tasks", "");
    put("sys/fs/cgroup/cpuset/berth/c.n1/tasks", "");
    self = open_ok(ops, NULL, &info);
    if (ops->enter(self, "job/step", 0, &err))
        fail_msg("%s", err.text);
    has("sys/fs/cgroup/memory/own/berth/c.n1/job/step/tasks", "0");
    has("sys/fs/cgroup/pids/own/berth/c.n1/job/tasks", "0");
    has("sys/fs/cgroup/cpuset/berth/c.n1/tasks", "0");
    enter_by_doors(ops, self, "job/step");
    has("sys/fs/cgroup/memory/own/berth/c.n1/job/step/tasks", "00");
    has("sys/fs/cgroup/pids/own/berth/c.n1/job/tasks", "00");
    has("sys/fs/cgroup/cpuset/berth/c.n1/tasks", "00");
    assert_int_equal(ops->enter(self, "job/step", 1, &err), -ENOENT);
    assert_non_null(strstr(err.text, "enter control group "));
    ops->close(self);
}

static void v1_counts_kills_of_all_below(void **state)
{
    const struct berth_cgroup_ops *ops = load("v1");
    struct berth_cgroup_info info;
    struct berth_cgroup_usage usage;
    void *self;

    (void)state;
    make_v1();
    put("sys/fs/cgroup/memory/own/berth/c.n1/job/memory.stat",
        "cache 1\nhierarchical_memory_limit 1000\ntotal_rss 500\ntotal_cache 300\n"
        "total_shmem 100\n");
    put("sys/fs/cgroup/memory/own/berth/c.n1/job/memory.max_usage_in_bytes", "900\n");
    put("sys/fs/cgroup/memory/own/berth/c.n1/job/memory.oom_control",
        "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    put("sys/fs/cgroup/memory/own/berth/c.n1/job/step/memory.oom_control",
        "oom_kill 2\n");
    put("sys/fs/cgroup/pids/own/berth/c.n1/job/pids.current", "7\n");
    self = open_ok(ops, NULL, &info);
    assert_int_equal(ops->usage(self, "job", &usage), 0);
    assert_int_equal(usage.memory_limit, 1000);
    assert_int_equal(usage.memory_peak, 900);
    assert_int_equal(usage.anon, 500);
    assert_int_equal(usage.shmem, 100);
    assert_int_equal(usage.file, 200);
    assert_int_equal(usage.oom_kills, 3);
    assert_int_equal(usage.pids, 7);
    assert_int_equal(ops->usage(self, "none", &usage), -ENOENT);
    ops->close(self);
}

static void a_machine_without_version_1_is_told(void **state)
{
    const struct berth_cgroup_settings settings = {.machine = machine,
                                                   .name = "berth/x"};
    struct berth_cgroup_err err = {0};
    struct berth_cgroup_info info;
    void *self;

    (void)state;
    put("proc/self/mountinfo", "31 23 0:28 / / rw - tmpfs tmpfs rw\n");
    put("proc/self/cgroup", "0::/\n");
    assert_int_equal(load("v1")->open(&settings, &self, &info, &err), -ENOTSUP);
    assert_string_equal(err.text, "no control groups of version 1 are mounted");
}

/* ------------------------------------------------------------------- version 2 */

static void make_v2(void)
{
    put("proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    put("proc/self/cgroup", "0::/own\n");
    put("sys/fs/cgroup/base/berth/c.n1/cgroup.controllers", "cpuset memory pids\n");
    put("sys/fs/cgroup/base/cgroup.subtree_control", "");
    put("sys/fs/cgroup/base/cgroup.procs", "");
}

static void v2_makes_its_root_below_the_base(void **state)
{
    const struct berth_cgroup_ops *ops = load("v2");
    struct berth_cgroup_info info;
    void *self;

    (void)state;
    make_v2();
    self = open_ok(ops, "/base", &info);
    assert_true(info.can & BERTH_CGROUP_MEMORY);
    assert_true(info.can & BERTH_CGROUP_CPUSET);
    assert_false(info.can & BERTH_CGROUP_IO);
    /* The last two of what was asked for: "+pids" over "+memory". */
    has("sys/fs/cgroup/base/cgroup.subtree_control", "+pidsry");
    ops->close(self);
}

static void v2_without_controllers_is_no_use_and_leaves_nothing(void **state)
{
    const struct berth_cgroup_settings settings = {
        .machine = machine, .base = "/base", .name = "berth/c.n2"};
    struct berth_cgroup_err err = {0};
    struct berth_cgroup_info info;
    void *self;

    (void)state;
    make_v2();
    assert_int_equal(load("v2")->open(&settings, &self, &info, &err), -ENOTSUP);
    assert_non_null(strstr(err.text, "has no controllers of version 2 to give"));
    assert_false(is_there("sys/fs/cgroup/base/berth/c.n2"));
}

static void v2_knows_the_lowest_limit_above(void **state)
{
    const struct berth_cgroup_ops *ops = load("v2");
    struct berth_cgroup_info info;
    struct berth_cgroup_usage usage;
    void *self;

    (void)state;
    make_v2();
    put("sys/fs/cgroup/base/berth/c.n1/job/memory.max", "1000\n");
    put("sys/fs/cgroup/base/berth/c.n1/job/step/memory.max", "max\n");
    put("sys/fs/cgroup/base/berth/c.n1/job/step/memory.stat",
        "anon 5\nfile 90\nkernel 3\nshmem 70\n");
    put("sys/fs/cgroup/base/berth/c.n1/job/step/memory.events",
        "low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\noom_group_kill 0\n");
    put("sys/fs/cgroup/base/berth/c.n1/job/step/cpu.stat",
        "usage_usec 30\nuser_usec 10\nsystem_usec 20\n");
    put("sys/fs/cgroup/base/berth/c.n1/job/step/memory.pressure",
        "some avg10=12.50 avg60=0 avg300=0 total=0\n");
    self = open_ok(ops, "/base", &info);
    assert_int_equal(ops->usage(self, "job/step", &usage), 0);
    assert_int_equal(usage.memory_limit, 1000);
    assert_int_equal(usage.shmem, 70);
    assert_int_equal(usage.file, 20);
    assert_int_equal(usage.oom_kills, 2);
    assert_int_equal(usage.user_usec, 10);
    assert_int_equal(usage.system_usec, 20);
    assert_float_equal(usage.memory_pressure, 12.5, 0.01);
    ops->close(self);
}

static void v2_limits_kills_and_freezes_by_files(void **state)
{
    const struct berth_cgroup_ops *ops = load("v2");
    const struct berth_cgroup_limits limits = {
        .memory = 4096, .swap = UINT64_MAX, .pids = 9};
    struct berth_cgroup_info info;
    struct berth_cgroup_err err = {0};
    void *self;

    (void)state;
    make_v2();
    put("sys/fs/cgroup/base/berth/c.n1/job/memory.max", "");
    put("sys/fs/cgroup/base/berth/c.n1/job/memory.swap.max", "");
    put("sys/fs/cgroup/base/berth/c.n1/job/cgroup.kill", "");
    put("sys/fs/cgroup/base/berth/c.n1/job/cgroup.freeze", "");
    self = open_ok(ops, "/base", &info);
    assert_int_equal(ops->make(self, "job", &limits, &err), 0);
    has("sys/fs/cgroup/base/berth/c.n1/job/memory.max", "4096");
    has("sys/fs/cgroup/base/berth/c.n1/job/memory.swap.max", "max");
    assert_int_equal(ops->freeze(self, "job", 1, &err), 0);
    has("sys/fs/cgroup/base/berth/c.n1/job/cgroup.freeze", "1");
    assert_int_equal(ops->kill(self, "job", &err), 0);
    has("sys/fs/cgroup/base/berth/c.n1/job/cgroup.kill", "1");
    assert_int_equal(ops->freeze(self, "none", 1, &err), -ENOTSUP);
    ops->close(self);
}

static void removing_a_group_that_is_not_there_is_fine(void **state)
{
    const struct berth_cgroup_ops *ops = load("v2");
    struct berth_cgroup_info info;
    struct berth_cgroup_err err = {0};
    cleanup(strv_freep) char **names = NULL;
    void *self;

    (void)state;
    make_v2();
    self = open_ok(ops, "/base", &info);
    assert_int_equal(ops->make(self, "job", NULL, &err), 0);
    names = ops->children(self, "");
    assert_int_equal(strv_len(names), 1);
    assert_string_equal(names[0], "job");
    assert_int_equal(ops->remove(self, "job", &err), 0);
    assert_int_equal(ops->remove(self, "job", &err), 0);
    assert_null(ops->children(self, ""));
    ops->close(self);
}

int main(void)
{
#define ON_A_MACHINE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_A_MACHINE(v1_makes_its_root_where_the_daemon_is_in_each_tree),
        ON_A_MACHINE(what_is_left_of_a_root_of_v1_can_be_removed),
        ON_A_MACHINE(v1_sets_limits_and_passes_over_what_is_not_there),
        ON_A_MACHINE(v1_enters_the_deepest_group_of_each_tree),
        ON_A_MACHINE(v1_counts_kills_of_all_below),
        ON_A_MACHINE(a_machine_without_version_1_is_told),
        ON_A_MACHINE(v2_makes_its_root_below_the_base),
        ON_A_MACHINE(v2_without_controllers_is_no_use_and_leaves_nothing),
        ON_A_MACHINE(v2_knows_the_lowest_limit_above),
        ON_A_MACHINE(v2_limits_kills_and_freezes_by_files),
        ON_A_MACHINE(removing_a_group_that_is_not_there_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
