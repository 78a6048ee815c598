/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_data.c - ConfigMaps and Secrets
 */
#include "objects/rules.h"

#include <string.h>

#include "base/mem.h"

#define DATA_MAX (1u << 20)
#define same(a, b) (strcmp(a, b) == 0)

static bool has_pair(const mf_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->n; i++)
        if (same(pairs->items[i].key, key))
            return true;
    return false;
}

static bool has_blob(const mf_blobs *blobs, const char *key)
{
    for (size_t i = 0; i < blobs->n; i++)
        if (same(blobs->items[i].key, key))
            return true;
    return false;
}

static void judge_size(const struct rules *r, const mf_pairs *texts,
                       const mf_blobs *blobs)
{
    size_t total = 0;

    for (size_t i = 0; i < texts->n; i++)
        total += strlen(texts->items[i].key) + strlen(texts->items[i].value);
    for (size_t i = 0; i < blobs->n; i++)
        total += strlen(blobs->items[i].key) + blobs->items[i].len;
    if (total > DATA_MAX)
        rule_broken(r, "data", "more than 1 MiB in all");
}

void judge_config_map(const struct rules *r, const void *object)
{
    const struct mf_config_map *map = object;

    judge_meta(r, map->meta, 253);
    judge_size(r, &map->data, &map->binary);
    for (size_t i = 0; i < map->binary.n; i++)
        if (has_pair(&map->data, map->binary.items[i].key))
            rule_broken(r, below("", "binaryData[%s]", map->binary.items[i].key).s,
                        "this key is in data too");
}

/* Keys that a type of Secret must have. */
static const struct {
    const char *type, *keys[2];
} types[] = {
    {"kubernetes.io/tls", {"tls.crt", "tls.key"}},
    {"kubernetes.io/ssh-auth", {"ssh-privatekey", NULL}},
    {"kubernetes.io/dockerconfigjson", {".dockerconfigjson", NULL}},
    {"kubernetes.io/dockercfg", {".dockercfg", NULL}},
};

void judge_secret(const struct rules *r, const void *object)
{
    const struct mf_secret *secret = object;

    judge_meta(r, secret->meta, 253);
    judge_size(r, &secret->text, &secret->data);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        for (size_t j = 0; j < 2 && same(secret->type, types[i].type); j++)
            if (types[i].keys[j] && !has_blob(&secret->data, types[i].keys[j]) &&
                !has_pair(&secret->text, types[i].keys[j]))
                rule_broken(r, below("", "data[%s]", types[i].keys[j]).s,
                            "this key is required of type %s", types[i].type);
}
