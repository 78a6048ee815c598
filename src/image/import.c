/* SPDX-License-Identifier: Apache-2.0
 *
 * import.c - find out what a source is, take it in, give it its name
 *
 * Root file systems become images of one layer here; layouts are
 * import_layout.c's part.
 */
#include "image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/commit.h"
#include "image/layer.h"
#include "image/oci.h"
#include "image/paths.h"
#include "image/ref.h"
#include "image/rootfs_tar.h"

/* A config and a manifest for the one layer of a root file system. */
static int put_documents(struct importer *im, const struct layer *layer,
                         struct err *err)
{
    cleanup(freep) char *config = oci_make_config(layer->diff_id);

    return commit_documents(im->store, config, strlen(config), layer, 1, im->digest,
                            err);
}

static int import_stream(struct importer *im, int fd, uint64_t total, struct err *err)
{
    struct layer_source source = {
        .fd = fd,
        .what = "root file system",
        .total = total,
        .progress = im->progress,
        .ctx = im->ctx,
    };
    struct layer layer;
    int r = layer_import(im->store, &source, &layer, err);

    if (r < 0)
        return r;
    im->skipped = layer.skipped;
    return put_documents(im, &layer, err);
}

/* Importing the directory that holds the store would never end. */
static int check_outside(const struct importer *im, struct err *err)
{
    cleanup(freep) char *store = realpath(image_store_path(im->store), NULL);
    cleanup(freep) char *source = realpath(im->source, NULL);
    size_t len;

    if (!store || !source)
        return err_sys(err, errno, "%s", im->source);
    len = strlen(source);
    if (len > 1 && strncmp(store, source, len) == 0 &&
        (store[len] == '/' || store[len] == '\0'))
        return err_set(err, EINVAL, "%s contains the image store itself (%s)", source,
                       store);
    return 0;
}

static int import_directory(struct importer *im, struct err *err)
{
    struct rootfs_tar *tar;
    struct err pack = {0};
    int fd, r, packed;

    r = check_outside(im, err);
    if (r == 0)
        r = rootfs_tar_start(&im->source, 1, &tar, &fd, err);
    if (r < 0)
        return r;
    r = import_stream(im, fd, 0, err);
    (void)close(fd);
    packed = rootfs_tar_finish(tar, &pack);
    /* When packing stopped first, unpacking only saw an early end. */
    if (packed < 0 && pack.code != EIO)
        return err_set(err, pack.code, "%s", pack.text);
    return r;
}

static int import_file(struct importer *im, struct err *err)
{
    cleanup(closep) int fd = open(im->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", im->source);
    if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
        return err_set(err, EINVAL, "%s is neither an archive nor a directory",
                       im->source);
    if (fcntl(fd, F_SETFL, 0) < 0)
        return err_sys(err, errno, "%s", im->source);
    return import_stream(im, fd, (uint64_t)st.st_size, err);
}

static int import_source(struct importer *im, struct err *err)
{
    cleanup(freep) char *mark = xasprintf("%s/oci-layout", im->source);
    struct stat st;

    if (strcmp(im->source, "-") == 0)
        return import_stream(im, STDIN_FILENO, 0, err);
    if (stat(im->source, &st) < 0)
        return err_sys(err, errno, "%s", im->source);
    if (!S_ISDIR(st.st_mode))
        return import_file(im, err);
    if (access(mark, F_OK) == 0)
        return import_layout(im, err);
    return import_directory(im, err);
}

/* The one name that the module shows. */
__attribute__((visibility("default"))) int image_import(
    struct image_store *store, const char *source, const char *ref,
    image_progress_fn *progress, void *ctx, char ret_digest[IMAGE_DIGEST_MAX],
    uint64_t *ret_skipped, struct err *err)
{
    struct importer im = {
        .store = store, .source = source, .progress = progress, .ctx = ctx};
    cleanup(closep) int lock = -1;
    cleanup(freep) char *name = NULL;
    mode_t before;
    int r = ref_normalise(ref, &name, err);

    if (r == 0)
        r = store_lock(store, LOCK_SH, &lock, err);
    if (r < 0)
        return r;
    im.ref = name;
    /* Directories that an archive only implies are everybody's to read. */
    before = umask(022);
    r = import_source(&im, err);
    if (r == 0)
        r = commit_name(store, lock, im.ref, im.digest, err);
    (void)umask(before);
    if (r < 0)
        return r;
    memcpy(ret_digest, im.digest, sizeof(im.digest));
    if (ret_skipped)
        *ret_skipped = im.skipped;
    return 0;
}
