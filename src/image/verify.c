/* SPDX-License-Identifier: Apache-2.0
 *
 * verify.c - are images still what they were, and if not, made anew
 *
 * Documents are hashed when they are read. A layer's archive is unpacked once
 * more, beside, which checks both of its digests; then the tree it gives is
 * compared with the one that containers use, name by name and byte by byte. For
 * a repair the two change places.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/collect.h"
#include "image/layer.h"
#include "image/names.h"
#include "image/oci.h"
#include "image/paths.h"
#include "image/tree_compare.h"

struct verifying {
    struct image_store *store;
    const struct image_verify_request *request;
    struct image_verify_result *result;
    char **seen; /* diff ids that were looked at */
};

static bool seen_before(struct verifying *v, const char *diff_id)
{
    if (strv_has(v->seen, diff_id))
        return true;
    strv_add(&v->seen, diff_id);
    return false;
}

static void tell(struct verifying *v, const char *image, enum image_verify_state state,
                 const char *words)
{
    struct image_verify_result *r = v->result;

    r->broken += state == IMAGE_BROKEN;
    r->repaired += state == IMAGE_REPAIRED;
    r->unchecked += state == IMAGE_UNCHECKED;
    v->request->found(image, state, words, v->request->ctx);
}

/* Unpack the archive into tmp/, with all checks. */
static int unpack_again(struct verifying *v, const struct oci_descriptor *d,
                        const char *diff_id, struct layer *ret, struct err *err)
{
    cleanup(freep) char *path = store_blob_path(v->store, d->digest);
    cleanup(freep) char *what = xasprintf("layer %.19s", diff_id);
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    const struct layer_source source = {.fd = fd,
                                        .what = what,
                                        .total = d->size,
                                        .digest = d->digest,
                                        .diff_id = diff_id,
                                        .is_stored = true,
                                        .progress = v->request->progress,
                                        .ctx = v->request->progress_ctx};

    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    return layer_unpack(v->store, &source, ret, err);
}

/* In one step; containers that run on the old tree would lose it. */
static int exchange(struct verifying *v, const char *tree, const char *diff_id,
                    struct err *err)
{
    cleanup(freep) char *path = store_layer_path(v->store, diff_id);

    if (store_layer_is_held(v->store, diff_id))
        return err_set(err, EBUSY, "a container uses it");
    if (renameat2(AT_FDCWD, tree, AT_FDCWD, path, RENAME_EXCHANGE) < 0)
        return err_sys(err, errno, "cannot replace %s", path);
    return 0;
}

static int repair(struct verifying *v, struct layer *fresh, const char *diff_id,
                  struct err *err)
{
    cleanup(closep) int dir = open(v->store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (!store_has_layer(v->store, diff_id))
        return layers_publish(v->store, fresh, 1, err);
    if (dir < 0 || syncfs(dir) < 0)
        return err_sys(err, errno, "cannot flush %s", v->store->path);
    return exchange(v, fresh->tree, diff_id, err);
}

static void judge_tree(struct verifying *v, const char *image, struct layer *fresh,
                       const char *diff_id)
{
    cleanup(freep) char *path = store_layer_path(v->store, diff_id);
    cleanup(freep) char *words = NULL;
    struct err difference, err;

    if (tree_compare(path, fresh->tree, &difference) == 0)
        return;
    if (!v->request->repair) {
        words = xasprintf("layer %.19s: %s", diff_id, difference.text);
        tell(v, image, IMAGE_BROKEN, words);
        return;
    }
    if (repair(v, fresh, diff_id, &err) < 0) {
        words = xasprintf("layer %.19s: %s; not repaired: %s", diff_id, difference.text,
                          err.text);
        tell(v, image, IMAGE_BROKEN, words);
        return;
    }
    words = xasprintf("layer %.19s: %s", diff_id, difference.text);
    tell(v, image, IMAGE_REPAIRED, words);
}

static void verify_layer(struct verifying *v, const char *image,
                         const struct oci_descriptor *d, const char *diff_id)
{
    struct layer fresh = {0};
    cleanup(freep) char *words = NULL;
    struct err err;

    if (seen_before(v, diff_id))
        return;
    v->result->layers++;
    if (!store_has_blob(v->store, d->digest)) {
        words = xasprintf("layer %.19s: its archive is not kept", diff_id);
        tell(v, image,
             store_has_layer(v->store, diff_id) ? IMAGE_UNCHECKED : IMAGE_BROKEN,
             words);
        return;
    }
    if (unpack_again(v, d, diff_id, &fresh, &err) < 0)
        tell(v, image, IMAGE_BROKEN, err.text);
    else
        judge_tree(v, image, &fresh, diff_id);
    layer_fini(&fresh);
}

static int verify_documents(struct verifying *v, const char *name,
                            struct oci_manifest *manifest, struct oci_config *config,
                            struct err *err)
{
    char digest[IMAGE_DIGEST_MAX];
    int r = names_read(v->store, name, digest, NULL, err);

    if (r == 0)
        r = store_get_manifest(v->store, digest, manifest, err);
    if (r == 0)
        r = store_get_config(v->store, manifest->config.digest, config, err);
    if (r == 0 && strv_len(config->diff_ids) != manifest->n_layers)
        r = err_set(err, EBADMSG, "the manifest has %zu layers, the config %zu",
                    manifest->n_layers, strv_len(config->diff_ids));
    return r;
}

static void verify_image(struct verifying *v, const char *name)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    cleanup(oci_config_fini) struct oci_config config = {0};
    struct err err;

    v->result->images++;
    if (verify_documents(v, name, &manifest, &config, &err) < 0) {
        tell(v, name, IMAGE_BROKEN, err.text);
        return;
    }
    for (size_t i = 0; i < manifest.n_layers; i++)
        verify_layer(v, name, &manifest.layers[i], config.diff_ids[i]);
}

/* Under the lock of an import, since unpacking uses tmp/. */
__attribute__((visibility("default"))) int image_verify(
    struct image_store *store, const struct image_verify_request *request,
    struct image_verify_result *ret, struct err *err)
{
    cleanup(strv_freep) char **all = request->names ? NULL : names_list(store);
    struct verifying v = {.store = store, .request = request, .result = ret};
    cleanup(closep) int lock = -1;
    int r = store_lock(store, LOCK_SH, &lock, err);
    mode_t before;

    *ret = (struct image_verify_result){0};
    if (r < 0)
        return r;
    before = umask(022);
    strv_foreach (name, request->names ? (char **)(uintptr_t)request->names : all)
        verify_image(&v, *name);
    (void)umask(before);
    strv_free(v.seen);
    return 0;
}
