/* SPDX-License-Identifier: Apache-2.0
 *
 * binds.c - the volumes of a pod as mounts of one container
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "spec/object_name.h"
#include "volume/below.h"
#include "volume/env.h"
#include "volume/internal.h"

static struct volume *volume_named(const struct volumes *v, const char *name)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->v[i].mf->name, name) == 0)
            return &v->v[i];
    return NULL;
}

static char *tidy_target(const char *path)
{
    char *target = xstrdup(path);
    size_t len = strlen(target);

    while (len > 1 && target[len - 1] == '/')
        target[--len] = '\0';
    return target;
}

/* The path below the volume, "" for all of it. */
static int sub_path(const struct mf_mount *mount, char *const *env, char **ret,
                    struct err *err)
{
    cleanup(freep) char *path = NULL;
    int rc = 0;

    if (mount->sub_path_expr)
        rc = pod_expand_strictly(mount->sub_path_expr, env, &path, err);
    else
        path = xstrdup(mount->sub_path ? mount->sub_path : "");
    if (!rc && path[0])
        rc = relative_path_check(path, err);
    if (rc)
        return err_wrap(err, mount->sub_path_expr ? "subPathExpr" : "subPath");
    *ret = take(path);
    return 0;
}

/* Files are there, or they are not; in other volumes a directory is made. */
static int make_sub(const struct volume *volume, int dir, const char *path,
                    struct err *err)
{
    cleanup(closep) int fd = below_open(dir, path, O_PATH);
    int rc = fd < 0 ? fd : 0;

    if (rc == -ENOENT && volume->is_writable)
        rc = below_make(dir, path, true);
    if (rc == -EXDEV || rc == -ELOOP)
        return err_set(err, -rc, "volume '%s': subPath '%s' leads out of it",
                       volume->mf->name, path);
    return rc ? err_sys(err, -rc, "volume '%s': subPath '%s'", volume->mf->name, path)
              : 0;
}

static int fill_bind(const struct volumes *v, const struct mf_mount *mount,
                     char *const *env, struct volume_bind *bind, struct err *err)
{
    const struct volume *volume = volume_named(v, mount->name);
    cleanup(closep) int dir = -1;
    int rc;

    if (!volume)
        return err_set(err, ENOENT, "the pod has no volume '%s'", mount->name);
    if (volume->kind == VOLUME_FILES && !volume->published.is_there)
        return err_set(err, ENODATA, "volume '%s': its files are not there yet",
                       mount->name);
    rc = sub_path(mount, env, &bind->within, err);
    if (rc)
        return rc;
    bind->source = xstrdup(volume->path);
    bind->target = tidy_target(mount->path);
    bind->readonly = mount->is_read_only || !volume->is_writable;
    dir = volume_open(v, volume, err);
    if (dir < 0)
        return dir;
    return bind->within[0] ? make_sub(volume, dir, bind->within, err) : 0;
}

void volume_binds_fini(struct volume_binds *binds)
{
    for (size_t i = 0; i < binds->n; i++) {
        free(binds->v[i].source);
        free(binds->v[i].within);
        free(binds->v[i].target);
    }
    free(binds->v);
    *binds = (struct volume_binds){0};
}

static int by_target(const void *a, const void *b)
{
    const struct volume_bind *x = a, *y = b;
    size_t n = strlen(x->target), m = strlen(y->target);

    return n != m ? (n > m) - (n < m) : strcmp(x->target, y->target);
}

/* ------------------------------------------------- mounts below other mounts */

/* What is left of 'target' below the mount 'above'; NULL: it is not below. */
static const char *rest_of(const char *target, const char *above)
{
    size_t len = strcmp(above, "/") == 0 ? 0 : strlen(above);

    return strncmp(target, above, len) == 0 && target[len] == '/' ? target + len + 1
                                                                  : NULL;
}

/* The nearest mount that 'bind' is below; they are in order. */
static const struct volume_bind *above_of(const struct volume_binds *binds, size_t i)
{
    while (i--)
        if (rest_of(binds->v[binds->n - 1].target, binds->v[i].target))
            return &binds->v[i];
    return NULL;
}

/* Open what is mounted. */
static int open_bind(const struct volumes *v, const struct volume_bind *bind)
{
    for (size_t i = 0; i < v->n; i++) {
        cleanup(closep) int dir = -1;

        if (strcmp(v->v[i].path, bind->source) != 0)
            continue;
        dir = volume_open(v, &v->v[i], NULL);
        return dir < 0 ? dir : below_open(dir, bind->within, O_PATH);
    }
    return -ENOENT;
}

/* A mount point below another mount is made in that volume, as the container cannot
 * make it in what is the node's. When this fails, the container says so. */
static void make_mount_point(const struct volumes *v, const struct volume_bind *above,
                             const struct volume_bind *bind)
{
    cleanup(closep) int dir = open_bind(v, above);
    cleanup(closep) int what = open_bind(v, bind);
    struct stat st;

    if (dir >= 0 && what >= 0 && fstat(what, &st) == 0)
        (void)below_make(dir, rest_of(bind->target, above->target),
                         S_ISDIR(st.st_mode));
}

static void make_mount_points(const struct volumes *v, const struct volume_binds *all)
{
    for (size_t i = 1; i < all->n; i++) {
        struct volume_binds until = {.v = all->v, .n = i + 1};
        const struct volume_bind *above = above_of(&until, i);

        if (above && !above->readonly)
            make_mount_point(v, above, &all->v[i]);
    }
}

int volumes_binds(struct volumes *v, const struct mf_container *container,
                  char *const *env, struct volume_binds *ret, struct err *err)
{
    struct volume_binds binds = {0};
    int rc = 0;

    binds.v = xcalloc(container->mounts.n + 1, sizeof(*binds.v));
    while (!rc && binds.n < container->mounts.n) {
        rc = fill_bind(v, &container->mounts.items[binds.n], env, &binds.v[binds.n],
                       err);
        binds.n++;
    }
    if (rc) {
        volume_binds_fini(&binds);
        return rc;
    }
    qsort(binds.v, binds.n, sizeof(*binds.v), by_target);
    make_mount_points(v, &binds);
    *ret = binds;
    return 0;
}
