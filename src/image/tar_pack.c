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
#include "image/utf8.h"

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
    (void)archive_write_set_options(p->archive, "xattrheader=SCHILY");
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
static int put_content(struct tar_pack *p, const struct tar_entry *e, int64_t left,
                       struct err *err)
{
    char chunk[65536];

    while (left > 0) {
        size_t want = left < (int64_t)sizeof(chunk) ? (size_t)left : sizeof(chunk);
        int r = e->read(e->ctx, chunk, want);

        if (r < 0)
            return unreadable(e->path, -r, err);
        if (archive_write_data(p->archive, chunk, want) < 0)
            return not_written(p, e->path, err);
        left -= (int64_t)want;
    }
    return 0;
}

static int put_entry(struct tar_pack *p, const struct tar_entry *e,
                     struct archive_entry *entry, struct err *err)
{
    cleanup(utf8_end) struct utf8 utf8 = utf8_begin();
    struct archive_entry *unused = NULL;

    archive_entry_linkify(p->links, &entry, &unused);
    /* What names the file on this disk only must not reach the tar. */
    archive_entry_set_dev(entry, 0);
    archive_entry_set_ino64(entry, 0);
    archive_entry_set_nlink(entry, 1);
    if (archive_write_header(p->archive, entry) < ARCHIVE_WARN)
        return not_written(p, e->path, err);
    return put_content(p, e, archive_entry_size(entry), err);
}

static struct archive_entry *entry_of(const struct tar_pack *p,
                                      const struct tar_entry *e)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_copy_pathname(entry, e->path);
    archive_entry_set_filetype(entry, e->mode & S_IFMT);
    archive_entry_set_perm(entry, e->mode & 07777);
    archive_entry_set_mtime(
        entry, p->latest >= 0 && e->mtime > p->latest ? p->latest : e->mtime, 0);
    archive_entry_set_size(entry, e->size);
    archive_entry_set_nlink(entry, 1);
    if (e->symlink)
        archive_entry_copy_symlink(entry, e->symlink);
    if (e->hardlink)
        archive_entry_copy_hardlink(entry, e->hardlink);
    for (size_t i = 0; i < e->n_attributes; i++)
        archive_entry_xattr_add_entry(entry, e->attributes[i].name,
                                      e->attributes[i].value, e->attributes[i].len);
    return entry;
}

int tar_pack_put(struct tar_pack *p, const struct tar_entry *e, struct err *err)
{
    struct archive_entry *entry = entry_of(p, e);
    int r = put_entry(p, e, entry, err);

    archive_entry_free(entry);
    return r;
}

static int read_file(void *ctx, void *bytes, size_t len)
{
    const int *fd = ctx;

    return io_read_full(*fd, bytes, len);
}

/* Like tar_pack_put; other names of the same file become links to this one. */
static int put_file(struct tar_pack *p, const struct tar_entry *e,
                    const struct stat *st, struct err *err)
{
    struct archive_entry *entry = entry_of(p, e);
    int r;

    archive_entry_set_dev(entry, st->st_dev);
    archive_entry_set_ino64(entry, (la_int64_t)st->st_ino);
    archive_entry_set_nlink(entry, (unsigned int)st->st_nlink);
    r = put_entry(p, e, entry, err);
    archive_entry_free(entry);
    return r;
}

int tar_pack_add(struct tar_pack *p, const char *path, int dir, const char *name,
                 const struct stat *st, struct err *err)
{
    char target[PATH_MAX];
    struct tar_entry e = {.path = path,
                          .mode = st->st_mode,
                          .mtime = st->st_mtim.tv_sec,
                          .read = read_file};
    struct attribute *attributes = NULL;
    cleanup(closep) int fd = -1;
    int r = 0;

    if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) {
        fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        r = fd < 0 ? -errno : attributes_read(fd, &attributes, &e.n_attributes);
    } else if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

        r = n < 0 ? -errno : 0;
        target[n < 0 ? 0 : n] = '\0';
        e.symlink = target;
    }
    if (r < 0)
        return unreadable(path, -r, err);
    e.size = S_ISREG(st->st_mode) ? st->st_size : 0;
    e.attributes = attributes;
    e.ctx = &fd;
    r = put_file(p, &e, st, err);
    attributes_free(attributes, e.n_attributes);
    return r;
}

int tar_pack_mark(struct tar_pack *p, const char *path, int64_t mtime, struct err *err)
{
    const struct tar_entry e = {.path = path, .mode = S_IFREG | 0644, .mtime = mtime};

    return tar_pack_put(p, &e, err);
}

int tar_pack_end(struct tar_pack *p, struct err *err)
{
    return archive_write_close(p->archive) == ARCHIVE_OK ? 0 : not_written(p, "/", err);
}
