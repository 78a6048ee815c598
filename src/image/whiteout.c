/* SPDX-License-Identifier: Apache-2.0
 *
 * whiteout.c - make overlayfs's whiteouts, as root and as an ordinary user
 */
#include "image/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"

#define OPAQUE_ATTRIBUTE "user.overlay.opaque"
#define WHITEOUT_ATTRIBUTE "user.overlay.whiteout"

bool whiteout_is_one(const char *name)
{
    return strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
}

bool whiteout_is_opaque_mark(const char *name)
{
    return strcmp(name, WHITEOUT_OPAQUE) == 0;
}

const char *whiteout_target(const char *name)
{
    const char *target = name + strlen(WHITEOUT_PREFIX);

    if (whiteout_is_one(target) || !*target || strcmp(target, ".") == 0 ||
        strcmp(target, "..") == 0)
        return NULL;
    return target;
}

int whiteout_make_opaque(int dir)
{
    return fsetxattr(dir, OPAQUE_ATTRIBUTE, "y", 1, 0) == 0 ? 0 : -errno;
}

/* Where device nodes are refused even as 0:0 (some network file systems):
 * Linux 6.7 takes an empty file with an attribute, in a directory that says so. */
static int make_by_attribute(int dir, const char *name)
{
    cleanup(closep) int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0 || fsetxattr(fd, WHITEOUT_ATTRIBUTE, "y", 1, 0) < 0)
        return -errno;
    if (fsetxattr(dir, OPAQUE_ATTRIBUTE, "x", 1, XATTR_CREATE) < 0 && errno != EEXIST)
        return -errno;
    return 0;
}

static int make_opaque_at(int dir, const char *name)
{
    cleanup(closep) int fd =
        openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : whiteout_make_opaque(fd);
}

int whiteout_make(int dir, const char *name)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISDIR(st.st_mode) ? make_opaque_at(dir, name) : 0;
    /* Linux lets everyone make the device 0:0, since 5.8. */
    if (mknodat(dir, name, S_IFCHR, makedev(0, 0)) == 0)
        return 0;
    return errno == EPERM ? make_by_attribute(dir, name) : -errno;
}

/* The attribute counts only in a directory that says it has such. */
static bool has_by_attribute(int dir, const char *name)
{
    cleanup(closep) int fd = -1;
    char value;

    if (fgetxattr(dir, OPAQUE_ATTRIBUTE, &value, 1) != 1 || value != 'x')
        return false;
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && fgetxattr(fd, WHITEOUT_ATTRIBUTE, NULL, 0) >= 0;
}

bool whiteout_is_made(int dir, const char *name, const struct stat *st)
{
    if (S_ISCHR(st->st_mode))
        return st->st_rdev == makedev(0, 0);
    return S_ISREG(st->st_mode) && !st->st_size && has_by_attribute(dir, name);
}

bool whiteout_is_opaque(int dir)
{
    char value;

    return fgetxattr(dir, OPAQUE_ATTRIBUTE, &value, 1) == 1 && value == 'y';
}
