/* SPDX-License-Identifier: Apache-2.0
 *
 * base.c - where in the tree our groups may be
 *
 * A group has either processes or groups below that are limited, never both; the root
 * alone may have both. doc/design/15-resources.md has the order of what is tried.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "text.h"
#include "tree.h"

#define JOBS_UNIT "/system.slice/berth-jobs.service"
#define LEAF "berthd"

static const char *const controllers[] = {"cpuset", "cpu", "io", "memory", "pids"};

void base_enable(int at, const char *dir)
{
    char text[32];

    /* One by one: a word that is not known would spoil the line. */
    for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++) {
        (void)snprintf(text, sizeof(text), "+%s", controllers[i]);
        (void)file_write(at, dir, "cgroup.subtree_control", text);
    }
}

/* systemd's word that a group is its service's to divide. */
static int is_delegated(int at, const char *dir)
{
    char path[64], value[8];
    int fd = file_open(at, dir, ".", O_RDONLY | O_DIRECTORY);
    int found = 0;

    if (fd < 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    found = getxattr(path, "trusted.delegate", value, sizeof(value)) > 0 ||
            getxattr(path, "user.delegate", value, sizeof(value)) > 0;
    (void)close(fd);
    return found;
}

/* Its processes go into a leaf, so that it can be divided. */
static int move_down(int at, const char *dir)
{
    struct pids pids = {NULL, 0};
    char leaf[4096];
    int rc = 0;

    (void)snprintf(leaf, sizeof(leaf), "%s%s" LEAF, dir, dir[0] ? "/" : "");
    if (mkdirat(at, leaf, 0755) && errno != EEXIST)
        return -errno;
    tree_processes(at, dir, &pids);
    for (size_t i = 0; i < pids.n && !rc; i++) {
        rc = file_write_number(at, leaf, "cgroup.procs", (uint64_t)pids.v[i]);
        rc = rc == -ESRCH ? 0 : rc;
    }
    free(pids.v);
    return rc;
}

static int has_processes(int at, const char *dir)
{
    char text[32];

    return file_read(at, dir, "cgroup.procs", text, sizeof(text)) || text[0];
}

/* The nearest group above 'own' that is ours and empty, into 'own' itself. */
static int climb(int at, char *own)
{
    while (path_up(own)) {
        int fd = own[0] ? file_open(at, own, "cgroup.subtree_control", O_WRONLY) : -1;

        if (fd < 0)
            continue;
        (void)close(fd);
        if (!has_processes(at, own))
            return 0;
    }
    return -EACCES;
}

/* Where to begin, relative to the mount: written to 'ret'. */
static int choose(int at, const struct berth_cgroup_settings *settings, const char *own,
                  char *ret, size_t size)
{
    (void)snprintf(ret, size, "%s", own + strspn(own, "/"));
    if (settings->base) {
        (void)snprintf(ret, size, "%s", settings->base + strspn(settings->base, "/"));
        return dir_exists(at, ret) ? move_down(at, ret) : 0;
    }
    if (geteuid() == 0 && is_delegated(at, &JOBS_UNIT[1])) {
        (void)snprintf(ret, size, "%s", &JOBS_UNIT[1]);
        return move_down(at, ret);
    }
    if (ret[0] && is_delegated(at, ret))
        return move_down(at, ret);
    if (geteuid() == 0) {
        ret[0] = '\0';
        return 0;
    }
    return climb(at, ret);
}

/* "a/b/c" below 'base', each with controllers for the next. */
static int make_below(int at, const char *base, const char *name, char *ret,
                      size_t size)
{
    const char *rest = name;

    (void)snprintf(ret, size, "%s", base);
    if (base[0] && mkdirat(at, base, 0755) && errno != EEXIST)
        return -errno;
    base_enable(at, ret);
    while (*rest) {
        size_t len = strcspn(rest, "/"), have = strlen(ret);

        (void)snprintf(ret + have, size - have, "%s%.*s", have ? "/" : "", (int)len,
                       rest);
        if (mkdirat(at, ret, 0755) && errno != EEXIST)
            return -errno;
        base_enable(at, ret);
        rest += len;
        rest += strspn(rest, "/");
    }
    return 0;
}

/* A tree beside those of version 1 has no controllers left. */
static int has_controllers(int at, const char *dir)
{
    char text[256];

    return !file_read(at, dir, "cgroup.controllers", text, sizeof(text)) &&
           (text_has_word(text, "memory") || text_has_word(text, "pids"));
}

int base_make_root(const struct berth_cgroup_settings *settings, char **ret_dir,
                   struct berth_cgroup_err *err)
{
    char *mount, *own, base[4096], dir[4096] = "";
    int rc = tree_find(settings->machine, NULL, &mount, &own);
    int at;

    if (rc)
        return err_say(err, -rc, "no control groups of version 2 are mounted");
    at = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = at < 0 ? -errno : choose(at, settings, own, base, sizeof(base));
    if (!rc)
        rc = make_below(at, base, settings->name, dir, sizeof(dir));
    if (rc)
        (void)err_say(err, -rc, "control group %s/%s: %s", mount,
                      dir[0] ? dir : own + strspn(own, "/"), strerror(-rc));
    else if (!has_controllers(at, dir))
        rc = err_say(err, ENOTSUP, "%s has no controllers of version 2 to give", mount);
    else if (asprintf(ret_dir, "%s/%s", mount, dir) < 0)
        abort();
    if (rc && dir[0]) /* what was made, and is of no use */
        (void)tree_remove(at, dir);
    if (at >= 0)
        (void)close(at);
    free(mount);
    free(own);
    return rc;
}
