/* SPDX-License-Identifier: Apache-2.0
 *
 * hierarchy.c - one of the trees of version 1
 */
#include "hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "text.h"
#include "tree.h"

static const char *const controller_names[N_CONTROLLERS] = {
    [MEMORY] = "memory", [PIDS] = "pids", [FREEZER] = "freezer", [CPUACCT] = "cpuacct",
    [CPUSET] = "cpuset", [CPU] = "cpu",   [DEVICES] = "devices", [BLKIO] = "blkio",
};

/* A new group of processors is empty, and nobody can enter it. */
static int fill_cpuset(int at, const char *path)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    char up[4096], text[4096];

    (void)snprintf(up, sizeof(up), "%s", path);
    (void)path_up(up);
    for (size_t i = 0; i < 2; i++) {
        int rc = file_read(at, path, files[i], text, sizeof(text));

        if (rc || text[0] > ' ')
            continue;
        rc = file_read(at, up, files[i], text, sizeof(text));
        if (!rc)
            rc = file_write(at, path, files[i], text);
        if (rc)
            return rc;
    }
    return 0;
}

static int make_dir(int at, const char *path, int is_cpuset)
{
    if (mkdirat(at, path, 0755) && errno != EEXIST)
        return -errno;
    return is_cpuset ? fill_cpuset(at, path) : 0;
}

/* All directories down to 'path'. */
static int make_dirs(int at, const char *path, int is_cpuset)
{
    char part[4096];
    int rc = 0;

    for (const char *end = path; !rc && end;) {
        end = strchr(end, '/');
        (void)snprintf(part, sizeof(part), "%.*s",
                       (int)(end ? (size_t)(end - path) : strlen(path)), path);
        if (part[0])
            rc = make_dir(at, part, is_cpuset);
        end = end ? end + 1 : NULL;
    }
    return rc;
}

static uint32_t controllers_of(const char *names)
{
    uint32_t set = 0;

    for (int c = 0; c < N_CONTROLLERS; c++)
        if (text_has_word(names, controller_names[c]))
            set |= 1u << c;
    return set;
}

/* Which controllers are mounted together is in the name of the mount's options; what
 * a tree has shows in its files as well, and these are there when it is joined. */
static uint32_t mounted_with(int fd, enum controller controller)
{
    uint32_t set = 1u << controller;

    if (controller == CPUACCT && file_exists(fd, "", "cpu.shares"))
        set |= 1u << CPU;
    return set;
}

static int open_root(const char *mount, const char *base, const char *name,
                     enum controller controller, struct hierarchy *ret)
{
    int at = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *path;
    int rc;

    if (at < 0)
        return -errno;
    base += strspn(base, "/");
    if (asprintf(&path, "%s%s%s", base, base[0] ? "/" : "", name) < 0 ||
        asprintf(&ret->dir, "%s/%s", mount, path) < 0)
        abort();
    rc = make_dirs(at, path, controller == CPUSET);
    ret->fd = rc ? -1 : open(ret->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!rc && ret->fd < 0)
        rc = -errno;
    if (rc)
        free(ret->dir);
    else
        ret->controllers = mounted_with(ret->fd, controller);
    free(path);
    (void)close(at);
    return rc;
}

int hierarchy_make(const struct berth_cgroup_settings *settings,
                   enum controller controller, struct hierarchy *ret,
                   struct berth_cgroup_err *err)
{
    char *mount, *own;
    int rc = tree_find(settings->machine, controller_names[controller], &mount, &own);

    if (rc)
        return rc;
    rc = open_root(mount, settings->base ? settings->base : own, settings->name,
                   controller, ret);
    if (rc)
        (void)err_say(err, -rc, "control group %s%s/%s: %s", mount,
                      settings->base ? settings->base : own, settings->name,
                      strerror(-rc));
    free(mount);
    free(own);
    return rc;
}

int hierarchy_join(char *line, struct hierarchy *ret, struct berth_cgroup_err *err)
{
    char *dir = strchr(line, ' ');

    if (!dir)
        return err_say(err, EINVAL, "no handle of control groups: %s", line);
    *dir++ = '\0';
    ret->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (ret->fd < 0)
        return err_say(err, errno, "control group %s: %s", dir, strerror(errno));
    ret->dir = strdup(dir);
    if (!ret->dir)
        abort();
    ret->controllers = controllers_of(line);
    return 0;
}

void hierarchy_fini(struct hierarchy *tree)
{
    (void)close(tree->fd);
    free(tree->dir);
}

void hierarchy_names(const struct hierarchy *tree, char *names, size_t size)
{
    size_t len = 0;

    names[0] = '\0';
    for (int c = 0; c < N_CONTROLLERS && len < size; c++)
        if (tree->controllers & 1u << c)
            len += (size_t)snprintf(names + len, size - len, "%s%s", len ? "," : "",
                                    controller_names[c]);
}

int hierarchy_mkdir(const struct hierarchy *tree, const char *path)
{
    return make_dir(tree->fd, path, (tree->controllers & 1u << CPUSET) != 0);
}

int hierarchy_remove(const struct hierarchy *tree, const char *path)
{
    int rc = tree_remove(tree->fd, path);
    char *slash;

    if (rc || path[0])
        return rc;
    if (rmdir(tree->dir) && errno != ENOENT)
        return -errno;
    /* "berth", unless others are there. */
    slash = strrchr(tree->dir, '/');
    *slash = '\0';
    (void)rmdir(tree->dir);
    *slash = '/';
    return 0;
}
