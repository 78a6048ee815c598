/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch.c - from another store into the own one, or from wherever the caller knows
 */
#include "build/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/oci.h"
#include "image/paths.h"

/* The layer's archive as the other store keeps it. */
static int copy_layer(struct image_store *to, const struct image_store *from,
                      const struct oci_descriptor *what, const char *diff_id,
                      struct err *err)
{
    cleanup(freep) char *path = store_blob_path(from, what->digest);
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct layer_source source = {.fd = fd,
                                  .what = "base image",
                                  .total = what->size,
                                  .digest = what->digest,
                                  .diff_id = diff_id};
    struct layer layer = {0};
    int rc;

    if (layer_is_here(to, what->digest, diff_id))
        return 0;
    if (fd < 0 && errno == ENOENT)
        return err_set(err, ENOENT,
                       "%s keeps no archives of layers: import or pull the image "
                       "yourself",
                       from->path);
    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    rc = layer_import(to, &source, &layer, err);
    layer_fini(&layer);
    return rc;
}

static int copy_blob(struct image_store *to, const struct image_store *from,
                     const char *digest, struct err *err)
{
    cleanup(freep) char *bytes = NULL;
    char again[IMAGE_DIGEST_MAX];
    size_t len;
    int rc = store_get_blob(from, digest, &bytes, &len, err);

    return rc ? rc : store_put_blob(to, bytes, len, again, err);
}

static int copy_image(struct image_store *to, const struct image_store *from,
                      const char *digest, struct err *err)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    cleanup(oci_config_fini) struct oci_config config = {0};
    int rc = store_get_manifest(from, digest, &manifest, err);

    if (!rc)
        rc = store_get_config(from, manifest.config.digest, &config, err);
    if (!rc && strv_len(config.diff_ids) != manifest.n_layers)
        rc = err_set(err, EINVAL, "manifest and configuration differ in layers");
    for (size_t i = 0; !rc && i < manifest.n_layers; i++)
        rc = copy_layer(to, from, &manifest.layers[i], config.diff_ids[i], err);
    if (!rc)
        rc = copy_blob(to, from, manifest.config.digest, err);
    return rc ? rc : copy_blob(to, from, digest, err);
}

/* -ENOENT when no other store has it. */
static int fetch_from_others(const struct builder *b, const char *ref,
                             char digest[IMAGE_DIGEST_MAX], struct err *err)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *path = NULL;
    struct image_store *from = NULL;
    int rc = image_find(b->req->others, b->req->n_others, ref, &image, &path, err);

    if (rc)
        return rc;
    memcpy(digest, image->digest, IMAGE_DIGEST_MAX);
    rc = image_hold(image, err);
    if (!rc)
        rc = image_store_open(path, false, &from, err);
    if (!rc)
        rc = copy_image(b->req->store, from, digest, err);
    image_store_close(from);
    return rc == -ENOENT ? err_set(err, ENODATA, "%s", err->text) : rc;
}

int fetch_image(const struct builder *b, const char *ref, const char *platform,
                char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    cleanup(image_freep) struct image *image = NULL;
    int rc = image_lookup(b->req->store, ref, &image, err);

    if (!rc) {
        memcpy(ret_digest, image->digest, IMAGE_DIGEST_MAX);
        return 0;
    }
    if (rc == -ENOENT && b->req->n_others)
        rc = fetch_from_others(b, ref, ret_digest, err);
    if (rc == -ENOENT && b->req->find_image)
        rc = b->req->find_image(b->req->ctx, ref, platform, ret_digest, err);
    return rc;
}
