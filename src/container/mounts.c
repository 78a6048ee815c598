/* SPDX-License-Identifier: Apache-2.0
 *
 * mounts.c - the caller's bind mounts: home, --mount, Berth's own socket
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/build.h"

static const char *origin(const struct bind_mount *m)
{
    return m->origin ? m->origin : m->source ? "--mount" : "--tmpfs";
}

/* "SOURCE", or what stands in its place in words. */
static const char *source_name(const struct bind_mount *m)
{
    return m->source ? m->source : "tmpfs";
}

static int no_source(const struct bind_mount *m, int code, struct err *err)
{
    char node[HOST_NAME_MAX + 1] = "";

    (void)gethostname(node, sizeof(node) - 1);
    if (code == ENOENT)
        return err_set(err, code, "%s: %s on node %s: no such directory or file",
                       origin(m), m->source, node);
    return err_sys(err, code, "%s: %s on node %s", origin(m), m->source, node);
}

static int set_attrs(int tree, uint64_t attrs)
{
    struct mount_attr attr = {.attr_set = attrs};

    return mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
}

int mount_set_readonly(int tree)
{
    return set_attrs(tree, MOUNT_ATTR_RDONLY);
}

static int attach(const struct build *b, const struct bind_mount *m, int tree,
                  struct err *err)
{
    cleanup(closep) int target = -1;
    struct stat st;
    int rc;

    if (fstat(tree, &st))
        return err_sys(err, errno, "%s: %s", origin(m), source_name(m));
    rc = resolve_target(b, m->target, S_ISDIR(st.st_mode), &target, err);
    if (rc) {
        (void)(m->source ? err_wrap(err, "%s %s", origin(m), m->source)
                         : err_wrap(err, "%s", origin(m)));
        return rc;
    }
    if (m->readonly && mount_set_readonly(tree))
        return err_sys(err, errno, "%s: make %s read-only", origin(m), m->target);
    if (m->attrs && set_attrs(tree, m->attrs))
        return err_sys(err, errno, "%s: restrict %s", origin(m), m->target);
    if (move_mount(tree, "", target, "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
        return err_sys(err, errno, "%s: %s at %s", origin(m), source_name(m),
                       m->target);
    return 0;
}

/* A file system of memory that is not attached yet. */
static int make_tmpfs(const struct bind_mount *m, int *ret, struct err *err)
{
    cleanup(closep) int fs =
        fsopen(m->never_swapped ? "ramfs" : "tmpfs", FSOPEN_CLOEXEC);
    bool has_size = m->bytes && !m->never_swapped;
    char size[24];

    (void)snprintf(size, sizeof(size), "%" PRIu64, m->bytes);
    if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "1777", 0) ||
        (has_size && fsconfig(fs, FSCONFIG_SET_STRING, "size", size, 0)) ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
        return err_sys(err, errno, "%s: %s", origin(m), m->target);
    *ret = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    return *ret < 0 ? err_sys(err, errno, "%s: %s", origin(m), m->target) : 0;
}

static int open_without(int dir, const char *path, uint64_t resolve)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    long fd;

    do
        fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
    while (fd < 0 && errno == EAGAIN); /* a rename raced with the walk */
    return (int)fd;
}

/* A path that others may change meanwhile leads where it may, or nowhere. */
static int open_within(const struct bind_mount *m, struct err *err)
{
    cleanup(closep) int dir = open_without(AT_FDCWD, m->source, RESOLVE_NO_SYMLINKS);
    int fd;

    if (dir < 0)
        return err_sys(err, errno, "%s: %s", origin(m), m->source);
    if (!m->within[0])
        return take_fd(dir);
    fd = open_without(dir, m->within, RESOLVE_BENEATH);
    if (fd < 0 && errno == EXDEV)
        return err_set(err, EXDEV, "%s: a link in '%s' leads out of it", origin(m),
                       m->within);
    return fd < 0 ? err_sys(err, errno, "%s: %s", origin(m), m->within) : fd;
}

static int copy_within(const struct bind_mount *m, int *ret, struct err *err)
{
    cleanup(closep) int fd = open_within(m, err);

    if (fd < 0)
        return fd;
    *ret = open_tree(
        fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    return *ret < 0 ? err_sys(err, errno, "%s: %s", origin(m), m->source) : 0;
}

static int open_source(const struct bind_mount *m, int *ret, struct err *err)
{
    if (!m->source)
        return make_tmpfs(m, ret, err);
    if (m->source[0] != '/' || m->target[0] != '/')
        return err_set(err, EINVAL, "%s: %s:%s: both paths must be absolute", origin(m),
                       m->source, m->target);
    if (m->within)
        return copy_within(m, ret, err);
    *ret = open_tree(AT_FDCWD, m->source,
                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (*ret < 0)
        return errno == ENOENT && m->optional ? 0 : no_source(m, errno, err);
    return 0;
}

int mounts_open(struct build *b, struct err *err)
{
    size_t n = b->spec->n_mounts;

    b->sources = xmalloc((n ? n : 1) * sizeof(*b->sources));
    memset(b->sources, -1, n * sizeof(*b->sources));
    for (size_t i = 0; i < n; i++) {
        int rc = open_source(&b->spec->mounts[i], &b->sources[i], err);

        if (rc)
            return rc;
    }
    return 0;
}

int mounts_attach(struct build *b, struct err *err)
{
    for (size_t i = 0; i < b->spec->n_mounts; i++) {
        int rc =
            b->sources[i] < 0 ? 0 : attach(b, &b->spec->mounts[i], b->sources[i], err);

        if (rc)
            return rc;
    }
    return 0;
}
