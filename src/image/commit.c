/* SPDX-License-Identifier: Apache-2.0
 *
 * commit.c - write an image's documents and its name
 */
#include "image/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/names.h"
#include "image/oci.h"
#include "image/paths.h"
#include "image/ref.h"

int commit_name(const struct image_store *store, int lock, const char *name,
                const char *digest, struct err *err)
{
    cleanup(freep) char *path = store_ref_path(store, name);
    cleanup(freep) char *text = xasprintf("%s\n", digest);
    char before[IMAGE_DIGEST_MAX];
    bool replaced =
        names_read(store, name, before, NULL, NULL) == 0 && strcmp(before, digest) != 0;
    int r = io_write_file_atomic(path, text, strlen(text), 0644, err);

    if (r == 0 && replaced && flock(lock, LOCK_EX | LOCK_NB) == 0)
        (void)store_collect(store, NULL);
    return r;
}

/* The config's list must be that of the layers, in order, and all must be here. */
static int check_layers(const struct image_store *store,
                        const struct oci_config *config, const struct layer *layers,
                        size_t n, struct err *err)
{
    if (strv_len(config->diff_ids) != n)
        return err_set(err, EINVAL, "the config has %zu layers, the image %zu",
                       strv_len(config->diff_ids), n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(config->diff_ids[i], layers[i].diff_id) != 0)
            return err_set(err, EINVAL, "layer %zu is %s, the config says %s", i + 1,
                           layers[i].diff_id, config->diff_ids[i]);
        if (!store_has_layer(store, layers[i].diff_id))
            return err_set(err, ENOENT, "layer %s is not in %s", layers[i].diff_id,
                           store->path);
    }
    return 0;
}

int commit_documents(struct image_store *store, const char *config, size_t config_len,
                     const struct layer *layers, size_t n_layers,
                     char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    cleanup(oci_config_fini) struct oci_config parsed = {0};
    cleanup(freep) char *manifest = NULL;
    char digest[IMAGE_DIGEST_MAX];
    int r = oci_parse_config(config, config_len, &parsed, err);

    if (r == 0)
        r = check_layers(store, &parsed, layers, n_layers, err);
    if (r == 0)
        r = store_put_blob(store, config, config_len, digest, err);
    if (r < 0)
        return r;
    manifest = oci_make_manifest(digest, config_len, layers, n_layers);
    return store_put_blob(store, manifest, strlen(manifest), ret_digest, err);
}

int image_commit(struct image_store *store, int lock, const char *ref,
                 const char *config, size_t config_len, const struct layer *layers,
                 size_t n_layers, char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    cleanup(freep) char *name = NULL;
    int r = ref_normalise(ref, &name, err);

    if (r == 0)
        r = commit_documents(store, config, config_len, layers, n_layers, ret_digest,
                             err);
    return r < 0 ? r : commit_name(store, lock, name, ret_digest, err);
}
