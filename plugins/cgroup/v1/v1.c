/* SPDX-License-Identifier: Apache-2.0
 *
 * v1.c - control groups of version 1: a tree for each controller
 *
 * Groups with limits are made in all trees, groups that only count in those that
 * count, stop and end: making and entering costs for each tree. In a tree in which
 * a group was not made, its processes are in the deepest group above that was.
 */
#include <berth/cgroup.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "hierarchy.h"
#include "text.h"
#include "tree.h"

struct v1 {
    struct hierarchy trees[N_CONTROLLERS];
    size_t n;
    struct hierarchy *by[N_CONTROLLERS]; /* NULL: not there */
    char *handle;
    char words[160];
};

/* Where a group is that is made to count. */
static int counts(const struct hierarchy *tree)
{
    return (tree->controllers &
            (1u << MEMORY | 1u << FREEZER | 1u << CPUACCT | 1u << BLKIO)) != 0;
}

static void add_tree(struct v1 *v1, struct hierarchy tree)
{
    struct hierarchy *slot = &v1->trees[v1->n++];

    *slot = tree;
    for (int c = 0; c < N_CONTROLLERS; c++)
        if (tree.controllers & 1u << c)
            v1->by[c] = slot;
}

static void find_trees(struct v1 *v1, const struct berth_cgroup_settings *settings,
                       struct berth_cgroup_err *err)
{
    for (int c = 0; c < N_CONTROLLERS; c++) {
        struct hierarchy tree;
        int rc;

        if (v1->by[c])
            continue;
        rc = hierarchy_make(settings, (enum controller)c, &tree, err);
        if (!rc)
            add_tree(v1, tree);
    }
}

/* Lines of "CONTROLLERS DIRECTORY", as describe writes them. */
static int join_trees(struct v1 *v1, const char *handle, int may_lack,
                      struct berth_cgroup_err *err)
{
    char *text = strdup(handle), *save = NULL;
    int rc = 0;

    if (!text)
        abort();
    for (char *line = strtok_r(text, "\n", &save); line && !rc;
         line = strtok_r(NULL, "\n", &save)) {
        struct hierarchy tree;

        rc = v1->n < N_CONTROLLERS ? hierarchy_join(line, &tree, err) : -EINVAL;
        if (!rc)
            add_tree(v1, tree);
        else if (rc == -ENOENT && may_lack)
            rc = 0;
    }
    free(text);
    return rc || v1->n ? rc : -ENOENT;
}

static void describe(struct v1 *v1)
{
    size_t size = 0;
    FILE *file = open_memstream(&v1->handle, &size);
    int n = snprintf(v1->words, sizeof(v1->words), "cgroup v1:");

    if (!file)
        abort();
    for (size_t i = 0; i < v1->n; i++) {
        char names[128];

        hierarchy_names(&v1->trees[i], names, sizeof(names));
        (void)fprintf(file, "%s %s\n", names, v1->trees[i].dir);
        if (n > 0 && (size_t)n < sizeof(v1->words))
            n += snprintf(v1->words + n, sizeof(v1->words) - (size_t)n, " %s", names);
    }
    if (fclose(file))
        abort();
}

static uint32_t abilities(const struct v1 *v1)
{
    uint32_t can = 0;

    if (v1->by[CPUSET])
        can |= BERTH_CGROUP_CPUSET;
    if (v1->by[MEMORY])
        can |= BERTH_CGROUP_MEMORY;
    if (v1->by[MEMORY] &&
        file_exists(v1->by[MEMORY]->fd, "", "memory.memsw.limit_in_bytes"))
        can |= BERTH_CGROUP_SWAP;
    if (v1->by[PIDS])
        can |= BERTH_CGROUP_PIDS;
    if (v1->by[DEVICES])
        can |= BERTH_CGROUP_DEVICES;
    if (v1->by[FREEZER])
        can |= BERTH_CGROUP_FREEZE;
    if (v1->by[CPU] && v1->by[CPUACCT])
        can |= BERTH_CGROUP_CPU;
    if (v1->by[BLKIO])
        can |= BERTH_CGROUP_IO;
    return can;
}

static void v1_close(void *self)
{
    struct v1 *v1 = self;

    if (!v1)
        return;
    for (size_t i = 0; i < v1->n; i++)
        hierarchy_fini(&v1->trees[i]);
    free(v1->handle);
    free(v1);
}

static int v1_open(const struct berth_cgroup_settings *settings, void **ret_self,
                   struct berth_cgroup_info *ret_info, struct berth_cgroup_err *err)
{
    struct v1 *v1 = calloc(1, sizeof(*v1));
    int rc = 0;

    if (!v1)
        abort();
    (void)err_say(err, ENOTSUP, "no control groups of version 1 are mounted");
    if (settings->handle)
        rc = join_trees(v1, settings->handle, settings->may_lack, err);
    else
        find_trees(v1, settings, err);
    /* Without these there is nothing that is worth the trouble. */
    if (!rc && !settings->may_lack && !v1->by[MEMORY] && !v1->by[PIDS] &&
        !v1->by[FREEZER])
        rc = err && err->code ? -err->code : -ENOTSUP;
    if (rc) {
        v1_close(v1);
        return rc;
    }
    describe(v1);
    *ret_info = (struct berth_cgroup_info){abilities(v1), v1->handle, v1->words};
    *ret_self = v1;
    return 0;
}

/* ---------------------------------------------------------------------- limits */

#define TIME_PERIOD 100000u /* microseconds */

static int limit_memory(const struct hierarchy *tree, const char *path,
                        const struct berth_cgroup_limits *limits)
{
    uint64_t with_swap = limits->memory + limits->swap;
    int rc;

    if (!limits->memory)
        return 0;
    rc = file_write_number(tree->fd, path, "memory.limit_in_bytes", limits->memory);
    /* Lower than before, or higher than what is allowed with swap: then swap first. */
    if (rc == -EINVAL && limits->swap != UINT64_MAX) {
        rc =
            file_write_number(tree->fd, path, "memory.memsw.limit_in_bytes", with_swap);
        rc = rc ? rc
                : file_write_number(tree->fd, path, "memory.limit_in_bytes",
                                    limits->memory);
    }
    if (!rc && limits->swap != UINT64_MAX) {
        rc =
            file_write_number(tree->fd, path, "memory.memsw.limit_in_bytes", with_swap);
        rc = rc == -ENOENT ? 0 : rc;
    }
    return rc;
}

static int limit_devices(const struct hierarchy *tree, const char *path,
                         const struct berth_cgroup_limits *limits)
{
    int rc;

    if (!limits->has_devices)
        return 0;
    rc = file_write(tree->fd, path, "devices.deny", "a");
    for (size_t i = 0; !rc && i < limits->n_devices; i++) {
        const struct berth_cgroup_device *device = &limits->devices[i];
        char text[64], major[16] = "*", minor[16] = "*";

        if (device->major >= 0)
            (void)snprintf(major, sizeof(major), "%" PRId32, device->major);
        if (device->minor >= 0)
            (void)snprintf(minor, sizeof(minor), "%" PRId32, device->minor);
        (void)snprintf(text, sizeof(text), "%c %s:%s rwm", device->type, major, minor);
        rc = file_write(tree->fd, path, "devices.allow", text);
    }
    return rc;
}

static int limit_cpus(const struct hierarchy *tree, const char *path,
                      const struct berth_cgroup_limits *limits)
{
    int rc = 0;

    if (limits->cpus)
        rc = file_write(tree->fd, path, "cpuset.cpus", limits->cpus);
    if (!rc && limits->mems)
        rc = file_write(tree->fd, path, "cpuset.mems", limits->mems);
    return rc;
}

/* So much of each tenth of a second, and not less than the kernel takes. One that was
 * built without this has no such files. */
static int limit_time(const struct hierarchy *tree, const char *path, uint32_t milli)
{
    uint64_t quota = milli < 10 ? 1000 : milli * (TIME_PERIOD / 1000);
    int rc = file_write_number(tree->fd, path, "cpu.cfs_period_us", TIME_PERIOD);

    if (!rc)
        rc = file_write_number(tree->fd, path, "cpu.cfs_quota_us", quota);
    return rc == -ENOENT ? 0 : rc;
}

static int limit_tree(const struct hierarchy *tree, const char *path,
                      const struct berth_cgroup_limits *limits, const char **ret_what)
{
    uint32_t have = tree->controllers;
    int rc = 0;

    *ret_what = "cpus";
    if (have & 1u << CPUSET)
        rc = limit_cpus(tree, path, limits);
    if (!rc && have & 1u << MEMORY) {
        *ret_what = "memory";
        rc = limit_memory(tree, path, limits);
    }
    if (!rc && have & 1u << PIDS && limits->pids) {
        *ret_what = "pids";
        rc = file_write_number(tree->fd, path, "pids.max", limits->pids);
    }
    if (!rc && have & 1u << CPU && limits->cpu_weight) {
        *ret_what = "cpu shares";
        rc = file_write_number(tree->fd, path, "cpu.shares",
                               limits->cpu_weight * 1024ull / 100);
    }
    if (!rc && have & 1u << CPU && limits->cpu_max) {
        *ret_what = "cpu quota";
        rc = limit_time(tree, path, limits->cpu_max);
    }
    if (!rc && have & 1u << DEVICES) {
        *ret_what = "devices";
        rc = limit_devices(tree, path, limits);
    }
    return rc;
}

static int v1_make(void *self, const char *path,
                   const struct berth_cgroup_limits *limits,
                   struct berth_cgroup_err *err)
{
    struct v1 *v1 = self;

    for (size_t i = 0; i < v1->n; i++) {
        struct hierarchy *tree = &v1->trees[i];
        const char *what = "";
        int rc;

        if (!limits && !counts(tree))
            continue;
        rc = hierarchy_mkdir(tree, path);
        if (!rc && limits)
            rc = limit_tree(tree, path, limits, &what);
        if (rc)
            return err_say(err, -rc, "control group %s/%s: %s%s%s", tree->dir, path,
                           what, what[0] ? ": " : "", strerror(-rc));
    }
    return 0;
}

/* ------------------------------------------------------------------- processes */

/* A thread that moves itself, by this, need not wait for the whole machine's forks. */
#define OWN_FILE "tasks"

/* Open 'file' of the group in 'tree' where processes of group 'path' are, and say which
 * that is. */
static int open_place(const struct hierarchy *tree, const char *path, const char *file,
                      char *at, size_t size)
{
    int fd;

    (void)snprintf(at, size, "%s", path);
    while ((fd = file_open(tree->fd, at, file, O_WRONLY)) == -ENOENT && path_up(at))
        ;
    return fd;
}

static int v1_enter(void *self, const char *path, pid_t pid,
                    struct berth_cgroup_err *err)
{
    struct v1 *v1 = self;
    const char *file = pid ? "cgroup.procs" : OWN_FILE;
    char text[24];

    (void)snprintf(text, sizeof(text), "%d", (int)pid);
    for (size_t i = 0; i < v1->n; i++) {
        const struct hierarchy *tree = &v1->trees[i];
        char at[4096];
        int fd = open_place(tree, path, file, at, sizeof(at));
        int rc = fd < 0 ? fd : file_put(fd, text);

        if (rc)
            return err_say(err, -rc, "enter control group %s/%s: %s", tree->dir, at,
                           strerror(-rc));
    }
    return 0;
}

static int v1_doors(void *self, const char *path, int fds[BERTH_CGROUP_DOORS],
                    struct berth_cgroup_err *err)
{
    struct v1 *v1 = self;
    int n = 0;

    for (size_t i = 0; i < v1->n; i++) {
        const struct hierarchy *tree = &v1->trees[i];
        char at[4096];
        int fd = open_place(tree, path, OWN_FILE, at, sizeof(at));

        if (fd >= 0) {
            fds[n++] = fd;
            continue;
        }
        while (n)
            (void)close(fds[--n]);
        return err_say(err, -fd, "the way into control group %s/%s: %s", tree->dir, at,
                       strerror(-fd));
    }
    return n;
}

/* The tree that knows which processes a group has. */
static const struct hierarchy *members(const struct v1 *v1, const char *path)
{
    for (size_t i = 0; i < v1->n; i++)
        if (counts(&v1->trees[i]) && dir_exists(v1->trees[i].fd, path))
            return &v1->trees[i];
    return NULL;
}

static int v1_processes(void *self, const char *path, pid_t **ret, size_t *ret_n)
{
    const struct hierarchy *tree = members(self, path);
    struct pids pids = {NULL, 0};

    if (!tree)
        return -ENOENT;
    tree_processes(tree->fd, path, &pids);
    *ret = pids.v;
    *ret_n = pids.n;
    return 0;
}

static int v1_freeze(void *self, const char *path, int frozen,
                     struct berth_cgroup_err *err)
{
    struct v1 *v1 = self;
    int rc;

    if (!v1->by[FREEZER])
        return err_say(err, ENOTSUP, "the freezer is not mounted");
    rc = file_write(v1->by[FREEZER]->fd, path, "freezer.state",
                    frozen ? "FROZEN" : "THAWED");
    return rc ? err_say(err, -rc, "freeze control group %s: %s", path, strerror(-rc))
              : 0;
}

/* A group below may have been frozen by itself. */
static void thaw_all(const struct hierarchy *tree, const char *path)
{
    char **names = dir_children(tree->fd, path);

    (void)file_write(tree->fd, path, "freezer.state", "THAWED");
    for (size_t i = 0; names && names[i]; i++) {
        char below[4096];

        (void)snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "/" : "",
                       names[i]);
        thaw_all(tree, below);
    }
    names_free(names);
}

/* Frozen processes cannot fork while they are gone through, and die only when they
 * are let go. */
static int v1_kill(void *self, const char *path, struct berth_cgroup_err *err)
{
    struct v1 *v1 = self;
    const struct hierarchy *tree = members(v1, path);

    (void)err;
    if (!tree)
        return 0;
    (void)v1_freeze(self, path, 1, NULL);
    (void)tree_kill(tree->fd, path);
    if (v1->by[FREEZER])
        thaw_all(v1->by[FREEZER], path);
    return 0;
}

static int v1_remove(void *self, const char *path, struct berth_cgroup_err *err)
{
    struct v1 *v1 = self;
    int rc = 0;

    for (size_t i = 0; i < v1->n; i++) {
        int one = hierarchy_remove(&v1->trees[i], path);

        if (one)
            rc = err_say(err, -one, "remove control group %s/%s: %s", v1->trees[i].dir,
                         path, strerror(-one));
    }
    return rc;
}

static char **v1_children(void *self, const char *path)
{
    struct v1 *v1 = self;
    char **all = NULL;
    size_t n = 0;

    /* One that was half removed is in some of the trees only. */
    for (size_t i = 0; i < v1->n; i++) {
        char **names = dir_children(v1->trees[i].fd, path);

        for (size_t k = 0; names && names[k]; k++) {
            size_t same = 0;

            while (same < n && strcmp(all[same], names[k]) != 0)
                same++;
            if (same < n)
                continue;
            all = reallocarray(all, n + 2, sizeof(*all));
            if (!all || !(all[n++] = strdup(names[k])))
                abort();
            all[n] = NULL;
        }
        names_free(names);
    }
    return all;
}

/* ----------------------------------------------------------------------- usage */

/* Only of the group itself, as this version counts it. */
static uint64_t oom_kills(const struct hierarchy *tree, const char *path)
{
    char text[256];
    char **names = dir_children(tree->fd, path);
    uint64_t sum = 0;

    if (!file_read(tree->fd, path, "memory.oom_control", text, sizeof(text)))
        sum = text_field(text, "oom_kill");
    for (size_t i = 0; names && names[i]; i++) {
        char below[4096];

        (void)snprintf(below, sizeof(below), "%s/%s", path, names[i]);
        sum += oom_kills(tree, below);
    }
    names_free(names);
    return sum;
}

static int read_memory(const struct hierarchy *tree, const char *path,
                       struct berth_cgroup_usage *ret)
{
    char text[FILE_TEXT_MAX];
    int rc = file_read(tree->fd, path, "memory.stat", text, sizeof(text));
    uint64_t cache;

    if (rc)
        return rc;
    (void)file_number(tree->fd, path, "memory.usage_in_bytes", &ret->memory);
    (void)file_number(tree->fd, path, "memory.max_usage_in_bytes", &ret->memory_peak);
    (void)file_number(tree->fd, path, "memory.kmem.usage_in_bytes", &ret->kernel);
    ret->memory_limit = text_field(text, "hierarchical_memory_limit");
    if (ret->memory_limit >= INT64_MAX / 2)
        ret->memory_limit = 0;
    ret->anon = text_field(text, "total_rss");
    ret->shmem = text_field(text, "total_shmem");
    cache = text_field(text, "total_cache");
    ret->file = cache > ret->shmem ? cache - ret->shmem : 0;
    ret->swap = text_field(text, "total_swap");
    ret->oom_kills = oom_kills(tree, path);
    return 0;
}

static void read_pids(const struct v1 *v1, const char *path,
                      struct berth_cgroup_usage *ret)
{
    const struct hierarchy *tree = v1->by[PIDS];
    struct pids pids = {NULL, 0};
    char text[128];
    uint64_t number = 0;

    if (tree && !file_number(tree->fd, path, "pids.current", &number)) {
        ret->pids = (uint32_t)number;
        if (!file_number(tree->fd, path, "pids.peak", &number))
            ret->pids_peak = (uint32_t)number;
        if (!file_read(tree->fd, path, "pids.events", text, sizeof(text)))
            ret->pids_refused = (uint32_t)text_field(text, "max");
        return;
    }
    tree = members(v1, path);
    if (tree)
        tree_processes(tree->fd, path, &pids);
    ret->pids = (uint32_t)pids.n;
    free(pids.v);
}

static void read_cpu(const struct hierarchy *tree, const char *path,
                     struct berth_cgroup_usage *ret)
{
    uint64_t nsec;

    if (!file_number(tree->fd, path, "cpuacct.usage_user", &nsec))
        ret->user_usec = nsec / 1000;
    if (!file_number(tree->fd, path, "cpuacct.usage_sys", &nsec))
        ret->system_usec = nsec / 1000;
}

static void read_io(const struct hierarchy *tree, const char *path,
                    struct berth_cgroup_usage *ret)
{
    char text[FILE_TEXT_MAX];

    if (!file_read(tree->fd, path, "blkio.throttle.io_service_bytes_recursive", text,
                   sizeof(text)))
        text_blkio(text, &ret->read_bytes, &ret->write_bytes);
}

static int v1_usage(void *self, const char *path, struct berth_cgroup_usage *ret)
{
    struct v1 *v1 = self;

    *ret = (struct berth_cgroup_usage){0};
    if (!members(v1, path))
        return -ENOENT;
    if (v1->by[MEMORY])
        (void)read_memory(v1->by[MEMORY], path, ret);
    if (v1->by[CPUACCT])
        read_cpu(v1->by[CPUACCT], path, ret);
    if (v1->by[BLKIO])
        read_io(v1->by[BLKIO], path, ret);
    read_pids(v1, path, ret);
    return 0;
}

static const struct berth_cgroup_ops ops = {
    .open = v1_open,
    .close = v1_close,
    .make = v1_make,
    .enter = v1_enter,
    .doors = v1_doors,
    .usage = v1_usage,
    .processes = v1_processes,
    .freeze = v1_freeze,
    .kill = v1_kill,
    .remove = v1_remove,
    .children = v1_children,
};

extern const struct berth_cgroup_plugin berth_cgroup_plugin;

__attribute__((visibility("default")))
const struct berth_cgroup_plugin berth_cgroup_plugin = {
    .abi = BERTH_CGROUP_ABI,
    .ops_size = sizeof(ops),
    .name = "v1",
    .summary = "control groups of version 1",
    .ops = &ops,
};
