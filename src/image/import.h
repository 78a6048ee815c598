/* SPDX-License-Identifier: Apache-2.0
 *
 * import.h - what the ways of taking an image in share
 */
#ifndef BERTH_IMAGE_IMPORT_H
#define BERTH_IMAGE_IMPORT_H

#include "image/store.h"

struct importer {
    struct image_store *store;
    const char *source;
    const char *ref; /* full name */
    image_progress_fn *progress;
    void *ctx;
    uint64_t skipped;
    char digest[IMAGE_DIGEST_MAX]; /* result: of the manifest */
};

/* Bring layers, config and manifest of an OCI layout into the store and set 'digest'.
 */
int import_layout(struct importer *im, struct err *err);

#endif
