/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_cdi.c - any text as a CDI specification, in JSON when it begins with a brace;
 * what is accepted has names that are found, and paths that are absolute
 */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cdi/cdi.h"
#include "spec/cdi_name.h"

static void check_plan(const struct cdi_plan *plan)
{
    for (size_t i = 0; i < plan->n_nodes; i++)
        BUG_ON(plan->nodes[i]->path[0] != '/');
    for (size_t i = 0; i < plan->n_mounts; i++)
        BUG_ON(plan->mounts[i]->host_path[0] != '/' ||
               plan->mounts[i]->container_path[0] != '/');
    for (size_t i = 0; i < plan->n_links; i++)
        BUG_ON(plan->links[i].path[0] != '/' || !plan->links[i].target[0]);
    strv_foreach (folder, plan->folders)
        BUG_ON((*folder)[0] != '/');
    strv_foreach (text, plan->env)
        BUG_ON(!strchr(*text, '='));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *file = size && data[0] == '{' ? "fuzz.json" : "fuzz.yaml";
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    cleanup(cdi_plan_freep) struct cdi_plan *plan = NULL;
    cleanup(strv_freep) char **names = NULL;
    unsigned int rank = 0;
    struct cdi_registry registry = {.specs = &spec, .ranks = &rank, .n_specs = 1};
    struct err err;

    if (cdi_spec_parse(file, (const char *)data, size, &spec, &err) < 0)
        return 0;
    names = cdi_registry_names(&registry);
    BUG_ON(strv_len(names) != spec->n_devices);
    strv_foreach (name, names)
        BUG_ON(strlen(*name) <= CDI_NAME_MAX && cdi_check_name(*name, NULL) < 0);
    if (cdi_plan_make(&registry, names, &plan, &err) == 0)
        check_plan(plan);
    return 0;
}
