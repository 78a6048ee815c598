/* SPDX-License-Identifier: Apache-2.0
 *
 * export_bundle.c - an image as an OCI layout or a docker archive
 *
 * A layout has the documents and archives as they came, so digests stay. In a
 * docker archive layers are plain tars, as its readers of all ages expect; they
 * are unpacked twice, since a tar says sizes first.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/export.h"

static int read_fd(void *ctx, void *bytes, size_t len)
{
    return io_read_full(*(int *)ctx, bytes, len);
}

/* Open a layer's archive. */
static int open_layer(const struct exported *x, size_t layer, int *ret_fd,
                      struct err *err)
{
    const struct oci_descriptor *d = &x->manifest.layers[layer];
    cleanup(freep) char *path = store_blob_path(x->store, d->digest);
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return err_set(err, ENOENT,
                       "the archive of layer %zu is not kept: import or pull the "
                       "image again, or export it as tar, dir or squashfs",
                       layer + 1);
    if (fd < 0 && errno == EACCES)
        return err_set(err, EACCES,
                       "layers' archives are for the owner of %s alone to read: "
                       "export it as tar, dir or squashfs",
                       x->store->path);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", path);
    if ((uint64_t)st.st_size != d->size)
        return err_set(err, EBADMSG, "%s is damaged: 'berth image verify' says more",
                       path);
    *ret_fd = take_fd(fd);
    return 0;
}

static int put_blob(struct sink *sink, const char *digest, const char *text,
                    struct err *err)
{
    cleanup(freep) char *name = xasprintf("blobs/sha256/%s", digest_hex(digest));

    return sink_put(sink, name, text, strlen(text), err);
}

static int put_layer(const struct exported *x, struct sink *sink, size_t i,
                     struct err *err)
{
    const struct oci_descriptor *d = &x->manifest.layers[i];
    cleanup(freep) char *name = xasprintf("blobs/sha256/%s", digest_hex(d->digest));
    cleanup(closep) int fd = -1;
    int r;

    for (size_t k = 0; k < i; k++)
        if (strcmp(x->manifest.layers[k].digest, d->digest) == 0)
            return 0;
    r = open_layer(x, i, &fd, err);
    return r < 0 ? r : sink_put_from(sink, name, d->size, read_fd, &fd, err);
}

/* The manifest says what it is, or its config does. */
static const char *manifest_type(const json_t *manifest)
{
    const char *own = json_string_value(json_object_get(manifest, "mediaType"));
    const char *config = json_string_value(
        json_object_get(json_object_get(manifest, "config"), "mediaType"));

    if (own)
        return own;
    return config && strstr(config, "docker")
               ? "application/vnd.docker.distribution.manifest.v2+json"
               : "application/vnd.oci.image.manifest.v1+json";
}

static int put_index(const struct exported *x, struct sink *sink, struct err *err)
{
    json_t *manifest = json_loads(x->manifest_text, 0, NULL);
    json_t *index =
        json_pack("{s:i, s:s, s:[{s:s, s:s, s:I, s:{s:s}}]}", "schemaVersion", 2,
                  "mediaType", "application/vnd.oci.image.index.v1+json", "manifests",
                  "mediaType", manifest_type(manifest), "digest", x->image->digest,
                  "size", (json_int_t)strlen(x->manifest_text), "annotations",
                  "org.opencontainers.image.ref.name", x->name);
    cleanup(freep) char *text = json_dumps(index, JSON_COMPACT);

    json_decref(manifest);
    json_decref(index);
    return sink_put(sink, "index.json", text, strlen(text), err);
}

int export_layout(const struct exported *x, struct sink *sink, struct err *err)
{
    static const char mark[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    int r = sink_put(sink, "oci-layout", mark, strlen(mark), err);

    if (r == 0)
        r = put_index(x, sink, err);
    if (r == 0)
        r = sink_put_dir(sink, "blobs", err);
    if (r == 0)
        r = sink_put_dir(sink, "blobs/sha256", err);
    if (r == 0)
        r = put_blob(sink, x->image->digest, x->manifest_text, err);
    if (r == 0)
        r = put_blob(sink, x->manifest.config.digest, x->config_text, err);
    for (size_t i = 0; i < x->manifest.n_layers && r == 0; i++)
        r = put_layer(x, sink, i, err);
    return r < 0 ? r : sink_end(sink, err);
}

/* A layer's archive without its compression. */
struct plain {
    struct archive *archive;
    const char *at; /* what is left of the last block */
    size_t left;
};

static void plain_fini(struct plain *plain)
{
    if (plain->archive)
        (void)archive_read_free(plain->archive);
}

static int plain_open(struct plain *plain, int fd, struct err *err)
{
    struct archive_entry *entry;

    plain->archive = archive_read_new();
    if (!plain->archive)
        return err_set(err, ENOMEM, "out of memory");
    (void)archive_read_support_filter_gzip(plain->archive);
    (void)archive_read_support_filter_zstd(plain->archive);
    (void)archive_read_support_filter_xz(plain->archive);
    (void)archive_read_support_format_raw(plain->archive);
    if (archive_read_open_fd(plain->archive, fd, 256 << 10) != ARCHIVE_OK ||
        archive_read_next_header(plain->archive, &entry) != ARCHIVE_OK)
        return err_set(err, EBADMSG, "cannot read a layer's archive: %s",
                       archive_error_string(plain->archive));
    return 0;
}

/* 1 when there is more, 0 at the end. */
static int plain_next(struct plain *plain)
{
    const void *bytes;
    la_int64_t at;
    int r = archive_read_data_block(plain->archive, &bytes, &plain->left, &at);

    plain->at = bytes;
    return r == ARCHIVE_OK ? 1 : r == ARCHIVE_EOF ? 0 : -EBADMSG;
}

static int plain_read(void *ctx, void *bytes, size_t len)
{
    struct plain *plain = ctx;
    char *to = bytes;

    while (len) {
        size_t n = plain->left < len ? plain->left : len;

        memcpy(to, plain->at, n);
        plain->at += n;
        plain->left -= n;
        to += n;
        len -= n;
        if (len && plain_next(plain) <= 0)
            return -EBADMSG;
    }
    return 0;
}

/* The first time through: how long it is, and is it what it should be? */
static int measure(int fd, const char *diff_id, uint64_t *ret_size, struct err *err)
{
    cleanup(plain_fini) struct plain plain = {0};
    char found[IMAGE_DIGEST_MAX];
    struct digest_state state;
    uint64_t size = 0;
    int r = plain_open(&plain, fd, err);

    if (r < 0)
        return r;
    digest_start(&state);
    while ((r = plain_next(&plain)) > 0) {
        digest_add(&state, plain.at, plain.left);
        size += plain.left;
    }
    digest_end(&state, found);
    if (r < 0 || strcmp(found, diff_id) != 0)
        return err_set(err, EBADMSG, "the archive of layer %s is damaged", diff_id);
    *ret_size = size;
    return 0;
}

static int put_plain_layer(const struct exported *x, struct sink *sink, size_t i,
                           struct err *err)
{
    const char *diff_id = x->config.diff_ids[i];
    cleanup(freep) char *name = xasprintf("%s.tar", digest_hex(diff_id));
    cleanup(plain_fini) struct plain plain = {0};
    cleanup(closep) int fd = -1;
    uint64_t size = 0;
    int r;

    for (size_t k = 0; k < i; k++)
        if (strcmp(x->config.diff_ids[k], diff_id) == 0)
            return 0;
    r = open_layer(x, i, &fd, err);
    if (r == 0)
        r = measure(fd, diff_id, &size, err);
    if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
        r = err_sys(err, errno, "cannot read a layer's archive");
    if (r == 0)
        r = plain_open(&plain, fd, err);
    return r < 0 ? r : sink_put_from(sink, name, size, plain_read, &plain, err);
}

static char *docker_manifest(const struct exported *x, const char *config)
{
    json_t *layers = json_array(), *list;
    char *text;

    strv_foreach (id, x->config.diff_ids)
        (void)json_array_append_new(layers, json_sprintf("%s.tar", digest_hex(*id)));
    list = json_pack("[{s:s, s:[s], s:o}]", "Config", config, "RepoTags", x->name,
                     "Layers", layers);
    text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}

int export_docker(const struct exported *x, struct sink *sink, struct err *err)
{
    cleanup(freep) char *config =
        xasprintf("%s.json", digest_hex(x->manifest.config.digest));
    cleanup(freep) char *manifest = docker_manifest(x, config);
    int r = sink_put(sink, "manifest.json", manifest, strlen(manifest), err);

    if (r == 0)
        r = sink_put(sink, config, x->config_text, strlen(x->config_text), err);
    for (size_t i = 0; i < x->manifest.n_layers && r == 0; i++)
        r = put_plain_layer(x, sink, i, err);
    return r < 0 ? r : sink_end(sink, err);
}
