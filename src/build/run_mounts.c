/* SPDX-License-Identifier: Apache-2.0
 *
 * run_mounts.c - read the options, find what they bind, make the directories
 */
#include "build/run_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"
#include "build/copy.h"
#include "build/paths.h"
#include "build/view.h"
#include "image/digest.h"
#include "image/paths.h"

static const char *const types[] = {"bind", "cache", "tmpfs"};

static int set_type(struct run_mount *m, const char *value, struct err *err)
{
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (strcmp(value, types[i]) == 0) {
            m->type = (enum run_mount_type)i;
            return 0;
        }
    }
    if (strcmp(value, "secret") == 0 || strcmp(value, "ssh") == 0)
        return err_set(err, ENOTSUP, "--mount: type=%s is not supported", value);
    near = nearest_name(value, types, ARRAY_SIZE(types));
    return err_set(err, EINVAL, "--mount: unknown type '%.40s'%s%s%s", value,
                   near ? ": did you mean " : ": bind, cache or tmpfs",
                   near ? near : "", near ? "?" : "");
}

static int set_bool(const char *value, bool inverted, bool *ret, struct err *err)
{
    bool yes = !*value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;

    if (!yes && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
        return err_set(err, EINVAL, "--mount: '%.40s' is neither true nor false",
                       value);
    *ret = yes != inverted;
    return 0;
}

static int set_size(struct run_mount *m, const char *value, struct err *err)
{
    return size_parse(value, 1, &m->bytes, NULL)
               ? err_set(err, EINVAL, "--mount: size=%.40s is no size", value)
               : 0;
}

static int set_key(struct run_mount *m, const char *key, const char *value,
                   struct err *err)
{
    static const char *const keys[] = {"type", "target",   "source", "from",
                                       "id",   "readonly", "rw",     "sharing",
                                       "size", "mode",     "uid",    "gid"};
    const char *near;

    if (strcmp(key, "type") == 0)
        return set_type(m, value, err);
    if (strcmp(key, "target") == 0 || strcmp(key, "dst") == 0 ||
        strcmp(key, "destination") == 0)
        str_replace(&m->target, value);
    else if (strcmp(key, "source") == 0 || strcmp(key, "src") == 0)
        str_replace(&m->source, value);
    else if (strcmp(key, "from") == 0)
        str_replace(&m->from, value);
    else if (strcmp(key, "id") == 0)
        str_replace(&m->id, value);
    else if (strcmp(key, "readonly") == 0 || strcmp(key, "ro") == 0)
        return set_bool(value, false, &m->readonly, err);
    else if (strcmp(key, "rw") == 0 || strcmp(key, "readwrite") == 0)
        return set_bool(value, true, &m->readonly, err);
    else if (strcmp(key, "size") == 0)
        return set_size(m, value, err);
    else if (strcmp(key, "sharing") != 0 && strcmp(key, "mode") != 0 &&
             strcmp(key, "uid") != 0 && strcmp(key, "gid") != 0) {
        near = nearest_name(key, keys, ARRAY_SIZE(keys));
        return err_set(err, EINVAL, "--mount: unknown key '%.40s'%s%s%s", key,
                       near ? ": did you mean " : "", near ? near : "",
                       near ? "?" : "");
    }
    return 0;
}

int run_mount_parse(const char *text, struct run_mount *ret, struct err *err)
{
    cleanup(strv_freep) char **parts = strv_split(text, ",");
    bool said = false;
    int rc = 0;

    *ret = (struct run_mount){.type = RUN_MOUNT_BIND};
    strv_foreach (part, parts) {
        char *sign = strchr(*part, '=');

        if (sign)
            *sign = '\0';
        said = said || strcmp(*part, "rw") == 0 || strcmp(*part, "readwrite") == 0 ||
               strcmp(*part, "readonly") == 0 || strcmp(*part, "ro") == 0;
        rc = rc ? rc : set_key(ret, *part, sign ? sign + 1 : "", err);
    }
    if (rc)
        return rc;
    if (!said)
        ret->readonly = ret->type == RUN_MOUNT_BIND;
    if (!ret->target || !*ret->target)
        return err_set(err, EINVAL, "--mount: it needs target=PATH");
    if (ret->from && ret->type != RUN_MOUNT_BIND)
        return err_set(err, ENOTSUP, "--mount: from= is for type=bind only");
    return 0;
}

void run_mount_fini(struct run_mount *mount)
{
    free(mount->target);
    free(mount->source);
    free(mount->from);
    free(mount->id);
    free(mount->digest);
    origin_fini(&mount->origin);
}

void run_mounts_fini(struct run_mounts *mounts)
{
    for (size_t i = 0; i < mounts->n; i++)
        run_mount_fini(&mounts->v[i]);
    free(mounts->v);
    *mounts = (struct run_mounts){0};
}

/* What a child needs to read, or to copy, what is bound. */
struct binding {
    const struct step *step;
    const struct run_mount *mount;
    const char *at;     /* an empty directory to mount on */
    const char *target; /* to copy to; NULL: only the digest is wanted */
};

static int open_tree(const struct binding *b, struct source_tree *ret, struct err *err)
{
    *ret = (struct source_tree){.what = b->mount->origin.what, .root = -1};
    if (b->mount->origin.dirs)
        return view_mount(b->mount->origin.dirs, NULL, b->at, &ret->root, err);
    ret->root = b->step->b->context.root;
    ret->ignore = &b->step->b->ignore;
    return 0;
}

static char **source_of(const struct run_mount *mount)
{
    char **paths = NULL;

    strv_take(&paths, path_inside(NULL, mount->source ? mount->source : ""));
    return paths;
}

static int visit(void *ctx, int out, struct err *err)
{
    const struct binding *b = ctx;
    cleanup(strv_freep) char **patterns = source_of(b->mount);
    cleanup(strv_freep) char **paths = NULL;
    cleanup(freep) char *digest = NULL;
    struct source_tree tree;
    struct copy_job job = {
        .tree = &tree, .root = -1, .dest = "it", .mode = COPY_MODE_KEPT};
    int rc = open_tree(b, &tree, err);

    if (!rc)
        rc = sources_find(&tree, patterns, &paths, err);
    if (!rc && !b->target) {
        rc = sources_digest(&tree, paths, &digest, err);
        dprintf(out, "%s", digest ? digest : "");
        return rc;
    }
    if (!rc) {
        job.paths = paths;
        job.root = open(b->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc = job.root < 0 ? err_sys(err, errno, "%s", b->target) : copy_all(&job, err);
    }
    return rc;
}

static int find_bound(const struct step *step, struct run_mount *mount, struct err *err)
{
    struct binding binding = {.step = step, .mount = mount};
    cleanup(freep) char *at = NULL;
    int rc = origin_find(step, mount->from, &mount->origin, err);

    if (!rc)
        rc = store_make_tmp(step->b->req->store, &at, err);
    if (rc)
        return rc;
    binding.at = at;
    rc = view_call(visit, &binding, step->b->req->stop_fd, &mount->digest, &(size_t){0},
                   err);
    (void)rmdir(at);
    return rc;
}

int run_mounts_read(const struct step *step, struct run_mounts *ret, struct err *err)
{
    int rc = 0;

    *ret = (struct run_mounts){0};
    strv_foreach (flag, step->in->flags) {
        cleanup(freep) char *text = NULL;

        if (rc || strncmp(*flag, "mount=", 6) != 0)
            continue;
        rc = step_expand(step, *flag + 6, &text, err);
        if (rc)
            continue;
        ret->v = xrealloc(ret->v, ret->n + 1, sizeof(*ret->v));
        rc = run_mount_parse(text, &ret->v[ret->n++], err);
        if (!rc && ret->v[ret->n - 1].type == RUN_MOUNT_BIND)
            rc = find_bound(step, &ret->v[ret->n - 1], err);
    }
    return rc;
}

/* A directory of the store, by the hash of its id: any text may be one. */
static int cache_dir(const struct step *step, const struct run_mount *mount, char **ret,
                     struct err *err)
{
    const char *id = mount->id ? mount->id : mount->target;
    cleanup(freep) char *parent = store_dir(step->b->req->store, STORE_CACHE_MOUNTS);
    char digest[IMAGE_DIGEST_MAX];

    digest_of(id, strlen(id), digest);
    *ret = xasprintf("%s/%s", parent, digest_hex(digest));
    return io_mkdir_p(*ret, 0755, err);
}

/* The original, when nobody can change it and all of it counts. */
static int bind_original(const struct step *step, const struct run_mount *mount,
                         char **ret, struct err *err)
{
    cleanup(strv_freep) char **paths = source_of(mount);
    cleanup(closep) int fd = sources_open(&step->b->context, paths[0], O_PATH);
    char link[40], path[PATH_MAX];
    ssize_t n;

    if (fd < 0)
        return err_sys(err, -fd, "%s of the context", paths[0]);
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    if (n < 0)
        return err_sys(err, errno, "%s of the context", paths[0]);
    *ret = xstrndup(path, (size_t)n);
    return 0;
}

static int bind_copy(const struct step *step, const struct run_mount *mount,
                     const char *dir, char **ret, struct err *err)
{
    cleanup(freep) char *at = xasprintf("%s/at", dir);
    struct binding binding = {.step = step, .mount = mount, .at = at, .target = dir};

    if (mkdir(dir, 0755) || mkdir(at, 0700))
        return err_sys(err, errno, "%s", at);
    *ret = xasprintf("%s/it", dir);
    return view_call(visit, &binding, step->b->req->stop_fd, NULL, NULL, err);
}

static int prepare(const struct step *step, const struct run_mount *mount,
                   const char *dir, char **ret, struct err *err)
{
    switch (mount->type) {
    case RUN_MOUNT_CACHE:
        return cache_dir(step, mount, ret, err);
    case RUN_MOUNT_TMPFS:
        return 0;
    case RUN_MOUNT_BIND:
        if (!mount->origin.dirs && mount->readonly && !step->b->ignore.n_rules)
            return bind_original(step, mount, ret, err);
        return bind_copy(step, mount, dir, ret, err);
    }
    return 0;
}

int run_mounts_prepare(const struct step *step, const struct run_mounts *mounts,
                       const char *scratch, struct bind_mount *ret, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < mounts->n && !rc; i++) {
        cleanup(freep) char *dir = xasprintf("%s/mount%zu", scratch, i);
        char *source = NULL;

        rc = prepare(step, &mounts->v[i], dir, &source, err);
        ret[i] = (struct bind_mount){.source = source,
                                     .bytes = mounts->v[i].bytes,
                                     .target = mounts->v[i].target,
                                     .readonly = mounts->v[i].readonly};
    }
    return rc;
}
