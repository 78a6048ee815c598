/* SPDX-License-Identifier: Apache-2.0
 *
 * prune.c - make room: first what has no name, then what was not used for long
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/collect.h"
#include "image/names.h"
#include "image/ref.h"

/* A name that may go. */
struct candidate {
    char *name;
    int64_t used;
};

struct pruning {
    struct image_store *store;
    const struct image_prune_request *request;
    struct candidate *candidates; /* least recently used first */
    size_t n;
    char **gone; /* names */
};

/* Every container holds all layers of its image, so an image with a layer that
 * nobody holds is not in use. */
static bool is_in_use(const struct image *image)
{
    for (size_t i = 0; i < image->n_layers; i++) {
        cleanup(closep) int fd =
            open(image->layers[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
            return false;
    }
    return image->n_layers > 0;
}

static void add_candidate(struct pruning *p, const char *name)
{
    cleanup(image_freep) struct image *image = NULL;
    struct candidate c = {.name = xstrdup(name)};

    /* One that is damaged goes first of all. */
    if (image_lookup(p->store, name, &image, NULL) == 0)
        c.used = image_last_used(p->store, image);
    if ((p->request->keep && strcmp(p->request->keep, name) == 0) ||
        (image && is_in_use(image))) {
        free(c.name);
        return;
    }
    p->candidates = xrealloc(p->candidates, p->n + 1, sizeof(*p->candidates));
    p->candidates[p->n++] = c;
}

static int by_use(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->used != y->used)
        return x->used < y->used ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void find_candidates(struct pruning *p)
{
    cleanup(strv_freep) char **names = names_list(p->store);

    strv_foreach (name, names)
        add_candidate(p, *name);
    if (p->n)
        qsort(p->candidates, p->n, sizeof(*p->candidates), by_use);
}

/* What collecting would leave, were the names gone that are to go. */
static int look_ahead(const struct pruning *p, struct collect *ret, struct err *err)
{
    *ret = (struct collect){.forget = p->gone,
                            .forget_steps = p->request->all || p->request->max_size ||
                                            p->request->cache,
                            .drop_archives = p->request->archives,
                            .dry_run = true};
    return collect_run(p->store, ret, err);
}

static int choose(struct pruning *p, struct err *err)
{
    const struct image_prune_request *q = p->request;
    struct collect ahead;
    int r = look_ahead(p, &ahead, err);

    for (size_t i = 0; i < p->n && r == 0; i++) {
        const struct candidate *c = &p->candidates[i];
        bool is_old = q->before && c->used < q->before;
        bool is_much = q->max_size && collect_kept(&ahead) > q->max_size;

        if (!(q->all && !q->before) && !is_old && !is_much)
            continue;
        strv_add(&p->gone, c->name);
        if (q->removed)
            q->removed(c->name, c->used, q->ctx);
        r = look_ahead(p, &ahead, err);
    }
    return r;
}

/* Steps of builds are found again by building. */
static void forget_steps(const struct image_store *store)
{
    cleanup(freep) char *path = store_dir(store, STORE_STEPS);
    const struct dirent *entry;
    DIR *dir = opendir(path);

    while (dir && (entry = readdir(dir)))
        if (*entry->d_name != '.')
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        (void)closedir(dir);
}

/* What RUN --mount=type=cache left; a build that uses it holds the store's lock. */
static void forget_mounts(const struct image_store *store)
{
    cleanup(freep) char *path = store_dir(store, STORE_CACHE_MOUNTS);

    (void)io_remove_tree(path, NULL);
}

static int carry_out(struct pruning *p, struct collect *ret, struct err *err)
{
    int r = look_ahead(p, ret, err);

    if (r < 0 || p->request->dry_run)
        return r;
    strv_foreach (name, p->gone) {
        cleanup(freep) char *path = store_ref_path(p->store, *name);

        if (unlink(path) < 0 && errno != ENOENT)
            return err_sys(err, errno, "cannot remove image %s", *name);
    }
    if (ret->forget_steps)
        forget_steps(p->store);
    if (p->request->all || p->request->cache)
        forget_mounts(p->store);
    store_clear_tmp(p->store);
    *ret = (struct collect){.drop_archives = p->request->archives};
    return collect_run(p->store, ret, err);
}

int image_prune(struct image_store *store, const struct image_prune_request *request,
                struct image_prune_result *ret, struct err *err)
{
    struct pruning p = {.store = store, .request = request};
    cleanup(closep) int lock = -1;
    struct collect c = {0};
    int r = store_lock(store, LOCK_EX, &lock, err);

    if (r < 0)
        return r;
    find_candidates(&p);
    r = choose(&p, err);
    if (r == 0)
        r = carry_out(&p, &c, err);
    if (r == 0)
        *ret = (struct image_prune_result){.images = strv_len(p.gone),
                                           .layers = c.layers_gone,
                                           .blobs = c.blobs_gone,
                                           .freed = c.freed,
                                           .kept = collect_kept(&c)};
    for (size_t i = 0; i < p.n; i++)
        free(p.candidates[i].name);
    free(p.candidates);
    strv_free(p.gone);
    return r;
}

int image_usage(struct image_store *store, struct image_usage *ret, struct err *err)
{
    cleanup(strv_freep) char **names = names_list(store);
    struct collect c = {.dry_run = true};
    int r = collect_run(store, &c, err);

    if (r == 0)
        *ret = (struct image_usage){.images = strv_len(names),
                                    .layers = c.layers,
                                    .blobs = c.blobs,
                                    .layer_bytes = c.layer_bytes,
                                    .blob_bytes = c.blob_bytes,
                                    .unneeded = c.freed};
    return r;
}
