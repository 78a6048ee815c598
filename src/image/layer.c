/* SPDX-License-Identifier: Apache-2.0
 *
 * layer.c - unpack beside, verify, rename into place
 */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/layer_stream.h"
#include "image/paths.h"
#include "image/unpack.h"

/* libarchive reads names in the locale's characters: whatever ours is, names
 * in images are UTF-8. */
static int unpack_utf8(struct archive *tar, const char *target,
                       struct unpack_totals *ret, struct err *err)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int r = unpack_archive(tar, target, ret, err);

    if (utf8) {
        (void)uselocale(before);
        freelocale(utf8);
    }
    return r;
}

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

static int put_in_place(const struct image_store *store, const char *tmp,
                        const struct layer *layer, uint64_t bytes, struct err *err)
{
    cleanup(freep) char *path = store_layer_path(store, layer->diff_id);
    cleanup(freep) char *note = store_layer_bytes_path(store, layer->diff_id);
    char text[32];
    int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", bytes);
    int r;

    if (store_has_layer(store, layer->diff_id))
        return 0;
    r = flush(tmp, err);
    if (r == 0)
        r = io_write_file_atomic(note, text, (size_t)len, 0644, err);
    if (r < 0)
        return r;
    if (rename(tmp, path) == 0 || errno == EEXIST || errno == ENOTEMPTY)
        return 0;
    return store_write_failed(store, errno, "a layer", err);
}

static int unpack_stream(const struct image_store *store,
                         const struct layer_source *source, const char *tmp,
                         struct layer *ret, struct err *err)
{
    cleanup(layer_stream_closep) struct layer_stream *stream = NULL;
    struct unpack_totals totals = {0};
    int r = layer_stream_open(source, &stream, err);

    if (r == 0)
        r = unpack_utf8(layer_stream_tar(stream), tmp, &totals, err);
    if (r == -ENOSPC || r == -EDQUOT)
        return store_write_failed(store, -r, source->what, err);
    if (r == 0)
        r = layer_stream_finish(stream, ret, err);
    if (r == 0)
        r = check_digests(source, ret, err);
    if (r == 0 && !source->diff_id)
        r = check_rootfs(tmp, err);
    if (r < 0)
        return r;
    ret->skipped = totals.skipped;
    return put_in_place(store, tmp, ret, totals.bytes, err);
}

int layer_import(struct image_store *store, const struct layer_source *source,
                 struct layer *ret, struct err *err)
{
    cleanup(freep) char *tmp = NULL;
    int r = store_make_tmp(store, &tmp, err);

    if (r < 0)
        return r;
    *ret = (struct layer){0};
    r = unpack_stream(store, source, tmp, ret, err);
    (void)io_remove_tree(tmp, NULL); /* gone already when it was renamed */
    return r < 0 ? err_wrap(err, "%s", source->what) : 0;
}
