/* SPDX-License-Identifier: Apache-2.0
 *
 * oci.c - read and write OCI's documents
 */
#include "image/oci.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/layer.h"

#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_CONFIG "application/vnd.oci.image.config.v1+json"
#define TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define REF_NAME "org.opencontainers.image.ref.name"
#define IMAGE_NAME "io.containerd.image.name"

static void release_json(json_t **json)
{
    json_decref(*json);
}

static int parse(const char *bytes, size_t len, const char *what, json_t **ret,
                 struct err *err)
{
    json_error_t why;
    json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);

    if (!json)
        return err_set(err, EINVAL, "%s is not valid JSON: line %d: %s", what, why.line,
                       why.text);
    if (!json_is_object(json)) {
        json_decref(json);
        return err_set(err, EINVAL, "%s is not a JSON object", what);
    }
    *ret = json;
    return 0;
}

static char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? xstrdup(text) : NULL;
}

static void descriptor_fini(struct oci_descriptor *d)
{
    free(d->media_type);
    free(d->ref_name);
    free(d->image_name);
    free(d->variant);
    free(d->os);
    free(d->arch);
}

static int parse_descriptor(const json_t *json, const char *what,
                            struct oci_descriptor *ret, struct err *err)
{
    const char *digest = json_string_value(json_object_get(json, "digest"));
    const json_t *size = json_object_get(json, "size");
    const json_t *platform = json_object_get(json, "platform");

    if (!digest || !json_is_integer(size) || json_integer_value(size) < 0)
        return err_set(err, EINVAL, "%s has no digest and size", what);
    if (!digest_is_valid(digest))
        return err_set(err, EINVAL, "%s: '%.80s' is no sha256 digest", what, digest);
    memcpy(ret->digest, digest, strlen(digest) + 1);
    ret->size = (uint64_t)json_integer_value(size);
    ret->media_type = string_of(json, "mediaType");
    ret->ref_name = string_of(json_object_get(json, "annotations"), REF_NAME);
    ret->image_name = string_of(json_object_get(json, "annotations"), IMAGE_NAME);
    ret->os = string_of(platform, "os");
    ret->variant = string_of(platform, "variant");
    ret->arch = string_of(platform, "architecture");
    return 0;
}

static int parse_descriptors(const json_t *list, const char *what, size_t max,
                             struct oci_descriptor **ret, size_t *ret_n,
                             struct err *err)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || !n)
        return err_set(err, EINVAL, "there is no %s", what);
    if (n > max)
        return err_set(err, E2BIG, "more than %zu %ss", max, what);
    *ret = xcalloc(n, sizeof(**ret));
    for (size_t i = 0; i < n; i++) {
        int r;

        *ret_n = i + 1;
        r = parse_descriptor(json_array_get(list, i), what, &(*ret)[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

int oci_parse_index(const char *bytes, size_t len, struct oci_index *ret,
                    struct err *err)
{
    cleanup(release_json) json_t *json = NULL;
    struct oci_index index = {0};
    int r = parse(bytes, len, "the index", &json, err);

    if (r == 0)
        r = parse_descriptors(json_object_get(json, "manifests"), "manifest",
                              OCI_MANIFESTS_MAX, &index.manifests, &index.n_manifests,
                              err);
    if (r < 0) {
        oci_index_fini(&index);
        return r;
    }
    *ret = index;
    return 0;
}

int oci_parse_manifest(const char *bytes, size_t len, struct oci_manifest *ret,
                       struct err *err)
{
    cleanup(release_json) json_t *json = NULL;
    struct oci_manifest manifest = {0};
    int r = parse(bytes, len, "the manifest", &json, err);

    if (r == 0)
        r = parse_descriptor(json_object_get(json, "config"), "the manifest's config",
                             &manifest.config, err);
    if (r == 0)
        r = parse_descriptors(json_object_get(json, "layers"), "layer", OCI_LAYERS_MAX,
                              &manifest.layers, &manifest.n_layers, err);
    if (r < 0) {
        oci_manifest_fini(&manifest);
        return r;
    }
    *ret = manifest;
    return 0;
}

/* A list of strings, null or absent. */
static int parse_strings(const json_t *object, const char *key, char ***ret,
                         struct err *err)
{
    const json_t *list = json_object_get(object, key);
    size_t n = json_array_size(list);

    if (list && !json_is_array(list) && !json_is_null(list))
        return err_set(err, EINVAL, "the config's %s is not a list", key);
    if (n > OCI_STRINGS_MAX)
        return err_set(err, E2BIG, "the config's %s has more than %d entries", key,
                       OCI_STRINGS_MAX);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text)
            return err_set(err, EINVAL,
                           "the config's %s has an entry that is no string", key);
        strv_add(ret, text);
    }
    return 0;
}

static int check_config(const struct oci_config *config, struct err *err)
{
    if (!config->diff_ids || strv_len(config->diff_ids) > OCI_LAYERS_MAX)
        return err_set(err, EINVAL, "the config names no diff_ids, or more than %d",
                       OCI_LAYERS_MAX);
    strv_foreach (id, config->diff_ids)
        if (!digest_is_valid(*id))
            return err_set(err, EINVAL,
                           "the config's diff_id '%.80s' is no sha256 digest", *id);
    strv_foreach (var, config->env)
        if (!strchr(*var, '=') || **var == '=')
            return err_set(err, EINVAL, "the config's Env '%.80s' is not NAME=value",
                           *var);
    return 0;
}

int oci_parse_config(const char *bytes, size_t len, struct oci_config *ret,
                     struct err *err)
{
    cleanup(release_json) json_t *json = NULL;
    struct oci_config config = {0};
    const json_t *run;
    int r = parse(bytes, len, "the config", &json, err);

    if (r < 0)
        return r;
    run = json_object_get(json, "config");
    config.os = string_of(json, "os");
    config.arch = string_of(json, "architecture");
    config.created = string_of(json, "created");
    config.stop_signal = string_of(run, "StopSignal");
    config.workdir = string_of(run, "WorkingDir");
    if (!config.workdir)
        config.workdir = xstrdup("");
    r = parse_strings(json_object_get(json, "rootfs"), "diff_ids", &config.diff_ids,
                      err);
    if (r == 0)
        r = parse_strings(run, "Env", &config.env, err);
    if (r == 0)
        r = parse_strings(run, "Entrypoint", &config.entrypoint, err);
    if (r == 0)
        r = parse_strings(run, "Cmd", &config.cmd, err);
    if (r == 0)
        r = check_config(&config, err);
    if (r < 0) {
        oci_config_fini(&config);
        return r;
    }
    *ret = config;
    return 0;
}

int oci_check_layers(size_t n_layers, const struct oci_config *config, struct err *err)
{
    size_t n = strv_len(config->diff_ids);

    if (n == n_layers)
        return 0;
    return err_set(err, EINVAL, "the manifest has %zu layers, the config %zu", n_layers,
                   n);
}

void oci_index_fini(struct oci_index *index)
{
    for (size_t i = 0; i < index->n_manifests; i++)
        descriptor_fini(&index->manifests[i]);
    free(index->manifests);
}

void oci_manifest_fini(struct oci_manifest *manifest)
{
    for (size_t i = 0; i < manifest->n_layers; i++)
        descriptor_fini(&manifest->layers[i]);
    free(manifest->layers);
    descriptor_fini(&manifest->config);
}

void oci_config_fini(struct oci_config *config)
{
    free(config->os);
    free(config->arch);
    free(config->workdir);
    free(config->created);
    free(config->stop_signal);
    strv_free(config->diff_ids);
    strv_free(config->env);
    strv_free(config->entrypoint);
    strv_free(config->cmd);
}

bool oci_is_index(const struct oci_descriptor *descriptor)
{
    return descriptor->media_type &&
           (strcmp(descriptor->media_type, TYPE_INDEX) == 0 ||
            strcmp(descriptor->media_type, TYPE_DOCKER_LIST) == 0);
}

const char *oci_machine(void)
{
    static const char *const names[][2] = {
        {"x86_64", "amd64"},    {"aarch64", "arm64"}, {"ppc64le", "ppc64le"},
        {"riscv64", "riscv64"}, {"s390x", "s390x"},   {"loongarch64", "loong64"},
        {"i686", "386"},
    };
    static struct utsname machine;

    if (uname(&machine) < 0)
        return "unknown";
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(machine.machine, names[i][0]) == 0)
            return names[i][1];
    return machine.machine;
}

/* Without times: the same root file system gives the same digest. */
char *oci_make_config(const char *diff_id)
{
    return xasprintf("{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{},"
                     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                     oci_machine(), diff_id);
}

char *oci_make_manifest(const char *config_digest, size_t config_size,
                        const struct layer *layers, size_t n_layers)
{
    struct strbuf sb = STRBUF_INIT;

    strbuf_printf(&sb,
                  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_MANIFEST "\","
                  "\"config\":{\"mediaType\":\"" TYPE_CONFIG "\","
                  "\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
                  config_digest, config_size);
    for (size_t i = 0; i < n_layers; i++)
        strbuf_printf(&sb,
                      "%s{\"mediaType\":\"%s\",\"digest\":\"%s\","
                      "\"size\":%" PRIu64 "}",
                      i ? "," : "", layers[i].media_type, layers[i].digest,
                      layers[i].size);
    strbuf_puts(&sb, "]}");
    return strbuf_take(&sb);
}

/* "Z", "+02:00": what to take off a local time to get UTC. */
static int64_t zone_offset(const char *text)
{
    int hours, minutes;
    char sign;

    text += strspn(text, ".0123456789");
    if (sscanf(text, "%c%2d:%2d", &sign, &hours, &minutes) != 3)
        return 0;
    return (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

int64_t oci_parse_time(const char *text)
{
    struct tm tm = {0};
    int n = 0;

    if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
                        &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &n) != 6)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return timegm(&tm) - zone_offset(text + n);
}
