/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch.c - an image from somewhere that has its blobs, into a store
 *
 * The manifest is written last, so an image that can be looked up is whole.
 */
#include "image/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/commit.h"
#include "image/digest.h"
#include "image/layer.h"
#include "image/paths.h"
#include "image/ref.h"

#define PART (1U << 20)

struct fetch {
    struct image_store *store;
    const char *digest;
    const struct fetch_source *source;
    image_progress_fn *progress;
    void *ctx;
};

/* ------------------------------------------------------------- documents */

/* A whole document, whose bytes must have 'digest'. */
static int read_document(const struct fetch *fetch, const char *digest,
                         char **ret_bytes, size_t *ret_len, struct err *err)
{
    cleanup(freep) char *bytes = xmalloc(BLOB_BYTES_MAX);
    char found[IMAGE_DIGEST_MAX];
    size_t len = 0, n = 1;
    uint64_t size = 0;

    while (n > 0) {
        int rc = fetch->source->read(fetch->source->ctx, digest, len, bytes + len,
                                     BLOB_BYTES_MAX - len, &n, &size, err);

        if (rc < 0)
            return rc;
        if (size > BLOB_BYTES_MAX)
            return err_set(err, EFBIG, "%s has %llu bytes, which no document has",
                           digest, (unsigned long long)size);
        len += n;
        if (len == size)
            break;
    }
    digest_of(bytes, len, found);
    if (strcmp(found, digest) != 0)
        return err_set(err, EBADMSG, "what came as %s is %s", digest, found);
    *ret_bytes = take(bytes);
    *ret_len = len;
    return 0;
}

/* ---------------------------------------------------------------- layers */

/* A blob, from its beginning on; asked for in large parts. */
struct blob {
    const struct fetch_source *source;
    const char *digest;
    uint64_t offset;
    char *part;
    size_t len, used; /* of 'part' */
};

static int next_part(struct blob *blob, struct err *err)
{
    uint64_t size;
    int rc = blob->source->read(blob->source->ctx, blob->digest, blob->offset,
                                blob->part, PART, &blob->len, &size, err);

    blob->used = 0;
    blob->offset += blob->len;
    return rc;
}

static ssize_t read_blob(void *ctx, void *bytes, size_t len, struct err *err)
{
    struct blob *blob = ctx;
    int rc = blob->used == blob->len ? next_part(blob, err) : 0;
    size_t n = blob->len - blob->used;

    if (rc < 0)
        return rc;
    n = n < len ? n : len;
    memcpy(bytes, blob->part + blob->used, n);
    blob->used += n;
    return (ssize_t)n;
}

static int fetch_layer(const struct fetch *fetch, const struct oci_descriptor *d,
                       const char *diff_id, const char *what, struct err *err)
{
    struct blob blob = {.source = fetch->source, .digest = d->digest};
    struct layer_source source = {
        .read = read_blob,
        .read_ctx = &blob,
        .what = what,
        .total = d->size,
        .digest = d->digest,
        .diff_id = diff_id,
        .progress = fetch->progress,
        .ctx = fetch->ctx,
    };
    struct layer layer = {0};
    int rc;

    if (layer_is_here(fetch->store, d->digest, diff_id))
        return 0;
    blob.part = xmalloc(PART);
    rc = layer_import(fetch->store, &source, &layer, err);
    layer_fini(&layer);
    free(blob.part);
    return rc < 0 ? err_wrap(err, "%s", what) : 0;
}

static int fetch_layers(const struct fetch *fetch, const struct oci_manifest *manifest,
                        const struct oci_config *config, struct err *err)
{
    size_t n = manifest->n_layers;
    int r = oci_check_layers(n, config, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *what = xasprintf("layer %zu/%zu", i + 1, n);
        int rc =
            fetch_layer(fetch, &manifest->layers[i], config->diff_ids[i], what, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int fetch_all(const struct fetch *fetch, struct err *err)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    cleanup(oci_config_fini) struct oci_config config = {0};
    cleanup(freep) char *bytes = NULL, *config_bytes = NULL;
    size_t len = 0, config_len = 0;
    char digest[IMAGE_DIGEST_MAX];
    int rc = read_document(fetch, fetch->digest, &bytes, &len, err);

    if (rc == 0)
        rc = oci_parse_manifest(bytes, len, &manifest, err);
    if (rc == 0)
        rc = read_document(fetch, manifest.config.digest, &config_bytes, &config_len,
                           err);
    if (rc == 0)
        rc = oci_parse_config(config_bytes, config_len, &config, err);
    if (rc == 0)
        rc = fetch_layers(fetch, &manifest, &config, err);
    if (rc == 0)
        rc = store_put_blob(fetch->store, config_bytes, config_len, digest, err);
    if (rc == 0)
        rc = store_put_blob(fetch->store, bytes, len, digest, err);
    return rc;
}

__attribute__((visibility("default"))) int image_fetch(
    struct image_store *store, const char *digest, const char *name,
    const struct fetch_source *source, image_progress_fn *progress, void *ctx,
    struct err *err)
{
    const struct fetch fetch = {store, digest, source, progress, ctx};
    cleanup(closep) int lock = -1;
    cleanup(freep) char *full = NULL;
    mode_t mask;
    int rc = ref_normalise(name, &full, err);

    if (rc == 0 && !digest_is_valid(digest))
        rc = err_set(err, EINVAL, "%s is no digest", digest);
    if (rc == 0)
        rc = store_lock(store, LOCK_SH, &lock, err);
    if (rc < 0)
        return rc;
    mask = umask(022);
    rc = fetch_all(&fetch, err);
    if (rc == 0)
        rc = commit_name(store, lock, full, digest, err);
    (void)umask(mask);
    return rc;
}
