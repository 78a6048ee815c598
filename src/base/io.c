/* SPDX-License-Identifier: Apache-2.0
 *
 * io.c - whole and bounded file operations
 */
#include "base/io.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int io_write_full(int fd, const void *bytes, size_t len)
{
    const char *p = bytes;

    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int io_write_full_at(int fd, const void *bytes, size_t len, off_t at)
{
    const char *p = bytes;

    while (len) {
        ssize_t n = pwrite(fd, p, len, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        len -= (size_t)n;
        at += n;
    }
    return 0;
}

int io_read_full(int fd, void *bytes, size_t len)
{
    char *p = bytes;

    while (len) {
        ssize_t n = read(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -ENODATA;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int read_to_end(int fd, size_t max, struct strbuf *sb, struct err *err)
{
    char chunk[16384];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "cannot read");
        if ((size_t)n > max - sb->len)
            return err_set(err, EFBIG, "longer than %zu bytes", max);
        strbuf_add(sb, chunk, (size_t)n);
    }
}

int io_read_fd(int fd, size_t max, char **ret_bytes, size_t *ret_len, struct err *err)
{
    struct strbuf sb = STRBUF_INIT;
    int rc = read_to_end(fd, max, &sb, err);

    if (rc < 0) {
        strbuf_fini(&sb);
        return rc;
    }
    if (ret_len)
        *ret_len = sb.len;
    *ret_bytes = strbuf_take(&sb);
    return 0;
}

int io_read_file(const char *path, size_t max, char **ret_bytes, size_t *ret_len,
                 struct err *err)
{
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    rc = io_read_fd(fd, max, ret_bytes, ret_len, err);
    if (rc < 0)
        (void)err_wrap(err, "%s", path);
    return rc;
}

/* Make the change of a name in 'path's directory last. */
static int sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    cleanup(freep) char *dir =
        slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path))
              : xstrdup(".");
    cleanup(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

static int fill_file(int fd, const void *bytes, size_t len, mode_t mode)
{
    int rc = io_write_full(fd, bytes, len);

    if (rc < 0)
        return rc;
    if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

int io_write_file_atomic(const char *path, const void *bytes, size_t len, mode_t mode,
                         struct err *err)
{
    cleanup(freep) char *beside = xasprintf("%s.XXXXXX", path);
    cleanup(closep) int fd = mkostemp(beside, O_CLOEXEC);
    int rc;

    if (fd < 0)
        return err_sys(err, errno, "cannot write %s", path);
    rc = fill_file(fd, bytes, len, mode);
    if (rc == 0 && rename(beside, path) < 0)
        rc = -errno;
    if (rc < 0) {
        (void)unlink(beside);
        return err_sys(err, -rc, "cannot write %s", path);
    }
    rc = sync_parent(path);
    return rc < 0 ? err_sys(err, -rc, "cannot write %s", path) : 0;
}

static int make_dir(const char *path, mode_t mode)
{
    struct stat st;

    if (mkdir(path, mode) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    if (stat(path, &st) < 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int io_mkdir_p(const char *path, mode_t mode, struct err *err)
{
    cleanup(freep) char *part = xstrdup(path);
    char *p = part;
    bool last = false;

    while (!last) {
        int rc;

        p += strspn(p, "/");
        p += strcspn(p, "/");
        last = *p == '\0';
        *p = '\0';
        rc = make_dir(part, mode);
        /* A parent that is there may stand on a file system we cannot write. */
        if (rc < 0 && (last || access(part, X_OK) < 0))
            return err_sys(err, -rc, "cannot make directory %s", part);
        if (!last)
            *p = '/';
    }
    return 0;
}

static int remove_entries(int dir, struct strbuf *path, struct err *err);

/* Open directory 'name' of 'dir', or say why it is not ours to empty. */
static int open_own_dir(int dir, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_NO_XDEV,
    };
    long fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

    if (fd < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
        fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

static int remove_entry(int dir, const char *name, struct strbuf *path, struct err *err)
{
    cleanup(closep) int sub = -1;
    int rc, why;

    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return 0;
    why = errno;
    if (why != EISDIR && why != EPERM && why != EACCES)
        return err_sys(err, why, "cannot remove %s", path->s);
    sub = open_own_dir(dir, name);
    if (sub == -ENOTDIR || sub == -ELOOP) /* no directory: that was the reason */
        return err_sys(err, why, "cannot remove %s", path->s);
    if (sub == -EXDEV)
        return err_set(err, EXDEV, "cannot remove %s: something is mounted there",
                       path->s);
    if (sub < 0)
        return err_sys(err, -sub, "cannot remove %s", path->s);
    rc = remove_entries(sub, path, err);
    if (rc < 0)
        return rc;
    if (unlinkat(dir, name, AT_REMOVEDIR) < 0)
        return err_sys(err, errno, "cannot remove %s", path->s);
    return 0;
}

static int remove_entries(int dir, struct strbuf *path, struct err *err)
{
    DIR *d = fdopendir(dup(dir));
    size_t len = path->len;
    struct dirent *entry;
    int rc = 0;

    if (!d)
        return err_sys(err, errno, "cannot read %s", path->s);
    (void)fchmod(dir, 0700);
    while (rc == 0 && (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        strbuf_printf(path, "/%s", entry->d_name);
        rc = remove_entry(dir, entry->d_name, path, err);
        strbuf_cut(path, len);
    }
    (void)closedir(d);
    return rc;
}

int io_empty_dir(int dir, const char *path, struct err *err)
{
    struct strbuf words = STRBUF_INIT;
    int rc;

    strbuf_puts(&words, path);
    rc = remove_entries(dir, &words, err);
    strbuf_fini(&words);
    return rc;
}

int io_remove_tree(const char *path, struct err *err)
{
    struct strbuf words = STRBUF_INIT;
    cleanup(freep) char *parent = xstrdup(path);
    cleanup(closep) int dir = -1;
    size_t len = strlen(parent);
    char *slash;
    int rc;

    while (len > 1 && parent[len - 1] == '/')
        parent[--len] = '\0';
    strbuf_puts(&words, parent);
    slash = strrchr(parent, '/');
    if (slash)
        *slash = '\0';
    dir = slash ? open(slash == parent ? "/" : parent, O_PATH | O_DIRECTORY | O_CLOEXEC)
                : open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        rc = errno == ENOENT ? 0 : err_sys(err, errno, "%s", parent);
    else
        rc = remove_entry(dir, slash ? slash + 1 : parent, &words, err);
    strbuf_fini(&words);
    return rc;
}

void io_open_std(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", O_RDWR); /* the lowest free one: fd */
}

void io_cloexec_from(int lowest)
{
    (void)close_range((unsigned)lowest, ~0U, CLOSE_RANGE_CLOEXEC);
}
