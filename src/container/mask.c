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
#include "container/build.h"

static const char *const hidden[] = {
    "proc/acpi",        "proc/asound",        "proc/interrupts",
    "proc/kcore",       "proc/keys",          "proc/latency_stats",
    "proc/sched_debug", "proc/scsi",          "proc/timer_list",
    "proc/timer_stats", "sys/firmware",       "sys/fs/selinux",
    "sys/kernel/debug", "sys/kernel/tracing", "sys/devices/virtual/powercap"};

static const char *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                       "proc/sysrq-trigger"};

/* Cover the mount point 'path' by a copy of the mount 'source' in 'dir'. */
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

/* A directory becomes an empty one, a file /dev/null. */
static int hide(const struct build *b, const char *path, struct err *err)
{
    struct stat st;

    if (fstatat(b->root, path, &st, AT_SYMLINK_NOFOLLOW))
        return 0;
    if (S_ISDIR(st.st_mode))
        return cover(b, b->scratch, EMPTY, path, err);
    return cover(b, AT_FDCWD, "/dev/null", path, err);
}

int mask_paths(struct build *b, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < ARRAY_SIZE(hidden) && !rc; i++)
        rc = hide(b, hidden[i], err);
    for (size_t i = 0; i < ARRAY_SIZE(readonly) && !rc; i++) {
        if (faccessat(b->root, readonly[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            rc = cover(b, b->root, readonly[i], readonly[i], err);
    }
    return rc;
}
