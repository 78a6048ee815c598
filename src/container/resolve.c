/* SPDX-License-Identifier: Apache-2.0
 *
 * resolve.c - paths of the image, which are not to be believed
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/build.h"

int resolve_in(int root, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd;

    do
        fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
    while (fd < 0 && errno == EAGAIN); /* a rename raced with the walk */
    return fd < 0 ? -errno : (int)fd;
}

static bool is_same_fs(int a, int b)
{
    struct stat sa, sb;

    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev;
}

/* Nothing is created in directories that are mounted from the node. */
static bool is_own_space(const struct build *b, int dir)
{
    return !b->in_place && (is_same_fs(dir, b->root) || is_same_fs(dir, b->scratch));
}

static int make_entry(int dir, const char *name, bool is_dir)
{
    int rc = is_dir ? mkdirat(dir, name, 0755) : mknodat(dir, name, S_IFREG | 0644, 0);

    return rc && errno != EEXIST ? -errno : 0;
}

/* Make 'path' below the root, part by part. */
static int make_path(const struct build *b, const char *path, bool want_dir)
{
    char part[PATH_MAX];
    size_t at = 0;

    if (strlen(path) >= sizeof(part))
        return -ENAMETOOLONG;
    for (;;) {
        cleanup(closep) int dir = -1;
        size_t start = at + strspn(path + at, "/");
        size_t end = start + strcspn(path + start, "/");
        bool is_last = !path[end + strspn(path + end, "/")];
        char name[NAME_MAX + 1];
        int fd, rc;

        memcpy(part, path, end);
        part[end] = 0;
        fd = resolve_in(b->root, part, O_PATH);
        if (fd == -ENOENT) {
            if (end - start > NAME_MAX)
                return -ENAMETOOLONG;
            memcpy(name, path + start, end - start);
            name[end - start] = 0;
            part[start] = 0;
            dir = resolve_in(b->root, start ? part : "/", O_PATH | O_DIRECTORY);
            if (dir < 0)
                return dir;
            if (!is_own_space(b, dir))
                return -EXDEV;
            rc = make_entry(dir, name, want_dir || !is_last);
            if (rc)
                return rc;
        } else if (fd < 0) {
            return fd;
        } else {
            (void)close(fd);
        }
        if (is_last)
            return 0;
        at = end;
    }
}

int resolve_target(const struct build *b, const char *path, bool want_dir, int *ret_fd,
                   struct err *err)
{
    struct stat st;
    int fd = resolve_in(b->root, path, O_PATH), rc;

    if (fd == -ENOENT) {
        rc = make_path(b, path, want_dir);
        if (rc == -EXDEV)
            return err_set(
                err, ENOENT,
                "%s does not exist inside, and cannot be made in a directory "
                "of the node",
                path);
        if (rc)
            return err_sys(err, -rc, "make %s inside", path);
        fd = resolve_in(b->root, path, O_PATH);
    }
    if (fd < 0)
        return err_sys(err, -fd, "open %s inside", path);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) != want_dir) {
        (void)close(fd);
        return err_set(err, want_dir ? ENOTDIR : EISDIR, "%s inside is %s directory",
                       path, want_dir ? "not a" : "a");
    }
    *ret_fd = fd;
    return 0;
}
