/* SPDX-License-Identifier: Apache-2.0
 *
 * v2.c - control groups of version 2: one tree
 */
#include <berth/cgroup.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "device_program.h"
#include "files.h"
#include "text.h"
#include "tree.h"

struct v2 {
    int fd; /* of our root */
    char *dir;
    char *handle;
    char *words;
};

static uint32_t abilities(const struct v2 *v2)
{
    char text[256];
    uint32_t can = BERTH_CGROUP_CPU; /* its time is counted anyway */

    (void)file_read(v2->fd, "", "cgroup.controllers", text, sizeof(text));
    if (text_has_word(text, "cpuset"))
        can |= BERTH_CGROUP_CPUSET;
    if (text_has_word(text, "memory"))
        can |= BERTH_CGROUP_MEMORY;
    if (file_exists(v2->fd, "", "memory.swap.max"))
        can |= BERTH_CGROUP_SWAP;
    if (text_has_word(text, "pids"))
        can |= BERTH_CGROUP_PIDS;
    if (text_has_word(text, "io"))
        can |= BERTH_CGROUP_IO;
    if (file_exists(v2->fd, "", "cgroup.freeze"))
        can |= BERTH_CGROUP_FREEZE;
    if (file_exists(v2->fd, "", "memory.pressure"))
        can |= BERTH_CGROUP_PRESSURE;
    if (device_program_works())
        can |= BERTH_CGROUP_DEVICES;
    return can;
}

static void v2_close(void *self)
{
    struct v2 *v2 = self;

    if (!v2)
        return;
    if (v2->fd >= 0)
        (void)close(v2->fd);
    free(v2->dir);
    free(v2->handle);
    free(v2->words);
    free(v2);
}

/* A handle is "unified DIRECTORY". */
static int find_root(const struct berth_cgroup_settings *settings, struct v2 *v2,
                     struct berth_cgroup_err *err)
{
    static const char tag[] = "unified ";

    if (!settings->handle)
        return base_make_root(settings, &v2->dir, err);
    if (strncmp(settings->handle, tag, strlen(tag)) != 0)
        return err_say(err, EINVAL, "no handle of control groups: %s",
                       settings->handle);
    v2->dir = strdup(settings->handle + strlen(tag));
    if (!v2->dir)
        abort();
    v2->dir[strcspn(v2->dir, "\n")] = '\0';
    return 0;
}

static int v2_open(const struct berth_cgroup_settings *settings, void **ret_self,
                   struct berth_cgroup_info *ret_info, struct berth_cgroup_err *err)
{
    struct v2 *v2 = calloc(1, sizeof(*v2));
    int rc;

    if (!v2)
        abort();
    v2->fd = -1;
    rc = find_root(settings, v2, err);
    if (!rc) {
        v2->fd = open(v2->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (v2->fd < 0)
            rc = err_say(err, errno, "control group %s: %s", v2->dir, strerror(errno));
    }
    if (rc) {
        v2_close(v2);
        return rc;
    }
    if (asprintf(&v2->handle, "unified %s\n", v2->dir) < 0 ||
        asprintf(&v2->words, "cgroup v2: %s", v2->dir) < 0)
        abort();
    *ret_info = (struct berth_cgroup_info){settings->handle ? 0 : abilities(v2),
                                           v2->handle, v2->words};
    *ret_self = v2;
    return 0;
}

/* ---------------------------------------------------------------------- limits */

#define TIME_PERIOD 100000u /* microseconds */

/* What cannot be limited for lack of a controller is passed over. */
static int set(const struct v2 *v2, const char *path, const char *file,
               const char *text)
{
    int rc = file_write(v2->fd, path, file, text);

    return rc == -ENOENT ? 0 : rc;
}

static int set_number(const struct v2 *v2, const char *path, const char *file,
                      uint64_t number)
{
    char text[24];

    if (number == UINT64_MAX)
        return set(v2, path, file, "max");
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    return set(v2, path, file, text);
}

static int limit_memory(const struct v2 *v2, const char *path,
                        const struct berth_cgroup_limits *limits)
{
    int rc;

    if (!limits->memory)
        return 0;
    rc = set_number(v2, path, "memory.max", limits->memory);
    return rc ? rc : set_number(v2, path, "memory.swap.max", limits->swap);
}

/* So much of each tenth of a second, and not less than the kernel takes. */
static int limit_time(const struct v2 *v2, const char *path, uint32_t milli)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%u %u",
                   milli < 10 ? 1000 : milli * (TIME_PERIOD / 1000), TIME_PERIOD);
    return set(v2, path, "cpu.max", text);
}

static int limit_devices(const struct v2 *v2, const char *path,
                         const struct berth_cgroup_limits *limits)
{
    int fd, rc;

    if (!limits->has_devices)
        return 0;
    fd = file_open(v2->fd, path, ".", O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    rc = device_program_attach(fd, limits->devices, limits->n_devices);
    (void)close(fd);
    return rc;
}

static int limit(const struct v2 *v2, const char *path,
                 const struct berth_cgroup_limits *limits, const char **ret_what)
{
    int rc = 0;

    *ret_what = "cpuset.cpus";
    if (limits->cpus)
        rc = set(v2, path, "cpuset.cpus", limits->cpus);
    if (!rc && limits->mems)
        rc = set(v2, path, "cpuset.mems", limits->mems);
    if (!rc) {
        *ret_what = "memory.max";
        rc = limit_memory(v2, path, limits);
    }
    if (!rc && limits->pids) {
        *ret_what = "pids.max";
        rc = set_number(v2, path, "pids.max", limits->pids);
    }
    if (!rc && limits->cpu_weight) {
        *ret_what = "cpu.weight";
        rc = set_number(v2, path, "cpu.weight", limits->cpu_weight);
    }
    if (!rc && limits->cpu_max) {
        *ret_what = "cpu.max";
        rc = limit_time(v2, path, limits->cpu_max);
    }
    if (!rc) {
        *ret_what = "devices";
        rc = limit_devices(v2, path, limits);
    }
    return rc;
}

static int v2_make(void *self, const char *path,
                   const struct berth_cgroup_limits *limits,
                   struct berth_cgroup_err *err)
{
    struct v2 *v2 = self;
    const char *what = "";
    int rc = 0;

    if (mkdirat(v2->fd, path, 0755) && errno != EEXIST)
        rc = -errno;
    if (!rc && limits && limits->kill_all) {
        what = "memory.oom.group";
        rc = set(v2, path, what, "1");
    }
    /* One with limits has groups below, which the controllers shall count, unless it
     * says that it has none. */
    if (!rc && limits && !limits->kill_all && !limits->is_leaf)
        base_enable(v2->fd, path);
    if (!rc && limits && (!limits->kill_all || limits->is_leaf))
        rc = limit(v2, path, limits, &what);
    return rc ? err_say(err, -rc, "control group %s/%s: %s%s%s", v2->dir, path, what,
                        what[0] ? ": " : "", strerror(-rc))
              : 0;
}

/* ------------------------------------------------------------------- processes */

static int v2_enter(void *self, const char *path, pid_t pid,
                    struct berth_cgroup_err *err)
{
    struct v2 *v2 = self;
    int rc = file_write_number(v2->fd, path, "cgroup.procs", (uint64_t)pid);

    return rc ? err_say(err, -rc, "enter control group %s/%s: %s", v2->dir, path,
                        strerror(-rc))
              : 0;
}

static int v2_doors(void *self, const char *path, int fds[BERTH_CGROUP_DOORS],
                    struct berth_cgroup_err *err)
{
    struct v2 *v2 = self;

    fds[0] = file_open(v2->fd, path, "cgroup.procs", O_WRONLY);
    return fds[0] < 0 ? err_say(err, -fds[0], "the way into control group %s/%s: %s",
                                v2->dir, path, strerror(-fds[0]))
                      : 1;
}

static int v2_processes(void *self, const char *path, pid_t **ret, size_t *ret_n)
{
    struct v2 *v2 = self;
    struct pids pids = {NULL, 0};

    if (!dir_exists(v2->fd, path))
        return -ENOENT;
    tree_processes(v2->fd, path, &pids);
    *ret = pids.v;
    *ret_n = pids.n;
    return 0;
}

static int v2_freeze(void *self, const char *path, int frozen,
                     struct berth_cgroup_err *err)
{
    struct v2 *v2 = self;
    int rc = file_write(v2->fd, path, "cgroup.freeze", frozen ? "1" : "0");

    if (rc == -ENOENT)
        rc = -ENOTSUP;
    return rc ? err_say(err, -rc, "freeze control group %s: %s", path, strerror(-rc))
              : 0;
}

/* One write ends them all, also those that are being forked; before Linux 5.14 they
 * are frozen first, so that none is. */
static int v2_kill(void *self, const char *path, struct berth_cgroup_err *err)
{
    struct v2 *v2 = self;

    (void)err;
    if (!file_write(v2->fd, path, "cgroup.kill", "1"))
        return 0;
    (void)v2_freeze(self, path, 1, NULL);
    (void)tree_kill(v2->fd, path);
    (void)v2_freeze(self, path, 0, NULL);
    return 0;
}

/* Our root as well: then what was made for it, "berth", unless others are there. */
static int remove_root(struct v2 *v2)
{
    char *slash;

    if (rmdir(v2->dir) && errno != ENOENT)
        return -errno;
    slash = strrchr(v2->dir, '/');
    *slash = '\0';
    (void)rmdir(v2->dir);
    *slash = '/';
    return 0;
}

static int v2_remove(void *self, const char *path, struct berth_cgroup_err *err)
{
    struct v2 *v2 = self;
    int rc = tree_remove(v2->fd, path);

    if (!rc && !path[0])
        rc = remove_root(v2);
    return rc ? err_say(err, -rc, "remove control group %s/%s: %s", v2->dir, path,
                        strerror(-rc))
              : 0;
}

static char **v2_children(void *self, const char *path)
{
    return dir_children(((struct v2 *)self)->fd, path);
}

/* ----------------------------------------------------------------------- usage */

static uint64_t number_of(const struct v2 *v2, const char *path, const char *file)
{
    uint64_t number = 0;

    return file_number(v2->fd, path, file, &number) ? 0 : number;
}

/* The lowest of the limits on the way up to our root; 0: none. */
static uint64_t limit_of(const struct v2 *v2, const char *path)
{
    uint64_t least = UINT64_MAX, number;
    char at[4096];

    (void)snprintf(at, sizeof(at), "%s", path);
    do {
        if (!file_number(v2->fd, at, "memory.max", &number) && number < least)
            least = number;
    } while (path_up(at));
    return least == UINT64_MAX ? 0 : least;
}

static void read_memory(const struct v2 *v2, const char *path,
                        struct berth_cgroup_usage *ret)
{
    char text[FILE_TEXT_MAX];
    uint64_t file;

    ret->memory = number_of(v2, path, "memory.current");
    ret->memory_peak = number_of(v2, path, "memory.peak");
    ret->memory_limit = limit_of(v2, path);
    ret->swap = number_of(v2, path, "memory.swap.current");
    if (!file_read(v2->fd, path, "memory.stat", text, sizeof(text))) {
        ret->anon = text_field(text, "anon");
        ret->shmem = text_field(text, "shmem");
        ret->kernel = text_field(text, "kernel");
        file = text_field(text, "file");
        ret->file = file > ret->shmem ? file - ret->shmem : 0;
    }
    if (!file_read(v2->fd, path, "memory.events", text, sizeof(text)))
        ret->oom_kills = text_field(text, "oom_kill");
}

static float pressure(const struct v2 *v2, const char *path, const char *file)
{
    char text[256];

    return file_read(v2->fd, path, file, text, sizeof(text)) ? 0 : text_pressure(text);
}

static int v2_usage(void *self, const char *path, struct berth_cgroup_usage *ret)
{
    struct v2 *v2 = self;
    char text[FILE_TEXT_MAX];

    *ret = (struct berth_cgroup_usage){0};
    if (!dir_exists(v2->fd, path))
        return -ENOENT;
    read_memory(v2, path, ret);
    if (!file_read(v2->fd, path, "cpu.stat", text, sizeof(text))) {
        ret->user_usec = text_field(text, "user_usec");
        ret->system_usec = text_field(text, "system_usec");
    }
    if (!file_read(v2->fd, path, "io.stat", text, sizeof(text)))
        text_io_stat(text, &ret->read_bytes, &ret->write_bytes);
    if (!file_read(v2->fd, path, "pids.events", text, sizeof(text)))
        ret->pids_refused = (uint32_t)text_field(text, "max");
    ret->pids = (uint32_t)number_of(v2, path, "pids.current");
    ret->pids_peak = (uint32_t)number_of(v2, path, "pids.peak");
    ret->cpu_pressure = pressure(v2, path, "cpu.pressure");
    ret->memory_pressure = pressure(v2, path, "memory.pressure");
    ret->io_pressure = pressure(v2, path, "io.pressure");
    return 0;
}

static const struct berth_cgroup_ops ops = {
    .open = v2_open,
    .close = v2_close,
    .make = v2_make,
    .enter = v2_enter,
    .doors = v2_doors,
    .usage = v2_usage,
    .processes = v2_processes,
    .freeze = v2_freeze,
    .kill = v2_kill,
    .remove = v2_remove,
    .children = v2_children,
};

extern const struct berth_cgroup_plugin berth_cgroup_plugin;

__attribute__((visibility("default")))
const struct berth_cgroup_plugin berth_cgroup_plugin = {
    .abi = BERTH_CGROUP_ABI,
    .ops_size = sizeof(ops),
    .name = "v2",
    .summary = "control groups of version 2",
    .ops = &ops,
};
