/* SPDX-License-Identifier: Apache-2.0
 *
 * state.c - load, extend and save a half-built image
 */
#include "build/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/commit.h"
#include "image/oci.h"
#include "image/paths.h"

/* A media type outlives the manifest it was read from. */
static const char *media_type(const char *text)
{
    static const char *const known[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.oci.image.layer.v1.tar+xz",
        "application/vnd.oci.image.layer.v1.tar+bzip2",
    };

    for (size_t i = 0; text && i < ARRAY_SIZE(known); i++) {
        if (strcmp(text, known[i]) == 0)
            return known[i];
    }
    return known[1];
}

static int take_layers(struct image_store *store, const struct oci_manifest *manifest,
                       const struct oci_config *config, struct layer **ret,
                       struct err *err)
{
    cleanup(freep) struct layer *layers = xcalloc(manifest->n_layers, sizeof(*layers));

    if (strv_len(config->diff_ids) != manifest->n_layers)
        return err_set(err, EINVAL, "manifest and configuration differ in layers");
    for (size_t i = 0; i < manifest->n_layers; i++) {
        const struct oci_descriptor *from = &manifest->layers[i];

        if (!store_has_layer(store, config->diff_ids[i]))
            return err_set(err, ENOENT, "layer %.19s is not in the store",
                           config->diff_ids[i]);
        layers[i].size = from->size;
        layers[i].media_type = media_type(from->media_type);
        memcpy(layers[i].digest, from->digest, sizeof(layers[i].digest));
        (void)strncpy(layers[i].diff_id, config->diff_ids[i], IMAGE_DIGEST_MAX - 1);
    }
    *ret = take(layers);
    return 0;
}

static int load_config(struct image_store *store, const struct oci_manifest *manifest,
                       struct layer **ret_layers, struct image_config **ret,
                       struct err *err)
{
    const char *digest = manifest->config.digest;
    cleanup(freep) char *bytes = NULL;
    struct oci_config config;
    size_t len;
    int rc = store_get_blob(store, digest, &bytes, &len, err);

    if (!rc)
        rc = oci_parse_config(bytes, len, &config, err);
    if (rc)
        return rc;
    rc = take_layers(store, manifest, &config, ret_layers, err);
    oci_config_fini(&config);
    return rc ? rc : config_read(bytes, len, ret, err);
}

static void take_env(struct state *state)
{
    strv_free(state->scope.env);
    state->scope.env = config_list(state->config, "Env");
}

int state_load(struct image_store *store, const char *digest, struct state *state,
               struct err *err)
{
    struct image_config *config = NULL;
    struct oci_manifest manifest;
    struct layer *layers = NULL;
    int rc = store_get_manifest(store, digest, &manifest, err);

    if (rc)
        return rc;
    rc = load_config(store, &manifest, &layers, &config, err);
    if (!rc) {
        free(state->layers);
        config_free(state->config);
        state->layers = take(layers);
        state->n_layers = manifest.n_layers;
        state->config = config;
        take_env(state);
    }
    free(layers);
    oci_manifest_fini(&manifest);
    return rc;
}

int state_save(struct image_store *store, const struct state *state,
               char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    cleanup(freep) char *text = config_text(state->config);

    return commit_documents(store, text, strlen(text), state->layers, state->n_layers,
                            ret_digest, err);
}

void state_inherit(struct state *state, const struct state *from)
{
    state->n_layers = from->n_layers;
    state->layers = from->n_layers
                        ? xmemdup(from->layers, from->n_layers * sizeof(*from->layers))
                        : NULL;
    state->config = config_copy(from->config);
    memcpy(state->key, from->key, sizeof(state->key));
    scope_inherit(&state->scope, &from->scope);
    take_env(state);
}

void state_fini(struct state *state)
{
    free(state->layers);
    config_free(state->config);
    scope_fini(&state->scope);
    *state = (struct state){0};
}

void state_add_layer(struct state *state, const struct layer *layer)
{
    state->layers =
        xrealloc(state->layers, state->n_layers + 1, sizeof(*state->layers));
    state->layers[state->n_layers++] = *layer;
}

char **state_dirs(const struct image_store *store, const struct state *state)
{
    char **dirs = xcalloc(state->n_layers + 1, sizeof(*dirs));

    for (size_t i = 0; i < state->n_layers; i++)
        dirs[i] =
            store_layer_path(store, state->layers[state->n_layers - 1 - i].diff_id);
    return dirs;
}

void state_next_key(struct state *state, char *const *parts)
{
    struct digest_state hash;
    char digest[IMAGE_DIGEST_MAX];

    digest_start(&hash);
    digest_add(&hash, state->key, strlen(state->key) + 1);
    for (; parts && *parts; parts++)
        digest_add(&hash, *parts, strlen(*parts) + 1);
    digest_end(&hash, digest);
    (void)strncpy(state->key, digest_hex(digest), KEY_MAX - 1);
}
