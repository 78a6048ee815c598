/* SPDX-License-Identifier: Apache-2.0
 *
 * demand.c - add up what containers ask for
 */
#include "objects/demand.h"

#include <stdbool.h>

#include "base/mem.h"
#include "base/strv.h"
#include "objects/find.h"

static struct quantity request_of(const struct mf_container *c, const char *resource)
{
    const struct quantity *q = amount_requested(c, resource);

    return q ? *q : (struct quantity){.whole = 0};
}

static bool is_sidecar(const struct mf_container *c)
{
    return c->restart == MF_RESTART_ALWAYS;
}

/* The most that init containers need at a time; in *ret_sidecars what stays of them. */
static int demand_of_init(const struct mf_pod_spec *spec, const char *resource,
                          struct quantity *ret_most, struct quantity *ret_sidecars)
{
    *ret_most = *ret_sidecars = (struct quantity){.whole = 0};
    for (size_t i = 0; i < spec->init.n; i++) {
        const struct mf_container *c = &spec->init.items[i];
        struct quantity own = request_of(c, resource), now;
        int rc = quantity_add(&own, ret_sidecars, &now);

        if (rc < 0)
            return rc;
        if (quantity_compare(&now, ret_most) > 0)
            *ret_most = now;
        if (is_sidecar(c))
            *ret_sidecars = now;
    }
    return 0;
}

int pod_demand(const struct mf_pod_spec *spec, const char *resource,
               struct quantity *ret)
{
    struct quantity most, sum;
    int rc = demand_of_init(spec, resource, &most, &sum);

    for (size_t i = 0; i < spec->containers.n && rc == 0; i++) {
        struct quantity own = request_of(&spec->containers.items[i], resource);

        rc = quantity_add(&own, &sum, &sum);
    }
    if (rc == 0)
        *ret = quantity_compare(&most, &sum) > 0 ? most : sum;
    return rc;
}

static void add_names(char ***names, const mf_amounts *amounts)
{
    for (size_t i = 0; i < amounts->n; i++)
        if (!strv_has(*names, amounts->items[i].resource))
            strv_add(names, amounts->items[i].resource);
}

char **pod_resources(const struct mf_pod_spec *spec)
{
    char **names = NULL;

    for (size_t i = 0; i < pod_n_containers(spec); i++)
        if (pod_container_at(spec, i)->resources)
            add_names(&names, &pod_container_at(spec, i)->resources->requests);
    return names;
}

static bool is_guaranteed(const struct mf_container *c, const char *resource)
{
    const struct quantity *limit = amount_limit(c, resource);
    const struct quantity *request = amount_requested(c, resource);

    return limit && request && quantity_compare(limit, request) == 0;
}

static bool asks_for_something(const struct mf_container *c)
{
    static const char *const counted[] = {"cpu", "memory"};

    for (size_t i = 0; i < ARRAY_SIZE(counted); i++)
        if (amount_requested(c, counted[i]) || amount_limit(c, counted[i]))
            return true;
    return false;
}

enum pod_quality pod_quality(const struct mf_pod_spec *spec)
{
    bool all = true, any = false;

    for (size_t i = 0; i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);

        all &= is_guaranteed(c, "cpu") && is_guaranteed(c, "memory");
        any |= asks_for_something(c);
    }
    return all ? POD_GUARANTEED : any ? POD_BURSTABLE : POD_BEST_EFFORT;
}

const char *pod_quality_name(enum pod_quality quality)
{
    switch (quality) {
    case POD_GUARANTEED:
        return "Guaranteed";
    case POD_BURSTABLE:
        return "Burstable";
    case POD_BEST_EFFORT:
        return "BestEffort";
    }
    return "";
}
