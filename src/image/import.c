/* SPDX-License-Identifier: Apache-2.0
 *
 * import.c - find out what a source is, take it in, give it its name
 *
 * Root file systems become images of one layer here; what holds an image
 * already is the part of import_layout.c, import_docker.c, import_squashfs.c.
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
#include "image/oci.h"
#include "image/paths.h"
#include "image/ref.h"
#include "image/rootfs_tar.h"
#include "image/sif.h"
#include "image/source.h"
#include "image/squashfs.h"

struct layer_source import_layer_source(const struct importer *im, const char *what)
{
    return (struct layer_source){
        .fd = -1, .what = what, .progress = im->progress, .ctx = im->ctx};
}

void import_count(struct importer *im, const struct layer *layer)
{
    im->taken.skipped += layer->skipped;
    im->taken.attributes += layer->attributes;
    im->taken.set_ids += layer->set_ids;
}

int import_check_platform(const struct importer *im, const char *os, const char *arch,
                          struct err *err)
{
    const struct platform here = platform_here();
    cleanup(freep) char *want = platform_format(&im->platform);

    if (platform_fits(&im->platform, os, arch, NULL))
        return 0;
    if (!platform_fits(&im->platform, os, NULL, NULL))
        return err_set(err, EINVAL, "the image is for %.32s, not %s", os,
                       im->platform.os);
    if (strcmp(im->platform.arch, here.arch) == 0)
        return err_set(err, EINVAL, "the image is for %.32s, this machine is %s", arch,
                       here.arch);
    return err_set(err, EINVAL, "the image is for %.32s, not %s", arch, want);
}

char *import_plain_config(const char *diff_id, void *ctx)
{
    (void)ctx;
    return oci_make_config(diff_id);
}

int import_rootfs(struct importer *im, struct layer_source source,
                  import_config_fn *make_config, void *ctx, struct err *err)
{
    cleanup(freep) char *config = NULL;
    struct layer layer;
    int r = layer_import(im->store, &source, &layer, err);

    if (r < 0)
        return r;
    import_count(im, &layer);
    config = make_config(layer.diff_id, ctx);
    return commit_documents(im->store, config, strlen(config), &layer, 1,
                            im->taken.digest, err);
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
        return err_set(err, EINVAL, "%s contains the image store itself (%s)",
                       im->source, store);
    return 0;
}

static int import_tree(struct importer *im, struct err *err)
{
    struct layer_source source = import_layer_source(im, "root file system");
    struct rootfs_tar *tar;
    struct err pack = {0};
    int r, packed;

    r = check_outside(im, err);
    if (r == 0)
        r = rootfs_tar_start(&im->source, 1, &tar, &source.fd, err);
    if (r < 0)
        return r;
    r = import_rootfs(im, source, import_plain_config, NULL, err);
    (void)close(source.fd);
    packed = rootfs_tar_finish(tar, &pack);
    /* When packing stopped first, unpacking only saw an early end. */
    if (packed < 0 && pack.code != EIO)
        return err_set(err, pack.code, "%s", pack.text);
    return r;
}

static int import_bundle(struct importer *im, enum source_kind kind, struct err *err)
{
    cleanup(bundle_closep) struct bundle *bundle = NULL;
    int dir = open(im->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r;

    if (dir < 0)
        return err_sys(err, errno, "%s", im->source);
    bundle = bundle_of_dir(dir);
    r = kind == SOURCE_OCI_LAYOUT ? import_layout(im, bundle, err)
                                  : import_skopeo_dir(im, bundle, err);
    return r < 0 ? err_wrap(err, "%s", im->source) : 0;
}

/* SIF and squashfs are known by their first bytes; all else is some tar. */
static int import_open_file(struct importer *im, int fd, const struct stat *st,
                            struct err *err)
{
    cleanup(freep) char *head = S_ISREG(st->st_mode) ? xcalloc(1, SIF_HEAD_MAX) : NULL;
    ssize_t len = head ? pread(fd, head, SIF_HEAD_MAX, 0) : 0;

    if (len < 0)
        return err_sys(err, errno, "cannot read");
    if (squashfs_is_one(head, (size_t)len))
        return import_squashfs(im, fd, err);
    if (sif_is_one(head, (size_t)len))
        return import_sif(im, fd, head, (size_t)len, (uint64_t)st->st_size, err);
    return import_stream(im, fd, (uint64_t)st->st_size, err);
}

static int import_file(struct importer *im, struct err *err)
{
    cleanup(closep) int fd = open(im->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int r;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", im->source);
    if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
        return err_set(err, EINVAL, "%s is neither an archive nor a directory",
                       im->source);
    if (fcntl(fd, F_SETFL, 0) < 0)
        return err_sys(err, errno, "%s", im->source);
    r = import_open_file(im, fd, &st, err);
    return r < 0 ? err_wrap(err, "%s", im->source) : 0;
}

static int import_source(struct importer *im, enum source_kind kind, struct err *err)
{
    switch (kind) {
    case SOURCE_STDIN:
        return import_stream(im, STDIN_FILENO, 0, err);
    case SOURCE_OCI_LAYOUT:
    case SOURCE_SKOPEO_DIR:
        return import_bundle(im, kind, err);
    case SOURCE_TREE:
        return import_tree(im, err);
    case SOURCE_FILE:
        break;
    }
    return import_file(im, err);
}

static int take_in(struct importer *im, const struct source *source, int lock,
                   struct err *err)
{
    /* Directories that an archive only implies are everybody's to read. */
    mode_t before = umask(022);
    int r = import_source(im, source->kind, err);

    if (r == 0)
        r = commit_name(im->store, lock, im->ref, im->taken.digest, err);
    (void)umask(before);
    return r;
}

/* The one name that the module shows. */
__attribute__((visibility("default"))) int image_import(
    struct image_store *store, const struct image_import_request *request,
    struct image_taken *ret, struct err *err)
{
    cleanup(source_fini) struct source source = {0};
    cleanup(closep) int lock = -1;
    cleanup(freep) char *name = NULL;
    struct importer im = {.store = store,
                          .platform = platform_here(),
                          .progress = request->progress,
                          .ctx = request->ctx};
    int r = ref_normalise(request->ref, &name, err);

    if (r == 0 && request->platform)
        r = platform_parse(request->platform, &im.platform, err);
    if (r == 0)
        r = source_find(request->source, &source, err);
    if (r == 0)
        r = store_lock(store, LOCK_SH, &lock, err);
    if (r < 0)
        return r;
    im.source = source.path;
    im.pick = source.pick;
    im.ref = name;
    r = take_in(&im, &source, lock, err);
    if (r == 0)
        *ret = im.taken;
    return r;
}
