/* SPDX-License-Identifier: Apache-2.0
 *
 * below.c - openat2 for all that somebody else may have changed
 */
#include "volume/below.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

int below_open(int dir, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd;

    do
        fd = syscall(SYS_openat2, dir, path[0] ? path : ".", &how, sizeof(how));
    while (fd < 0 && errno == EAGAIN); /* a rename raced with the walk */
    return fd < 0 ? -errno : (int)fd;
}

/* Make the last part of 'path', whose parents are there. */
static int make_last(int dir, char *path, bool want_dir)
{
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    cleanup(closep) int parent = -1;
    int rc;

    if (slash)
        *slash = '\0';
    parent = below_open(dir, slash ? path : "", O_PATH | O_DIRECTORY);
    if (parent < 0)
        return parent;
    rc = want_dir ? mkdirat(parent, name, 0777)
                  : mknodat(parent, name, S_IFREG | 0666, 0);
    rc = rc && errno != EEXIST ? -errno : 0;
    if (slash)
        *slash = '/';
    return rc;
}

int below_make(int dir, const char *path, bool want_dir)
{
    cleanup(freep) char *part = xstrdup(path);
    size_t at = 0;

    while (path[at]) {
        size_t end = at + strcspn(path + at, "/");
        size_t next = end + strspn(path + end, "/");
        int fd, rc = 0;

        part[end] = '\0';
        fd = below_open(dir, part, O_PATH);
        if (fd >= 0)
            (void)close(fd);
        else
            rc = fd == -ENOENT ? make_last(dir, part, want_dir || path[next]) : fd;
        if (rc)
            return rc;
        if (path[next])
            part[end] = '/';
        at = next;
    }
    return 0;
}

bool below_is_plain(const char *path)
{
    if (strncmp(path, "..", 2) == 0 || !*path || strlen(path) >= PATH_MAX)
        return false;
    for (;;) {
        size_t len = strcspn(path, "/");

        if (len == 0 || len > NAME_MAX || (len == 1 && path[0] == '.') ||
            (len == 2 && strncmp(path, "..", 2) == 0))
            return false;
        if (!path[len])
            return true;
        path += len + 1;
    }
}

char *below_path(int fd)
{
    char link[32], path[PATH_MAX];
    ssize_t n;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path));
    return n <= 0 || n >= (ssize_t)sizeof(path) || path[0] != '/'
               ? NULL
               : xstrndup(path, (size_t)n);
}
