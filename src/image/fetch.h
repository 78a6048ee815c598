/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch.h - an image from somewhere that has its blobs, into a store
 */
#ifndef BERTH_IMAGE_FETCH_H
#define BERTH_IMAGE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/store.h"

/* Path below a store, of the file that is locked while the image with this (valid)
 * digest is being fetched; the caller frees it. */
char *fetch_lock_name(const char *digest);

/* Wait until nobody else fetches that image into the store, and be the one who
 * does. Closing '*ret_fd' ends it; so does the end of the process. */
int fetch_lock(const struct image_store *store, const char *digest, int *ret_fd,
               struct err *err);

/* Who has the blobs. 'read' gives up to 'max' bytes of one from 'offset' on, none
 * at its end, and its size. */
struct fetch_source {
    int (*read)(void *ctx, const char *digest, uint64_t offset, void *bytes, size_t max,
                size_t *ret_n, uint64_t *ret_size, struct err *err);
    void *ctx;
};

/* Take the image with manifest 'digest' in and call it 'name'. Nothing is believed:
 * each blob is verified. Layers that are in the store are not asked for. */
typedef int image_fetch_fn(struct image_store *store, const char *digest,
                           const char *name, const struct fetch_source *source,
                           image_progress_fn *progress, void *ctx, struct err *err);
image_fetch_fn image_fetch;

#endif
