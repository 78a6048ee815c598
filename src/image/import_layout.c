/* SPDX-License-Identifier: Apache-2.0
 *
 * import_layout.c - take an image out of an OCI layout directory
 *
 * index.json names manifests; one is chosen, its config read, and each layer
 * that is not here yet unpacked. Every blob is checked against its descriptor.
 */
#include "image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/layer.h"
#include "image/oci.h"
#include "image/paths.h"
#include "image/ref.h"

#define INDEX_DEPTH_MAX 3

static char *layout_blob(const struct importer *im, const char *digest)
{
    return xasprintf("%s/blobs/sha256/%s", im->source, digest_hex(digest));
}

/* A document of the layout, verified. */
static int read_blob(const struct importer *im, const struct oci_descriptor *d,
                     char **ret_bytes, size_t *ret_len, struct err *err)
{
    cleanup(freep) char *path = layout_blob(im, d->digest);
    cleanup(freep) char *bytes = NULL;
    char found[IMAGE_DIGEST_MAX];
    int r;

    if (d->size > BLOB_BYTES_MAX)
        return err_set(err, EFBIG, "blob %s has more than %u bytes", d->digest,
                       BLOB_BYTES_MAX);
    r = io_read_file(path, BLOB_BYTES_MAX, &bytes, ret_len, err);
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

static bool runs_here(const struct oci_descriptor *d)
{
    return (!d->os || strcmp(d->os, "linux") == 0) &&
           (!d->arch || strcmp(d->arch, oci_machine()) == 0);
}

/* Does the layout call this one as we are to call it? */
static bool is_named(const struct oci_descriptor *d, const char *ref)
{
    return d->ref_name &&
           (strcmp(d->ref_name, ref) == 0 || strcmp(d->ref_name, ref_tag(ref)) == 0);
}

static int none_or_many(const struct importer *im, const struct oci_index *index,
                        size_t n_fit, struct err *err)
{
    struct strbuf names = STRBUF_INIT;
    int r;

    for (size_t i = 0; i < index->n_manifests; i++) {
        const struct oci_descriptor *d = &index->manifests[i];

        strbuf_printf(&names, "%s%.64s", names.len ? ", " : "",
                      d->ref_name ? d->ref_name
                      : d->arch   ? d->arch
                                  : "(no name)");
    }
    if (n_fit)
        r = err_set(err, EINVAL,
                    "%s holds %zu images (%.200s): give one of these names as the tag",
                    im->source, n_fit, names.s);
    else
        r = err_set(err, ENOENT, "%s holds no image for linux/%s (%.200s)", im->source,
                    oci_machine(), names.s);
    strbuf_fini(&names);
    return r;
}

/* The one that carries our name, else the only one that runs on this machine. */
static int choose(const struct importer *im, const struct oci_index *index,
                  const struct oci_descriptor **ret, struct err *err)
{
    const struct oci_descriptor *fit = NULL;
    size_t n_fit = 0;

    for (size_t i = 0; i < index->n_manifests; i++) {
        const struct oci_descriptor *d = &index->manifests[i];

        if (!runs_here(d))
            continue;
        if (is_named(d, im->ref)) {
            *ret = d;
            return 0;
        }
        n_fit += !fit || strcmp(fit->digest, d->digest) != 0;
        fit = d;
    }
    if (n_fit != 1)
        return none_or_many(im, index, n_fit, err);
    *ret = fit;
    return 0;
}

static int find_manifest(struct importer *im, const char *bytes, size_t len, int depth,
                         char **ret_bytes, size_t *ret_len, struct err *err)
{
    cleanup(freep) char *next = NULL;
    cleanup(oci_index_fini) struct oci_index index = {0};
    const struct oci_descriptor *d = NULL;
    size_t next_len = 0;
    int r = oci_parse_index(bytes, len, &index, err);

    if (r == 0)
        r = choose(im, &index, &d, err);
    if (r == 0)
        r = read_blob(im, d, &next, &next_len, err);
    if (r < 0)
        return r;
    if (!oci_is_index(d)) {
        *ret_bytes = take(next);
        *ret_len = next_len;
        return 0;
    }
    if (depth == INDEX_DEPTH_MAX)
        return err_set(err, EINVAL, "indexes are nested too deep");
    return find_manifest(im, next, next_len, depth + 1, ret_bytes, ret_len, err);
}

static int check_platform(const struct oci_config *config, struct err *err)
{
    if (config->os && *config->os && strcmp(config->os, "linux") != 0)
        return err_set(err, EINVAL, "the image is for %.32s, not linux", config->os);
    if (config->arch && *config->arch && strcmp(config->arch, oci_machine()) != 0)
        return err_set(err, EINVAL, "the image is for %.32s, this machine is %s",
                       config->arch, oci_machine());
    return 0;
}

static int unpack_layer(struct importer *im, const struct oci_descriptor *d,
                        const char *diff_id, const char *what, struct layer *ret,
                        struct err *err)
{
    cleanup(freep) char *path = layout_blob(im, d->digest);
    cleanup(closep) int fd = -1;
    struct layer_source source = {
        .what = what,
        .total = d->size,
        .digest = d->digest,
        .diff_id = diff_id,
        .progress = im->progress,
        .ctx = im->ctx,
    };
    struct stat st;
    int r;

    if (layer_is_here(im->store, d->digest, diff_id))
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s: %s", what, path);
    if ((uint64_t)st.st_size != d->size)
        return err_set(err, EBADMSG,
                       "%s: blob %s has %" PRIu64
                       " bytes, its descriptor says %" PRIu64,
                       what, d->digest, (uint64_t)st.st_size, d->size);
    source.fd = fd;
    r = layer_unpack(im->store, &source, ret, err);
    if (r == 0)
        im->skipped += ret->skipped;
    return r;
}

static int import_layers(struct importer *im, const struct oci_manifest *manifest,
                         const struct oci_config *config, struct err *err)
{
    size_t n = strv_len(config->diff_ids);
    cleanup(freep) struct layer *layers = xcalloc(n, sizeof(*layers));
    int r = 0;

    if (n != manifest->n_layers)
        return err_set(err, EINVAL, "the manifest has %zu layers, the config %zu",
                       manifest->n_layers, n);
    for (size_t i = 0; i < n && r == 0; i++) {
        cleanup(freep) char *what = xasprintf("layer %zu/%zu", i + 1, n);

        r = unpack_layer(im, &manifest->layers[i], config->diff_ids[i], what,
                         &layers[i], err);
    }
    if (r == 0)
        r = layers_publish(im->store, layers, n, err);
    for (size_t i = 0; i < n; i++)
        layer_fini(&layers[i]);
    return r;
}

static int import_manifest(struct importer *im, const char *bytes, size_t len,
                           struct err *err)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    cleanup(oci_config_fini) struct oci_config config = {0};
    cleanup(freep) char *config_bytes = NULL;
    char digest[IMAGE_DIGEST_MAX];
    size_t config_len = 0;
    int r = oci_parse_manifest(bytes, len, &manifest, err);

    if (r == 0)
        r = read_blob(im, &manifest.config, &config_bytes, &config_len, err);
    if (r == 0)
        r = oci_parse_config(config_bytes, config_len, &config, err);
    if (r == 0)
        r = check_platform(&config, err);
    if (r == 0)
        r = import_layers(im, &manifest, &config, err);
    if (r == 0)
        r = store_put_blob(im->store, config_bytes, config_len, digest, err);
    if (r == 0)
        r = store_put_blob(im->store, bytes, len, im->digest, err);
    return r;
}

int import_layout(struct importer *im, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/index.json", im->source);
    cleanup(freep) char *index = NULL, *manifest = NULL;
    size_t index_len, len;
    int r = io_read_file(path, BLOB_BYTES_MAX, &index, &index_len, err);

    if (r < 0)
        return r;
    r = find_manifest(im, index, index_len, 0, &manifest, &len, err);
    if (r == 0)
        r = import_manifest(im, manifest, len, err);
    return r < 0 ? err_wrap(err, "%s", im->source) : 0;
}
