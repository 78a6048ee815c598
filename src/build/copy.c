/* SPDX-License-Identifier: Apache-2.0
 *
 * copy.c - copy trees below descriptors
 */
#include "build/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "build/archive.h"
#include "image/tree_at.h"

#define DEPTH_MAX 256
#define CHUNK (1U << 18)

static char *join(const char *dir, const char *name)
{
    return *dir ? xasprintf("%s/%s", dir, name) : xstrdup(name);
}

/* The directory 'path' of the image, made with its parents when it is missing. */
static int make_dir(const struct copy_job *job, const char *path, int *ret,
                    struct err *err)
{
    int fd = tree_make_dirs(job->root, path);

    if (fd == -ENOTDIR || fd == -EEXIST)
        return err_set(err, ENOTDIR, "/%s: a part of it is there and is no directory",
                       path);
    if (fd < 0)
        return err_sys(err, -fd, "make /%s in the image", path);
    *ret = fd;
    return 0;
}

static int pump(int from, int to, struct err *err)
{
    cleanup(freep) char *chunk = NULL;
    ssize_t n;
    int rc = 0;

    while ((n = copy_file_range(from, NULL, to, NULL, 1U << 30, 0)) > 0)
        ;
    if (n == 0)
        return 0;
    chunk = xmalloc(CHUNK);
    while (!rc && (n = read(from, chunk, CHUNK)) != 0) {
        if (n < 0 && errno != EINTR)
            return err_sys(err, errno, "read");
        if (n > 0)
            rc = io_write_full(to, chunk, (size_t)n);
    }
    return rc ? err_sys(err, -rc, "write") : 0;
}

/* Make room for a file: whatever is there goes, unless it is a directory. */
static int clear_place(int dir, const char *name, const char *path, struct err *err)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : err_sys(err, errno, "/%s", path);
    if (S_ISDIR(st.st_mode))
        return err_set(err, EISDIR, "/%s is a directory: no file can take its place",
                       path);
    return unlinkat(dir, name, 0) ? err_sys(err, errno, "replace /%s", path) : 0;
}

static int open_place(const struct copy_job *job, const char *path, int *ret_dir,
                      const char **ret_name, struct err *err)
{
    cleanup(freep) char *parent = NULL;
    const char *name = tree_split(path, &parent);
    int rc = make_dir(job, parent, ret_dir, err);

    if (rc)
        return rc;
    *ret_name = name;
    return clear_place(*ret_dir, name, path, err);
}

static void keep_times(int fd, const struct stat *st)
{
    struct timespec times[] = {st->st_atim, st->st_mtim};

    (void)futimens(fd, times);
}

static int copy_file(const struct copy_job *job, int from, const struct stat *st,
                     const char *path, struct err *err)
{
    mode_t mode = job->mode == COPY_MODE_KEPT ? st->st_mode & 07777 : job->mode;
    cleanup(closep) int dir = -1;
    cleanup(closep) int to = -1;
    const char *name;
    int rc = open_place(job, path, &dir, &name, err);

    if (rc)
        return rc;
    to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return err_sys(err, errno, "make /%s in the image", path);
    rc = pump(from, to, err);
    if (!rc && fchmod(to, mode))
        rc = err_sys(err, errno, "set the mode");
    keep_times(to, st);
    return rc ? err_wrap(err, "/%s", path) : 0;
}

static int copy_link(const struct copy_job *job, int from, const struct stat *st,
                     const char *path, struct err *err)
{
    struct timespec times[] = {st->st_atim, st->st_mtim};
    cleanup(closep) int dir = -1;
    char target[PATH_MAX];
    const char *name;
    ssize_t n = readlinkat(from, "", target, sizeof(target) - 1);
    int rc;

    if (n < 0)
        return err_sys(err, errno, "read the link for /%s", path);
    target[n] = '\0';
    rc = open_place(job, path, &dir, &name, err);
    if (rc)
        return rc;
    if (symlinkat(target, dir, name))
        return err_sys(err, errno, "make the link /%s in the image", path);
    (void)utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
    return 0;
}

static int copy_path(struct copy_job *job, const struct source_tree *tree,
                     const char *source, const char *path, int depth, struct err *err);

static int copy_contents(struct copy_job *job, const struct source_tree *tree,
                         const char *source, const char *path, int depth,
                         struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    int rc = sources_list(tree, source, &names, err);

    if (!rc && depth > DEPTH_MAX)
        rc = err_set(err, ELOOP, "%s is more than %d directories deep", source,
                     DEPTH_MAX);
    strv_foreach (name, names) {
        cleanup(freep) char *from = join(source, *name);
        cleanup(freep) char *to = join(path, *name);

        if (rc)
            break;
        rc = copy_path(job, tree, from, to, depth + 1, err);
    }
    return rc;
}

/* A directory that counts only for something in it is made when that comes. */
static int copy_dir(struct copy_job *job, const struct source_tree *tree,
                    const char *source, const struct stat *st, const char *path,
                    int depth, struct err *err)
{
    mode_t mode = job->mode == COPY_MODE_KEPT ? st->st_mode & 07777 : job->mode;
    cleanup(closep) int dir = -1;
    int rc;

    if (sources_leaves_out(tree, source))
        return copy_contents(job, tree, source, path, depth, err);
    rc = make_dir(job, path, &dir, err);
    if (!rc)
        rc = copy_contents(job, tree, source, path, depth, err);
    if (!rc && fchmod(dir, mode))
        rc = err_sys(err, errno, "set the mode of /%s", path);
    if (!rc)
        keep_times(dir, st);
    return rc;
}

/* 'depth' 0: one that was named, so links are followed. */
static int copy_path(struct copy_job *job, const struct source_tree *tree,
                     const char *source, const char *path, int depth, struct err *err)
{
    int follow = depth ? O_NOFOLLOW : 0;
    cleanup(closep) int fd = sources_open(tree, source, O_PATH | follow);
    cleanup(closep) int file = -1;
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return err_sys(err, fd < 0 ? -fd : errno, "%s of %s", source, tree->what);
    if (S_ISDIR(st.st_mode))
        return copy_dir(job, tree, source, &st, path, depth, err);
    if (S_ISLNK(st.st_mode))
        return copy_link(job, fd, &st, path, err);
    if (!S_ISREG(st.st_mode)) {
        job->skipped++;
        return 0;
    }
    file = sources_open(tree, source, O_RDONLY | follow);
    if (file < 0)
        return err_sys(err, -file, "read %s of %s", source, tree->what);
    return copy_file(job, file, &st, path, err);
}

/* Where a file that was named goes: into the directory, or at the very path. */
static char *place_of(const struct copy_job *job, const char *name)
{
    cleanup(closep) int dir = -1;

    if (!job->dest_is_dir)
        dir = tree_open_dir(job->root, job->dest);
    if (!job->dest_is_dir && dir < 0)
        return xstrdup(job->dest);
    return join(job->dest, name);
}

/* An archive is taken apart beside the image first, by the code that takes layers
 * apart, and what comes out is copied like any directory. */
static int copy_unpacked(struct copy_job *job, int archive, const char *source,
                         bool *ret_done, struct err *err)
{
    cleanup(closep) int root = -1;
    cleanup(closep) int dir = -1;
    struct source_tree tree = {.what = source};
    int rc = archive_unpack(archive, job->unpack, ret_done, &job->skipped, err);

    if (rc || !*ret_done)
        return rc ? err_wrap(err, "%s", source) : 0;
    root = open(job->unpack, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_sys(err, errno, "%s", job->unpack);
    tree.root = root;
    rc = make_dir(job, job->dest, &dir, err);
    if (!rc)
        rc = copy_contents(job, &tree, "", job->dest, 1, err);
    return rc ? rc : archive_clear(job->unpack, err);
}

static int copy_named(struct copy_job *job, const char *source, struct err *err)
{
    cleanup(closep) int fd = sources_open(job->tree, source, O_RDONLY);
    cleanup(closep) int dir = -1;
    cleanup(freep) char *path = NULL;
    cleanup(freep) char *parent = NULL;
    bool done = false;
    struct stat st;
    int rc;

    if (fd < 0 || fstat(fd, &st))
        return err_sys(err, fd < 0 ? -fd : errno, "read %s of %s", source,
                       job->tree->what);
    if (S_ISDIR(st.st_mode)) {
        rc = make_dir(job, job->dest, &dir, err);
        return rc ? rc : copy_contents(job, job->tree, source, job->dest, 1, err);
    }
    if (job->unpack && S_ISREG(st.st_mode)) {
        rc = copy_unpacked(job, fd, source, &done, err);
        if (rc || done)
            return rc;
    }
    path = place_of(job, tree_split(source, &parent));
    return copy_path(job, job->tree, source, path, 0, err);
}

int copy_all(struct copy_job *job, struct err *err)
{
    int rc = 0;

    for (char *const *path = job->paths; !rc && path && *path; path++)
        rc = copy_named(job, *path, err);
    return rc;
}

int copy_text(struct copy_job *job, const char *name, const char *text, struct err *err)
{
    mode_t mode = job->mode == COPY_MODE_KEPT ? 0644 : job->mode;
    cleanup(freep) char *path = place_of(job, name);
    cleanup(closep) int dir = -1;
    cleanup(closep) int to = -1;
    const char *last;
    int rc = open_place(job, path, &dir, &last, err);

    if (rc)
        return rc;
    to = openat(dir, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return err_sys(err, errno, "make /%s in the image", path);
    rc = io_write_full(to, text, strlen(text));
    if (rc || fchmod(to, mode))
        return err_sys(err, rc ? -rc : errno, "write /%s", path);
    return 0;
}
