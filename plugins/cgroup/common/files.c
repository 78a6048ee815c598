/* SPDX-License-Identifier: Apache-2.0
 *
 * files.c - small files of a kernel that are written and read whole
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int err_say(struct berth_cgroup_err *err, int code, const char *fmt, ...)
{
    va_list args;

    if (!err)
        return -code;
    err->code = code;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    return -code;
}

int file_open(int at, const char *dir, const char *name, int flags)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s%s%s", dir, dir[0] ? "/" : "", name);
    int fd;

    if (n < 0 || (size_t)n >= sizeof(path))
        return -ENAMETOOLONG;
    fd = openat(at, path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int file_put(int fd, const char *text)
{
    size_t len = strlen(text);
    ssize_t n;
    int code;

    /* One value is one write: the kernel takes each for itself. */
    do
        n = write(fd, text, len);
    while (n < 0 && errno == EINTR);
    code = n < 0 ? errno : n != (ssize_t)len ? EIO : 0;
    (void)close(fd);
    return -code;
}

int file_write(int at, const char *dir, const char *name, const char *text)
{
    int fd = file_open(at, dir, name, O_WRONLY);

    return fd < 0 ? fd : file_put(fd, text);
}

int file_write_number(int at, const char *dir, const char *name, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    return file_write(at, dir, name, text);
}

int file_read(int at, const char *dir, const char *name, char *text, size_t size)
{
    int fd = file_open(at, dir, name, O_RDONLY);
    size_t len = 0;
    ssize_t n = 0;
    int code = 0;

    text[0] = '\0';
    if (fd < 0)
        return fd;
    while (len + 1 < size && (n = read(fd, text + len, size - 1 - len)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            code = errno;
            break;
        }
        len += (size_t)n;
    }
    text[code ? 0 : len] = '\0';
    (void)close(fd);
    return -code;
}

int file_number(int at, const char *dir, const char *name, uint64_t *ret)
{
    char text[64], *end;
    int rc = file_read(at, dir, name, text, sizeof(text));
    uint64_t number;

    if (rc)
        return rc;
    if (strncmp(text, "max", 3) == 0) {
        *ret = UINT64_MAX;
        return 0;
    }
    errno = 0;
    number = strtoull(text, &end, 10);
    if (end == text || errno)
        return -EINVAL;
    *ret = number;
    return 0;
}

int file_exists(int at, const char *dir, const char *name)
{
    int fd = file_open(at, dir, name, O_PATH);

    if (fd < 0)
        return 0;
    (void)close(fd);
    return 1;
}

int dir_exists(int at, const char *dir)
{
    struct stat st;

    return fstatat(at, dir[0] ? dir : ".", &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static char **append(char **names, size_t n, const char *name)
{
    char **more = reallocarray(names, n + 2, sizeof(*names));
    char *copy = strdup(name);

    if (!more || !copy)
        abort();
    more[n] = copy;
    more[n + 1] = NULL;
    return more;
}

/* These file systems, as most, count the directories in a directory: where there are
 * none, dozens of files need not be gone through to know it. */
static int has_no_children(int at, const char *dir)
{
    struct stat st;

    return fstatat(at, dir[0] ? dir : ".", &st, 0) == 0 && st.st_nlink == 2;
}

char **dir_children(int at, const char *dir)
{
    int fd =
        has_no_children(at, dir) ? -1 : file_open(at, dir, ".", O_RDONLY | O_DIRECTORY);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    char **names = NULL;
    size_t n = 0;

    if (!d) {
        if (fd >= 0)
            (void)close(fd);
        return NULL;
    }
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_type == DT_DIR && e->d_name[0] != '.')
            names = append(names, n++, e->d_name);
    (void)closedir(d);
    return names;
}

void names_free(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

int path_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (!path[0])
        return 0;
    if (slash)
        *slash = '\0';
    else
        path[0] = '\0';
    return 1;
}
