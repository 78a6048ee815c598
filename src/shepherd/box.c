/* SPDX-License-Identifier: Apache-2.0
 *
 * box.c - from what a job says about its container to one that stands
 *
 * Beside the mounts a job asks for, an image gets: Berth's own command at
 * /run/berth/bin, the home directory, the working directory where that is not
 * part of the system, and the job's directory at the same path as outside: the
 * lead's socket, the script, and the places that PMIx hands to tasks are there.
 * The node's own file system needs none of them.
 */
#include "shepherd/box.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOOLS_INSIDE "/run/berth/bin"

/* Mounts under construction; all strings are borrowed. */
struct mounts {
    struct bind_mount *v;
    size_t n, cap;
};

static void mounts_add(struct mounts *mounts, const char *source, const char *target,
                       bool readonly, bool optional)
{
    if (mounts->n == mounts->cap) {
        mounts->cap = mounts->cap ? 2 * mounts->cap : 8;
        mounts->v = xrealloc(mounts->v, mounts->cap, sizeof(*mounts->v));
    }
    mounts->v[mounts->n++] = (struct bind_mount){
        .source = source, .target = target, .readonly = readonly, .optional = optional};
}

/* Directories of an image that a bind of the working directory would hide. */
static bool is_system_dir(const char *path)
{
    static const char *const system_dirs[] = {
        "/bin", "/boot", "/dev", "/etc",  "/lib", "/lib32", "/lib64",
        "/opt", "/proc", "/run", "/sbin", "/sys", "/usr",   "/var",
    };

    if (strcmp(path, "/") == 0 || strcmp(path, "/tmp") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(system_dirs); i++) {
        size_t len = strlen(system_dirs[i]);

        if (strncmp(path, system_dirs[i], len) == 0 &&
            (path[len] == '/' || path[len] == '\0'))
            return true;
    }
    return false;
}

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static const char *tools_dir(void)
{
    const char *dir = getenv("BERTH_TOOLS_DIR");

    return dir ? dir : BERTH_LIBEXECDIR "/bin";
}

static void image_mounts(const struct shepherd *sh, const Berth__ContainerSpec *spec,
                         const char *cwd, struct mounts *mounts)
{
    const char *home = spec->home[0] ? spec->home : sh->owner.home;
    bool has_home = !spec->no_home && strcmp(home, "/") != 0;

    mounts_add(mounts, tools_dir(), TOOLS_INSIDE, true, true);
    if (has_home)
        mounts_add(mounts, home, home, false, true);
    if (!has_home || !is_below(sh->dir, home))
        mounts_add(mounts, sh->dir, sh->dir, false, false);
    if (cwd[0] == '/' && !is_system_dir(cwd) && !(has_home && is_below(cwd, home)))
        mounts_add(mounts, cwd, cwd, false, true);
}

static int find_image(const Berth__ContainerSpec *spec, struct image **ret,
                      struct err *err)
{
    const char *ref = spec->image_digest[0] ? spec->image_digest : spec->image;
    struct image_store *store;
    int rc = image_store_open(spec->image_store, false, &store, err);

    if (!rc) {
        rc = image_lookup(store, ref, ret, err);
        image_store_close(store);
        rc = rc ? rc : image_hold(*ret, err);
    }
    return rc ? err_wrap(err, "image %s", spec->image) : 0;
}

/* A directory of the job's: where the container is built, or the tools go. */
static int make_job_dir(const struct shepherd *sh, const char *name, char **ret,
                        struct err *err)
{
    char *path = xasprintf("%s/%s", sh->dir, name);

    if (mkdir(path, 0700) && errno != EEXIST) {
        int rc = err_sys(err, errno, "%s", path);

        free(path);
        return rc;
    }
    *ret = path;
    return 0;
}

int box_create(struct shepherd *sh, const Berth__ContainerSpec *spec, const char *cwd,
               const char *name, struct box **ret, struct err *err)
{
    static const Berth__ContainerSpec plain = BERTH__CONTAINER_SPEC__INIT;
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *work_dir = NULL;
    struct container_spec container = {
        .user = sh->owner.name, .home = sh->owner.home, .shell = sh->owner.shell};
    struct mounts mounts = {0};
    struct box *box;
    int rc = make_job_dir(sh, name, &work_dir, err);

    if (!spec)
        spec = &plain;
    if (!rc && spec->image[0])
        rc = find_image(spec, &image, err);
    if (rc)
        return rc;
    if (image)
        image_mounts(sh, spec, cwd, &mounts);
    for (size_t i = 0; i < spec->n_mounts; i++)
        mounts_add(&mounts, spec->mounts[i]->source, spec->mounts[i]->target,
                   spec->mounts[i]->readonly, false);
    container.layers = image ? (const char *const *)image->layers : NULL;
    container.n_layers = image ? image->n_layers : 0;
    container.mounts = mounts.v;
    container.n_mounts = mounts.n;
    container.as_root = spec->as_root;
    container.work_dir = work_dir;
    box = xcalloc(1, sizeof(*box));
    rc = container_create(&container, &box->container, err);
    free(mounts.v);
    if (rc) {
        free(box);
        return rc;
    }
    box->image_env = image ? strv_dup(image->env) : NULL;
    box->image_digest = image ? xstrdup(image->digest) : NULL;
    box->image = take(image);
    *ret = box;
    return 0;
}

void box_destroy(struct box *box)
{
    if (!box)
        return;
    container_destroy(box->container);
    strv_free(box->image_env);
    free(box->image_digest);
    image_free(box->image);
    free(box);
}
