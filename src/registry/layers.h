/* SPDX-License-Identifier: Apache-2.0
 *
 * layers.h - an image's layers from a registry, several at a time
 */
#ifndef BERTH_REGISTRY_LAYERS_H
#define BERTH_REGISTRY_LAYERS_H

#include "image/store.h"
#include "registry/fetch.h"

struct layers_job {
    struct session *session;
    const char *scope, *path;
    struct image_store *store;
    const struct image_documents *documents;
    image_progress_fn *progress; /* called by one thread at a time */
    void *ctx;
};

/* Bring all layers of the image that are not in the store: downloaded, verified and
 * unpacked at the same time, the largest first, then shown together. The first
 * failure stops the others; what has arrived by then is not asked for again. Counts
 * what was left out in '*ret_skipped', and bytes that came in '*ret_fetched'. */
int layers_fetch(const struct layers_job *job, uint64_t *ret_skipped,
                 uint64_t *ret_fetched, struct err *err);

#endif
