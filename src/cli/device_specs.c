/* SPDX-License-Identifier: Apache-2.0
 *
 * device_specs.c - this machine's specifications of devices, as commands read them
 */
#include "cli/device_specs.h"

#include "base/mem.h"
#include "base/strv.h"
#include "cli/say.h"
#include "config/gres.h"
#include "spec/cdi_name.h"

struct cdi_registry *device_specs_load(const struct config *config)
{
    cleanup(strv_freep) char **dirs =
        config->container.cdi_dirs ? strv_split(config->container.cdi_dirs, ",") : NULL;

    return cdi_registry_load(dirs);
}

static size_t complain_about(const struct config *config,
                             const struct config_node *node)
{
    struct config_gres *list = NULL;
    size_t n = 0, bad = 0;
    struct err err;

    if (!node->gres || config_gres_parse(node->gres, &list, &n, NULL) < 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *name =
            list[i].cdi ? config_gres_cdi_name(&list[i], 0, "0000:00:00.0") : NULL;

        if (!name || cdi_check_name(name, &err) == 0)
            continue;
        say_error("%s:%u: nodes[].gres: %s: %s", config->path, node->line, list[i].name,
                  err.text);
        bad++;
    }
    config_gres_free(list, n);
    return bad;
}

size_t device_specs_complain(const struct config *config,
                             const struct cdi_registry *registry)
{
    size_t bad = 0;

    strv_foreach (problem, registry->problems) {
        say_error("%s", *problem);
        bad++;
    }
    for (size_t i = 0; i < config->n_nodes; i++) /* once for each line of the file */
        if (i == 0 || config->nodes[i].line != config->nodes[i - 1].line)
            bad += complain_about(config, &config->nodes[i]);
    return bad;
}
