/* SPDX-License-Identifier: Apache-2.0
 *
 * step_layer.c - a step that makes a layer: from the cache, or by doing it
 */
#include "build/builder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/diff_tar.h"
#include "image/paths.h"

static bool from_cache(struct step *step)
{
    struct image_store *store = step->b->req->store;
    char digest[IMAGE_DIGEST_MAX];
    size_t before = step->state->n_layers;

    if (step->b->req->no_cache || cache_find(store, step->state->key, digest) ||
        state_load(store, digest, step->state, NULL))
        return false;
    step->made_layer = step->state->n_layers > before;
    step->cached = true;
    return true;
}

static bool is_empty(int dir)
{
    DIR *d = fdopendir(dup(dir));
    const struct dirent *entry;
    bool empty = true;

    while (d && (entry = readdir(d)))
        empty = empty &&
                (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    if (d)
        (void)closedir(d);
    return empty;
}

/* The changes as a tar in a file that has no name, and from there into the store. */
static int import_changes(const struct step *step, int upper, const char *dir,
                          struct layer *ret, struct err *err)
{
    const struct build_request *req = step->b->req;
    cleanup(closep) int tar = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    struct layer_source source = {.fd = tar, .what = "changes"};
    int rc;

    if (tar < 0)
        return err_sys(err, errno, "make a file in %s", dir);
    rc = image_diff_tar(upper, tar, req->epoch, err);
    if (!rc && lseek(tar, 0, SEEK_SET) < 0)
        rc = err_sys(err, errno, "rewind");
    return rc ? rc : layer_import(req->store, &source, ret, err);
}

static int take_changes(struct step *step, const char *overlay, const char *dir,
                        struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/upper", overlay);
    cleanup(closep) int upper = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct state *state = step->state;
    struct layer layer = {0};
    int rc;

    if (upper < 0)
        return err_sys(err, errno, "%s", path);
    if (!is_empty(upper)) {
        if (state->n_layers == OCI_LAYERS_MAX)
            return err_set(err, E2BIG,
                           "an image has at most %d layers: join some of the steps",
                           OCI_LAYERS_MAX);
        rc = import_changes(step, upper, dir, &layer, err);
        layer_fini(&layer);
        if (rc)
            return rc;
        state_add_layer(state, &layer);
        step->made_layer = true;
    }
    config_add_history(state->config, step->in->text, builder_now(step->b),
                       step->made_layer ? layer.diff_id : NULL);
    return 0;
}

static int remember(const struct step *step, struct err *err)
{
    struct image_store *store = step->b->req->store;
    char digest[IMAGE_DIGEST_MAX];
    int rc;

    if (!step->state->n_layers) /* an image has at least one: nothing to point at */
        return 0;
    rc = state_save(store, step->state, digest, err);
    return rc ? rc : cache_put(store, step->state->key, digest, err);
}

static int make_dirs(const char *tmp, char **ret_overlay, char **ret_scratch,
                     struct err *err)
{
    *ret_overlay = xasprintf("%s/overlay", tmp);
    *ret_scratch = xasprintf("%s/scratch", tmp);
    if (mkdir(*ret_overlay, 0700) || mkdir(*ret_scratch, 0700))
        return err_sys(err, errno, "make directories in %s", tmp);
    return 0;
}

static int make_layer(struct step *step, make_fn *make, void *ctx, struct err *err)
{
    cleanup(freep) char *tmp = NULL;
    cleanup(freep) char *overlay = NULL;
    cleanup(freep) char *scratch = NULL;
    struct err unused;
    int rc = store_make_tmp(step->b->req->store, &tmp, err);

    if (rc)
        return rc;
    rc = make_dirs(tmp, &overlay, &scratch, err);
    if (!rc)
        rc = make(step, overlay, scratch, ctx, err);
    if (!rc)
        rc = take_changes(step, overlay, tmp, err);
    /* What cannot be removed now, the next writer that is alone removes. */
    (void)io_remove_tree(tmp, &unused);
    return rc ? rc : remember(step, err);
}

int step_layer(struct step *step, char *const *material, make_fn *make, void *ctx,
               struct err *err)
{
    cleanup(freep) char *epoch = xasprintf("%lld", (long long)step->b->req->epoch);
    char *salt[] = {epoch, NULL};

    state_next_key(step->state, salt);
    state_next_key(step->state, material);
    step->b->result->n_steps++;
    if (!from_cache(step))
        return make_layer(step, make, ctx, err);
    step->b->result->n_cached++;
    return 0;
}
