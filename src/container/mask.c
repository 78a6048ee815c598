/* SPDX-License-Identifier: Apache-2.0
 *
 * mask.c - what of /proc and /sys is hidden, and what may only be read
 *
 * These are the places where the kernel speaks of the whole node, or takes orders
 * for it. Rights protect most of them; but root's own jobs have root's, and a
 * kernel that forgets a check is nothing new. The lists are those of OCI runtimes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "container/build.h"

/* Hidden when the caller could read them. They are looked for in the node's /proc,
 * which knows them already: in one that was just mounted each look costs five times as
 * much. */
static const char *const files[] = {
    "/proc/interrupts",  "/proc/kcore",      "/proc/keys",       "/proc/latency_stats",
    "/proc/sched_debug", "/proc/timer_list", "/proc/timer_stats"};
static const char *const dirs[] = {"/proc/acpi",      "/proc/asound",
                                   "/proc/scsi",      "/sys/firmware",
                                   "/sys/fs/selinux", "/sys/devices/virtual/powercap"};
/* Nothing but a directory to mount on, on most nodes. */
static const char *const mount_points[] = {"/sys/kernel/debug", "/sys/kernel/tracing"};

/* Their files take orders from who owns them: uid 0, here or outside. */
static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq",
                                       "/proc/sys", "/proc/sysrq-trigger"};

/* Cover the mount point 'path' by a read-only copy of the mount 'source' in 'dir'. */
static int cover(const struct build *b, int dir, const char *source, const char *path,
                 struct err *err)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                                          MOUNT_ATTR_NOEXEC};
    cleanup(closep) int tree =
        open_tree(dir, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) ||
        move_mount(tree, "", b->root, path, MOVE_MOUNT_F_EMPTY_PATH))
        return err_sys(err, errno, "cover /%s", path);
    return 0;
}

/* Hide a directory of the new root, the working directory. The first is covered by an
 * empty one; a copy of that mount is read-only too. */
static int hide_dir(const struct build *b, const char *path, const char **first,
                    struct err *err)
{
    if (*first)
        return mount(*first, path, NULL, MS_BIND, NULL)
                   ? err_sys(err, errno, "cover /%s", path)
                   : 0;
    *first = path;
    return cover(b, b->scratch, EMPTY, path, err);
}

static bool is_mounted_on(const struct build *b, const char *path)
{
    struct stat st, above;

    return fstatat(b->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(b->root, "sys", &above, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_dev != above.st_dev;
}

static int hide_all(const struct build *b, struct err *err)
{
    const char *first = NULL;
    int rc = 0;

    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        if (access(files[i], R_OK) == 0 &&
            mount("/dev/null", files[i] + 1, NULL, MS_BIND, NULL))
            return err_sys(err, errno, "cover %s", files[i]);
    for (size_t i = 0; i < ARRAY_SIZE(dirs) && !rc; i++)
        if (access(dirs[i], R_OK) == 0)
            rc = hide_dir(b, dirs[i] + 1, &first, err);
    for (size_t i = 0; i < ARRAY_SIZE(mount_points) && !rc; i++)
        if (is_mounted_on(b, mount_points[i] + 1))
            rc = hide_dir(b, mount_points[i] + 1, &first, err);
    return rc;
}

int mask_paths(struct build *b, struct err *err)
{
    int rc = hide_all(b, err);

    for (size_t i = 0; i < ARRAY_SIZE(readonly) && !rc && getuid() == 0; i++)
        if (access(readonly[i], F_OK) == 0)
            rc = cover(b, b->root, readonly[i] + 1, readonly[i] + 1, err);
    return rc;
}

static void add_all(char ***list, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        strv_take(list, xasprintf("/%s", paths[i]));
}

char **mask_hidden_paths(void)
{
    char **list = NULL;

    add_all(&list, files, ARRAY_SIZE(files));
    add_all(&list, dirs, ARRAY_SIZE(dirs));
    add_all(&list, mount_points, ARRAY_SIZE(mount_points));
    return list;
}

char **mask_readonly_paths(void)
{
    char **list = NULL;

    add_all(&list, readonly, ARRAY_SIZE(readonly));
    return list;
}
