/* SPDX-License-Identifier: Apache-2.0
 *
 * load.c - what a plugin of kind "mpi" must be, and which there are
 */
#include "mpi/mpi.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/plugin.h"
#include "base/strv.h"

#define SLOT(name)                                  \
    {                                               \
#name, offsetof(struct berth_mpi_ops, name) \
    }

static const struct plugin_slot mandatory[] = {
    SLOT(start),
    SLOT(task_env),
    SLOT(fence_done),
    SLOT(stop),
};

static const struct plugin_kind mpi_kind = {
    .prefix = "mpi_",
    .title = "MPI",
    .article = "an",
    .symbol = BERTH_MPI_SYMBOL,
    .abi = BERTH_MPI_ABI,
    .ops_size = sizeof(struct berth_mpi_ops),
    .mandatory = mandatory,
    .n_mandatory = ARRAY_SIZE(mandatory),
};

_Static_assert(sizeof(struct berth_mpi_plugin) == sizeof(struct berth_plugin) &&
                   offsetof(struct berth_mpi_plugin, ops) ==
                       offsetof(struct berth_plugin, ops),
               "a plugin of every kind begins alike");

int mpi_load(const char *name, const char *dir, const struct berth_mpi_ops **ret_ops,
             struct err *err)
{
    const void *ops;
    int rc = plugin_load(&mpi_kind, name, dir, &ops, err);

    if (!rc)
        *ret_ops = ops;
    return rc;
}

static void list_one(const char *name, FILE *to)
{
    const struct berth_plugin *plugin;
    struct err err;

    if (plugin_open(&mpi_kind, name, NULL, &plugin, &err))
        fprintf(to, "%-8s (cannot be used: %s)\n", name, err.text);
    else
        fprintf(to, "%-8s %s\n", name, plugin->summary);
}

void mpi_list(FILE *to)
{
    cleanup(strv_freep) char **names = plugin_names(mpi_kind.prefix, NULL);

    fprintf(to, "%-8s %s\n", "none", "nothing: tasks know nothing of each other");
    strv_foreach (name, names)
        list_one(*name, to);
}
