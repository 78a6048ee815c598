/* SPDX-License-Identifier: Apache-2.0
 *
 * layer.c - unpack beside, verify, flush, rename into place
 */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/layer_stream.h"
#include "image/paths.h"
#include "image/unpack.h"

static int check_digests(const struct layer_source *source, const struct layer *layer,
                         struct err *err)
{
    if (source->digest && strcmp(source->digest, layer->digest) != 0)
        return err_set(err, EBADMSG, "digest does not match: expected %s, found %s",
                       source->digest, layer->digest);
    if (source->total && source->digest && source->total != layer->size)
        return err_set(err, EBADMSG,
                       "has %" PRIu64 " bytes, its descriptor says %" PRIu64,
                       layer->size, source->total);
    if (source->diff_id && strcmp(source->diff_id, layer->diff_id) != 0)
        return err_set(err, EBADMSG,
                       "unpacked content does not match: the config says %s, found %s",
                       source->diff_id, layer->diff_id);
    return 0;
}

/* A tar of an OCI layout or of 'docker save' unpacks well and runs nothing. */
static int check_rootfs(const char *dir, struct err *err)
{
    static const char *const marks[] = {"oci-layout", "manifest.json"};

    for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
        cleanup(freep) char *mark = xasprintf("%s/%s", dir, marks[i]);
        cleanup(freep) char *usr = xasprintf("%s/usr", dir);

        if (access(mark, F_OK) == 0 && access(usr, F_OK) < 0)
            return err_set(
                err, EINVAL,
                "this archive holds an image, not a root file system ('%s' is "
                "in it): unpack it and import the OCI layout directory",
                marks[i]);
    }
    return 0;
}

/* On disk before it appears: a crash must not leave a whole name for half a
 * layer. */
static int flush(const char *dir, struct err *err)
{
    cleanup(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || syncfs(fd) < 0)
        return err_sys(err, errno, "cannot flush %s", dir);
    return 0;
}

/* For layer_bytes; a note without its layer does no harm. */
static int write_note(const struct image_store *store, const struct layer *layer,
                      struct err *err)
{
    cleanup(freep) char *path = store_layer_bytes_path(store, layer->diff_id);
    cleanup(closep) int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    char text[32];
    int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", layer->bytes);
    int r = fd < 0 ? -errno : io_write_full(fd, text, (size_t)len);

    return r < 0 ? store_write_failed(store, -r, "a layer's size", err) : 0;
}

static int publish(const struct image_store *store, struct layer *layer,
                   struct err *err)
{
    cleanup(freep) char *blob = store_blob_path(store, layer->digest);
    cleanup(freep) char *tree = store_layer_path(store, layer->diff_id);

    if (layer->archive) {
        if (rename(layer->archive, blob) < 0)
            return store_write_failed(store, errno, "a layer's archive", err);
        str_replace(&layer->archive, NULL);
    }
    if (!layer->tree || store_has_layer(store, layer->diff_id))
        return 0;
    if (rename(layer->tree, tree) == 0) {
        str_replace(&layer->tree, NULL);
        return 0;
    }
    return errno == EEXIST || errno == ENOTEMPTY
               ? 0
               : store_write_failed(store, errno, "a layer", err);
}

int layers_publish(struct image_store *store, struct layer *layers, size_t n,
                   struct err *err)
{
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++)
        if (layers[i].tree)
            r = write_note(store, &layers[i], err);
    if (r == 0 && n)
        r = flush(store->path, err);
    for (size_t i = 0; i < n && r == 0; i++)
        r = publish(store, &layers[i], err);
    return r;
}

void layer_fini(struct layer *layer)
{
    if (layer->tree)
        (void)io_remove_tree(layer->tree, NULL);
    if (layer->archive)
        (void)unlink(layer->archive);
    free(layer->tree);
    free(layer->archive);
    layer->tree = layer->archive = NULL;
}

static int unpack_stream(const struct image_store *store,
                         const struct layer_source *source, int keep, struct layer *ret,
                         struct err *err)
{
    cleanup(layer_stream_closep) struct layer_stream *stream = NULL;
    struct unpack_totals totals = {0};
    int r = layer_stream_open(source, keep, &stream, err);

    if (r == 0)
        r = unpack_archive(layer_stream_tar(stream), ret->tree, &totals, err);
    if (r == 0)
        r = layer_stream_finish(stream, ret, err);
    if (r < 0 && stream)
        r = layer_stream_failure(stream, r, err);
    if (r == -ENOSPC || r == -EDQUOT)
        return store_write_failed(store, -r, source->what, err);
    if (r == 0)
        r = check_digests(source, ret, err);
    if (r == 0 && !source->diff_id)
        r = check_rootfs(ret->tree, err);
    ret->skipped = totals.skipped;
    ret->attributes = totals.attributes;
    ret->set_ids = totals.set_ids;
    ret->bytes = totals.bytes;
    return r;
}

int layer_unpack(struct image_store *store, const struct layer_source *source,
                 struct layer *ret, struct err *err)
{
    cleanup(closep) int keep = -1;
    int r = store_make_tmp(store, &ret->tree, err);

    if (r == 0 && store->keep_archives && !source->is_stored)
        r = store_make_tmp_file(store, &ret->archive, &keep, err);
    if (r == 0)
        r = unpack_stream(store, source, keep, ret, err);
    return r < 0 ? err_wrap(err, "%s", source->what) : 0;
}

int layer_import(struct image_store *store, const struct layer_source *source,
                 struct layer *ret, struct err *err)
{
    int r;

    *ret = (struct layer){0};
    r = layer_unpack(store, source, ret, err);
    if (r == 0)
        r = layers_publish(store, ret, 1, err);
    layer_fini(ret);
    return r;
}

bool layer_is_here(const struct image_store *store, const char *digest,
                   const char *diff_id)
{
    return store_has_layer(store, diff_id) &&
           (!store->keep_archives || store_has_blob(store, digest));
}
