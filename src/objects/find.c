/* SPDX-License-Identifier: Apache-2.0
 *
 * find.c - look through the lists of an object
 */
#include "objects/find.h"

#include <string.h>

size_t pod_n_containers(const struct mf_pod_spec *spec)
{
    return spec->init.n + spec->containers.n;
}

const struct mf_container *pod_container_at(const struct mf_pod_spec *spec, size_t i)
{
    return i < spec->init.n ? &spec->init.items[i]
                            : &spec->containers.items[i - spec->init.n];
}

bool pod_has_container(const struct mf_pod_spec *spec, const char *name)
{
    for (size_t i = 0; i < pod_n_containers(spec); i++)
        if (strcmp(pod_container_at(spec, i)->name, name) == 0)
            return true;
    return false;
}

const struct quantity *amount_find(const mf_amounts *amounts, const char *resource)
{
    for (size_t i = 0; i < amounts->n; i++)
        if (strcmp(amounts->items[i].resource, resource) == 0)
            return &amounts->items[i].quantity;
    return NULL;
}

const struct quantity *amount_requested(const struct mf_container *container,
                                        const char *resource)
{
    const struct mf_resources *resources = container->resources;

    return resources ? amount_find(&resources->requests, resource) : NULL;
}

const struct quantity *amount_limit(const struct mf_container *container,
                                    const char *resource)
{
    const struct mf_resources *resources = container->resources;

    return resources ? amount_find(&resources->limits, resource) : NULL;
}

const char *annotation_find(const struct mf_meta *meta, const char *key)
{
    for (size_t i = 0; i < meta->annotations.n; i++)
        if (strcmp(meta->annotations.items[i].key, key) == 0)
            return meta->annotations.items[i].value;
    return NULL;
}
