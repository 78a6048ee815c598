/* SPDX-License-Identifier: Apache-2.0
 *
 * state.h - an image that is half built: layers, configuration, key
 */
#ifndef BERTH_BUILD_STATE_H
#define BERTH_BUILD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "build/config.h"
#include "build/scope.h"
#include "image/layer.h"
#include "image/store.h"

#define KEY_MAX 65 /* hex of SHA-256 */

struct state {
    bool is_done;         /* the stage is built to its end */
    struct layer *layers; /* bottom first, all in the store */
    size_t n_layers;
    struct image_config *config;
    char key[KEY_MAX]; /* of all that led here */
    struct scope scope;
    bool has_cmd; /* CMD was said in this stage, so ENTRYPOINT leaves it */
};

/* Take layers and configuration from the manifest 'digest'. -ENOENT when a layer has
 * gone, -EINVAL for documents that do not fit each other. 'state' keeps what it had
 * on failure, and always its key and scope's ARGs. */
int state_load(struct image_store *store, const char *digest, struct state *state,
               struct err *err);
/* Write manifest and configuration. */
int state_save(struct image_store *store, const struct state *state,
               char ret_digest[IMAGE_DIGEST_MAX], struct err *err);

/* Begin with what 'from' ended with. */
void state_inherit(struct state *state, const struct state *from);
void state_fini(struct state *state);

void state_add_layer(struct state *state, const struct layer *layer);
/* Directories of the layers, topmost first; a strv the caller frees. */
char **state_dirs(const struct image_store *store, const struct state *state);

/* The key goes on over 'parts' (a strv). */
void state_next_key(struct state *state, char *const *parts);

/* cache: the manifest that a key led to: 0, or -ENOENT. Finding one marks it as
 * used. */
int cache_find(const struct image_store *store, const char *key,
               char ret_digest[IMAGE_DIGEST_MAX]);
int cache_put(const struct image_store *store, const char *key, const char *digest,
              struct err *err);

#endif
