/* SPDX-License-Identifier: Apache-2.0
 *
 * tar_pack.c - files to a tar stream
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/tar.h"
#include "cli/tar_tree.h"

#define CHUNK 65536
#define DEPTH_MAX 512

static const char zeros[CHUNK];

static int put(int out, const void *bytes, size_t len, struct err *err)
{
    int rc = io_write_full(out, bytes, len);

    return rc < 0 ? err_sys(err, -rc, "write") : 0;
}

static int put_header(int out, const struct tar_entry *entry, struct err *err)
{
    struct strbuf header = STRBUF_INIT;
    int rc;

    tar_put(&header, entry);
    rc = put(out, header.s, header.len, err);
    strbuf_fini(&header);
    return rc;
}

/* Exactly 'size' bytes, as the header said: a file that shrinks is filled up. */
static int put_content(int out, int fd, uint64_t size, const char *name,
                       struct err *err)
{
    static char bytes[CHUNK];
    uint64_t left = size;
    int rc = 0;

    while (left && !rc) {
        size_t want = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
        ssize_t n = read(fd, bytes, want);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "%s", name);
        if (n == 0)
            say_warning("%s became shorter meanwhile", name);
        rc = put(out, n ? bytes : zeros, n ? (size_t)n : want, err);
        left -= n ? (uint64_t)n : want;
    }
    if (!rc && size % TAR_BLOCK)
        rc = put(out, zeros, TAR_BLOCK - size % TAR_BLOCK, err);
    return rc;
}

static int pack_at(int dir, const char *base, const char *name, int out, int depth,
                   struct err *err);

static int pack_below(int fd, const char *name, int out, int depth, struct err *err)
{
    DIR *d = fdopendir(fd);
    struct dirent *entry;
    int rc = 0;

    if (!d) {
        (void)close(fd);
        return err_sys(err, errno, "%s", name);
    }
    if (depth > DEPTH_MAX)
        rc = err_set(err, ELOOP, "%s: too deep", name);
    while (!rc && (entry = readdir(d))) {
        cleanup(freep) char *below = NULL;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        below = xasprintf("%s/%s", name, entry->d_name);
        rc = pack_at(dirfd(d), entry->d_name, below, out, depth + 1, err);
    }
    (void)closedir(d);
    return rc;
}

static int pack_link(int dir, const char *base, struct tar_entry *entry, int out,
                     struct err *err)
{
    char target[4097];
    ssize_t n = readlinkat(dir, base, target, sizeof(target) - 1);

    if (n < 0)
        return err_sys(err, errno, "%s", entry->name);
    target[n] = '\0';
    entry->type = TAR_SYMLINK;
    entry->link = target;
    n = put_header(out, entry, err);
    entry->link = NULL;
    return (int)n;
}

static int pack_open(int dir, const char *base, struct tar_entry *entry, bool is_dir,
                     int out, int depth, struct err *err)
{
    int fd = openat(dir, base,
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
                        (is_dir ? O_DIRECTORY : 0));
    struct stat st;
    int rc;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", entry->name);
    entry->type = is_dir ? TAR_DIR : TAR_FILE;
    entry->size = is_dir ? 0 : (uint64_t)st.st_size;
    rc = put_header(out, entry, err);
    if (is_dir && !rc)
        return pack_below(fd, entry->name, out, depth, err);
    if (!rc)
        rc = put_content(out, fd, entry->size, entry->name, err);
    (void)close(fd);
    return rc;
}

static int pack_at(int dir, const char *base, const char *name, int out, int depth,
                   struct err *err)
{
    cleanup(freep) char *own = xstrdup(name);
    struct tar_entry entry = {.name = own};
    struct stat st;

    if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "%s", name);
    entry.mode = st.st_mode & 07777;
    entry.mtime = st.st_mtime;
    if (S_ISLNK(st.st_mode))
        return pack_link(dir, base, &entry, out, err);
    if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))
        return pack_open(dir, base, &entry, S_ISDIR(st.st_mode), out, depth, err);
    say_warning("%s is no file, directory or link: left out", name);
    return 0;
}

int tar_pack(const char *path, int out, struct err *err)
{
    cleanup(freep) char *own = xstrdup(path);
    size_t len = strlen(own);
    const char *name;
    struct stat st;
    int rc;

    while (len > 1 && own[len - 1] == '/')
        own[--len] = '\0';
    name = strrchr(own, '/') ? strrchr(own, '/') + 1 : own;
    if (name[0] == '\0' || strcmp(name, "..") == 0)
        name = ".";
    if (lstat(own, &st) < 0)
        return err_sys(err, errno, "%s", path);
    rc = pack_at(AT_FDCWD, own, name, out, 0, err);
    return rc ? rc : put(out, zeros, 2 * TAR_BLOCK, err);
}
