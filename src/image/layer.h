/* SPDX-License-Identifier: Apache-2.0
 *
 * layer.h - a layer's archive, plain or compressed, into layers/<diff id>
 */
#ifndef BERTH_IMAGE_LAYER_H
#define BERTH_IMAGE_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "image/store.h"

/* What to read and what it must be. */
struct layer_source {
    int fd;              /* read to its end */
    const char *what;    /* for progress and words: "layer 2/3" */
    uint64_t total;      /* bytes to come, for progress; 0: unknown */
    const char *digest;  /* expected of the bytes in 'fd'; NULL: any */
    const char *diff_id; /* expected of the tar inside; NULL: any */
    image_progress_fn *progress;
    void *ctx;
};

/* What it was. */
struct layer {
    char digest[IMAGE_DIGEST_MAX]; /* of the bytes read */
    uint64_t size;                 /* of them */
    char diff_id[IMAGE_DIGEST_MAX];
    const char *media_type;
    uint64_t skipped; /* devices, fifos, sockets */
};

/* Unpack into the store, whole or not at all. A layer that is there already is
 * read and checked all the same. */
int layer_import(struct image_store *store, const struct layer_source *source,
                 struct layer *ret, struct err *err);

#endif
