/* SPDX-License-Identifier: Apache-2.0
 *
 * overlay.c - the image's layers, and what is written over them
 *
 *     default              read_only            overlay DIR
 *     scratch/up  (rw)                          DIR/upper   (rw)
 *                          scratch/up           scratch/up
 *     layers               layers               layers
 *
 * scratch/up holds the mount points. In a directory of the user's they would be
 * litter, so there they are in a layer of their own, below it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "container/build.h"

static void strbuf_finip(struct strbuf *sb)
{
    strbuf_fini(sb);
}

static int open_layers(struct build *b, struct err *err)
{
    b->layers = xmalloc(b->spec->n_layers * sizeof(*b->layers));
    memset(b->layers, -1, b->spec->n_layers * sizeof(*b->layers));
    for (size_t i = 0; i < b->spec->n_layers; i++) {
        b->layers[i] = open(b->spec->layers[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (b->layers[i] < 0)
            return err_sys(err, errno, "image layer %s", b->spec->layers[i]);
    }
    return 0;
}

/* A directory of the caller's, itself and not by a link: what is in it will be
 * believed, and written to. */
static int open_own_dir(int dir, const char *path, int *ret, struct err *err)
{
    cleanup(closep) int fd =
        openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno == ENOTDIR &&
        fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        return err_set(err, ELOOP, "--overlay: %s is a symbolic link", path);
    if (fd < 0 || fstat(fd, &st))
        return err_sys(err, errno, "--overlay: %s", path);
    if (st.st_uid != geteuid())
        return err_set(err, EPERM, "--overlay: %s belongs to somebody else", path);
    *ret = take_fd(fd);
    return 0;
}

static int open_part(int dir, const char *name, mode_t mode, int *ret, struct err *err)
{
    if (mkdirat(dir, name, mode) && errno != EEXIST)
        return err_sys(err, errno, "--overlay: make %s in it", name);
    return open_own_dir(dir, name, ret, err);
}

/* The lock is init's as long as it lives: overlayfs leaves open what happens when
 * two mounts share a directory. */
static int open_overlay(struct build *b, const char *path, struct err *err)
{
    int dir, rc;

    rc = open_own_dir(AT_FDCWD, path, &dir, err);
    if (rc)
        return rc;
    if (flock(dir, LOCK_EX | LOCK_NB)) {
        rc = errno == EWOULDBLOCK
                 ? err_set(err, EBUSY, "--overlay: %s is in use by another container",
                           path)
                 : err_sys(err, errno, "--overlay: lock %s", path);
        (void)close(dir);
        return rc;
    }
    if ((rc = open_part(dir, "upper", 0755, &b->upper, err)) ||
        (rc = open_part(dir, "work", 0700, &b->work, err)))
        return rc;
    return 0;
}

int overlay_open(struct build *b, struct err *err)
{
    int rc = open_layers(b, err);

    if (!rc && b->spec->overlay)
        rc = open_overlay(b, b->spec->overlay, err);
    return rc;
}

/* Layers are named by descriptor: this keeps a long list inside the one page
 * that mount options may take, and ':' or ',' in a path out of it. */
static void list_layers(const struct build *b, struct strbuf *options)
{
    bool is_own_top = !b->spec->read_only && !b->spec->overlay;

    strbuf_puts(options, is_own_top ? "lowerdir=" : "lowerdir=" UPPER ":");
    for (size_t i = 0; i < b->spec->n_layers; i++)
        strbuf_printf(options, "%s/proc/self/fd/%d", i ? ":" : "", b->layers[i]);
    if (is_own_top)
        strbuf_puts(options, ",upperdir=" UPPER ",workdir=" WORK);
    else if (b->spec->overlay)
        strbuf_printf(options, ",upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d",
                      b->upper, b->work);
    strbuf_puts(options, ",userxattr");
}

int overlay_mount(struct build *b, struct err *err)
{
    cleanup(strbuf_finip) struct strbuf options = STRBUF_INIT;

    list_layers(b, &options);
    if (options.len >= (size_t)sysconf(_SC_PAGESIZE))
        return err_set(err, E2BIG, "the image has %zu layers, too many for one mount",
                       b->spec->n_layers);
    if (mount("overlay", ".", "overlay", 0, options.s))
        return err_sys(err, errno, "mount an overlay of %zu image layers%s%s",
                       b->spec->n_layers, b->spec->overlay ? " and " : "",
                       b->spec->overlay ? b->spec->overlay : "");
    b->root = open(b->spec->work_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (b->root < 0 || fchdir(b->root))
        return err_sys(err, errno, "enter the new root");
    return 0;
}
