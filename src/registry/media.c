/* SPDX-License-Identifier: Apache-2.0
 *
 * media.c - judge documents by their types and by what is in them
 */
#include "registry/media.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/mem.h"

static void release_json(json_t **json)
{
    json_decref(*json);
}

static const struct {
    const char *type;
    enum media_kind kind;
} types[] = {
    {"application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST},
    {"application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST},
    {"application/vnd.oci.image.index.v1+json", MEDIA_INDEX},
    {"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX},
};

/* Servers of plain files know no better. */
static bool says_nothing(const char *type)
{
    return !type || !*type || strcmp(type, "application/json") == 0 ||
           strcmp(type, "text/plain") == 0 ||
           strcmp(type, "application/octet-stream") == 0;
}

static int find_type(const char *type, enum media_kind *ret, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (strcmp(types[i].type, type) == 0) {
            *ret = types[i].kind;
            return 0;
        }
    if (strstr(type, "manifest.v1+"))
        return err_set(err, EINVAL,
                       "the registry has this image in Docker's old format (schema 1) "
                       "only, which names no verified content");
    return err_set(err, EINVAL, "'%.80s' is no image", type);
}

/* What the members say: layers make a manifest, manifests an index. */
static int kind_of_content(const json_t *json, enum media_kind *ret, struct err *err)
{
    bool manifest = json_object_get(json, "layers") ||
                    json_object_get(json, "config") ||
                    json_object_get(json, "fsLayers");
    bool index = json_object_get(json, "manifests");

    if (manifest && index)
        return err_set(err, EINVAL,
                       "the document is a manifest and an index at once: refused");
    if (!manifest && !index)
        return err_set(err, EINVAL, "the document is neither a manifest nor an index");
    *ret = index ? MEDIA_INDEX : MEDIA_MANIFEST;
    return 0;
}

static int agree(const char *type, const char *own, enum media_kind content,
                 enum media_kind *ret, struct err *err)
{
    enum media_kind said = content;
    int r;

    if (own && !says_nothing(type) && strcmp(type, own) != 0)
        return err_set(err, EINVAL,
                       "the document came as '%.80s' and calls itself '%.80s': refused",
                       type, own);
    if (says_nothing(type))
        type = own;
    if (type) {
        r = find_type(type, &said, err);
        if (r < 0)
            return r;
        if (said != content)
            return err_set(err, EINVAL,
                           "the document is not what its type '%.80s' says: refused",
                           type);
    }
    *ret = content;
    return 0;
}

int media_judge(const char *type, const char *bytes, size_t len, enum media_kind *ret,
                struct err *err)
{
    json_error_t why;
    cleanup(release_json) json_t *json =
        json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    enum media_kind content = MEDIA_MANIFEST;
    const json_t *own;
    int r;

    if (!json_is_object(json))
        return err_set(err, EINVAL, "the document is not a JSON object: line %d: %s",
                       why.line, why.text);
    own = json_object_get(json, "mediaType");
    if (own && !json_is_string(own))
        return err_set(err, EINVAL, "the document's mediaType is no text");
    r = kind_of_content(json, &content, err);
    return r < 0 ? r : agree(type, json_string_value(own), content, ret, err);
}

char *media_of_manifest(const char *bytes, size_t len)
{
    cleanup(release_json) json_t *json = json_loadb(bytes, len, 0, NULL);
    const char *own = json_string_value(json_object_get(json, "mediaType"));

    return xstrdup(own ? own : types[0].type);
}

static bool is_config(const char *type)
{
    return strcmp(type, "application/vnd.oci.image.config.v1+json") == 0 ||
           strcmp(type, "application/vnd.docker.container.image.v1+json") == 0;
}

static bool is_layer(const char *type)
{
    static const char *const names[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    };
    static const char *const endings[] = {"",      "+gzip", ".gzip",
                                          "+zstd", ".zstd", "+xz"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t len = strlen(names[i]);

        for (size_t j = 0; j < ARRAY_SIZE(endings); j++)
            if (strncmp(type, names[i], len) == 0 &&
                strcmp(type + len, endings[j]) == 0)
                return true;
    }
    return false;
}

int media_check_parts(const struct oci_manifest *manifest, struct err *err)
{
    const char *type = manifest->config.media_type;

    if (type && !is_config(type))
        return err_set(err, EINVAL, "this is no image: its config is '%.80s'", type);
    for (size_t i = 0; i < manifest->n_layers; i++) {
        type = manifest->layers[i].media_type;
        if (type && !is_layer(type))
            return err_set(err, EINVAL, "layer %zu is '%.80s', which is no tar", i + 1,
                           type);
    }
    return 0;
}
