/* SPDX-License-Identifier: Apache-2.0
 *
 * commit.h - layers and a configuration become an image that has a name
 */
#ifndef BERTH_IMAGE_COMMIT_H
#define BERTH_IMAGE_COMMIT_H

#include "image/layer.h"
#include "image/store.h"

/* Make an image of 'layers' (bottom first, all in the store) and the OCI
 * configuration 'config' (JSON; its diff_ids must be theirs, which is checked),
 * and call it 'ref'. 'lock' is the store's (store_lock), held shared since before
 * the first of the layers came in, so that nobody collects them meanwhile.
 * '*ret_digest' is the manifest's. */
int image_commit(struct image_store *store, int lock, const char *ref,
                 const char *config, size_t config_len, const struct layer *layers,
                 size_t n_layers, char ret_digest[IMAGE_DIGEST_MAX], struct err *err);

/* The documents alone, without a name. */
int commit_documents(struct image_store *store, const char *config, size_t config_len,
                     const struct layer *layers, size_t n_layers,
                     char ret_digest[IMAGE_DIGEST_MAX], struct err *err);

/* Give the manifest 'digest' the full name 'name'. What the name stood for goes
 * when it has no other, unless somebody else writes the store just now: then a
 * later removal or import finds it. */
int commit_name(const struct image_store *store, int lock, const char *name,
                const char *digest, struct err *err);

#endif
