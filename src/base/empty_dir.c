/* SPDX-License-Identifier: Apache-2.0
 *
 * empty_dir.c - remove what a directory holds, if it is below one that may lose it
 */
#include "base/empty_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

/* Absolute, of plain parts, and not "/". */
static bool is_plain(const char *path)
{
    const char *part = path;

    if (*path != '/')
        return false;
    while (*part) {
        size_t len = strcspn(++part, "/");

        if (len == 0 || (len == 1 && part[0] == '.') ||
            (len == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += len;
    }
    return true;
}

static char *without_end(const char *path)
{
    char *plain = xstrdup(path);
    size_t len = strlen(plain);

    while (len > 1 && plain[len - 1] == '/')
        plain[--len] = '\0';
    return plain;
}

/* What is left of 'path' below 'root'; NULL: nothing, or it is elsewhere. */
static const char *rest_below(const char *path, const char *root)
{
    size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

    return strncmp(path, root, len) == 0 && path[len] == '/' && path[len + 1]
               ? path + len + 1
               : NULL;
}

/* The nearest root that it is below. */
static const char *root_of(char *const *roots, const char *path, char **ret_root)
{
    const char *best = NULL;

    for (char *const *root = roots; root && *root; root++) {
        cleanup(freep) char *plain = without_end(*root);
        const char *rest = plain[0] == '/' ? rest_below(path, plain) : NULL;

        if (!rest || (best && rest <= best))
            continue;
        best = rest;
        free(*ret_root);
        *ret_root = take(plain);
    }
    return best;
}

static int open_beneath(int dir, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_DIRECTORY | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd;

    do
        fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
    while (fd < 0 && errno == EAGAIN); /* a rename raced with the walk */
    return fd < 0 ? -errno : (int)fd;
}

/* It is empty. Its parent may not be the caller's: it stays then. */
static int remove_itself(int root, const char *rest, const char *path, struct err *err)
{
    cleanup(freep) char *parent = xstrdup(rest);
    char *slash = strrchr(parent, '/');
    cleanup(closep) int above = -1;

    if (slash)
        *slash = '\0';
    above = open_beneath(root, slash ? parent : ".", O_PATH);
    if (above < 0)
        return 0;
    if (unlinkat(above, slash ? slash + 1 : parent, AT_REMOVEDIR) &&
        (errno == ENOTEMPTY || errno == EEXIST))
        return err_set(err, EBUSY, "%s: somebody writes there still", path);
    return 0;
}

int empty_dir_below(char *const *roots, const char *path, struct err *err)
{
    cleanup(freep) char *plain = without_end(path);
    cleanup(freep) char *root = NULL;
    cleanup(closep) int top = -1;
    cleanup(closep) int dir = -1;
    const char *rest;
    struct stat st;
    int rc;

    if (!is_plain(plain))
        return err_set(err, EINVAL, "%.128s is no plain absolute path", path);
    rest = root_of(roots, plain, &root);
    if (!rest)
        return err_set(err, EPERM,
                       "%.128s is below no directory of the site's that "
                       "may be emptied",
                       path);
    top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return err_sys(err, errno, "%s", root);
    dir = open_beneath(top, rest, O_RDONLY);
    if (dir == -ENOENT)
        return 0;
    if (dir == -ELOOP)
        return err_set(err, ELOOP, "%.128s: a part of it is a link", path);
    if (dir < 0 || fstat(dir, &st))
        return err_sys(err, dir < 0 ? -dir : errno, "%s", plain);
    rc = io_empty_dir(dir, plain, err);
    /* As it was, if it stays: emptying made it accessible. */
    (void)fchmod(dir, st.st_mode & 07777);
    return rc ? rc : remove_itself(top, rest, plain, err);
}
