/* SPDX-License-Identifier: Apache-2.0
 *
 * layer.h - a layer's archive, plain or compressed, into layers/<diff id>
 *
 * In two halves, so that an image's layers are unpacked at the same time and
 * flushed to disk once: layer_unpack makes a layer in tmp/, layers_publish shows
 * those that are whole. The archive is kept as blobs/sha256/<digest>, byte by byte
 * as it came, when the store keeps archives.
 */
#ifndef BERTH_IMAGE_LAYER_H
#define BERTH_IMAGE_LAYER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "image/store.h"

/* What to read and what it must be. */
struct layer_source {
    int fd; /* read to its end, unless there is 'read' */
    /* The next bytes, at most 'len'; 0 at the end, or -Exxx with words. */
    ssize_t (*read)(void *read_ctx, void *bytes, size_t len, struct err *err);
    void *read_ctx;
    const char *what;    /* for progress and words: "layer 2/3" */
    uint64_t total;      /* bytes to come, for progress; 0: unknown */
    const char *digest;  /* expected of the bytes read; NULL: any */
    const char *diff_id; /* expected of the tar inside; NULL: any */
    bool is_stored;      /* the archive is in the store already: make no copy */
    image_progress_fn *progress;
    void *ctx;
};

/* What it was. */
struct layer {
    char digest[IMAGE_DIGEST_MAX]; /* of the bytes read */
    uint64_t size;                 /* of them */
    char diff_id[IMAGE_DIGEST_MAX];
    const char *media_type;
    uint64_t skipped;    /* devices, fifos, sockets */
    uint64_t attributes; /* left behind */
    uint64_t set_ids;    /* files that lost set-id bits */
    uint64_t bytes;      /* unpacked */
    char *tree;          /* in tmp/, until it is published */
    char *archive;       /* the same; NULL: none to keep */
};
/* Remove what is still in tmp/. */
void layer_fini(struct layer *layer);

/* Unpack and verify into tmp/. '*ret' starts all zero and goes with layer_fini,
 * also after a failure. May run in several threads at once. */
int layer_unpack(struct image_store *store, const struct layer_source *source,
                 struct layer *ret, struct err *err);

/* Flush, then show each of them: archives first, so that a layer that is there has
 * its archive. One that is there already stays as it is. */
int layers_publish(struct image_store *store, struct layer *layers, size_t n,
                   struct err *err);

/* Both halves for one layer. One that is there already is read and checked all the
 * same. */
int layer_import(struct image_store *store, const struct layer_source *source,
                 struct layer *ret, struct err *err);

/* Is there nothing left to do for this layer: unpacked, and its archive kept if
 * archives are? */
bool layer_is_here(const struct image_store *store, const char *digest,
                   const char *diff_id);

#endif
