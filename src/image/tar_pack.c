/* SPDX-License-Identifier: Apache-2.0
 *
 * tar_pack.c - write one file after the other as a tar
 */
#include "image/tar_pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/attributes.h"

struct tar_pack {
    int out;
    bool is_socket;
    int64_t latest;
    struct archive *archive;
    struct archive_entry_linkresolver *links;
};

static int unreadable(const char *path, int code, struct err *err)
{
    return err_sys(err, code, "cannot read '%s'", path);
}

static int not_written(const struct tar_pack *p, const char *path, struct err *err)
{
    int code = archive_errno(p->archive);

    if (code == ENOSPC || code == EDQUOT)
        return err_sys(err, code, "cannot pack '%s'", path);
    return err_set(err, EIO, "cannot pack '%s': %s", path,
                   archive_error_string(p->archive));
}

/* MSG_NOSIGNAL: a reader that gave up is an error here, not a signal. */
static la_ssize_t put_bytes(struct archive *a, void *ctx, const void *bytes, size_t len)
{
    const struct tar_pack *p = ctx;
    ssize_t n;

    do
        n = p->is_socket ? send(p->out, bytes, len, MSG_NOSIGNAL)
                         : write(p->out, bytes, len);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        archive_set_error(a, errno, "%s", strerror(errno));
    return n;
}

int tar_pack_open(int out, int64_t latest, struct tar_pack **ret, struct err *err)
{
    cleanup(tar_pack_closep) struct tar_pack *p = xcalloc(1, sizeof(*p));
    struct stat st;

    if (fstat(out, &st) < 0)
        return err_sys(err, errno, "cannot write a tar");
    p->out = out;
    p->is_socket = S_ISSOCK(st.st_mode);
    p->latest = latest;
    p->archive = archive_write_new();
    p->links = archive_entry_linkresolver_new();
    if (!p->archive || !p->links)
        return err_set(err, ENOMEM, "out of memory");
    (void)archive_write_set_format_pax_restricted(p->archive);
    (void)archive_write_set_options(p->archive, "hdrcharset=BINARY,xattrheader=SCHILY");
    (void)archive_write_set_bytes_in_last_block(p->archive, 1);
    archive_entry_linkresolver_set_strategy(p->links, archive_format(p->archive));
    if (archive_write_open(p->archive, p, NULL, put_bytes, NULL) != ARCHIVE_OK)
        return not_written(p, "/", err);
    *ret = take(p);
    return 0;
}

void tar_pack_closep(struct tar_pack **pack)
{
    struct tar_pack *p = *pack;

    if (!p)
        return;
    if (p->links)
        archive_entry_linkresolver_free(p->links);
    if (p->archive) {
        /* Without tar_pack_end the end must not be written here. */
        (void)archive_write_fail(p->archive);
        (void)archive_write_free(p->archive);
    }
    free(p);
    *pack = NULL;
}

/* Exactly the size that the header says, even when the file changes. */
static int put_content(struct tar_pack *p, int fd, const char *path, int64_t left,
                       struct err *err)
{
    char chunk[65536];

    while (left > 0) {
        size_t want = left < (int64_t)sizeof(chunk) ? (size_t)left : sizeof(chunk);
        int r = io_read_full(fd, chunk, want);

        if (r < 0)
            return unreadable(path, -r, err);
        if (archive_write_data(p->archive, chunk, want) < 0)
            return not_written(p, path, err);
        left -= (int64_t)want;
    }
    return 0;
}

static int put_entry(struct tar_pack *p, const char *path, int fd,
                     struct archive_entry *entry, struct err *err)
{
    struct archive_entry *unused = NULL;

    archive_entry_linkify(p->links, &entry, &unused);
    /* What names the file on this disk only must not reach the tar. */
    archive_entry_set_dev(entry, 0);
    archive_entry_set_ino64(entry, 0);
    archive_entry_set_nlink(entry, 1);
    if (archive_write_header(p->archive, entry) < ARCHIVE_WARN)
        return not_written(p, path, err);
    return archive_entry_size(entry)
               ? put_content(p, fd, path, archive_entry_size(entry), err)
               : 0;
}

static int set_link(const char *path, int dir, const char *name,
                    struct archive_entry *entry, struct err *err)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

    if (n < 0)
        return unreadable(path, errno, err);
    target[n] = '\0';
    archive_entry_copy_symlink(entry, target);
    return 0;
}

static int set_attributes(const char *path, int fd, struct archive_entry *entry,
                          struct err *err)
{
    struct attribute *list = NULL;
    size_t n = 0;
    int r = attributes_read(fd, &list, &n);

    if (r < 0)
        return unreadable(path, -r, err);
    for (size_t i = 0; i < n; i++)
        archive_entry_xattr_add_entry(entry, list[i].name, list[i].value, list[i].len);
    attributes_free(list, n);
    return 0;
}

static struct archive_entry *entry_of(const struct tar_pack *p, const char *path,
                                      const struct stat *st)
{
    struct archive_entry *entry = archive_entry_new();
    int64_t mtime = st->st_mtim.tv_sec;

    if (p->latest >= 0 && mtime > p->latest)
        mtime = p->latest;
    archive_entry_copy_pathname(entry, path);
    archive_entry_set_filetype(entry, st->st_mode & S_IFMT);
    archive_entry_set_perm(entry, st->st_mode & 07777);
    archive_entry_set_mtime(entry, mtime, 0);
    archive_entry_set_size(entry, S_ISREG(st->st_mode) ? st->st_size : 0);
    archive_entry_set_dev(entry, st->st_dev);
    archive_entry_set_ino64(entry, (la_int64_t)st->st_ino);
    archive_entry_set_nlink(entry, (unsigned int)st->st_nlink);
    return entry;
}

int tar_pack_add(struct tar_pack *p, const char *path, int dir, const char *name,
                 const struct stat *st, struct err *err)
{
    struct archive_entry *entry;
    cleanup(closep) int fd = -1;
    int r = 0;

    if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) {
        fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            return unreadable(path, errno, err);
    }
    entry = entry_of(p, path, st);
    if (S_ISLNK(st->st_mode))
        r = set_link(path, dir, name, entry, err);
    if (r == 0 && fd >= 0)
        r = set_attributes(path, fd, entry, err);
    if (r == 0)
        r = put_entry(p, path, fd, entry, err);
    archive_entry_free(entry);
    return r;
}

int tar_pack_mark(struct tar_pack *p, const char *path, int64_t mtime, struct err *err)
{
    const struct stat st = {
        .st_mode = S_IFREG | 0644, .st_nlink = 1, .st_mtim = {.tv_sec = mtime}};
    struct archive_entry *entry = entry_of(p, path, &st);
    int r = put_entry(p, path, -1, entry, err);

    archive_entry_free(entry);
    return r;
}

int tar_pack_end(struct tar_pack *p, struct err *err)
{
    return archive_write_close(p->archive) == ARCHIVE_OK ? 0 : not_written(p, "/", err);
}
