/* SPDX-License-Identifier: Apache-2.0
 *
 * import_docker.c - take an image out of a docker archive
 *
 * manifest.json names a configuration and layers; these have no digests of
 * their own, so they are checked against the configuration's diff ids, and the
 * configuration against its name where that is its digest. The manifest that
 * the store needs is made here.
 */
#include "image/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "image/commit.h"
#include "image/digest.h"
#include "image/docker.h"
#include "image/oci.h"
#include "image/paths.h"

static bool is_called(const struct docker_image *image, const char *want)
{
    strv_foreach (name, image->names)
        if (pick_is_called(*name, want))
            return true;
    return false;
}

static int say_choice(const struct docker_manifest *manifest, const char *pick,
                      struct err *err)
{
    struct strbuf names = STRBUF_INIT;
    int r;

    for (size_t i = 0; i < manifest->n; i++) {
        cleanup(freep) char *all = manifest->images[i].names
                                       ? strv_join(manifest->images[i].names, ", ")
                                       : xstrdup("(no name)");

        strbuf_printf(&names, "%s%s", i ? ", " : "", all);
    }
    if (pick)
        r = err_set(err, ENOENT, "holds no image '%.80s' (it holds %.200s)", pick,
                    names.s);
    else
        r = err_set(err, EINVAL,
                    "holds %zu images (%.200s): say which as "
                    "docker-archive:PATH:NAME, or import it under that name",
                    manifest->n, names.s);
    strbuf_fini(&names);
    return r;
}

static int choose(const struct importer *im, const struct docker_manifest *manifest,
                  const struct docker_image **ret, struct err *err)
{
    const char *want = im->pick ? im->pick : im->ref;

    for (size_t i = 0; i < manifest->n; i++)
        if (is_called(&manifest->images[i], want)) {
            *ret = &manifest->images[i];
            return 0;
        }
    if (im->pick || manifest->n > 1)
        return say_choice(manifest, im->pick, err);
    *ret = &manifest->images[0];
    return 0;
}

/* "<64 hex digits>.json", or a blob: then the name says what it must be. */
static int check_config(const char *name, const char *bytes, size_t len,
                        struct err *err)
{
    const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    cleanup(freep) char *said = xasprintf("sha256:%.*s", (int)strcspn(base, "."), base);
    char found[IMAGE_DIGEST_MAX];

    digest_of(bytes, len, found);
    if (digest_is_valid(said) && strcmp(said, found) != 0)
        return err_set(err, EBADMSG, "%s: digest does not match, found %s", name,
                       found);
    return 0;
}

/* Gzip, zstd or xz: layers in a docker archive mostly are plain tars. */
static bool is_plain(const struct bundle_file *file)
{
    unsigned char magic[4] = {0};

    return pread(file->fd, magic, sizeof(magic), lseek(file->fd, 0, SEEK_CUR)) == 4 &&
           memcmp(magic, "\x1f\x8b", 2) != 0 && memcmp(magic, "\x28\xb5\x2f\xfd", 4) &&
           memcmp(magic, "\xfd\x37\x7a\x58", 4) != 0;
}

static int unpack_layer(struct importer *im, const struct bundle *bundle,
                        const char *name, const char *diff_id, const char *what,
                        struct layer *ret, struct err *err)
{
    struct layer_source source = import_layer_source(im, what);
    struct bundle_file file;
    int r = bundle_open(bundle, name, &file, err);

    if (r < 0)
        return err_wrap(err, "%s", what);
    source.read = bundle_file_read;
    source.read_ctx = &file;
    source.total = file.size;
    source.diff_id = diff_id;
    /* A plain tar's digest is its diff id: then nothing need be read. */
    if (is_plain(&file) && layer_is_here(im->store, diff_id, diff_id)) {
        memcpy(ret->digest, diff_id, strlen(diff_id) + 1);
        memcpy(ret->diff_id, diff_id, strlen(diff_id) + 1);
        ret->size = file.size;
        ret->media_type = OCI_LAYER_TAR;
    } else {
        r = layer_unpack(im->store, &source, ret, err);
    }
    closep(&file.fd);
    if (r == 0)
        import_count(im, ret);
    return r;
}

static int unpack_layers(struct importer *im, const struct bundle *bundle,
                         const struct docker_image *image,
                         const struct oci_config *config, struct layer *layers,
                         struct err *err)
{
    size_t n = strv_len(image->layers);
    int r = oci_check_layers(n, config, err);

    for (size_t i = 0; i < n && r == 0; i++) {
        cleanup(freep) char *what = xasprintf("layer %zu/%zu", i + 1, n);

        r = unpack_layer(im, bundle, image->layers[i], config->diff_ids[i], what,
                         &layers[i], err);
    }
    return r < 0 ? r : layers_publish(im->store, layers, n, err);
}

static int import_image(struct importer *im, const struct bundle *bundle,
                        const struct docker_image *image, struct err *err)
{
    size_t n = strv_len(image->layers), len;
    cleanup(oci_config_fini) struct oci_config config = {0};
    cleanup(freep) struct layer *layers = xcalloc(n, sizeof(*layers));
    cleanup(freep) char *bytes = NULL;
    int r = bundle_read(bundle, image->config, BLOB_BYTES_MAX, &bytes, &len, err);

    if (r == 0)
        r = check_config(image->config, bytes, len, err);
    if (r == 0)
        r = oci_parse_config(bytes, len, &config, err);
    if (r == 0)
        r = import_check_platform(im, config.os, config.arch, err);
    if (r == 0)
        r = unpack_layers(im, bundle, image, &config, layers, err);
    if (r == 0)
        r = commit_documents(im->store, bytes, len, layers, n, im->taken.digest, err);
    for (size_t i = 0; i < n; i++)
        layer_fini(&layers[i]);
    return r;
}

int import_docker(struct importer *im, const struct bundle *bundle, struct err *err)
{
    cleanup(docker_manifest_fini) struct docker_manifest manifest = {0};
    const struct docker_image *image = NULL;
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int r = bundle_read(bundle, "manifest.json", BLOB_BYTES_MAX, &bytes, &len, err);

    if (r == 0)
        r = docker_parse_manifest(bytes, len, &manifest, err);
    if (r == 0)
        r = choose(im, &manifest, &image, err);
    return r < 0 ? r : import_image(im, bundle, image, err);
}
