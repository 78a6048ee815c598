/* SPDX-License-Identifier: Apache-2.0
 *
 * docker.c - read the manifest of a docker archive
 */
#include "image/docker.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/oci.h"
#include "image/tree_at.h"

static void release_json(json_t **json)
{
    json_decref(*json);
}

/* The name of a file, which may not lead out of the archive. */
static char *file_name(const json_t *json)
{
    const char *text = json_string_value(json);
    cleanup(freep) char *clean = text ? tree_clean_path(text) : NULL;

    return clean && *clean ? take(clean) : NULL;
}

static int parse_layers(const json_t *list, char ***ret, struct err *err)
{
    size_t n = json_array_size(list);

    if (!n || n > OCI_LAYERS_MAX)
        return err_set(err, EINVAL,
                       "manifest.json has an image of %zu layers: 1 to %d are fine", n,
                       OCI_LAYERS_MAX);
    for (size_t i = 0; i < n; i++) {
        char *name = file_name(json_array_get(list, i));

        if (!name)
            return err_set(err, EINVAL, "manifest.json names no file for layer %zu",
                           i + 1);
        strv_take(ret, name);
    }
    return 0;
}

static int parse_names(const json_t *list, char ***ret, struct err *err)
{
    size_t n = json_array_size(list);

    if (n > DOCKER_IMAGES_MAX)
        return err_set(err, E2BIG, "manifest.json has more than %d names for an image",
                       DOCKER_IMAGES_MAX);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (name)
            strv_add(ret, name);
    }
    return 0;
}

static int parse_image(const json_t *json, struct docker_image *ret, struct err *err)
{
    int r;

    ret->config = file_name(json_object_get(json, "Config"));
    if (!ret->config)
        return err_set(err, EINVAL, "manifest.json names no configuration");
    r = parse_layers(json_object_get(json, "Layers"), &ret->layers, err);
    return r < 0 ? r : parse_names(json_object_get(json, "RepoTags"), &ret->names, err);
}

int docker_parse_manifest(const char *bytes, size_t len, struct docker_manifest *ret,
                          struct err *err)
{
    json_error_t why;
    cleanup(release_json) json_t *json =
        json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    struct docker_manifest manifest = {.n = json_array_size(json)};
    int r = 0;

    if (!json)
        return err_set(err, EINVAL, "manifest.json is not valid JSON: line %d: %s",
                       why.line, why.text);
    if (!manifest.n || manifest.n > DOCKER_IMAGES_MAX)
        return err_set(err, EINVAL, "manifest.json is no list of images");
    manifest.images = xcalloc(manifest.n, sizeof(*manifest.images));
    for (size_t i = 0; i < manifest.n && r == 0; i++)
        r = parse_image(json_array_get(json, i), &manifest.images[i], err);
    if (r < 0) {
        docker_manifest_fini(&manifest);
        return r;
    }
    *ret = manifest;
    return 0;
}

void docker_manifest_fini(struct docker_manifest *manifest)
{
    for (size_t i = 0; i < manifest->n; i++) {
        free(manifest->images[i].config);
        strv_free(manifest->images[i].layers);
        strv_free(manifest->images[i].names);
    }
    free(manifest->images);
}
