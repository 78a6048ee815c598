/* SPDX-License-Identifier: Apache-2.0
 *
 * import.h - what the ways of taking an image in share
 */
#ifndef BERTH_IMAGE_IMPORT_H
#define BERTH_IMAGE_IMPORT_H

#include "image/bundle.h"
#include "image/layer.h"
#include "image/pick.h"
#include "image/store.h"

struct importer {
    struct image_store *store;
    const char *source; /* a path, without what said its kind */
    const char *ref;    /* full name that the image gets */
    const char *pick;   /* which image of the source; NULL: not said */
    struct platform platform;
    image_progress_fn *progress;
    void *ctx;
    struct image_taken taken; /* the result */
};

/* The importer's side of a layer: words, progress; its result counted. */
struct layer_source import_layer_source(const struct importer *im, const char *what);
void import_count(struct importer *im, const struct layer *layer);

/* A root file system's tar, from 'source', becomes an image of one layer.
 * 'config' (JSON with the layer's diff id) is made by the caller's function. */
typedef char *import_config_fn(const char *diff_id, void *ctx);
int import_rootfs(struct importer *im, struct layer_source source,
                  import_config_fn *make_config, void *ctx, struct err *err);
/* For a root file system that comes with nothing else; 'ctx' is not looked at. */
char *import_plain_config(const char *diff_id, void *ctx);

/* Layers, config and manifest out of a bundle: an OCI layout, what skopeo's dir:
 * is, a docker archive. */
int import_layout(struct importer *im, const struct bundle *bundle, struct err *err);
int import_skopeo_dir(struct importer *im, const struct bundle *bundle,
                      struct err *err);
int import_docker(struct importer *im, const struct bundle *bundle, struct err *err);

/* Out of a file: a squashfs, a SIF file. 'head' is its beginning. */
int import_squashfs(struct importer *im, int fd, struct err *err);
int import_sif(struct importer *im, int fd, const void *head, size_t len,
               uint64_t file_size, struct err *err);

/* Anything that is a stream: a tar of a root file system, or an archive of any
 * kind, which is written down first when it cannot be read in place. */
int import_stream(struct importer *im, int fd, uint64_t size, struct err *err);

/* Does the image's config suit the platform that was asked for? */
int import_check_platform(const struct importer *im, const char *os, const char *arch,
                          struct err *err);

#endif
