/* SPDX-License-Identifier: Apache-2.0
 *
 * import_layout.c - take an image out of an OCI layout, or of skopeo's dir:
 *
 * index.json names manifests; one is chosen, its config read, and each layer
 * that is not here yet unpacked. Every blob is checked against its descriptor.
 */
#include "image/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/oci.h"
#include "image/paths.h"

#define INDEX_DEPTH_MAX 3

struct layout {
    struct importer *im;
    const struct bundle *bundle;
    const char *blobs; /* what comes before a blob's hex digits */
};

static char *blob_name(const struct layout *l, const char *digest)
{
    return xasprintf("%s%s", l->blobs, digest_hex(digest));
}

/* A document of the layout, verified. */
static int read_blob(const struct layout *l, const struct oci_descriptor *d,
                     char **ret_bytes, size_t *ret_len, struct err *err)
{
    cleanup(freep) char *name = blob_name(l, d->digest);
    cleanup(freep) char *bytes = NULL;
    char found[IMAGE_DIGEST_MAX];
    int r;

    if (d->size > BLOB_BYTES_MAX)
        return err_set(err, EFBIG, "blob %s has more than %u bytes", d->digest,
                       BLOB_BYTES_MAX);
    r = bundle_read(l->bundle, name, BLOB_BYTES_MAX, &bytes, ret_len, err);
    if (r < 0)
        return r;
    if (*ret_len != d->size)
        return err_set(err, EBADMSG,
                       "blob %s has %zu bytes, its descriptor says %" PRIu64, d->digest,
                       *ret_len, d->size);
    digest_of(bytes, *ret_len, found);
    if (strcmp(found, d->digest) != 0)
        return err_set(err, EBADMSG, "blob %s: digest does not match, found %s",
                       d->digest, found);
    *ret_bytes = take(bytes);
    return 0;
}

/* Does the layout call this one so? */
static bool is_named(const struct oci_descriptor *d, const char *want)
{
    return (d->ref_name && pick_is_called(d->ref_name, want)) ||
           (d->image_name && pick_is_called(d->image_name, want));
}

static const char *name_of(const struct oci_descriptor *d)
{
    return d->image_name ? d->image_name
           : d->ref_name ? d->ref_name
           : d->arch     ? d->arch
                         : "(no name)";
}

static int none_or_many(const struct importer *im, const struct oci_index *index,
                        size_t n_fit, const char *pick, struct err *err)
{
    cleanup(freep) char *platform = platform_format(&im->platform);
    struct strbuf names = STRBUF_INIT;
    int r;

    for (size_t i = 0; i < index->n_manifests; i++)
        strbuf_printf(&names, "%s%.64s", names.len ? ", " : "",
                      name_of(&index->manifests[i]));
    if (pick)
        r = err_set(err, ENOENT, "holds no image '%.80s' for %s (it holds %.200s)",
                    pick, platform, names.s);
    else if (n_fit)
        r = err_set(err, EINVAL,
                    "holds %zu images (%.200s): give one of these names as the tag",
                    n_fit, names.s);
    else
        r = err_set(err, ENOENT, "holds no image for %s (%.200s)", platform, names.s);
    strbuf_fini(&names);
    return r;
}

/* The one that carries our name, else the only one for this platform. 'pick': the
 * name must fit. */
static int choose(const struct importer *im, const struct oci_index *index,
                  const char *pick, const struct oci_descriptor **ret, struct err *err)
{
    const struct oci_descriptor *fit = NULL;
    size_t n_fit = 0;

    for (size_t i = 0; i < index->n_manifests; i++) {
        const struct oci_descriptor *d = &index->manifests[i];

        if (!platform_fits(&im->platform, d->os, d->arch, d->variant))
            continue;
        if (is_named(d, pick ? pick : im->ref)) {
            *ret = d;
            return 0;
        }
        n_fit += !fit || strcmp(fit->digest, d->digest) != 0;
        fit = d;
    }
    if (pick || n_fit != 1)
        return none_or_many(im, index, n_fit, pick, err);
    *ret = fit;
    return 0;
}

/* Names are given to what index.json lists; deeper indexes differ in platforms. */
static int find_manifest(const struct layout *l, const char *bytes, size_t len,
                         int depth, char **ret_bytes, size_t *ret_len, struct err *err)
{
    const char *pick = depth ? NULL : l->im->pick;
    cleanup(freep) char *next = NULL;
    cleanup(oci_index_fini) struct oci_index index = {0};
    const struct oci_descriptor *d = NULL;
    size_t next_len = 0;
    int r = oci_parse_index(bytes, len, &index, err);

    if (r == 0)
        r = choose(l->im, &index, pick, &d, err);
    if (r == 0)
        r = read_blob(l, d, &next, &next_len, err);
    if (r < 0)
        return r;
    if (!oci_is_index(d)) {
        *ret_bytes = take(next);
        *ret_len = next_len;
        return 0;
    }
    if (depth == INDEX_DEPTH_MAX)
        return err_set(err, EINVAL, "indexes are nested too deep");
    return find_manifest(l, next, next_len, depth + 1, ret_bytes, ret_len, err);
}

static int unpack_layer(const struct layout *l, const struct oci_descriptor *d,
                        const char *diff_id, const char *what, struct layer *ret,
                        struct err *err)
{
    cleanup(freep) char *name = blob_name(l, d->digest);
    struct layer_source source = import_layer_source(l->im, what);
    struct bundle_file file;
    int r;

    if (layer_is_here(l->im->store, d->digest, diff_id))
        return 0;
    r = bundle_open(l->bundle, name, &file, err);
    if (r < 0)
        return err_wrap(err, "%s", what);
    source.read = bundle_file_read;
    source.read_ctx = &file;
    source.total = d->size;
    source.digest = d->digest;
    source.diff_id = diff_id;
    if (file.size != d->size)
        r = err_set(err, EBADMSG,
                    "%s: blob %s has %" PRIu64 " bytes, its descriptor says %" PRIu64,
                    what, d->digest, file.size, d->size);
    else
        r = layer_unpack(l->im->store, &source, ret, err);
    closep(&file.fd);
    if (r == 0)
        import_count(l->im, ret);
    return r;
}

static int import_layers(const struct layout *l, const struct oci_manifest *manifest,
                         const struct oci_config *config, struct err *err)
{
    size_t n = manifest->n_layers;
    cleanup(freep) struct layer *layers = xcalloc(n, sizeof(*layers));
    int r = oci_check_layers(n, config, err);

    for (size_t i = 0; i < n && r == 0; i++) {
        cleanup(freep) char *what = xasprintf("layer %zu/%zu", i + 1, n);

        r = unpack_layer(l, &manifest->layers[i], config->diff_ids[i], what, &layers[i],
                         err);
    }
    if (r == 0)
        r = layers_publish(l->im->store, layers, n, err);
    for (size_t i = 0; i < n; i++)
        layer_fini(&layers[i]);
    return r;
}

static int import_manifest(const struct layout *l, const char *bytes, size_t len,
                           struct err *err)
{
    struct importer *im = l->im;
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    cleanup(oci_config_fini) struct oci_config config = {0};
    cleanup(freep) char *config_bytes = NULL;
    char digest[IMAGE_DIGEST_MAX];
    size_t config_len = 0;
    int r = oci_parse_manifest(bytes, len, &manifest, err);

    if (r == 0)
        r = read_blob(l, &manifest.config, &config_bytes, &config_len, err);
    if (r == 0)
        r = oci_parse_config(config_bytes, config_len, &config, err);
    if (r == 0)
        r = import_check_platform(im, config.os, config.arch, err);
    if (r == 0)
        r = import_layers(l, &manifest, &config, err);
    if (r == 0)
        r = store_put_blob(im->store, config_bytes, config_len, digest, err);
    if (r == 0)
        r = store_put_blob(im->store, bytes, len, im->taken.digest, err);
    return r;
}

int import_layout(struct importer *im, const struct bundle *bundle, struct err *err)
{
    const struct layout l = {.im = im, .bundle = bundle, .blobs = "blobs/sha256/"};
    cleanup(freep) char *index = NULL, *manifest = NULL;
    size_t index_len, len;
    int r = bundle_read(bundle, "index.json", BLOB_BYTES_MAX, &index, &index_len, err);

    if (r < 0)
        return r;
    r = find_manifest(&l, index, index_len, 0, &manifest, &len, err);
    return r < 0 ? r : import_manifest(&l, manifest, len, err);
}

int import_skopeo_dir(struct importer *im, const struct bundle *bundle, struct err *err)
{
    const struct layout l = {.im = im, .bundle = bundle, .blobs = ""};
    cleanup(freep) char *manifest = NULL;
    size_t len;
    int r = bundle_read(bundle, "manifest.json", BLOB_BYTES_MAX, &manifest, &len, err);

    return r < 0 ? r : import_manifest(&l, manifest, len, err);
}
