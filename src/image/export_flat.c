/* SPDX-License-Identifier: Apache-2.0
 *
 * export_flat.c - an image's layers as the one root file system that they show
 *
 * Made of the unpacked layers: owners, devices and what else was left behind when
 * the image came in is not there.
 */
#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/export.h"
#include "image/rootfs_tar.h"
#include "image/unpack.h"

extern char **environ;

/* Read the flattened tar with 'consume'. What stopped packing counts more than
 * what its reader saw of that. */
static int flatten(const struct image *image,
                   int (*consume)(int fd, void *ctx, struct err *err), void *ctx,
                   struct err *err)
{
    struct rootfs_tar *tar;
    struct err pack = {0};
    int fd, packed;
    int r = rootfs_tar_start((const char *const *)image->layers, image->n_layers, &tar,
                             &fd, err);

    if (r < 0)
        return r;
    r = consume(fd, ctx, err);
    (void)close(fd);
    packed = rootfs_tar_finish(tar, &pack);
    if (packed < 0 && pack.code != EIO)
        return err_set(err, pack.code, "%s", pack.text);
    return r;
}

static int copy_out(int fd, void *ctx, struct err *err)
{
    const int *out = ctx;
    char chunk[65536];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        int r = n < 0 ? (errno == EINTR ? 0 : -errno)
                      : io_write_full(*out, chunk, (size_t)n);

        if (r < 0)
            return err_sys(err, -r, "cannot write the tar");
    }
    return 0;
}

int export_tar(const struct image *image, int out, struct err *err)
{
    return flatten(image, copy_out, &out, err);
}

static int unpack_out(int fd, void *ctx, struct err *err)
{
    const char *const *path = ctx;
    struct archive *a = archive_read_new();
    struct unpack_totals totals;
    int r;

    if (!a)
        return err_set(err, ENOMEM, "out of memory");
    (void)archive_read_support_format_tar(a);
    if (archive_read_open_fd(a, fd, 65536) != ARCHIVE_OK)
        r = err_set(err, EIO, "cannot read the tar: %s", archive_error_string(a));
    else
        r = unpack_archive(a, *path, &totals, err);
    (void)archive_read_free(a);
    return r;
}

int export_dir(const struct image *image, const char *path, struct err *err)
{
    return flatten(image, unpack_out, &path, err);
}

static int no_sqfstar(struct err *err)
{
    return err_set(err, ENOENT,
                   "there is no sqfstar to write a squashfs with: install "
                   "squashfs-tools, 4.5 or later");
}

/* What it said last. */
static int failure(int words, struct err *err)
{
    char text[256] = "";
    off_t end = lseek(words, 0, SEEK_END);
    off_t from = end > (off_t)sizeof(text) - 1 ? end - (off_t)sizeof(text) + 1 : 0;
    ssize_t n = pread(words, text, sizeof(text) - 1, from);
    char *line;

    while (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    line = strrchr(text, '\n');
    return err_set(err, EPROTO, "sqfstar failed: %s", line ? line + 1 : text);
}

static int wait_for(pid_t pid, int words, struct err *err)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(err, errno, "sqfstar is lost");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return no_sqfstar(err);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : failure(words, err);
}

/* It talks about what it leaves out; only a failure is worth showing. */
static int run_sqfstar(int fd, void *ctx, struct err *err)
{
    char **path = ctx;
    char name[] = "sqfstar", quiet[] = "-quiet", bar[] = "-no-progress",
         compress[] = "-comp", zstd[] = "zstd";
    char *argv[] = {name, quiet, bar, compress, zstd, *path, NULL};
    cleanup(closep) int words = memfd_create("sqfstar", MFD_CLOEXEC);
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int r = words < 0 ? errno : posix_spawn_file_actions_init(&actions);

    if (r)
        return err_sys(err, r, "cannot start sqfstar");
    (void)posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, words, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
    r = posix_spawnp(&pid, name, &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (r == ENOENT)
        return no_sqfstar(err);
    return r ? err_sys(err, r, "cannot start sqfstar") : wait_for(pid, words, err);
}

int export_squashfs(const struct image *image, const char *path, struct err *err)
{
    cleanup(freep) char *copy = xstrdup(path);

    return flatten(image, run_sqfstar, &copy, err);
}
