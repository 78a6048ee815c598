/* SPDX-License-Identifier: Apache-2.0
 *
 * collect.h - find and remove what no name of a store needs
 */
#ifndef BERTH_IMAGE_COLLECT_H
#define BERTH_IMAGE_COLLECT_H

#include "image/paths.h"

struct collect {
    char *const *forget; /* names that count no more; NULL: none */
    bool forget_steps;   /* nor does what steps of builds led to */
    bool drop_archives;  /* layers' archives are not needed */
    bool dry_run;        /* only look and count */
    /* What there is, and how much of it went (or would go). Layers that a container
     * holds stay. */
    size_t layers, blobs, layers_gone, blobs_gone;
    uint64_t layer_bytes, blob_bytes, freed;
};

/* Needs the store's lock alone, unless it is a dry run. */
int collect_run(const struct image_store *store, struct collect *c, struct err *err);

/* What remains, or would. */
uint64_t collect_kept(const struct collect *c);

/* Does a container hold this layer? */
bool store_layer_is_held(const struct image_store *store, const char *diff_id);

#endif
