/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_volume.c - volumes of pods, volumes that last, claims
 */
#include "objects/rules.h"

#include <string.h>

#include "base/strv.h"

#define same(a, b) (strcmp(a, b) == 0)

static void judge_downward(const struct rules *r, const char *path,
                           const struct mf_downward *downward,
                           const struct mf_pod_spec *spec)
{
    for (size_t i = 0; downward && i < downward->items.n; i++) {
        const struct mf_downward_item *item = &downward->items.items[i];
        struct rule_path at = below(path, ".items[%zu]", i);

        rule_one_of(r, at.s, !!item->field + !!item->resource,
                    "fieldRef and resourceFieldRef");
        if (item->field)
            judge_field_ref(r, below(at.s, ".fieldRef").s, item->field, true);
        if (!item->resource)
            continue;
        judge_resource_ref(r, below(at.s, ".resourceFieldRef").s, item->resource, spec);
        if (!item->resource->container)
            rule_broken(r, below(at.s, ".resourceFieldRef.containerName").s,
                        "this field is required in a volume");
    }
}

static void judge_projected(const struct rules *r, const char *path,
                            const struct mf_projected *projected,
                            const struct mf_pod_spec *spec)
{
    for (size_t i = 0; projected && i < projected->sources.n; i++) {
        const struct mf_projection *source = &projected->sources.items[i];
        struct rule_path at = below(path, ".sources[%zu]", i);

        rule_one_of(r, at.s,
                    !!source->config_map + !!source->secret + !!source->downward,
                    "configMap, secret and downwardAPI");
        judge_downward(r, below(at.s, ".downwardAPI").s, source->downward, spec);
    }
}

static void judge_volume(const struct rules *r, const char *path,
                         const struct mf_volume *v, const struct mf_pod_spec *spec)
{
    unsigned int n = !!v->empty_dir + !!v->host_path + !!v->config_map + !!v->secret +
                     !!v->downward + !!v->projected + !!v->nfs + !!v->claim;

    rule_one_of(
        r, path, n,
        "emptyDir, hostPath, configMap, secret, downwardAPI, projected, nfs and "
        "persistentVolumeClaim");
    if (v->empty_dir && v->empty_dir->medium && !same(v->empty_dir->medium, "Memory"))
        rule_broken(r, below(path, ".emptyDir.medium").s,
                    "'%.64s' is not \"\" (disk) or Memory", v->empty_dir->medium);
    judge_downward(r, below(path, ".downwardAPI").s, v->downward, spec);
    judge_projected(r, below(path, ".projected").s, v->projected, spec);
}

void judge_volumes(const struct rules *r, const char *path,
                   const struct mf_pod_spec *spec)
{
    for (size_t i = 0; i < spec->volumes.n; i++) {
        const struct mf_volume *volume = &spec->volumes.items[i];
        struct rule_path at = below(path, ".volumes[%zu]", i);

        for (size_t j = 0; j < i; j++)
            if (same(spec->volumes.items[j].name, volume->name))
                rule_broken(r, below(at.s, ".name").s, "a second volume '%s'",
                            volume->name);
        judge_volume(r, at.s, volume, spec);
    }
}

static bool has_storage(const mf_amounts *amounts)
{
    for (size_t i = 0; i < amounts->n; i++)
        if (same(amounts->items[i].resource, "storage"))
            return amounts->items[i].quantity.whole > 0;
    return false;
}

static void judge_access(const struct rules *r, const mf_choices *access)
{
    for (size_t i = 0; i < access->n; i++)
        if (access->items[i] == MF_READ_WRITE_POD && access->n > 1)
            rule_broken(r, below("", "spec.accessModes[%zu]", i).s,
                        "ReadWriteOncePod stands alone");
}

void judge_persistent_volume(const struct rules *r, const void *object)
{
    const struct mf_persistent_volume *volume = object;
    const struct mf_volume_spec *spec = volume->spec;

    judge_meta(r, volume->meta, 253);
    judge_access(r, &spec->access);
    if (!has_storage(&spec->capacity))
        rule_broken(r, "spec.capacity.storage", "how large is it?");
    rule_one_of(r, "spec", !!spec->host_path + !!spec->local + !!spec->nfs,
                "hostPath, local and nfs");
    if (spec->local && !spec->affinity)
        rule_broken(r, "spec.nodeAffinity", "this field is required of a local volume");
    if (spec->affinity)
        judge_node_selector(r, "spec.nodeAffinity.required", spec->affinity->required);
}

void judge_claim(const struct rules *r, const void *object)
{
    const struct mf_claim *claim = object;

    judge_meta(r, claim->meta, 253);
    judge_access(r, &claim->spec->access);
    judge_selector(r, "spec.selector", claim->spec->selector);
    if (!has_storage(&claim->spec->resources->requests))
        rule_broken(r, "spec.resources.requests.storage", "how large must it be?");
}
