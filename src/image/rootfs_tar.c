/* SPDX-License-Identifier: Apache-2.0
 *
 * rootfs_tar.c - walk a directory in sorted order and write it as a tar
 */
#include "image/rootfs_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "image/unpack.h"

struct rootfs_tar {
    pthread_t thread;
    int root;
    dev_t device;
    int out;
    struct archive *archive;
    struct archive_entry_linkresolver *links;
    struct strbuf path; /* relative to the root */
    int depth;
    int result;
    struct err err;
};

static int refuse(struct rootfs_tar *t, int code)
{
    return err_sys(&t->err, code, "cannot read '%s'", t->path.len ? t->path.s : "/");
}

/* MSG_NOSIGNAL: a reader that gave up is an error here, not a signal. */
static la_ssize_t send_bytes(struct archive *a, void *ctx, const void *bytes,
                             size_t len)
{
    const struct rootfs_tar *t = ctx;
    ssize_t n;

    do
        n = send(t->out, bytes, len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        archive_set_error(a, errno, "nobody reads");
    return n;
}

static int not_written(struct rootfs_tar *t)
{
    return err_set(&t->err, EIO, "cannot pack '%s': %s", t->path.len ? t->path.s : "/",
                   archive_error_string(t->archive));
}

/* Exactly the size that the header says, even when the file changes. */
static int write_content(struct rootfs_tar *t, int fd, int64_t left)
{
    char chunk[65536];

    while (left > 0) {
        size_t want = left < (int64_t)sizeof(chunk) ? (size_t)left : sizeof(chunk);
        int r = io_read_full(fd, chunk, want);

        if (r < 0)
            return refuse(t, -r);
        if (archive_write_data(t->archive, chunk, want) < 0)
            return not_written(t);
        left -= (int64_t)want;
    }
    return 0;
}

static int write_entry(struct rootfs_tar *t, int dir, const char *name,
                       struct archive_entry *entry)
{
    struct archive_entry *unused = NULL;
    cleanup(closep) int fd = -1;
    int r;

    archive_entry_linkify(t->links, &entry, &unused);
    /* What names the file on this disk only must not reach the tar. */
    archive_entry_set_dev(entry, 0);
    archive_entry_set_ino64(entry, 0);
    archive_entry_set_nlink(entry, 1);
    if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_size(entry) > 0) {
        fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return refuse(t, errno);
    }
    r = archive_write_header(t->archive, entry);
    if (r < ARCHIVE_WARN)
        return not_written(t);
    return fd < 0 ? 0 : write_content(t, fd, archive_entry_size(entry));
}

static int set_link(struct rootfs_tar *t, int dir, const char *name,
                    struct archive_entry *entry)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

    if (n < 0)
        return refuse(t, errno);
    target[n] = '\0';
    archive_entry_copy_symlink(entry, target);
    return 0;
}

static int add_entry(struct rootfs_tar *t, int dir, const char *name,
                     const struct stat *st)
{
    struct archive_entry *entry = archive_entry_new();
    int r = 0;

    archive_entry_copy_pathname(entry, t->path.len ? t->path.s : ".");
    archive_entry_set_filetype(entry, st->st_mode & S_IFMT);
    archive_entry_set_perm(entry, st->st_mode & 07777);
    archive_entry_set_mtime(entry, st->st_mtim.tv_sec, 0);
    archive_entry_set_size(entry, S_ISREG(st->st_mode) ? st->st_size : 0);
    archive_entry_set_dev(entry, st->st_dev);
    archive_entry_set_ino64(entry, (la_int64_t)st->st_ino);
    archive_entry_set_nlink(entry, (unsigned int)st->st_nlink);
    if (S_ISLNK(st->st_mode))
        r = set_link(t, dir, name, entry);
    if (r == 0)
        r = write_entry(t, dir, name, entry);
    archive_entry_free(entry);
    return r;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int no_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int walk(struct rootfs_tar *t, int dir);

static int add_dir(struct rootfs_tar *t, int parent, const char *name)
{
    cleanup(closep) int fd =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r;

    if (fd < 0)
        return refuse(t, errno);
    if (++t->depth > UNPACK_DEPTH_MAX)
        return refuse(t, ELOOP);
    r = walk(t, fd);
    t->depth--;
    return r;
}

static int visit(struct rootfs_tar *t, int dir, const char *name)
{
    struct stat st;
    int r;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return refuse(t, errno);
    if (S_ISSOCK(st.st_mode))
        return 0;
    r = add_entry(t, dir, name, &st);
    if (r == 0 && S_ISDIR(st.st_mode) && st.st_dev == t->device)
        r = add_dir(t, dir, name);
    return r;
}

static int walk(struct rootfs_tar *t, int dir)
{
    struct dirent **names;
    int n = scandirat(dir, ".", &names, no_dots, by_bytes);
    int r = n < 0 ? refuse(t, errno) : 0;

    for (int i = 0; i < n; i++) {
        size_t len = t->path.len;

        if (r == 0) {
            strbuf_printf(&t->path, "%s%s", len ? "/" : "", names[i]->d_name);
            r = visit(t, dir, names[i]->d_name);
            strbuf_cut(&t->path, len);
        }
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return r;
}

static int write_tar(struct rootfs_tar *t)
{
    struct stat st;
    int r;

    (void)archive_write_set_format_pax_restricted(t->archive);
    (void)archive_write_set_options(t->archive, "hdrcharset=BINARY");
    (void)archive_write_set_bytes_in_last_block(t->archive, 1);
    archive_entry_linkresolver_set_strategy(t->links, archive_format(t->archive));
    if (archive_write_open(t->archive, t, NULL, send_bytes, NULL) != ARCHIVE_OK)
        return not_written(t);
    if (fstat(t->root, &st) < 0)
        return refuse(t, errno);
    t->device = st.st_dev;
    r = add_entry(t, t->root, ".", &st);
    if (r == 0)
        r = walk(t, t->root);
    if (r == 0 && archive_write_close(t->archive) != ARCHIVE_OK)
        r = not_written(t);
    return r;
}

static void *run(void *arg)
{
    struct rootfs_tar *t = arg;

    t->result = write_tar(t);
    closep(&t->out);
    return NULL;
}

static void destroy(struct rootfs_tar *t)
{
    if (t->links)
        archive_entry_linkresolver_free(t->links);
    (void)archive_write_free(t->archive);
    closep(&t->root);
    closep(&t->out);
    strbuf_fini(&t->path);
    free(t);
}

static int start(struct rootfs_tar *t, const char *dir, int *ret_fd, struct err *err)
{
    int fds[2], r;

    t->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->root < 0)
        return err_sys(err, errno, "%s", dir);
    t->archive = archive_write_new();
    t->links = archive_entry_linkresolver_new();
    if (!t->archive || !t->links)
        return err_set(err, ENOMEM, "out of memory");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return err_sys(err, errno, "socketpair");
    t->out = fds[1];
    r = pthread_create(&t->thread, NULL, run, t);
    if (r) {
        (void)close(fds[0]);
        return err_sys(err, r, "cannot start a thread");
    }
    *ret_fd = fds[0];
    return 0;
}

int rootfs_tar_start(const char *dir, struct rootfs_tar **ret, int *ret_fd,
                     struct err *err)
{
    struct rootfs_tar *t = xcalloc(1, sizeof(*t));
    int r;

    t->root = t->out = -1;
    r = start(t, dir, ret_fd, err);
    if (r < 0) {
        destroy(t);
        return r;
    }
    *ret = t;
    return 0;
}

int rootfs_tar_finish(struct rootfs_tar *t, struct err *err)
{
    int r;

    (void)pthread_join(t->thread, NULL);
    r = t->result;
    if (r < 0)
        err_set(err, t->err.code, "%s", t->err.text);
    destroy(t);
    return r;
}
