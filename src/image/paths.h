/* SPDX-License-Identifier: Apache-2.0
 *
 * paths.h - the inside of a store: its paths, its lock, its blobs
 */
#ifndef BERTH_IMAGE_PATHS_H
#define BERTH_IMAGE_PATHS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/oci.h"
#include "image/store.h"

/* Manifests, configs and indexes are a few KiB; more is not believed. */
#define BLOB_BYTES_MAX (4U << 20)

/* Below the store. What builds remember: <key of a step>, text "sha256:<manifest>",
 * which keeps alive what it points at; and directories that RUN --mount=type=cache
 * finds again. */
#define STORE_STEPS "cache/steps"
#define STORE_CACHE_MOUNTS "cache/mounts"

struct image_store {
    char *path;
    bool keep_archives;
};

/* All freed by the caller; digests are valid ones. */
char *store_layer_path(const struct image_store *store, const char *diff_id);
char *store_layer_bytes_path(const struct image_store *store, const char *diff_id);
uint64_t store_layer_bytes(const struct image_store *store, const char *diff_id);
bool store_has_layer(const struct image_store *store, const char *diff_id);
char *store_blob_path(const struct image_store *store, const char *digest);
bool store_has_blob(const struct image_store *store, const char *digest);
char *store_ref_path(const struct image_store *store, const char *name);
char *store_dir(const struct image_store *store, const char *sub);

/* A new empty directory in tmp/; the caller frees the path. */
int store_make_tmp(const struct image_store *store, char **ret_path, struct err *err);
/* A new empty file there, open for writing. Its owner alone may read it. */
int store_make_tmp_file(const struct image_store *store, char **ret_path, int *ret_fd,
                        struct err *err);

/* Where a download of the blob is kept while it is not whole; freed by the caller. */
char *store_partial_path(const struct image_store *store, const char *digest);

/* Lock the store: LOCK_SH while importing, LOCK_EX to collect garbage. Whoever
 * finds it free to have alone clears what a killed import left in tmp/.
 * Closing '*ret_fd' unlocks. */
int store_lock(const struct image_store *store, int operation, int *ret_fd,
               struct err *err);
/* Empty tmp/; needs the lock alone. Downloads that are not whole stay for a week. */
void store_clear_tmp(const struct image_store *store);

/* Remove the blobs and layers that no name needs; needs the lock alone. */
int store_collect(const struct image_store *store, struct err *err);

/* A document, at most BLOB_BYTES_MAX, by its digest, verified when read. */
int store_put_blob(const struct image_store *store, const void *bytes, size_t len,
                   char ret_digest[IMAGE_DIGEST_MAX], struct err *err);
int store_get_blob(const struct image_store *store, const char *digest,
                   char **ret_bytes, size_t *ret_len, struct err *err);
int store_get_manifest(const struct image_store *store, const char *digest,
                       struct oci_manifest *ret, struct err *err);
int store_get_config(const struct image_store *store, const char *digest,
                     struct oci_config *ret, struct err *err);

/* Words for a failed write; a full disk is named as such. */
int store_write_failed(const struct image_store *store, int code, const char *what,
                       struct err *err);

#endif
